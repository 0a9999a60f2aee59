"""For how long there have been nodes, those that are gone included: what is paid by the hour.

A node that is gone counts in the month in which it went.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from azure_local.azure import Azure
from azure_local.clock import parsed


class Hours(NamedTuple):
    """Nodes of a Batch account, of one size and dedicated or not, were there for so many hours."""

    account: str
    size: str
    dedicated: bool
    hours: float


def keep(azure: Azure, node: dict[str, Any]) -> None:
    """Add a node that goes now."""
    now = azure.clock.now()
    key = f"{now:%Y-%m}/{node['account']}/{node['size'].lower()}/{node['dedicated']}"
    known = azure.store.get("nodeHours", key) or {**_named(node), "month": f"{now:%Y-%m}", "hours": 0.0}
    hours = (now - parsed(node["made"])).total_seconds() / 3600
    azure.store.put("nodeHours", key, {**known, "hours": known["hours"] + hours})


def _named(node: dict[str, Any]) -> dict[str, Any]:
    return {name: node[name] for name in ("account", "size", "dedicated")}


def since(azure: Azure, month: str) -> Iterator[Hours]:
    """Since the first of a month, such as `2026-11`."""
    for document in azure.store.list("nodeHours"):
        if document["month"] >= month:
            yield Hours(*(document[name] for name in Hours._fields))
    begun, now = parsed(f"{month}-01T00:00:00Z"), azure.clock.now()
    for node in azure.store.list("node"):
        hours = (now - max(begun, parsed(node["made"]))).total_seconds() / 3600
        yield Hours(**_named(node), hours=max(0.0, hours))
