"""For how long there have been nodes, those that are gone included: what is paid by the hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from azure_local.azure import Azure
from azure_local.clock import parsed

NAMED = ("account", "pool", "size", "dedicated", "cores", "made")


class Hours(NamedTuple):
    """A node was there for so many hours."""

    account: str
    pool: str
    size: str
    dedicated: bool
    cores: int
    hours: float


def keep(azure: Azure, node: dict[str, Any]) -> None:
    """Remember a node that goes now."""
    gone = {name: node[name] for name in NAMED}
    azure.store.put("nodeGone", node["id"], {**gone, "gone": azure.clock.after(0)})


def between(azure: Azure, since: datetime, until: datetime) -> Iterator[Hours]:
    """Each node that was there in a span of time, and for how much of it."""
    now = azure.clock.after(0)
    for node in [*azure.store.list("nodeGone"), *azure.store.list("node")]:
        begun, ended = max(since, parsed(node["made"])), min(until, parsed(node.get("gone", now)))
        if begun < ended:
            hours = (ended - begun).total_seconds() / 3600
            yield Hours(**{name: node[name] for name in NAMED[:-1]}, hours=hours)
