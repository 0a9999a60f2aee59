"""status JOB: how far a job is, as a list of its tasks tells it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from reconciler.azure import ends
from reconciler.cli import common, naming, tasks
from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.render import plain
from reconciler.render.pace import JobView, Ran

SELECTED = ["id", "state", "executionInfo", "nodeInfo"]


def show(spec: Path | None, cloud: str | None, name: str, shape: str, *, follow: bool) -> int:
    """Print how far a job is, with `follow` until its tasks have ended. Exit code 5 if some have failed."""
    reached = common.reach(common.load_spec(spec, cloud))
    while True:
        view = _view(reached, name)
        common.show(view, shape)
        open_ = view.states().keys() & {"waiting", "running"}
        if not (follow and open_):
            return common.LACKING if view.failures() else 0
        time.sleep(reached.endpoints.poll_seconds)
        click.echo()


def _view(cloud: Cloud, name: str) -> JobView:
    job = tasks.found(cloud, name)
    with reading(f"the job {name}"):
        if job is None:
            there = [str(each["id"]) for each in batch_jobs.listing(cloud)]
            naming.unknown(f"the account {cloud.account} has no job {name}", name, there)
        ran = list(_ran(cloud, job["id"]))
        pool = (job.get("executionInfo") or {}).get("poolId") or job["poolInfo"].get("poolId", "")
        return JobView(job["id"], job["state"], ran, cloud.time, _nodes(cloud, pool))


def _ran(cloud: Cloud, job: str) -> Iterator[Ran]:
    for task in cloud.batch().list_tasks(job, select=SELECTED):
        raw = task.as_dict()
        info, node = raw.get("executionInfo") or {}, (raw.get("nodeInfo") or {}).get("nodeId", "")
        begun, ended = _moment(info, "startTime"), _moment(info, "endTime")
        yield Ran(raw["id"], raw["state"], begun, ended, node, plain.clean(ends.reason(info)))


def _moment(info: dict[str, Any], key: str) -> datetime | None:
    return datetime.fromisoformat(info[key]) if info.get(key) else None


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
