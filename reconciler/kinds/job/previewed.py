"""A job in a preview: apply waits for its end, nobody is told of it, and it ends when the preview does. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.azure import durations
from reconciler.spec.previews import Preview


def preview(name: str, job: dict[str, Any], preview: Preview) -> dict[str, Any]:
    limit = durations.seconds(job["maxWallClockTime"]) if "maxWallClockTime" in job else None
    lasts = {} if limit and limit <= preview.seconds else {"maxWallClockTime": f"PT{preview.seconds}S"}
    section, _, pool = job["pool"].partition("/")
    needs = [f"jobs/{preview.named(need.removeprefix('jobs/'))}" for need in job["dependsOn"]]
    away = {"protect": False, "onDone": [], "wait": True, "onAllTasksComplete": "NoAction"}
    return {**job, **lasts, **away, "pool": f"{section}/{preview.named(pool)}", "dependsOn": needs}
