"""Exit conditions: what the end of a task means for the tasks that depend on it, and for its job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure_local.azure import Azure

UPLOAD_FAILED = "FileUploadMiscError"


def options(task: dict[str, Any]) -> dict[str, Any]:
    """The exit options of a completed task: those of the condition that applies, and Batch's defaults."""
    info, known = task["executionInfo"], task.get("exitConditions") or {}
    code, failed = info.get("exitCode"), info.get("result") == "failure"
    defaults = {"jobAction": "terminate", "dependencyAction": "block"} if failed else {"dependencyAction": "satisfy"}
    return {"jobAction": "none", **defaults, **_matching(known, info, code, failed=failed)}


def _matching(known: dict[str, Any], info: dict[str, Any], code: int | None, *, failed: bool) -> dict[str, Any]:
    reason = (info.get("failureInfo") or {}).get("code")
    if reason == UPLOAD_FAILED:
        return dict(known.get("fileUploadError") or known.get("default") or {})
    for condition in known.get("exitCodes") or ():
        if code == condition["code"]:
            return dict(condition["exitOptions"])
    for condition in known.get("exitCodeRanges") or ():
        if code is not None and condition["start"] <= code <= condition["end"]:
            return dict(condition["exitOptions"])
    if failed and code is None and "preProcessingError" in known and reason != "TaskEnded":
        return dict(known["preProcessingError"])
    return dict(known.get("default") or {}) if failed else {}


def waiting(azure: Azure, job: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """Whether a task of the job waits for others that it depends on."""
    if not job["usesTaskDependencies"]:
        return lambda task: False
    tasks = azure.store.list("task", f"{job['account']}/{job['id']}/")
    done = {task["id"].lower() for task in tasks if task["state"] == "completed" and _satisfies(task)}
    return lambda task: not _needs(task) <= done


def _satisfies(task: dict[str, Any]) -> bool:
    return bool(options(task)["dependencyAction"] == "satisfy")


def _needs(task: dict[str, Any]) -> set[str]:
    """The ids of the tasks that must have ended; a range is of ids that are numbers."""
    dependencies = task.get("dependsOn") or {}
    ranges = (range(bounds["start"], bounds["end"] + 1) for bounds in dependencies.get("taskIdRanges") or ())
    return {task_id.lower() for task_id in dependencies.get("taskIds") or ()} | {
        str(number) for ids in ranges for number in ids
    }
