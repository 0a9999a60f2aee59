"""The pools of a spec as Batch shows them: a request for all of them, and one for the nodes of each."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from reconciler.azure import sizes
from reconciler.cloud.cloud import Cloud
from reconciler.diagnosis.facts import said
from reconciler.kind.unread import attempted
from reconciler.render.status import Node, Pool, Scaling
from reconciler.serve import loads
from reconciler.serve.history import Course, History, Hours

MOST = 16
"""Of how many pools the nodes are listed."""
PAGE = 1000
"""The most nodes of a pool that are shown: the first page of their list."""
AT_ONCE = 4
NOWHERE: Mapping[str, str] = {}
SCALINGS = 20
"""How many runs of a formula are kept."""
USABLE = ("idle", "running")
NODE = [
    "id", "state", "schedulingState", "stateTransitionTime", "allocationTime", "runningTasksCount", "isDedicated",
    "errors",
]  # fmt: skip


def look(
    cloud: Cloud,
    names: Mapping[str, str],
    before: Mapping[str, Pool],
    history: History,
    telemetry: Mapping[str, str] = NOWHERE,
) -> tuple[Pool, ...]:
    """The pools by name in the spec; `names` has the id of the live one for each, `before` how they were last, and
    `telemetry` the container in which those have what their nodes measure that are measured."""
    if not names:
        return ()
    live = {raw["id"]: raw for raw in (pool.as_dict() for pool in cloud.batch().list_pools())}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="pools") as threads:
        seen = threads.map(lambda name: _pool(cloud, name, live.get(names[name])), list(names)[:MOST])
        pools = [_measured(cloud, pool, telemetry.get(pool.name), history) for pool in seen]
        pools = [_with_past(pool, before.get(pool.name), history, cloud.time) for pool in pools]
    return tuple(pools)


def _pool(cloud: Cloud, name: str, raw: Mapping[str, Any] | None) -> Pool:
    """A pool with its nodes."""
    if raw is None:
        return Pool(name)
    pool = of(name, raw)
    if not sum(pool.current) and raw["allocationState"] == "steady":
        return pool
    whole = partial(_with_nodes, cloud, pool)
    return attempted(f"the nodes of {pool.id}", whole, lambda why: replace(pool, unread=why))


def _measured(cloud: Cloud, pool: Pool, place: str | None, history: History) -> Pool:
    """The pool with how busy its nodes are."""
    if place is None or not pool.nodes:
        return pool
    whole = partial(loads.look, cloud, pool, place, history.loads.setdefault(pool.name, {}))
    return attempted(f"how busy {pool.id} is", whole, lambda why: replace(pool, unmeasured=why))


def of(name: str, raw: Mapping[str, Any]) -> Pool:
    """A pool without its nodes, from what a list of pools says."""
    run = raw.get("autoScaleRun")
    scaling = Scaling(run["timestamp"], run.get("results") or "", _said(run.get("error"))) if run else None
    return Pool(
        name,
        raw["id"],
        raw["state"] if raw["state"] != "active" else raw["allocationState"],
        sizes.spelled(raw.get("vmSize", "")),
        (raw.get("targetDedicatedNodes", 0), raw.get("targetLowPriorityNodes", 0)),
        (raw.get("currentDedicatedNodes", 0), raw.get("currentLowPriorityNodes", 0)),
        scalings=(scaling,) if scaling else (),
        errors=tuple(said(error) for error in raw.get("resizeErrors") or ()),
    )


def _with_nodes(cloud: Cloud, pool: Pool) -> Pool:
    pages = cloud.batch().list_nodes(pool.id, select=NODE, max_results=PAGE).by_page()
    nodes = tuple(node(item.as_dict()) for item in next(iter(pages), ()))
    return replace(pool, nodes=nodes, more=max(0, sum(pool.current) - len(nodes)))


def node(raw: Mapping[str, Any]) -> Node:
    return Node(
        raw["id"],
        raw["state"],
        _moment(raw.get("stateTransitionTime")),
        _moment(raw.get("allocationTime")),
        raw.get("runningTasksCount", 0),
        raw.get("isDedicated") is False,
        raw.get("schedulingState", "enabled") == "enabled",
        "; ".join(said(error) for error in raw.get("errors") or ()),
    )


def _with_past(pool: Pool, before: Pool | None, history: History, now: datetime) -> Pool:
    """The pool with what was seen of it earlier: numbers of nodes, runs of its formula; and it is noted for later."""
    if pool.unread:
        return replace(pool, nodes=before.nodes if before else (), chart=before.chart if before else None)
    course = history.pools.setdefault(pool.name, Course())
    numbers = {"target": sum(pool.target), "current": sum(pool.current)}
    course.note(now, {**numbers, "usable": sum(node.state in USABLE for node in pool.nodes)})
    if not pool.more:
        history.hours.setdefault(pool.name, Hours()).note(now, pool.nodes)
    runs = {run.at: run for run in (*(before.scalings if before else ()), *pool.scalings)}
    return replace(pool, scalings=tuple(runs.values())[-SCALINGS:], chart=course.chart())


def _said(error: Mapping[str, Any] | None) -> str:
    return said(error) if error else ""


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
