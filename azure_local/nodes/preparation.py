"""Job preparation and release tasks: run on each node that runs tasks of the job, before them and at its end."""

from __future__ import annotations

import asyncio
from typing import Any

from azure_local.azure import Azure
from azure_local.nodes.machine import Machine

PREPARATION, RELEASE = "jobPreparationTaskExecutionInfo", "jobReleaseTaskExecutionInfo"


class Preparation:
    def __init__(self, azure: Azure, machine: Machine) -> None:
        self.azure, self.machine = azure, machine
        self._running: dict[str, asyncio.Future[None]] = {}

    def fit(self, job: dict[str, Any], node: dict[str, Any]) -> bool:
        """Whether the node may run tasks of the job: its preparation has not failed there."""
        task = job.get("jobPreparationTask")
        document = self.azure.store.get("preparation", _key(job, node)) if task else None
        info = (document or {}).get(PREPARATION)
        failed = info is not None and info.get("result") == "failure"
        return not (failed and task and task["waitForSuccess"] and not self._stale(task, info, node))

    async def ready(self, document: dict[str, Any], job: dict[str, Any], node: dict[str, Any]) -> bool:
        """Prepare the node for the job if it is not yet, and return whether tasks may run there."""
        task = job.get("jobPreparationTask")
        if not task:
            return True
        key = _key(job, node)
        while key in self._running:
            await asyncio.shield(self._running[key])
        known = (self.azure.store.get("preparation", key) or {}).get(PREPARATION)
        if known is None or known["state"] != "completed" or self._stale(task, known, node):
            self._running[key] = asyncio.get_running_loop().create_future()
            try:
                await self._run(document, job, node, task, PREPARATION)
            finally:
                self._running.pop(key).set_result(None)
        return self.fit(job, node)

    def _stale(self, task: dict[str, Any], info: dict[str, Any] | None, node: dict[str, Any]) -> bool:
        """Whether the preparation must run again, because the node has booted since."""
        again = info is not None and info["startTime"] < node.get("lastBootTime", "")
        return again and bool(task["rerunOnNodeRebootAfterSuccess"])

    async def _run(
        self, document: dict[str, Any], job: dict[str, Any], node: dict[str, Any], task: dict[str, Any], what: str
    ) -> None:
        url = f"{self.azure.front}/batch/{node['account']}/pools/{node['pool']}/nodes/{node['id']}"
        known = {"poolId": node["pool"], "nodeId": node["id"], "nodeUrl": url}
        record = self.azure.store.get("preparation", _key(job, node)) or known
        root = f"workitems/{job['id']}/job-1/{task['id']}"
        place = {"taskRootDirectory": root, "taskRootDirectoryUrl": f"{url}/files/{root}"}
        began = {"startTime": self.azure.clock.after(0), "state": "running", "retryCount": 0}
        if what == RELEASE:
            del began["retryCount"]
        record[what] = {**began, **place}
        self.azure.store.put("preparation", _key(job, node), record)
        info = await self.machine.run_for_job(document, node, job, task)
        if what == RELEASE:
            info.pop("retryCount", None)
        record[what] = {**info, **place}
        self.azure.store.put("preparation", _key(job, node), record)

    async def release(self, job: dict[str, Any], documents: dict[str, dict[str, Any]]) -> None:
        """Run the release task on every node that was prepared and still exists; `documents` are the pools, by name."""
        nodes = self.azure.store.list("node", f"{job['account']}/")
        prepared = [node for node in nodes if self.azure.store.get("preparation", _key(job, node))]
        task = job.get("jobReleaseTask")
        if task:
            limits = {"maxTaskRetryCount": 0, "maxWallClockTime": task["maxWallClockTime"]}
            spec = {**task, "constraints": limits}
            runs = [self._run(documents[n["pool"].lower()], job, n, spec, RELEASE) for n in prepared]
            await asyncio.gather(*runs)

    def forget(self, job: dict[str, Any]) -> None:
        for key, _ in self.azure.store.items("preparation", f"{job['account']}/{job['id']}/"):
            self.azure.store.delete("preparation", key)


def _key(job: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{job['account']}/{job['id']}/{node['id']}"
