"""How tasks end, and whether what depends on them may begin then, as Batch decides it. Pure.

Source: Batch service, ExitConditions and ExitOptions: by default dependants may begin after exit code 0 only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

UPLOAD = "FileUpload"
"""How the codes of failures begin that befell a task's output files."""


class End(NamedTuple):
    """How a task ended: its exit code, None if it never ran to its end, its failure's code, and whether it began."""

    code: int | None
    failure: str = ""
    begun: bool = True


WELL = End(0)


def of(info: Mapping[str, Any]) -> End:
    """The end in the `executionInfo` of a task that has completed."""
    failure = info.get("failureInfo") or {}
    return End(info.get("exitCode"), str(failure.get("code", "")), bool({"exitCode", "startTime"} & info.keys()))


def reason(info: Mapping[str, Any]) -> str:
    """Why a task has failed, as its `executionInfo` says: the exit code says more than that there is one."""
    failure = info.get("failureInfo")
    if not failure:
        return "failed" if str(info.get("result")).lower() == "failure" else ""
    if failure.get("code") == "FailureExitCode":
        return f"exit code {info.get('exitCode')}"
    return f"{failure.get('code')}: {failure.get('message', '')}".strip(": ")


def cancelled(info: Mapping[str, Any]) -> bool:
    """Whether somebody ended a task: Batch gives what ran too long the same code, and words tell the two apart."""
    failure = info.get("failureInfo") or {}
    return failure.get("code") == "TaskEnded" and "wall-clock" not in str(failure.get("message", ""))


def blocks(conditions: Mapping[str, Any], end: End) -> bool:
    """Whether what depends on a task with these `exitConditions` never begins after this end."""
    action = _options(conditions, end).get("dependencyAction", "")
    return bool(action.lower() == "block" if action else end != WELL)


def _options(conditions: Mapping[str, Any], end: End) -> Mapping[str, Any]:
    """What is said of this end: by its exit code first, then by the failure, then by default."""
    code = end.code
    if code is not None:
        for entry in conditions.get("exitCodes", ()):
            if entry["code"] == code:
                return dict(entry["exitOptions"])
        for entry in conditions.get("exitCodeRanges", ()):
            if entry["start"] <= code <= entry["end"]:
                return dict(entry["exitOptions"])
    name = "preProcessingError" if code is None else "fileUploadError" if end.failure.startswith(UPLOAD) else ""
    options: Mapping[str, Any] = conditions.get(name) or conditions.get("default") or {}
    return options if end != WELL else {}
