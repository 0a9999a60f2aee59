"""Samples of a pool's service variables, as autoscale formulas see them: one every 30 simulated seconds, for a day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.data.common import nodes_of
from azure_local.batch.node_states import READY
from azure_local.clock import stamp
from azure_local.nodes.exit_conditions import waits
from azure_local.nodes.task_index import TaskIndex
from batch_autoscale import Series

PERIOD, LATE = 30, 30
"""Simulated seconds between two samples, and from a sample to its arrival."""
HOUR, HOURS = 3600, 24
"""Seconds of an hour, by which samples are stored, and the number of hours that are kept."""
VARIABLES = (
    "$ActiveTasks", "$RunningTasks", "$PendingTasks", "$SucceededTasks", "$FailedTasks", "$CurrentDedicatedNodes",
    "$CurrentLowPriorityNodes", "$TaskSlotsPerNode", "$UsableNodeCount", "$PreemptedNodeCount", "$CPUPercent",
)  # fmt: skip


class Samples:
    def __init__(self, azure: Azure, index: TaskIndex) -> None:
        self.azure, self.index = azure, index

    def record(self, document: dict[str, Any]) -> None:
        """Take the samples that are due. Samples that a jump of the clock has skipped get the present values."""
        now = int(self.azure.clock.now().timestamp())
        newest = now - now % PERIOD
        last = document.get("sampled", newest - PERIOD)
        if newest <= last:
            self._wait(last)
            return
        first = max(last + PERIOD, newest - HOURS * HOUR + PERIOD)
        row = self.measure(document)
        for at in range(first, newest + 1, PERIOD):
            self._keep(document, at, row)
        document["sampled"] = newest
        self.azure.store.put("pool", document["resource"]["id"], document)
        self._write(document, first // HOUR, newest // HOUR)
        self._wait(newest)

    def _wait(self, last: int) -> None:
        """Wait for the next sample, a period after the last one."""
        self.azure.clock.recurs(stamp(datetime.fromtimestamp(last + PERIOD, UTC)))

    def _keep(self, document: dict[str, Any], at: int, row: list[float]) -> None:
        hours = self.azure.store.get("samples", _key(document, at // HOUR))
        if hours is None:
            hours = self.azure.store.put("samples", _key(document, at // HOUR), {"rows": []})
        hours["rows"].append([at, *row])

    def _write(self, document: dict[str, Any], first: int, last: int) -> None:
        """Store the hours from `first` to `last`, and delete those that are too old."""
        for hour in range(first, last + 1):
            key = _key(document, hour)
            self.azure.store.put("samples", key, self.azure.store.get("samples", key) or {"rows": []})
        for key, _ in self.azure.store.items("samples", _prefix(document)):
            if key < _key(document, last - HOURS).lower():
                self.azure.store.delete("samples", key)

    def forget(self, document: dict[str, Any]) -> None:
        for key, _ in self.azure.store.items("samples", _prefix(document)):
            self.azure.store.delete("samples", key)

    def series(self, document: dict[str, Any]) -> dict[str, Series]:
        """The samples of every variable that have arrived."""
        arrived = self.azure.clock.now().timestamp() - LATE
        hours = sorted(self.azure.store.items("samples", _prefix(document)))
        rows = [row for _, hour in hours for row in hour["rows"] if row[0] <= arrived]
        times = [float(row[0]) for row in rows]
        return {name: Series(times, [float(row[n]) for row in rows]) for n, name in enumerate(VARIABLES, start=1)}

    def measure(self, document: dict[str, Any]) -> list[float]:
        """The present values of the variables. CPU is the share of busy slots, 0 to 1."""
        nodes, slots = nodes_of(self.azure, document), document["resource"]["properties"]["taskSlotsPerNode"]
        usable = [node for node in nodes if node["state"] in READY]
        dedicated, spot = self.azure.batch.pools.current(document)
        active, running, succeeded, failed, busy = self._tasks(document)
        return [
            active,
            running,
            active + running,
            succeeded,
            failed,
            dedicated,
            spot,
            slots,
            len(usable),
            sum(node["state"] == "preempted" for node in nodes),
            min(1.0, busy / (len(usable) * slots)) if usable else 0.0,
        ]

    def _tasks(self, document: dict[str, Any]) -> tuple[int, int, int, int, int]:
        """The numbers of active, running, succeeded and failed tasks, and the slots of the running ones."""
        active = running = succeeded = failed = busy = 0
        name = document["resource"]["name"].lower()
        for job in self.azure.store.list("job", f"{document['account']}/"):
            if job["executionInfo"]["poolId"].lower() != name:
                continue
            tasks = self.index.of(job)
            waiting = tasks.by["active"].values()
            active += sum(not waits(task, tasks.done, tasks.numbers) for task in waiting)
            running += len(tasks.by["running"])
            succeeded += len(tasks.by["succeeded"])
            failed += len(tasks.by["failed"])
            busy += tasks.slots["running"]
        return active, running, succeeded, failed, busy


def _prefix(document: dict[str, Any]) -> str:
    return f"{document['resource']['id']}/"


def _key(document: dict[str, Any], hour: int) -> str:
    return f"{_prefix(document)}{hour:012d}"
