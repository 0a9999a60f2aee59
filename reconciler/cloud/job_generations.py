"""Generations of a job: what cannot be changed needs a new job, under a name of its own, as the old one goes slowly.

The first has the name of the job in the spec. Later ones are called NAME-gN and carry that name in their metadata. One
that is being deleted counts no more, so at most one is current, and live state alone says which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud

LONGEST = 64
"""Characters of a job's id. Source: Batch service, Job - Create."""
ROOM = len("-g99999")


def current(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """The live job that serves the job `name` of the spec; None if there is none. The cloud keeps its id."""
    job = batch_jobs.get(cloud, cloud.jobs.get(name, name))
    if job is None or not _serves(cloud, job, name):
        job = _newest(cloud, name, batch_jobs.listing(cloud, _beginning(name)))
    if job is None:
        cloud.jobs.pop(name, None)
    else:
        cloud.jobs[name] = job["id"]
    return job


def live_id(cloud: Cloud, name: str) -> str:
    """The id of the live job that serves the job `name` of the spec, which is that name while there is none."""
    known = cloud.jobs.get(name)
    if known is None:
        job = current(cloud, name)
        return str(job["id"]) if job else name
    return known


def going(job: Mapping[str, Any]) -> bool:
    return bool(job["state"] == "deleting")


def name_of(cloud: Cloud, job: Mapping[str, Any]) -> str:
    """The name in the spec of a live job; only jobs of ours have others than their ids."""
    return marks.spec_name(cloud.owner, pairs.mapped(job.get("metadata")), marks.JOB, job["id"])


def create(cloud: Cloud, name: str, body: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """Make the next generation of a job, after all that are there, whoever they belong to, unless one is current."""
    jobs = list(batch_jobs.listing(cloud, _beginning(name)))
    numbers = [_number(job, name) for job in jobs]
    number = max(numbers, default=0) + 1
    while _newest(cloud, name, jobs) is None:
        made = name if number == 1 else f"{_beginning(name)}-g{number}"
        told = {**metadata, **mark(made, name)}
        if batch_jobs.create(cloud, {**body, "id": made, "metadata": pairs.listed(told)}):
            cloud.jobs[name] = made
            return
        there = batch_jobs.get(cloud, made)
        jobs, number = [there] if there else [], number + 1


def key(job: Mapping[str, Any]) -> str:
    """What tells a live job from all others of its name, before and after it: when it was made, as sixteen digits."""
    return hashlib.sha256(str(job["creationTime"]).encode()).hexdigest()[:16]


def every(cloud: Cloud, name: str) -> list[dict[str, Any]]:
    """All live jobs that serve a name, also those that are being deleted, or that a schedule of this name has made."""
    jobs = [
        dict(job)
        for job in batch_jobs.listing(cloud, _beginning(name))
        if name.lower() in (name_of(cloud, job).lower(), str(job["id"]).lower().rpartition(":")[0])
    ]
    return sorted(jobs, key=lambda job: str(job["creationTime"]))


def mark(job_id: str, name: str) -> dict[str, str]:
    """The metadata that marks a job as a later generation; empty if it is the first."""
    return {} if job_id.lower() == name.lower() else {marks.JOB: name}


def _beginning(name: str) -> str:
    """How the ids of all generations begin."""
    return name[: LONGEST - ROOM]


def _number(job: Mapping[str, Any], name: str) -> int:
    """Which generation of a name a live job is, by its id; 0 if it is none."""
    if job["id"].lower() == name.lower():
        return 1
    return marks.generation(job["id"]) if marks.is_generation(job["id"], _beginning(name)) else 0


def _serves(cloud: Cloud, job: Mapping[str, Any], name: str) -> bool:
    return not going(job) and name_of(cloud, job).lower() == name.lower()


def _newest(cloud: Cloud, name: str, jobs: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The newest of the jobs that serve a name; None if none does."""
    serving = [dict(job) for job in jobs if _serves(cloud, job, name)]
    return max(serving, key=lambda job: _number(job, name), default=None)
