"""Exit conditions: what the end of a task means for the tasks that depend on it, and for its job."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

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


def satisfies(task: dict[str, Any]) -> bool:
    """Whether the end of a completed task lets those run that depend on it."""
    return bool(options(task)["dependencyAction"] == "satisfy")


def waits(task: dict[str, Any], done: set[str], numbers: list[int]) -> bool:
    """Whether the task depends on one that is not `done`; `numbers` are the sorted ids of those that are numbers.

    A range is of such ids, where 4 and 04 are one (documented).
    """
    dependencies = task.get("dependsOn") or {}
    if any(task_id.lower() not in done for task_id in dependencies.get("taskIds") or ()):
        return True
    for bounds in dependencies.get("taskIdRanges") or ():
        inside = bisect_right(numbers, bounds["end"]) - bisect_left(numbers, bounds["start"])
        if inside <= bounds["end"] - bounds["start"]:
            return True
    return False
