"""What is measured of Batch accounts, minute by minute of simulated time, for thirty days.

Events and requests are counted in the minute in which they come. Of nodes it is kept from when on there were how many,
so that quiet days cost nothing; each minute counts as one sample, with what there was at its end (inferred). A minute
can be seen a while after its end. Requests of the last minute before a crash may be lost, as on Azure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from azure_local.azure import Azure, Event, Exchange, Service
from azure_local.insights import catalogue
from azure_local.insights.catalogue import Metric
from azure_local.insights.series import Cell, Series
from azure_local.insights.targets import Target

MINUTES, GAUGES, NOW = "measuredMinute", "measuredNodes", "measuredNow"
"""Kinds in the store: account/minute → metric and dimensions → cell; account/minute → the nodes there are since then;
account → the nodes there are.
"""
DAYS = 30
STATES = {
    "creating": "CreatingNodeCount",
    "starting": "StartingNodeCount",
    "waitingforstarttask": "WaitingForStartTaskNodeCount",
    "starttaskfailed": "StartTaskFailedNodeCount",
    "idle": "IdleNodeCount",
    "running": "RunningNodeCount",
    "rebooting": "RebootingNodeCount",
    "reimaging": "ReimagingNodeCount",
    "leavingpool": "LeavingPoolNodeCount",
    "offline": "OfflineNodeCount",
    "preempted": "PreemptedNodeCount",
    "unusable": "UnusableNodeCount",
    "unknown": "UnknownStateNodeCount",
}
"""State of a node → the metric that counts it."""
SEPARATOR = "\n"


def minute(azure: Azure, late: float = 0) -> int:
    """The present minute, or that of `late` simulated seconds ago."""
    return int((azure.clock.now().timestamp() - late) // 60)


def visible(azure: Azure) -> int:
    """The first minute that cannot be seen yet."""
    return minute(azure, azure.seconds["metricArrival"])


def _key(account: str, at: int) -> str:
    return f"{account}/{at:010d}"


def count(azure: Azure, account: str, name: str, dimensions: Mapping[str, str], value: float = 1) -> None:
    """Count something in this minute. It is on the disk with the minute's first count, or the next event."""
    key = _key(account, minute(azure))
    document = azure.store.get(MINUTES, key)
    metric = catalogue.metric(catalogue.BATCH, name)
    assert metric is not None, name
    cell_key = SEPARATOR.join([name, *(dimensions.get(one, "") for one in metric.dimensions)])
    cells: dict[str, list[float]] = document["cells"] if document else {}
    cell = Cell.of(value)
    cells[cell_key] = list(Cell(*cells[cell_key]).plus(cell) if cell_key in cells else cell)
    if document is None:
        azure.store.put(MINUTES, key, {"cells": cells})
        _forget(azure, account)


def _forget(azure: Azure, account: str) -> None:
    """Delete what is older than is kept; of the nodes the newest of it, which tells of later minutes, stays."""
    limit = _key(account, minute(azure) - DAYS * 1440).lower()
    for kind, spared in ((MINUTES, 0), (GAUGES, 1)):
        old = []
        for key, _ in azure.store.items(kind, f"{account}/"):
            if key >= limit:
                break
            old.append(key)
        for key in old[: len(old) - spared]:
            azure.store.delete(kind, key)


def hear(azure: Azure, event: Event) -> None:
    if catalogue.metric(catalogue.BATCH, event.name):
        count(azure, event.account, event.name, {"poolId": event.pool, "jobId": event.job})
        key = _key(event.account, minute(azure))
        azure.store.put(MINUTES, key, azure.store.get(MINUTES, key) or {})


def note(azure: Azure, exchange: Exchange) -> None:
    """Count a request to the data plane, by what it did and how it ended (the words for both are inferred)."""
    if exchange.plane != "batch":
        return
    parts = exchange.path.strip("/").split("/")
    if len(parts) < 3 or not _account(azure, parts[1]):
        return
    verbs = {"GET": "Get", "POST": "Create", "PUT": "Update", "PATCH": "Patch", "DELETE": "Delete", "HEAD": "Exists"}
    what = "".join(part[:1].upper() + part[1:] for part in parts[2::2])
    result = "Success" if exchange.status < 400 else str(exchange.status)
    dimensions = {"operation": f"{verbs.get(exchange.method, exchange.method)}{what}", "result": result}
    count(azure, parts[1], "ApiCount", dimensions)
    count(azure, parts[1], "ApiDuration", dimensions, round(exchange.taken * 1000, 3))


def _account(azure: Azure, name: str) -> bool:
    return any(one["resource"]["name"].lower() == name.lower() for one in azure.store.list("batchAccount"))


def step(azure: Azure) -> None:
    """Keep how many nodes there are, where that has changed."""
    found: dict[str, Counter[str]] = {}
    for document in azure.store.list("batchAccount"):
        found[document["resource"]["name"]] = Counter()
    for node in azure.store.list("node"):
        _add(found.setdefault(node["account"], Counter()), node)
    for account, numbers in found.items():
        known = azure.store.get(NOW, account)
        if known is None or known["numbers"] != numbers:
            azure.store.put(NOW, account, {"numbers": dict(numbers)})
            azure.store.put(GAUGES, _key(account, minute(azure)), {"numbers": dict(numbers)})
            _forget(azure, account)
    for gone in {key for key, _ in azure.store.items(NOW)} - {account.lower() for account in found}:
        azure.store.delete(NOW, gone)
        for kind in (MINUTES, GAUGES):
            for key, _ in azure.store.items(kind, f"{gone}/"):
                azure.store.delete(kind, key)


def _add(numbers: Counter[str], node: Mapping[str, Any]) -> None:
    spot = "" if node["dedicated"] else "LowPriority"
    numbers[f"{spot}CoreCount"] += node["cores"]
    numbers[f"Total{spot}NodeCount"] += 1
    if node["state"] in STATES:
        numbers[STATES[node["state"]]] += 1


def read(azure: Azure, target: Target, metric: Metric, start: int, end: int) -> dict[tuple[str, ...], Series]:
    """Values of the metric's dimensions → what was measured from the minute `start` to before `end`, as far as seen."""
    end = min(end, visible(azure))
    if target.type.lower() != catalogue.BATCH.lower():
        return {}
    if metric.name in catalogue.GAUGES:
        return {(): dict(_gauge(azure, target.name, metric.name, start, end))}
    found: dict[tuple[str, ...], dict[int, Cell]] = {}
    for at in _minutes(azure, target.name, start, end):
        document = azure.store.get(MINUTES, _key(target.name, at))
        for key, cell in (document["cells"] if document else {}).items():
            name, *values = key.split(SEPARATOR)
            if name == metric.name:
                found.setdefault(tuple(values), {})[at] = Cell(*cell)
    return dict(found)


def _minutes(azure: Azure, account: str, start: int, end: int) -> list[int]:
    """The minutes in which something was counted, or all of a short time."""
    if end - start <= 1440:
        return list(range(start, end))
    known = (int(key.rpartition("/")[2]) for key, _ in azure.store.items(MINUTES, f"{account}/"))
    return [at for at in known if start <= at < end]


def _gauge(azure: Azure, account: str, name: str, start: int, end: int) -> Iterator[tuple[int, Cell]]:
    """The number of each minute since the account is known."""
    rows = azure.store.items(GAUGES, f"{account}/")
    changes = sorted((int(key.rpartition("/")[2]), row["numbers"]) for key, row in rows)
    ends = [at for at, _ in changes[1:]]
    for (at, numbers), until in zip(changes, [*ends, end], strict=True):
        cell = Cell.of(numbers.get(name, 0))
        for one in range(max(at, start), min(until, end)):
            yield one, cell


SERVICE = Service(hears=hear, notes=note, step=step, seconds={"metricArrival": 60})
