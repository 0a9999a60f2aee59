"""The spec entries of live jobs and job schedules: the inverse of their `expand`; tasks are said by their own kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.cloud import batch_jobs
from reconciler.kind import node_secrets, words
from reconciler.kind.inverse import Known, Section, protect
from reconciler.kinds.job.body import ENVIRONMENT, UNLIMITED
from reconciler.kinds.job.schedule import SPECIFICATION
from reconciler.model import Address, Body, Desired, Observed
from reconciler.spec.jobs import AROUND
from reconciler.spec.schema import defaults

COMMON = "commonEnvironmentSettings"
TERMINATE = "terminatejob"
WORK = "tasks"
"""The kind that says what a job does."""
APART = {"id", "constraints", "userIdentity"}
"""Keys of a task around a job that a spec says otherwise, or that follow from what it is."""
USUAL = {"maxWallClockTime": UNLIMITED, "retentionTime": "P7D"}
"""What Batch shows of such a task where nobody asked for anything."""


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live job in a spec, without its tasks. Raises Unsayable for a job of another pool."""
    name = observed.address.name
    works = name in known.live.get(WORK, ()) and Address(WORK, name) not in known.left
    if observed.state in batch_jobs.ENDED and not works:
        raise words.Unsayable("it has ended, and its tasks are not in the spec")
    section = _settings(observed.body, known, notes)
    if observed.body.get("onAllTasksComplete") == TERMINATE:
        if not works:
            raise words.Unsayable("its onAllTasksComplete would end it at once, as its tasks are not in the spec")
        section["onAllTasksComplete"] = "TerminateJob"
    if observed.body.get("onTaskFailure") not in (None, "noaction"):
        notes.append("its onTaskFailure follows from the exitConditions of its tasks")
    return _finished(section, observed)


def finished(section: Section) -> Section:
    """The section without what follows from its tasks."""
    depending = any("dependsOn" in entry for entry in section.get(WORK, {}).values())
    return {key: value for key, value in section.items() if not (depending and key == "usesTaskDependencies")}


def seen(desired: Desired, observed: Observed) -> Body:
    """A job that has ended is as the spec wants it while there is nothing more to do in it."""
    return {**observed.body, "state": "active"} if desired.data["filled"] else observed.body


def recurring(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live job schedule. Raises Unsayable as for a job."""
    job = observed.body[SPECIFICATION]
    if job.get("onTaskFailure") not in (None, "noaction"):
        raise words.Unsayable("its onTaskFailure cannot be said in a spec")
    section = _settings(job, known, notes)
    section["schedule"] = words.without(observed.body["schedule"], {})
    if job["onAllTasksComplete"] == TERMINATE:
        section["onAllTasksComplete"] = "TerminateJob"
    return _finished(section, observed)


def _finished(section: Section, observed: Observed) -> Section:
    section |= protect(observed)
    words.refuse_secrets(section)
    return section


def _settings(body: Body, known: Known, notes: list[str]) -> Section:
    """What jobs have, on a pool of the spec."""
    pool = body["poolInfo"].get("poolId")
    if pool not in known.names("pool"):
        raise words.Unsayable(f"its pool {pool} is not in the spec" if pool else "it makes a pool of its own")
    limits, shapes = body["constraints"], words.definition("job")["properties"]
    usual = {**defaults("job"), "maxWallClockTime": None, "displayName": ""}
    named = {name: words.pairs(body[name], shapes[name], name, notes) for name in ("metadata", COMMON)}
    around = {name: _task(body[name], name, notes) for name in AROUND if body.get(name)}
    settings = {
        "priority": body.get("priority", 0),
        "maxTaskRetryCount": limits["maxTaskRetryCount"],
        "maxWallClockTime": limits["maxWallClockTime"],
        "displayName": body.get("displayName"),
        **named,
        "maxParallelTasks": body["maxParallelTasks"],
        "allowTaskPreemption": body["allowTaskPreemption"],
        "usesTaskDependencies": bool(body.get("usesTaskDependencies")),
        **around,
        "networkConfiguration": body.get("networkConfiguration"),
    }
    return {"pool": f"pools/{pool}", **words.without(settings, usual)}


def _task(task: Mapping[str, Any], name: str, notes: list[str]) -> Section:
    """A manager, preparation or release task."""
    shapes = words.definition("job")["properties"][name]["properties"]
    task = node_secrets.told(task, f"{name}.{ENVIRONMENT}", notes)
    values = {**task, **(task.get("constraints") or {})}
    user = (values.get("userIdentity") or {}).get("autoUser")
    wordless = [key for key, value in task.items() if value and key not in shapes and key not in APART]
    wordless += [] if user or not values.get("userIdentity") else ["userIdentity"]
    if wordless:
        raise words.Unsayable(f"its {name}.{wordless[0]} cannot be said in a spec")
    values = words.without(values, USUAL)
    said = {key: words.said(values[key], shapes[key], f"{name}.{key}", notes) for key in shapes if key in values}
    said[ENVIRONMENT] = words.pairs(task[ENVIRONMENT], shapes[ENVIRONMENT], f"{name}.{ENVIRONMENT}", notes)
    if user and user.get("elevationLevel") == "admin":
        said["elevationLevel"] = "Admin"
    return words.without(said, defaults("job", name))


def named(jobs: Iterable[Observed], live: Sequence[Observed], inside: str = "") -> Iterator[Observed]:
    """Jobs, or what has one `inside`, each with its pool by the name in the spec, whichever generation is live."""
    pools = (observed for observed in live if observed.address.kind == "pool")
    names = {pool.id.rsplit("/", 1)[-1]: pool.address.name for pool in pools}
    for job in jobs:
        body = job.body[inside] if inside else job.body
        if (pool_id := body["poolInfo"].get("poolId")) in names:
            body = {**body, "poolInfo": {"poolId": names[pool_id]}}
        yield replace(job, body={**job.body, inside: body} if inside else body)
