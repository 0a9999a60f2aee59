"""How busy a node was when a task on it failed for want of something, where its pool is measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from reconciler.cloud import kept
from reconciler.cloud.cloud import Cloud
from reconciler.diagnosis.facts import Busy, Facts, code, failure, moment
from reconciler.model import Body
from reconciler.nodelogs import places, startline, telemetry

REQUESTS = 3
"""A container's address, and the two blobs that may hold the end of a task."""
Question = tuple[str, Callable[[], Busy]]


def question(cloud: Cloud, facts: Facts) -> Question | None:
    """What the node measured around the end of the first task that was killed, or for which a disk was full."""
    line = str(((facts.pool or {}).get("startTask") or {}).get("commandLine", ""))
    read = startline.read(line)
    place = ((read.settings.get("telemetry") or {}) if read else {}).get("in", "")
    meant = [task for task in facts.failed if _wants(task) and _node(task)]
    if not place or not meant or facts.pool is None:
        return None
    pool, task = str(facts.pool["id"]), meant[0]
    return f"how busy the node of the task {task['id']} was", lambda: _read(cloud, place, pool, task)


def _wants(task: Body) -> bool:
    """Whether it may have failed for want of memory or disk: of exit codes, any may mean that."""
    return code(task) is not None or str(failure(task).get("code", "")).startswith("DiskFull")


def _node(task: Body) -> str:
    ended = (task.get("executionInfo") or {}).get("endTime")
    return str((task.get("nodeInfo") or {}).get("nodeId", "")) if ended else ""


def _read(cloud: Cloud, place: str, pool: str, task: Body) -> Busy:
    ended, node = moment(task["executionInfo"]["endTime"]), _node(task)
    windows = (ended - timedelta(seconds=places.WINDOW), ended)
    names = (places.measured(str(cloud.account), pool, node, window) for window in windows)
    samples = [sample for name in names for sample in kept.measured(cloud, place, name)]
    return Busy(task["id"], node, tuple(telemetry.before(samples, ended.timestamp())))
