"""A pool that has fewer nodes while nothing is to be done: the `idle` of its spec.

Nothing is remembered: whether it rests follows from its size, since when its nodes are idle, and the tasks that wait
for it. One that has been idle for long enough is asked for the smaller size; one that has that size keeps it until
there is work, in Azure or in the plan itself. So a size that somebody else has set is no rest, unless it is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reconciler import marks
from reconciler.azure import durations
from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.pool import nodes, reading
from reconciler.kinds.pool.nodes import live_id
from reconciler.kinds.pool.state import Idle, state_of
from reconciler.model import Address, Desired, Health, Observed
from reconciler.spec.pools import Pool
from reconciler.words import count, duration, some

Size = tuple[int, int]
"""Dedicated and Spot nodes."""
NODE = ["id", "state", "stateTransitionTime"]
UNPAID = ("preempted",)
"""States of a node that runs no task and costs nothing."""
WORKING = ("active", "enabling")
"""States of a job whose tasks get nodes, now or soon."""


def wanted(pool: Pool) -> dict[str, Any] | None:
    """What a pool of a spec says of being idle: `after` how many seconds which `size` stays, and the `full` one."""
    if "idle" not in pool:
        return None
    idle, size = pool["idle"], pool["nodes"]
    dedicated = min(idle["to"], size["dedicated"])
    full = (size["dedicated"], size["spot"])
    return {"after": durations.seconds(idle["after"]), "size": (dedicated, idle["to"] - dedicated), "full": full}


def costs(desired: Desired) -> str:
    """How a pool of a spec costs while nothing is to be done, and what to write against that; empty if it does not."""
    if desired.data.get("idle") or not sum(reading.targets(desired.body["properties"]) or (0, 0)):
        return ""
    return "keeps its nodes while nothing is to be done; write idle: {after: PT1H}, or nodes: {autoscale: ...}"


def read(cloud: Cloud, desired: Desired, pool: Observed) -> Observed:
    """`pool`, with how idle it is, if its spec says what is to become of that: none of it costs a request for a pool
    that runs tasks, and one request for one that may rest, and one for each active job on it."""
    idle, state = desired.data.get("idle"), state_of(pool)
    changing = pool.health is not Health.READY or state.rollout or state.handover or state.beside
    if not idle or state.running or changing or not marks.is_ours(cloud.owner, state.marks):
        return pool
    size, since = reading.targets(pool.body["properties"]), _since(cloud, pool)
    if size != idle["size"] and (since is None or cloud.time - since < timedelta(seconds=idle["after"])):
        return pool
    return replace(pool, state=replace(state, idle=Idle(since, _waiting(cloud, live_id(pool)))))


def _since(cloud: Cloud, pool: Observed) -> datetime | None:
    """When the last of its nodes became idle; None if it has none that could be."""
    if not nodes.present(pool.body["properties"]):
        return None
    return last(node.as_dict() for node in cloud.batch().list_nodes(live_id(pool), select=NODE))


def last(raws: Iterable[Mapping[str, Any]]) -> datetime | None:
    """When the last of these nodes became idle; None if one of them is not, or none is. Pure."""
    paid = [raw for raw in raws if raw["state"] not in UNPAID]
    if not paid or any(raw["state"] != "idle" for raw in paid):
        return None
    return max(datetime.fromisoformat(raw["stateTransitionTime"]) for raw in paid)


def _waiting(cloud: Cloud, pool: str) -> int:
    """How many tasks wait for the nodes of a pool or run there."""
    jobs = [job["id"] for job in batch_jobs.listing(cloud) if _works(job, pool)]
    counts = [batch_jobs.tasks(cloud, job) for job in jobs]
    return sum(tasks.waiting + tasks.running for tasks in counts)


def _works(job: Mapping[str, Any], pool: str) -> bool:
    on = str((job.get("poolInfo") or {}).get("poolId", ""))
    return job["state"] in WORKING and on.lower() == pool.lower()


def settled(desired: Desired, pool: Observed, coming: Sequence[Address]) -> tuple[Desired, Observed]:
    """What is asked of a pool, and what is said of it, given the work for it that is to begin. Pure."""
    idle = state_of(pool).idle
    if idle is None:
        return desired, pool
    full, rest = desired.data["idle"]["full"], desired.data["idle"]["size"]
    size = reading.targets(pool.body["properties"])
    whole = count(sum(full), "node")
    if idle.waiting or coming:
        told = f"rested, and gets its {whole} back: {_work(idle, coming)}"
        return desired, replace(pool, detail=told) if size == rest else pool
    told = f"rests with {sum(rest)} of {whole} until a task waits for it"
    if size != rest:
        long = duration(desired.data["idle"]["after"])
        told = f"idle since {idle.since:%Y-%m-%d %H:%M} UTC, longer than {long}: {told}"
    return _sized(desired, rest), replace(pool, detail=told)


def _work(idle: Idle, coming: Sequence[Address]) -> str:
    """`3 tasks wait for it`, `tasks/words needs it`."""
    if idle.waiting:
        return f"{count(idle.waiting, 'task')} {'waits' if idle.waiting == 1 else 'wait'} for it"
    return f"{some([str(address) for address in coming])} {'needs' if len(coming) == 1 else 'need'} it"


def _sized(desired: Desired, size: Size) -> Desired:
    """The same pool of another size. A task that begins meanwhile may end before its node goes."""
    properties = desired.body["properties"]
    sizes = dict(zip(("targetDedicatedNodes", "targetLowPriorityNodes"), size, strict=True))
    fixed = {**properties["scaleSettings"]["fixedScale"], **sizes, "nodeDeallocationOption": "TaskCompletion"}
    settings = {**properties["scaleSettings"], "fixedScale": fixed}
    return replace(desired, body={**desired.body, "properties": {**properties, "scaleSettings": settings}})
