"""The move of jobs and schedules to another pool: each job is disabled, its tasks end or are requeued, it is repointed.

The next step of a job follows from its state, its pool and a mark in its metadata, which says that it was active.
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
"""The next step of a job → how it is told, in the order of the steps."""


@dataclass(frozen=True, slots=True)
class Moves:
    """`next` holds each job with its next verb and each schedule to repoint; `words` tell everything that is left."""

    pool: str
    next: tuple[tuple[str, Mapping[str, Any]], ...]
    words: str


NONE = Moves("", (), "")


def pools_of_jobs(cloud: Cloud) -> set[str]:
    """The ids, in lower case, of all pools that a job or schedule is on, or is to come to; checks are no such jobs."""
    jobs = [raw for job in cloud.batch().list_jobs() if (raw := job.as_dict())["state"] != "completed"]
    schedules = [schedule.as_dict() for schedule in cloud.batch().list_job_schedules()]
    work = [(job, pairs.mapped(job.get("metadata"))) for job in jobs]
    on = {_pool(job) for job, metadata in work if marks.VERIFICATION not in metadata}
    coming = {metadata[marks.MOVING].lower() for _, metadata in work if marks.MOVING in metadata}
    return on | coming | {_pool(schedule.get("jobSpecification")) for schedule in schedules}


def read(cloud: Cloud, pool: str, old: Collection[str], within: str) -> Moves:
    """What is left to do to move all jobs from `old` to `pool`; tasks may go on running for `within`, a duration.

    A job that verifies one of them stays: on another pool it would say something about that one.
    """
    old = {name.lower() for name in old}
    listed = (job.as_dict() for job in cloud.batch().list_jobs())
    jobs = [job for job in listed if marks.VERIFICATION not in pairs.mapped(job.get("metadata"))]
    limit = cloud.time - timedelta(seconds=times.duration(within))
    verbs = [(verb, job) for job in jobs for verb in _verb(cloud, job, pool.lower(), old, limit)]
    schedules = [schedule.as_dict() for schedule in cloud.batch().list_job_schedules()]
    on_old = [schedule for schedule in schedules if _pool(schedule.get("jobSpecification")) in old]
    return sort(pool, verbs, [schedule for schedule in on_old if schedule["state"] in ("active", "disabled")])


def sort(pool: str, verbs: Iterable[tuple[str, Mapping[str, Any]]], schedules: Iterable[Mapping[str, Any]]) -> Moves:
    """The moves that consist of `verbs` and of repointing `schedules`. Pure."""
    verbs, schedules = list(verbs), list(schedules)
    counts = Counter(verb for verb, _ in verbs)
    phrases = [f"{count(counts[verb], 'job')} {words}" for verb, words in WORDS.items() if counts[verb]]
    if schedules:
        phrases.append(f"{count(len(schedules), 'job schedule')} to be repointed")
    todo = [(verb, job) for verb, job in verbs if verb != "wait"]
    return Moves(pool, (*todo, *(("schedule", schedule) for schedule in schedules)), ", ".join(phrases))


def _verb(cloud: Cloud, job: Mapping[str, Any], pool: str, old: Collection[str], limit: datetime) -> Iterator[str]:
    """The next step of a job; nothing if it needs none."""
    state, at, marked = job["state"], _pool(job), marks.MOVING in pairs.mapped(job.get("metadata"))
    if at == pool and marked:
        yield {"disabled": "enable", "active": "unmark"}.get(state, "wait")
    elif at in old and state == "active":
        yield "disable"
    elif at in old and state == "disabled":
        yield "repoint"
    elif at in old and state in ("disabling", "enabling"):
        late = state == "disabling" and marked and datetime.fromisoformat(job["stateTransitionTime"]) <= limit
        yield "requeue" if late and _request(job) not in cloud.runs else "wait"


def _pool(holder: Mapping[str, Any] | None) -> str:
    return str(((holder or {}).get("poolInfo") or {}).get("poolId", "")).lower()


def _request(job: Mapping[str, Any]) -> str:
    return f"requeue {job['id']} {job['stateTransitionTime']}"


def advance(cloud: Cloud, moves: Moves) -> None:
    """Move each job and schedule one step; one that somebody has changed meanwhile is left for the next reading."""
    for verb, holder in moves.next:
        with tolerated(404, 409, 412):
            _do(cloud, verb, holder, moves.pool)


def _do(cloud: Cloud, verb: str, holder: Mapping[str, Any], pool: str) -> None:
    name, path = holder["id"], f"/jobs/{holder['id']}"
    metadata = {key: value for key, value in pairs.mapped(holder.get("metadata")).items() if key != marks.MOVING}
    if verb == "disable":
        _patch(cloud, holder, {"metadata": pairs.listed({**metadata, marks.MOVING: pool})})
        batch_jobs.post(cloud, f"{path}/disable", {"disableTasks": "wait"}, None)
    elif verb == "requeue":
        batch_jobs.post(cloud, f"{path}/disable", {"disableTasks": "requeue"}, holder["eTag"])
        cloud.runs[_request(holder)] = "requeue"
    elif verb == "repoint":
        _patch(cloud, holder, {"poolInfo": {"poolId": pool}})
    elif verb == "enable":
        batch_jobs.post(cloud, f"{path}/enable", None, holder["eTag"])
    elif verb == "unmark":
        _patch(cloud, holder, {"metadata": pairs.listed(metadata)})
    else:
        specification = {**holder["jobSpecification"], "poolInfo": {"poolId": pool}}
        batch_jobs.post(cloud, f"/jobschedules/{name}", {"jobSpecification": specification}, holder["eTag"], "PATCH")


def _patch(cloud: Cloud, job: Mapping[str, Any], body: Mapping[str, Any]) -> None:
    batch_jobs.post(cloud, f"/jobs/{job['id']}", body, job["eTag"], "PATCH")
