"""How the tasks of a job ran, as Batch tells it: all of them, or those whose state has changed since a moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.azure import ends
from reconciler.cloud.cloud import Cloud
from reconciler.course import Ran

SELECTED = ("id", "displayName", "state", "creationTime", "stateTransitionTime", "executionInfo", "nodeInfo")


def listing(cloud: Cloud, job: str, since: datetime | None = None) -> Iterator[tuple[Ran, datetime]]:
    """The tasks of a job, each with when its state changed last; `since`: only those whose state changed then or later,
    and perhaps some that did so in the second before."""
    chosen = changed(since) if since else None
    for task in cloud.batch().list_tasks(job, select=list(SELECTED), filter=chosen):
        raw = task.as_dict()
        yield ran(raw), datetime.fromisoformat(raw["stateTransitionTime"])


def changed(since: datetime) -> str:
    """The filter of a list for tasks whose state changed since a moment.

    Batch is asked by whole seconds, as nobody says how exactly it compares.
    Source: learn.microsoft.com, batch-efficient-list-queries; Batch service, OData filters, List tasks:
    stateTransitionTime takes eq, ne, ge, gt, le and lt.
    """
    return f"stateTransitionTime ge datetime'{since:%Y-%m-%dT%H:%M:%SZ}'"


def ran(raw: Mapping[str, Any]) -> Ran:
    """A task of a list; what waits to run again has not begun, whatever is still said of its last run."""
    info, node = raw.get("executionInfo") or {}, (raw.get("nodeInfo") or {}).get("nodeId", "")
    times = {} if raw["state"] == "active" else info
    return Ran(
        raw["id"],
        raw["state"],
        _moment(times.get("startTime")),
        _moment(times.get("endTime")),
        node,
        ends.reason(times),
        _moment(raw.get("creationTime")),
        raw.get("displayName", ""),
        int(info.get("retryCount", 0)) + int(info.get("requeueCount", 0)),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
