"""What a change of a pool does to work beside what its reason tells: tasks that wait, and nodes that are mended.

The running tasks themselves, and what becomes of them, are part of the reason: see `nodes.hit` and `rollout` of a spec.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import nodes, repair
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import state_of
from reconciler.model import Decision, Desired, Health, Observed, Rule
from reconciler.words import count

TOGETHER = "correct the start task or the image, or give the pool 0 nodes, then their number again"
"""What helps where the cause is common to all nodes: one that has passed by itself needs other nodes."""
MOST = 20
"""The most jobs of one pool whose tasks are counted, which takes a request each."""


def disturbs(cloud: Cloud, desired: Desired, pool: Observed, decision: Decision) -> str:
    parts = []
    if pool.health is Health.FAILED and state_of(pool).broken:
        parts.append(_mended(cloud, pool, decision))
    if decision.diff.rule is Rule.WHEN_EMPTY and pool.occupants:
        parts.append(_waiting(cloud, live_id(pool)))
    return "; ".join(filter(None, parts))


def _mended(cloud: Cloud, pool: Observed, decision: Decision) -> str:
    """What mending does to its broken nodes, and to tasks that still run on one."""
    raws = repair.broken(cloud, live_id(pool))
    changed = any(change.rule is Rule.NEW_NODES for change in decision.diff.changes)
    if raws and not changed and repair.common(len(raws), nodes.present(pool.body["properties"])):
        raws = repair.outdated(pool, raws)
        if not raws:
            return f"no node is touched, as more than half are broken; {TOGETHER}"
    if not raws:
        return ""
    tasks = sum(raw.get("runningTasksCount", 0) for raw in raws)
    verb, taken = ("is", "has") if len(raws) == 1 else ("are", "have")
    told = f"{count(len(raws), 'broken node')} {verb} rebooted, or replaced where that {taken} been tried"
    if not tasks:
        return f"{told}; no task runs there"
    return f"{told}; {count(tasks, 'task')} that {'runs there is' if tasks == 1 else 'run there are'} requeued"


def _waiting(cloud: Cloud, pool: str) -> str:
    """The tasks that start only when the pool has changed, counted in a bounded number of its jobs."""
    jobs = list(_jobs(cloud, pool))
    tasks = sum(batch_jobs.tasks(cloud, job).waiting for job in jobs[:MOST])
    if len(jobs) > MOST:
        return f"{tasks:,} waiting tasks of the first {MOST} of its {len(jobs):,} jobs start only afterwards"
    if not tasks:
        return ""
    verb = "starts" if tasks == 1 else "start"
    return f"{count(tasks, 'waiting task', ',')} of {count(len(jobs), 'job')} {verb} only afterwards"


def _jobs(cloud: Cloud, pool: str) -> Iterator[str]:
    """The jobs on a pool that have not ended; its checks are none."""
    for raw in batch_jobs.listing(cloud):
        on = str((raw.get("poolInfo") or {}).get("poolId", ""))
        checks = marks.VERIFICATION in pairs.mapped(raw.get("metadata"))
        if on.lower() == pool.lower() and raw["state"] == "active" and not checks:
            yield str(raw["id"])
