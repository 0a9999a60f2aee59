"""Checks of jobs with a pool of their own: whose it is, when it goes, and what its nodes cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec import auto_pools, identities
from reconciler.spec.document import Document
from reconciler.spec.jobs import AROUND
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec


def problems(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    path, job = ("jobs", name), spec.jobs[name]
    pool = spec.pools.get(job["pool"].removeprefix("pools/"))
    if pool is None or not auto_pools.marked(pool):
        return
    if pool["autoPool"]["poolLifetimeOption"] == "JobSchedule" and "schedule" not in job:
        message = f"{job['pool']} is made for all jobs of a schedule, and this job has none"
        remedy = "write autoPool: {poolLifetimeOption: Job} there, or give the job a schedule"
        yield document.problem((*path, "pool"), f"{message}; {remedy}")
    for around in AROUND:
        for where, _ in identities.referring(job.get(around), (*path, around)):
            yield document.problem(where, auto_pools.nobody(job["pool"]))


def advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """Source: BatchAutoPoolSpecification, keepAlive: the pool goes when the job completes."""
    for name, job in spec.jobs.items():
        pool = spec.pools[job["pool"].removeprefix("pools/")]
        if auto_pools.marked(pool) and not _ends(job):
            ends = "onAllTasksComplete: TerminateJob" if job.get("tasks") else "maxWallClockTime: PT8H"
            message = f"the job has no end, nor has the pool that is made for it, which costs meanwhile; write {ends}"
            yield ("jobs", name, "pool"), message


def _ends(job: Job) -> bool:
    """Whether the job ends by itself, its pool with it; those of a schedule have checks of their own."""
    manager = "jobManagerTask" in job and job["jobManagerTask"]["killJobOnCompletion"]
    return "schedule" in job or manager or "maxWallClockTime" in job or job["onAllTasksComplete"] == "TerminateJob"
