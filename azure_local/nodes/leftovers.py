"""What nobody can ask for any more goes, by simulated age: ended operations and runs, and folders of nodes and tasks.

A task's folder stays for its `retentionTime` on its node, unless the task, its job or its node goes (Batch's schema).
Results of ended operations stay a day (inferred: ARM's contract for providers says nothing of it), registry runs
30 days (learn.microsoft.com, ACR Tasks).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from azure_local.azure import Azure
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp

EVERY = 3600
"""Simulated seconds between two looks."""
OPERATIONS, RUNS = 86400, 30 * 86400


class Leftovers:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self._next = ""

    def step(self) -> None:
        if not self.azure.clock.passed(self._next):
            return
        self._next = self.azure.clock.after(EVERY)
        store = self.azure.store
        for name, operation in store.items("operation"):
            if operation["done"] and self._older(operation["ends"], OPERATIONS):
                store.delete("operation", name)
        for key, run in store.items("run"):
            if self._older(run["resource"]["properties"].get("finishTime"), RUNS):
                store.delete("run", key)
        for kind in ("buildLog", "blobLink"):
            for key, link in store.items(kind):
                if self._older(link["expires"], 0):
                    store.delete(kind, key)
        self._folders()

    def _older(self, moment: str | None, age: float) -> bool:
        return bool(moment) and self.azure.clock.passed(stamp(parsed(str(moment)) + timedelta(seconds=age)))

    def _folders(self) -> None:
        """Delete folders of nodes that are gone, and of tasks whose files are kept no longer."""
        root = self.azure.folder / "nodes"
        nodes = {f"{node['account']}/{node['pool']}/{node['id']}" for node in self.azure.store.list("node")}
        for folder in root.glob("*/*/*"):
            if str(folder.relative_to(root)) not in nodes:
                shutil.rmtree(folder, ignore_errors=True)
        kept = set(self._kept())
        for folder in root.glob("*/*/*/workitems/*/job-1/*"):
            account, _, _, _, job, _, task = folder.relative_to(root).parts
            if f"{account}/{job}/{task}".lower() not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        for folder in sorted(root.glob("*/*")) + sorted(root.glob("*")) + sorted(root.glob("*/*/*/workitems/*")):
            _remove_empty(folder)

    def _kept(self) -> Iterator[str]:
        """The tasks whose folders stay, as account/job/task."""
        for key, task in self.azure.store.items("task"):
            ended = task["executionInfo"].get("endTime") if task["state"] == "completed" else None
            limit = seconds(task["constraints"]["retentionTime"])
            if ended is None or limit is None or not self._older(ended, limit):
                yield key
        for job in self.azure.store.list("job"):
            for name in ("jobPreparationTask", "jobReleaseTask"):
                if job.get(name):
                    yield f"{job['account']}/{job['id']}/{job[name]['id']}".lower()


def _remove_empty(folder: Path) -> None:
    for place in (folder / "job-1", folder):
        with suppress(OSError):
            place.rmdir()
