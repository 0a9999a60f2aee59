"""A job in a spec's words. What tasks a job is given is nobody's to say but its programs'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.importing.resources import Section, protect
from reconciler.importing.words import Known, Unsayable, definition, pairs, refuse_secrets, without
from reconciler.kinds.job import UNLIMITED
from reconciler.model import Observed
from reconciler.spec.schema import defaults

WORDLESS: Mapping[str, tuple[Any, ...]] = {
    "allowTaskPreemption": (False,),
    "commonEnvironmentSettings": ([],),
    "jobManagerTask": (),
    "jobPreparationTask": (),
    "jobReleaseTask": (),
    "maxParallelTasks": (-1,),
    "networkConfiguration": (),
    "onAllTasksComplete": ("noaction",),
    "onTaskFailure": ("noaction",),
    "usesTaskDependencies": (False,),
}
"""Properties that a spec cannot say → what Batch shows where nobody asked for them."""


def section(found: Observed, known: Known, notes: list[str]) -> Section:
    """Unsayable for a job of another pool, or one with properties that a spec does not know."""
    body = found.body
    said = ", ".join(name for name, usual in WORDLESS.items() if body.get(name) not in (None, *usual))
    if said:
        raise Unsayable(f"its {said} cannot be said in a spec")
    pool = body["poolInfo"].get("poolId")
    if pool not in known.pools:
        raise Unsayable(f"its pool {pool} is not in the spec" if pool else "it makes a pool of its own")
    limits = body["constraints"]
    usual = {**defaults("job"), "maxWallClockTime": UNLIMITED, "displayName": ""}
    metadata = pairs(body["metadata"], definition("job")["properties"]["metadata"], "metadata", notes)
    given = {
        "priority": body.get("priority", 0),
        "maxTaskRetryCount": limits["maxTaskRetryCount"],
        "maxWallClockTime": limits["maxWallClockTime"],
        "displayName": body.get("displayName"),
        "metadata": metadata,
    }
    own = {"pool": f"pools/{pool}", **without(given, usual), **protect(found)}
    refuse_secrets(own)
    return own
