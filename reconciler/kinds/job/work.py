"""The tasks of a job, as status and plans tell of them: one request for their counts, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from batch_autoscale import times
from reconciler.cloud import batch_jobs
from reconciler.cloud.batch_jobs import Tasks
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.job.pool_info import AUTO
from reconciler.model import Action, Decision, Desired, Observed
from reconciler.words import count

POOL, LIMIT = "poolInfo.poolId", "constraints.maxWallClockTime"
REPLACED, WAIT = "whenReplaced", "Wait"
"""The key of a spec that says what becomes of running tasks when a job is made anew, and its gentler value."""


def tell(cloud: Cloud, job: Observed) -> tuple[str, ...]:
    """Its tasks by state, which generation it is, and the pool that goes with it."""
    generation = () if job.id.lower() == job.address.name.lower() else (f"its live job is {job.id}",)
    own = job.body["poolInfo"].get(AUTO) and job.body["state"] == "active"
    pool = (job.body.get("executionInfo") or {}).get("poolId")
    return (*generation, *([f"on {pool}, a pool of its own"] if own and pool else []), told(cloud, job.id))


def told(cloud: Cloud, job: str) -> str:
    """The tasks of a job by state, in words."""
    tasks = batch_jobs.tasks(cloud, job)
    numbers = {name: getattr(tasks, name) for name in ("waiting", "running", "succeeded", "failed")}
    words = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    return f"tasks: {words}" if words else "no tasks"


def spent(cloud: Cloud, job: Observed) -> bool:
    """Whether all its tasks have ended; a job without tasks may wait for some."""
    return batch_jobs.tasks(cloud, job.id).over


def goes(cloud: Cloud, job: Observed, anew: Desired | None) -> str:
    """Its tasks, running ones too unless they end first, and the records of those that have ended.

    Source: Batch service, Job - Delete.
    """
    tasks = batch_jobs.tasks(cloud, job.id)
    if anew and anew.data[REPLACED] == WAIT:
        tasks = replace(tasks, running=0, succeeded=tasks.succeeded + tasks.running)
    records = "the record" if tasks.ended == 1 else "the records"
    numbers = (
        (tasks.running, count(tasks.running, "running task", ",")),
        (tasks.waiting, count(tasks.waiting, "waiting task", ",")),
        (tasks.ended, f"{records} of {count(tasks.ended, 'ended task', ',')}"),
    )
    return ", ".join(words for number, words in numbers if number)


def disturbs(cloud: Cloud, desired: Desired, job: Observed, decision: Decision) -> str:
    """What a new job, another pool, or a limit that has passed already does to its tasks."""
    if decision.action is Action.REPLACE:
        return _replaced(cloud, desired, job)
    changes = {change.path for change in decision.diff.changes}
    late = LIMIT in changes and _late(cloud, desired, job)
    if decision.action is not Action.UPDATE or not (late or POOL in changes):
        return ""
    tasks = batch_jobs.tasks(cloud, job.id)
    limit, pool = desired.body["constraints"]["maxWallClockTime"], desired.body["poolInfo"]["poolId"]
    return "; ".join(_ended(tasks, limit) if late else _moved(tasks, pool))


def _replaced(cloud: Cloud, desired: Desired, job: Observed) -> str:
    """What a new job means for running tasks. Source: Batch service, Job - Disable, `disableTasks: wait`."""
    running = batch_jobs.tasks(cloud, job.id).running
    if not running:
        return ""
    if desired.data[REPLACED] == WAIT:
        return f"{count(running, 'running task', ',')} {'ends' if running == 1 else 'end'} first"
    return f"{REPLACED}: {WAIT} lets running tasks end first"


def ending(cloud: Cloud, job: Observed) -> str:
    """Which tasks of a job end before it is made anew."""
    running = batch_jobs.tasks(cloud, job.id).running
    return f"{count(running, 'running task', ',')} to end before it is made anew" if running else "being disabled"


def _moved(tasks: Tasks, pool: str) -> Iterator[str]:
    """Source: Batch service, Job - Disable, `disableTasks: requeue`: running tasks are ended and queued again."""
    if tasks.running:
        verb, again = ("is", "begins") if tasks.running == 1 else ("are", "begin")
        yield (
            f"{count(tasks.running, 'running task', ',')} {verb} requeued and {again} again on pools/{pool}"
            " (apply when no task runs to spare that)"
        )
    if tasks.waiting:
        verb = "waits" if tasks.waiting == 1 else "wait"
        yield f"{count(tasks.waiting, 'waiting task', ',')} {verb} until it has moved"


def _ended(tasks: Tasks, limit: str) -> Iterator[str]:
    lost = [
        count(number, f"{state} task", ",")
        for state, number in (("running", tasks.running), ("waiting", tasks.waiting))
        if number
    ]
    yield f"it is older than {limit}: Batch ends it" + (f", and {' and '.join(lost)} with it" if lost else "")


def _late(cloud: Cloud, desired: Desired, job: Observed) -> bool:
    """Whether it is older than the spec lets it be. Inferred: Batch ends it then, as it does when its time runs out.

    Source: Batch service, JobConstraints, maxWallClockTime, which counts from the creation of the job.
    """
    limit = desired.body["constraints"]["maxWallClockTime"]
    age = (cloud.time - datetime.fromisoformat(job.body["creationTime"])).total_seconds()
    return limit is not None and age >= times.duration(limit)
