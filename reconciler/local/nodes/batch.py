"""The Batch service at work, in the background: pools resize node by node, nodes boot and take tasks, jobs stop.

State is in the store at every step, so that a restart goes on where it was; what ran then is run again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import traceback
import uuid
from pathlib import Path
from typing import Any

from reconciler.local import operations
from reconciler.local.azure import SECONDS, Azure
from reconciler.local.nodes.machine import Machine
from reconciler.local.services import batch_jobs, offers

GONE = ("preempted",)
IDLE = ("idle", "running")


class Batch:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.machine = Machine(azure)
        self._recover()

    # -- pools ---------------------------------------------------------------------------------------------------

    def nodes(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        prefix = f"{document['account']}/{document['resource']['name']}/"
        return self.azure.store.list("node", prefix)

    def current(self, document: dict[str, Any]) -> tuple[int, int]:
        """Allocated nodes, dedicated and spot: those that are past `creating`."""
        nodes = [node for node in self.nodes(document) if node["state"] != "creating"]
        dedicated = sum(node["dedicated"] for node in nodes)
        return dedicated, len(nodes) - dedicated

    def resize(self, document: dict[str, Any]) -> None:
        """Start towards the pool's targets."""
        properties = document["resource"]["properties"]
        properties["allocationState"] = "Resizing"
        properties["allocationStateTransitionTime"] = self.azure.clock.after(0)
        properties.pop("resizeOperationStatus", None)
        document["resizeUntil"] = self.azure.clock.after(5)
        document["stopping"] = False

    def stop_resize(self, document: dict[str, Any]) -> None:
        document["resource"]["properties"]["allocationState"] = "Stopping"
        document["stopping"] = True
        self.azure.store.put("pool", document["resource"]["id"], document)

    async def delete_pool(self, document: dict[str, Any]) -> None:
        properties = document["resource"]["properties"]
        properties["provisioningState"] = "Deleting"
        properties["provisioningStateTransitionTime"] = self.azure.clock.after(0)
        self.azure.store.put("pool", document["resource"]["id"], document)
        for node in self.nodes(document):
            self._leave(node)

    async def pool_gone(self, key: str) -> None:
        document = self.azure.store.get("pool", key)
        if document is not None:
            for node in self.nodes(document):
                self._remove(node)
            self.azure.store.delete("pool", key)

    async def forget(self, account: str) -> None:
        """The account is gone, with all that was in it."""
        for key, document in self.azure.store.items("pool"):
            if document["account"] == account:
                await self.pool_gone(key)
        for kind in ("job", "task"):
            for key, _ in self.azure.store.items(kind, f"{account}/"):
                self.azure.store.delete(kind, key)

    def _allocate(self, document: dict[str, Any]) -> None:
        """One step of a resize."""
        properties = document["resource"]["properties"]
        if properties["allocationState"] == "Steady" or properties["provisioningState"] == "Deleting":
            return
        fixed = properties["scaleSettings"]["fixedScale"]
        nodes = self.nodes(document)
        wanted = {True: fixed["targetDedicatedNodes"], False: fixed["targetLowPriorityNodes"]}
        if not document["stopping"]:
            for dedicated, target in wanted.items():
                side = [node for node in nodes if node["dedicated"] is dedicated and node["state"] != "leavingpool"]
                self._grow(document, dedicated, target - len(side))
                for node in side[target:]:
                    self._leave(node)
        moving = [node for node in self.nodes(document) if node["state"] in ("creating", "leavingpool")]
        if not moving and self.azure.clock.past(document["resizeUntil"]):
            properties["allocationState"] = "Steady"
            properties["allocationStateTransitionTime"] = self.azure.clock.after(0)
            document["stopping"] = False
            self.azure.store.put("pool", document["resource"]["id"], document)

    def _grow(self, document: dict[str, Any], dedicated: bool, number: int) -> None:  # noqa: FBT001
        cores = offers.cores(document["resource"]["properties"]["vmSize"]) or 1
        quota = 300 if dedicated else 100
        for _ in range(max(0, number)):
            nodes = self.azure.store.list("node", f"{document['account']}/")
            used = sum(node["cores"] for node in nodes if node["dedicated"] is dedicated)
            if used + cores > quota:
                self._refuse(document, dedicated, used, quota)
                return
            self._make(document, dedicated, cores)

    def _refuse(self, document: dict[str, Any], dedicated: bool, used: int, quota: int) -> None:  # noqa: FBT001
        kind, word = ("AccountCoreQuotaReached", "core") if dedicated else ("AccountSpotCoreQuotaReached", "spot core")
        text = f"The specified account has reached its {word} quota ({used} of {quota} cores are used)."
        error = {"code": kind, "message": text, "details": []}
        document["resource"]["properties"]["resizeOperationStatus"] = {
            **document["resource"]["properties"]["scaleSettings"]["fixedScale"],
            "startTime": self.azure.clock.after(0),
            "errors": [error],
        }
        document["stopping"] = True
        self.azure.store.put("pool", document["resource"]["id"], document)

    # -- nodes ---------------------------------------------------------------------------------------------------

    def _make(self, document: dict[str, Any], dedicated: bool, cores: int) -> None:  # noqa: FBT001
        account, pool = document["account"], document["resource"]["name"]
        late = 3 * len([node for node in self.nodes(document) if node["state"] == "creating"])
        name = f"tvmps_{uuid.uuid4().hex}{'_d' if dedicated else '_p'}"
        node = {
            "id": name,
            "account": account,
            "pool": pool,
            "dedicated": dedicated,
            "cores": cores,
            "state": "creating",
            "since": self.azure.clock.after(0),
            "made": self.azure.clock.after(0),
            "until": self.azure.clock.after(SECONDS["nodeCreating"] + late),
            "secret": secrets.token_urlsafe(16),
            "tasks": [],
            "ran": 0,
            "succeeded": 0,
        }
        self._save(node)

    def _save(self, node: dict[str, Any]) -> None:
        self.azure.store.put("node", f"{node['account']}/{node['pool']}/{node['id']}", node)

    def move(self, node: dict[str, Any], state: str, seconds: float = 0) -> None:
        node["state"], node["since"], node["until"] = state, self.azure.clock.after(0), self.azure.clock.after(seconds)
        self._save(node)

    def _leave(self, node: dict[str, Any]) -> None:
        """Give the node's tasks back and let it go."""
        for key in list(node["tasks"]):
            task = self.azure.store.get("task", key)
            if task is not None:
                self.requeue(task)
        self.move(node, "leavingpool", SECONDS["nodeLeaving"])

    def _remove(self, node: dict[str, Any]) -> None:
        for key in list(node["tasks"]):
            task = self.azure.store.get("task", key)
            if task is not None:
                self.requeue(task)
        self.azure.store.delete("node", f"{node['account']}/{node['pool']}/{node['id']}")
        self.azure.store.delete("imds", node["secret"])
        shutil.rmtree(self.machine.root(node), ignore_errors=True)

    async def reboot(self, document: dict[str, Any], node: dict[str, Any]) -> None:
        for key in list(node["tasks"]):
            task = self.azure.store.get("task", key)
            if task is not None:
                self.requeue(task)
        self.move(node, "rebooting", SECONDS["nodeStarting"])

    def _boot(self, document: dict[str, Any], node: dict[str, Any]) -> None:
        """One step of a node's life."""
        if not self.azure.clock.past(node["until"]):
            return
        if node["state"] == "creating":
            self.move(node, "starting", SECONDS["nodeStarting"])
        elif node["state"] in ("starting", "rebooting"):
            self._start(document, node)
        elif node["state"] == "leavingpool":
            self._remove(node)

    def _start(self, document: dict[str, Any], node: dict[str, Any]) -> None:
        identity = document["resource"]["identity"]
        ids = list(identity.get("userAssignedIdentities") or {})
        self.azure.store.put("imds", node["secret"], {"identities": ids})
        self.machine.prepare(node)
        start = document["resource"]["properties"].get("startTask")
        if start is None:
            self.move(node, "idle")
            return
        self.move(node, "waitingforstarttask" if start["waitForSuccess"] else "idle", 10**9)
        self.azure.background(self._start_task(document, node, start))

    async def _start_task(self, document: dict[str, Any], node: dict[str, Any], start: dict[str, Any]) -> None:
        node["startTaskInfo"] = info = await self.machine.run_start_task(document, node, start)
        if node["state"] == "waitingforstarttask":
            self.move(node, "idle" if info["result"] == "success" else "starttaskfailed")

    # -- tasks ---------------------------------------------------------------------------------------------------

    def requeue(self, task: dict[str, Any], retries: int | None = None) -> None:
        """Back to active, to run again somewhere."""
        self._kill(task)
        info = task["executionInfo"]
        count = info["retryCount"] if retries is None else retries
        kept = {"retryCount": count, "requeueCount": info["requeueCount"] + (retries is None)}
        self.change(task, "active", kept)

    def change(self, task: dict[str, Any], state: str, info: dict[str, Any] | None = None) -> None:
        task["previousState"], task["previousStateTransitionTime"] = task["state"], task["stateTransitionTime"]
        task["state"], task["stateTransitionTime"] = state, self.azure.clock.after(0)
        if info is not None:
            task["executionInfo"] = info
        self.save_task(task)

    def save_task(self, task: dict[str, Any]) -> None:
        key = f"{task['account']}/{task['job']}/{task['id']}"
        if self.azure.store.get("task", key) is not None:
            self.azure.store.put("task", key, task)

    def end_task(self, task: dict[str, Any]) -> None:
        """Stop a task for good, because the user said so."""
        if task["state"] == "completed":
            return
        self._kill(task)
        ended = {"category": "usererror", "code": "TaskEnded", "message": "Task Was Ended by User Request"}
        info = {
            **task["executionInfo"],
            "endTime": self.azure.clock.after(0),
            "result": "failure",
            "failureInfo": ended,
        }
        self.change(task, "completed", info)

    def _kill(self, task: dict[str, Any]) -> None:
        key = f"{task['account']}/{task['job']}/{task['id']}".lower()
        self.machine.abandon(key)
        for node in self.azure.store.list("node", f"{task['account']}/"):
            if key in node["tasks"]:
                node["tasks"].remove(key)
                if node["state"] == "running" and not node["tasks"]:
                    self.move(node, "idle")
        kill_group(task)

    def _schedule(self, pools: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Give waiting tasks, by their job's priority, to the nodes with the most room."""
        active = [job for job in self.azure.store.list("job") if job["state"] == "active"]
        for job in sorted(active, key=lambda job: -job["priority"]):
            document = pools.get((job["account"], job["poolInfo"]["poolId"].lower()))
            if document is None:
                continue
            slots = document["resource"]["properties"]["taskSlotsPerNode"]
            nodes = [node for node in self.nodes(document) if node["state"] in IDLE]
            for task in self.azure.store.list("task", f"{job['account']}/{job['id']}/"):
                if task["state"] != "active":
                    continue
                room = {node["id"]: slots - self._used(node) for node in nodes}
                best = max(nodes, key=lambda node: room[node["id"]], default=None)
                if best is None or room[best["id"]] < task["requiredSlots"]:
                    break
                self._give(job, task, best)

    def _used(self, node: dict[str, Any]) -> int:
        tasks = (self.azure.store.get("task", key) for key in node["tasks"])
        return sum(task["requiredSlots"] for task in tasks if task)

    def _give(self, job: dict[str, Any], task: dict[str, Any], node: dict[str, Any]) -> None:
        key = f"{task['account']}/{task['job']}/{task['id']}".lower()
        node["tasks"].append(key)
        node["ran"] += 1
        self.move(node, "running")
        url = f"{self.azure.front}/batch/{node['account']}/pools/{node['pool']}/nodes/{node['id']}"
        task["nodeInfo"] = {
            "affinityId": f"TVM:{node['id']}",
            "nodeUrl": url,
            "poolId": node["pool"],
            "nodeId": node["id"],
            "taskRootDirectory": f"workitems/{task['job']}/job-1/{task['id']}",
            "taskRootDirectoryUrl": f"{url}/files",
        }
        self.change(task, "preparing")
        self.azure.background(self._run(job, task, node, key))

    async def _run(self, job: dict[str, Any], task: dict[str, Any], node: dict[str, Any], key: str) -> None:
        ended = await self.machine.run(job, task, node, key)
        if not ended:
            return  # requeued, ended or removed meanwhile: whoever did that has set the state
        if key in node["tasks"]:
            node["tasks"].remove(key)
        info = task["executionInfo"]
        node["succeeded"] += info.get("result") == "success"
        limit = task["constraints"]["maxTaskRetryCount"]
        if info.get("exitCode") and (limit == -1 or info["retryCount"] < limit):
            again = {"retryCount": info["retryCount"] + 1, "requeueCount": info["requeueCount"]}
            self.change(task, "active", {**again, "lastRetryTime": self.azure.clock.after(0)})
        else:
            self.change(task, "completed")
        if node["state"] == "running" and not node["tasks"]:
            self.move(node, "idle")

    # -- jobs ----------------------------------------------------------------------------------------------------

    def stop_job(self, job: dict[str, Any], state: str) -> None:
        """Disable, terminate or delete: the state now, the end of it a little later."""
        job["next"] = self.azure.clock.after(SECONDS["jobStopping"])
        batch_jobs.move(self.azure, job, state)

    def _jobs(self) -> None:
        for job in self.azure.store.list("job"):
            tasks = None
            if job["state"] in ("disabling", "terminating", "deleting") and self.azure.clock.past(job["next"]):
                tasks = self.azure.store.list("task", f"{job['account']}/{job['id']}/")
                self._stop(job, tasks)
            elif job["state"] == "active" and job["onAllTasksComplete"] == "terminatejob":
                tasks = self.azure.store.list("task", f"{job['account']}/{job['id']}/")
                if all(task["state"] == "completed" for task in tasks):
                    job["executionInfo"]["terminateReason"] = "AllTasksCompleted"
                    self.stop_job(job, "terminating")

    def _stop(self, job: dict[str, Any], tasks: list[dict[str, Any]]) -> None:
        running = [task for task in tasks if task["state"] in ("preparing", "running")]
        if job["state"] == "disabling":
            if job["disableTasks"] == "wait" and running:
                return
            for task in running:
                self.requeue(task) if job["disableTasks"] == "requeue" else self.end_task(task)
            batch_jobs.move(self.azure, job, "disabled")
            return
        for task in tasks:
            self.end_task(task)
        if job["state"] == "terminating":
            job["executionInfo"]["endTime"] = self.azure.clock.after(0)
            batch_jobs.move(self.azure, job, "completed")
            return
        for task in tasks:
            self.azure.store.delete("task", f"{task['account']}/{task['job']}/{task['id']}")
        self.azure.store.delete("job", batch_jobs.key(job["account"], job["id"]))

    # -- the loop ------------------------------------------------------------------------------------------------

    async def forever(self) -> None:
        while True:
            try:
                await operations.settle(self.azure)
                self.step()
            except Exception:  # one bad resource must not stop the service; the log tells
                traceback.print_exc()
            await self.azure.clock.tick()

    def step(self) -> None:
        pools = {}
        for document in self.azure.store.list("pool"):
            pools[document["account"], document["resource"]["name"].lower()] = document
            self._allocate(document)
            for node in self.nodes(document):
                self._boot(document, node)
        self._jobs()
        self._schedule(pools)

    def _recover(self) -> None:
        """After a restart: what ran is gone, so it runs again."""
        for node in self.azure.store.list("node"):
            node["tasks"] = []
            if node["state"] == "running":
                self.move(node, "idle")
            elif node["state"] == "waitingforstarttask":
                self.move(node, "starting")
        for task in self.azure.store.list("task"):
            if task["state"] in ("preparing", "running"):
                kill_group(task)
                info = task["executionInfo"]
                kept = {"retryCount": info["retryCount"], "requeueCount": info["requeueCount"] + 1}
                self.change(task, "active", kept)

    def close(self) -> None:
        """The machine is switched off: no process of a task survives."""
        for task in self.azure.store.list("task"):
            if task["state"] in ("preparing", "running"):
                kill_group(task)
        self.machine.close()


def kill_group(task: dict[str, Any]) -> None:
    """End the task's processes, if they are still the task's."""
    pid = task.pop("pid", None)
    if pid is None:
        return
    try:
        if Path(f"/proc/{pid}/cwd").resolve().is_relative_to(Path(task["folder"]).resolve()):
            os.killpg(pid, signal.SIGKILL)
    except (OSError, ValueError):
        return
