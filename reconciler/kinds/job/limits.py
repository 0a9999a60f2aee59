"""The maxWallClockTime of a job that waits for others: advice where it may run out meanwhile. Pure.

It counts from when the job is made, which an apply does at once; its tasks come when the others have ended.
Source: Batch service, JobConstraints, maxWallClockTime.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.azure import durations
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    for name, job in spec.jobs.items():
        own = _seconds(spec, name)
        if own is None:
            continue
        if longer := next((need for need in job["dependsOn"] if own <= _within(spec, need)), ""):
            limit = spec.jobs[longer.removeprefix("jobs/")].get("maxWallClockTime")
            their = f"whose own is {limit}" if limit else "which has none"
            message = f"counts from when the job is made, and may run out while the job waits for {longer}, {their}"
            yield ("jobs", name, "maxWallClockTime"), f"{message}; give it longer than what it waits for"


def _within(spec: Spec, need: str) -> float:
    """Seconds after which a job has ended that is made at the same time; infinite if nothing ends it."""
    seconds = _seconds(spec, need.removeprefix("jobs/"))
    return float("inf") if seconds is None else seconds


def _seconds(spec: Spec, name: str) -> int | None:
    """How long a job may be there; None without a limit."""
    return durations.seconds(spec.jobs[name].get("maxWallClockTime", ""))
