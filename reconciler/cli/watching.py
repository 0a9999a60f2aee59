"""A job that is looked at again and again: its tasks are listed once, and then only those whose state has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

from reconciler.cli import naming, tasks
from reconciler.cloud import batch_jobs, batch_runs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.course import Course, Ran
from reconciler.errors import Refused
from reconciler.render.pace import JobView

OVERLAP = timedelta(minutes=1)
"""How far back changes are asked for again: Batch may show one later than another that came after it."""
ANEW = 300.0
"""Seconds until all tasks are listed again where their number is not what Batch counts: some may have been deleted."""


class Watched:
    """A job of an account by its name in the spec, or by its own."""

    def __init__(self, cloud: Cloud, name: str, entry_of: Callable[[str], str]) -> None:
        self.cloud, self.name, self.entry_of = cloud, name, entry_of
        self.job = ""
        self.tasks: dict[str, Ran] = {}
        self.changed: datetime | None = None
        self.listed = 0.0

    def look(self) -> JobView:
        """The job as it is now. UsageError if the account has none of that name, Refused if it has gone meanwhile."""
        with reading(f"the job {self.name}"):
            job = tasks.found(self.cloud, self.name)
            if job is None:
                self._missing()
            self._read(job)
            pool = (job.get("executionInfo") or {}).get("poolId") or job["poolInfo"].get("poolId", "")
            course = Course(job["id"], tuple(self.tasks.values()), self.cloud.time, self.entry_of)
            return JobView(course, job["state"], _nodes(self.cloud, pool))

    def _read(self, job: Mapping[str, Any]) -> None:
        """All tasks at first, and of another generation of the job; then those that have changed."""
        made = f"{job['id']} {job['creationTime']}"
        if made != self.job:
            self.job = made
            self._forget()
        elif self._number(job["id"]) != len(self.tasks) and time.monotonic() - self.listed > ANEW:
            self._forget()
        since = self.changed - OVERLAP if self.changed else None
        for task, changed in batch_runs.listing(self.cloud, job["id"], since):
            self.tasks[task.id] = task
            self.changed = max(changed, self.changed or changed)

    def _number(self, job: str) -> int:
        there = batch_jobs.tasks(self.cloud, job)
        return there.waiting + there.running + there.ended

    def _forget(self) -> None:
        self.tasks, self.changed, self.listed = {}, None, time.monotonic()

    def _missing(self) -> NoReturn:
        if self.job:
            raise Refused(f"the job {self.name} has been deleted meanwhile")
        there = [str(each["id"]) for each in batch_jobs.listing(self.cloud)]
        naming.unknown(f"the account {self.cloud.account} has no job {self.name}", self.name, there)


def _nodes(cloud: Cloud, pool: str) -> str:
    """The nodes of a pool by state; empty if it has none, or is not there."""
    for counted in cloud.batch().list_pool_node_counts(filter=f"poolId eq '{pool}'") if pool else ():
        raw = counted.as_dict()
        totals: dict[str, int] = {}
        for some in (raw.get("dedicated") or {}, raw.get("lowPriority") or {}):
            for state, number in some.items():
                totals[state] = totals.get(state, 0) + number * (state != "total")
        return ", ".join(f"{number} {state}" for state, number in totals.items() if number)
    return ""
