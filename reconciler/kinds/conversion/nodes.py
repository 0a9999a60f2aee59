"""Whether a pool has, or will have, a node for tasks that wait."""

from __future__ import annotations

from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none
from reconciler.model import Desired

EVALUATIONS = 2
"""How many evaluations of a formula must have seen a task: one may still have too few samples of it."""


def none_for(cloud: Cloud, desired: Desired, job: str) -> str:
    """Why no node will take the tasks that wait in the job, and what to do; empty if one may, or if the spec is about
    to change the pool."""
    name, formula = str(desired.data["pool"]), str(desired.data["formula"])
    pool: Any = missing_is_none(lambda: cloud.batch().get_pool(cloud.pools.get(name, name)))
    if pool is None or pool.allocation_state != "steady":
        return ""
    if (pool.current_dedicated_nodes or 0) + (pool.current_low_priority_nodes or 0):
        return ""
    if (pool.target_dedicated_nodes or 0) + (pool.target_low_priority_nodes or 0):
        return ""
    if not pool.enable_auto_scale:
        return "" if formula or desired.data["nodes"] else f"pools/{name} has no nodes; give it some, in nodes:"
    if (pool.auto_scale_formula or "").strip() != formula.strip() or not _seen(cloud, job, pool):
        return ""
    return f"the formula of pools/{name} asks for no node, {EVALUATIONS} evaluations after they came; change it"


def _seen(cloud: Cloud, job: str, pool: Any) -> bool:
    """Whether the formula has been evaluated often enough since the first task that waits was submitted."""
    evaluated = pool.auto_scale_run.timestamp if pool.auto_scale_run else None
    waiting = cloud.batch().list_tasks(job, filter="state eq 'active'", select=["id", "creationTime"])
    since = min((task.creation_time for task in waiting if task.creation_time), default=None)
    if not evaluated or not since or not pool.auto_scale_evaluation_interval:
        return False
    return bool(evaluated - since >= EVALUATIONS * pool.auto_scale_evaluation_interval)
