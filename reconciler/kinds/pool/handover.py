"""Jobs and schedules change pools: each job is disabled, its running tasks end or are requeued, then it is repointed.

What is next for a job follows from its state, its pool and a mark in its metadata, which says that it was active.
Source: Batch service, Job - Disable (if active, disabling or disabled), Job - Update (`poolInfo` only while disabled).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from batch_autoscale import times
from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.words import count

WORDS = {
    "disable": "to be disabled",
    "requeue": "to be rid of tasks that still run",
    "wait": "waiting for running tasks",
    "repoint": "to be repointed",
    "enable": "to be enabled",
    "unmark": "enabled",
}
"""What is next for a job, in words; in the order in which it comes."""


@dataclass(frozen=True, slots=True)
class Moves:
    """`next` holds each job with its next verb and each schedule to repoint; `words` tell all that is left to do."""

    pool: str
    next: tuple[tuple[str, Mapping[str, Any]], ...]
    words: str


def read(cloud: Cloud, pool: str, old: Collection[str], within: str) -> Moves:
    """What is left to do until no job is on `old` but on `pool`; tasks may run on for `within`, a duration."""
    old = {one.lower() for one in old}
    jobs = [job.as_dict() for job in cloud.batch().list_jobs()]
    limit = cloud.time - timedelta(seconds=times.duration(within))
    verbs = [(verb, job) for job in jobs for verb in _verb(cloud, job, pool.lower(), old, limit)]
    schedules = [one.as_dict() for one in cloud.batch().list_job_schedules()]
    mine = [
        one for one in schedules if _pool(one.get("jobSpecification")) in old and one["state"] in ("active", "disabled")
    ]
    return sort(pool, verbs, mine)


def sort(pool: str, verbs: Iterable[tuple[str, Mapping[str, Any]]], schedules: Iterable[Mapping[str, Any]]) -> Moves:
    """The moves that `verbs` make up. Pure."""
    verbs, schedules = list(verbs), list(schedules)
    counts = Counter(verb for verb, _ in verbs)
    told = [f"{count(counts[verb], 'job')} {words}" for verb, words in WORDS.items() if counts[verb]]
    if schedules:
        told.append(f"{count(len(schedules), 'job schedule')} to be repointed")
    todo = [(verb, job) for verb, job in verbs if verb != "wait"]
    return Moves(pool, (*todo, *(("schedule", one) for one in schedules)), ", ".join(told))


def _verb(cloud: Cloud, job: Mapping[str, Any], pool: str, old: Collection[str], limit: datetime) -> Iterator[str]:
    """What is next for a job; nothing if it is where it should be."""
    state, at, marked = job["state"], _pool(job), marks.MOVING in pairs.mapped(job.get("metadata"))
    if at == pool and marked:
        yield {"disabled": "enable", "active": "unmark"}.get(state, "wait")
    elif at in old and state == "active":
        yield "disable"
    elif at in old and state == "disabled":
        yield "repoint"
    elif at in old and state in ("disabling", "enabling"):
        late = state == "disabling" and marked and datetime.fromisoformat(job["stateTransitionTime"]) <= limit
        yield "requeue" if late and _asked(job) not in cloud.runs else "wait"


def _pool(holder: Mapping[str, Any] | None) -> str:
    return str(((holder or {}).get("poolInfo") or {}).get("poolId", "")).lower()


def _asked(job: Mapping[str, Any]) -> str:
    return f"requeue {job['id']} {job['stateTransitionTime']}"


def advance(cloud: Cloud, moves: Moves) -> None:
    """One step of each job and schedule; what another run or a user has changed meanwhile is looked at again."""
    for verb, one in moves.next:
        with tolerated(404, 409, 412):
            _do(cloud, verb, one, moves.pool)


def _do(cloud: Cloud, verb: str, one: Mapping[str, Any], pool: str) -> None:
    name, path = one["id"], f"/jobs/{one['id']}"
    metadata = {key: value for key, value in pairs.mapped(one.get("metadata")).items() if key != marks.MOVING}
    if verb == "disable":
        _patch(cloud, one, {"metadata": pairs.listed({**metadata, marks.MOVING: pool})})
        batch_jobs.post(cloud, f"{path}/disable", {"disableTasks": "wait"}, None)
    elif verb == "requeue":
        batch_jobs.post(cloud, f"{path}/disable", {"disableTasks": "requeue"}, one["eTag"])
        cloud.runs[_asked(one)] = "requeue"
    elif verb == "repoint":
        _patch(cloud, one, {"poolInfo": {"poolId": pool}})
    elif verb == "enable":
        batch_jobs.post(cloud, f"{path}/enable", None, one["eTag"])
    elif verb == "unmark":
        _patch(cloud, one, {"metadata": pairs.listed(metadata)})
    else:
        specification = {**one["jobSpecification"], "poolInfo": {"poolId": pool}}
        batch_jobs.post(cloud, f"/jobschedules/{name}", {"jobSpecification": specification}, one["eTag"], "PATCH")


def _patch(cloud: Cloud, job: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    batch_jobs.post(cloud, f"/jobs/{job['id']}", body, job["eTag"], "PATCH")
