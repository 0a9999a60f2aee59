"""The tasks of a job, as status and plans tell of them: one request for their counts, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from batch_autoscale import times
from reconciler.cloud import batch_jobs
from reconciler.cloud.batch_jobs import Tasks
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.job.pool_info import AUTO
from reconciler.model import Action, Decision, Desired, Observed
from reconciler.words import count

POOL, LIMIT = "poolInfo.poolId", "constraints.maxWallClockTime"


def tell(cloud: Cloud, job: Observed) -> tuple[str, ...]:
    """Its tasks by state, and the pool that goes with it."""
    own = job.body["poolInfo"].get(AUTO) and job.body["state"] == "active"
    pool = (job.body.get("executionInfo") or {}).get("poolId")
    return (*([f"on {pool}, a pool of its own"] if own and pool else []), told(cloud, job.address.name))


def told(cloud: Cloud, job: str) -> str:
    """The tasks of a job by state, in words."""
    tasks = batch_jobs.tasks(cloud, job)
    numbers = {name: getattr(tasks, name) for name in ("waiting", "running", "succeeded", "failed")}
    words = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    return f"tasks: {words}" if words else "no tasks"


def goes(cloud: Cloud, job: Observed) -> str:
    """Its tasks, running ones too, and the records of those that have ended. Source: Batch service, Job - Delete."""
    tasks = batch_jobs.tasks(cloud, job.address.name)
    records = "the record" if tasks.ended == 1 else "the records"
    numbers = (
        (tasks.running, count(tasks.running, "running task", ",")),
        (tasks.waiting, count(tasks.waiting, "waiting task", ",")),
        (tasks.ended, f"{records} of {count(tasks.ended, 'ended task', ',')}"),
    )
    return ", ".join(words for number, words in numbers if number)


def disturbs(cloud: Cloud, desired: Desired, job: Observed, decision: Decision) -> str:
    """What another pool does to its tasks, or a limit that has passed already."""
    changes = {change.path for change in decision.diff.changes}
    late = LIMIT in changes and _late(cloud, desired, job)
    if decision.action is not Action.UPDATE or not (late or POOL in changes):
        return ""
    tasks = batch_jobs.tasks(cloud, job.address.name)
    limit, pool = desired.body["constraints"]["maxWallClockTime"], desired.body["poolInfo"]["poolId"]
    return "; ".join(_ended(tasks, limit) if late else _moved(tasks, pool))


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
