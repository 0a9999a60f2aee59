"""Exit conditions: what the end of a task means for the tasks that depend on it, and for its job."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
    """What the task says of its end. The exit code goes before a failed upload (Batch's schema)."""
    reason = (info.get("failureInfo") or {}).get("code")
    for condition in known.get("exitCodes") or ():
        if code == condition["code"]:
            return dict(condition["exitOptions"])
    for condition in known.get("exitCodeRanges") or ():
        if code is not None and condition["start"] <= code <= condition["end"]:
            return dict(condition["exitOptions"])
    if reason == UPLOAD_FAILED:
        return dict(known.get("fileUploadError") or known.get("default") or {})
    if failed and code is None and "preProcessingError" in known and reason != "TaskEnded":
        return dict(known["preProcessingError"])
    return dict(known.get("default") or {}) if failed else {}


def waiting(azure: Azure, job: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """Whether a task of the job waits for others that it depends on."""
    if not job["usesTaskDependencies"]:
        return lambda task: False
    tasks = azure.store.list("task", f"{job['account']}/{job['id']}/")
    done = {task["id"].lower() for task in tasks if task["state"] == "completed" and satisfies(task)}
    done |= set(job.get("satisfied") or ())
    numbers = sorted({int(task_id) for task_id in done if task_id.isdecimal()})
    return lambda task: _waits(task.get("dependsOn") or {}, done, numbers)


def satisfies(task: dict[str, Any]) -> bool:
    """Whether the end of a completed task lets those run that depend on it."""
    return bool(options(task)["dependencyAction"] == "satisfy")


def _waits(dependencies: dict[str, Any], done: set[str], numbers: list[int]) -> bool:
    """Whether any id is not `done`; a range is of ids that are numbers, where 4 and 04 are one (documented)."""
    if any(task_id.lower() not in done for task_id in dependencies.get("taskIds") or ()):
        return True
    for bounds in dependencies.get("taskIdRanges") or ():
        inside = bisect_right(numbers, bounds["end"]) - bisect_left(numbers, bounds["start"])
        if inside <= bounds["end"] - bounds["start"]:
            return True
    return False
