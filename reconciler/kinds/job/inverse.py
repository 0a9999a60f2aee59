"""The spec entries of live jobs: the inverse of their `expand`, without tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kind import words
from reconciler.kind.inverse import Known, Section, protect
from reconciler.model import Observed
from reconciler.spec.schema import defaults

COMMON = "commonEnvironmentSettings"
WORDLESS: Mapping[str, tuple[Any, ...]] = {
    "jobManagerTask": (),
    "jobPreparationTask": (),
    "jobReleaseTask": (),
    "networkConfiguration": (),
    "onAllTasksComplete": ("noaction",),
    "onTaskFailure": ("noaction",),
}
"""Properties that a spec cannot say → what Batch shows where nobody asked for them."""


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live job in a spec, without its tasks, which are never in a spec.

    Raises Unsayable for a job of another pool, or one with properties that a spec does not know.
    """
    body = observed.body
    wordless = ", ".join(name for name, usual in WORDLESS.items() if body.get(name) not in (None, *usual))
    if wordless:
        raise words.Unsayable(f"its {wordless} cannot be said in a spec")
    pool = body["poolInfo"].get("poolId")
    if pool not in known.names("pool"):
        raise words.Unsayable(f"its pool {pool} is not in the spec" if pool else "it makes a pool of its own")
    limits = body["constraints"]
    usual = {**defaults("job"), "maxWallClockTime": None, "displayName": ""}
    shapes = words.definition("job")["properties"]
    named = {name: words.pairs(body[name], shapes[name], name, notes) for name in ("metadata", COMMON)}
    settings = {
        "priority": body.get("priority", 0),
        "maxTaskRetryCount": limits["maxTaskRetryCount"],
        "maxWallClockTime": limits["maxWallClockTime"],
        "displayName": body.get("displayName"),
        **named,
        "maxParallelTasks": body["maxParallelTasks"],
        "allowTaskPreemption": body["allowTaskPreemption"],
        "usesTaskDependencies": bool(body.get("usesTaskDependencies")),
    }
    section = {"pool": f"pools/{pool}", **words.without(settings, usual), **protect(observed)}
    words.refuse_secrets(section)
    return section


def named(jobs: Iterable[Observed], live: Sequence[Observed]) -> Iterator[Observed]:
    """The jobs, each with its pool by the name in the spec, whichever generation of it is live."""
    pools = (observed for observed in live if observed.address.kind == "pool")
    names = {pool.id.rsplit("/", 1)[-1]: pool.address.name for pool in pools}
    for job in jobs:
        pool_id = job.body["poolInfo"].get("poolId")
        yield replace(job, body={**job.body, "poolInfo": {"poolId": names[pool_id]}}) if pool_id in names else job
