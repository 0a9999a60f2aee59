"""A rolling change of a pool's nodes: those that booted before it are rebooted, a few at a time, idle ones first.

The time when it began is kept in the pool's metadata until the last old node has booted, so that any run can continue
it. A node that runs tasks reboots when they end. Source: Batch service, Compute Nodes - Reboot, nodeRebootOption.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.model import Desired, Health, Observed

UNDER_WAY = ("rebooting", "reimaging", "starting", "waitingforstarttask", "creating", "upgradingos")


@dataclass(frozen=True, slots=True)
class Nodes:
    """The ids of nodes in a rolling change: `old` are to be rebooted, idle ones first; `booting` are being rebooted.

    `since` is when the change began.
    """

    since: str
    old: tuple[str, ...]
    booting: tuple[str, ...]


def rolls(desired: Desired) -> bool:
    return bool(desired.data["rollout"]["newNodes"] == "rolling")


def began(cloud: Cloud) -> str:
    """The time now, by Azure's clock, as the beginning of a rolling change."""
    return cloud.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def booted_before(raw: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a node booted before a moment; one that does not say when has yet to boot."""
    boot = raw.get("lastBootTime")
    return bool(boot) and datetime.fromisoformat(str(boot)) < moment


def sort(raws: Iterable[Mapping[str, Any]], since: str, asked: Container[str]) -> Nodes:
    """The nodes that booted before `since`; those that were asked to reboot already count as booting. Pure."""
    moment, old, booting = datetime.fromisoformat(since), [], []
    for raw in raws:
        stale = booted_before(raw, moment)
        if raw["state"] in UNDER_WAY or (stale and raw["id"] in asked):
            booting.append(raw["id"])
        elif stale:
            old.append(raw)
    ranked = sorted(old, key=lambda raw: (raw["state"] != "idle", raw["id"]))
    return Nodes(since, tuple(raw["id"] for raw in ranked), tuple(booting))


def read(cloud: Cloud, pool: str, since: str) -> Nodes:
    asked = {key.removeprefix(since) for key in cloud.runs if key.startswith(since)}
    return sort([node.as_dict() for node in cloud.batch().list_nodes(pool)], since, asked)


def progress(pool: Observed, nodes: Nodes, most: int) -> tuple[Health, str, str]:
    """Health, detail and stage of a pool whose nodes are being rebooted."""
    if not nodes.old and not nodes.booting:
        return pool.health, pool.detail, "all nodes have been rebooted"
    detail = f"rolling: {len(nodes.old)} nodes are yet to be rebooted, {len(nodes.booting)} do so"
    room = nodes.old and len(nodes.booting) < most
    return (Health.READY if room else Health.BUSY), detail, detail


def advance(cloud: Cloud, pool: str, nodes: Nodes, most: int) -> None:
    """Reboot old nodes until `most` are booting; one that another run has asked to reboot already is no error."""
    for node in nodes.old[: max(0, most - len(nodes.booting))]:
        with tolerated(409):
            batch_jobs.post(cloud, f"/pools/{pool}/nodes/{node}/reboot", {"nodeRebootOption": "taskcompletion"}, None)
        cloud.runs[f"{nodes.since}{node}"] = "reboot"
