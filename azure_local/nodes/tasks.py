"""Tasks at work: their states, their scheduling to nodes, and their end."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.arm import batch_account
from azure_local.batch.data.common import nodes_of
from azure_local.batch.data.pool_spelling import package_heard
from azure_local.batch.node_states import RECENT, move, recent, rest, save, takes_tasks
from azure_local.nodes.exit_conditions import options, satisfies, waiting
from azure_local.nodes.failures import Refused
from azure_local.nodes.machine import Machine
from azure_local.nodes.packages import Packages
from azure_local.nodes.preparation import Preparation


class Tasks:
    def __init__(self, azure: Azure, machine: Machine) -> None:
        self.azure, self.machine = azure, machine
        self.packages = Packages(azure, machine)
        self.preparation = Preparation(azure, machine)

    def requeue(self, task: dict[str, Any], retries: int | None = None) -> None:
        """Set the task back to active, so that it runs again on some node."""
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
        self._save(task)
        if state == "completed" and task.get("manager", {}).get("ends"):
            self._end_job(task)

    def _end_job(self, manager: dict[str, Any]) -> None:
        """A job ends with its manager task."""
        job = self.azure.store.get("job", f"{manager['account']}/{manager['job']}")
        if job is not None and job["state"] in ("active", "disabling", "disabled", "enabling"):
            job["executionInfo"]["terminateReason"] = "JMComplete"
            self.azure.batch.jobs.stop(job, "terminating")

    def _save(self, task: dict[str, Any]) -> None:
        key = f"{task['account']}/{task['job']}/{task['id']}"
        if self.azure.store.get("task", key) is not None:
            self.azure.store.put("task", key, task)

    def end(self, task: dict[str, Any]) -> None:
        """Stop a task for good, at the user's request."""
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

    def satisfies(self, task: dict[str, Any]) -> bool:
        """Whether the end of a completed task lets those run that depend on it."""
        return satisfies(task)

    def _kill(self, task: dict[str, Any]) -> None:
        key = _key(task)
        self.machine.abandon(key)
        for node in self.azure.store.list("node", f"{task['account']}/"):
            if key in node["tasks"]:
                node["tasks"].remove(key)
                rest(self.azure, node)
        _kill_group(task)

    def schedule(self, pools: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Give waiting tasks, by their job's priority, to the nodes with the most or the fewest free slots."""
        active = [job for job in self.azure.store.list("job") if job["state"] == "active"]
        for job in sorted(active, key=lambda job: -job["priority"]):
            document = pools.get((job["account"], job["poolInfo"]["poolId"].lower()))
            if document is not None:
                nodes = [node for node in nodes_of(self.azure, document) if takes_tasks(node)]
                self._schedule(document, job, [node for node in nodes if self.preparation.fit(job, node)])

    def _schedule(self, document: dict[str, Any], job: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
        slots = document["resource"]["properties"]["taskSlotsPerNode"]
        packed = document["resource"]["properties"]["taskSchedulingPolicy"]["nodeFillType"] == "Pack"
        room = {node["id"]: self._room(node, slots) for node in nodes}
        if not any(free > 0 for free in room.values()):
            return
        waits = waiting(self.azure, job)
        tasks = self.azure.store.list("task", f"{job['account']}/{job['id']}/")
        most = job["maxParallelTasks"]
        running = sum(task["state"] in ("preparing", "running") for task in tasks) if most >= 0 else -1
        for task in sorted(tasks, key=lambda task: "manager" not in task):  # the manager goes first (Batch's schema)
            if task["state"] != "active" or waits(task):
                continue
            if running >= most >= 0 or not any(free > 0 for free in room.values()):
                return
            fit = [node for node in nodes if room[node["id"]] >= task["requiredSlots"] and _may(task, node)]
            if not fit:
                continue
            affinity = (task.get("affinityInfo") or {}).get("affinityId")
            best = max(fit, key=lambda n: (f"TVM:{n['id']}" == affinity, -room[n["id"]] if packed else room[n["id"]]))
            room[best["id"]] = 0 if _exclusive(task) else room[best["id"]] - task["requiredSlots"]
            running += 1
            self._give(document, job, task, best)

    def _room(self, node: dict[str, Any], slots: int) -> int:
        """The free slots of a node; a manager task can have the node for itself."""
        tasks = [task for key in node["tasks"] if (task := self.azure.store.get("task", key))]
        return 0 if any(map(_exclusive, tasks)) else slots - sum(task["requiredSlots"] for task in tasks)

    def _give(self, document: dict[str, Any], job: dict[str, Any], task: dict[str, Any], node: dict[str, Any]) -> None:
        key = _key(task)
        node["tasks"].append(key)
        node["ran"] += 1
        move(self.azure, node, "running")
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
        self.azure.background(self._run(document, job, task, node))

    async def _run(
        self, document: dict[str, Any], job: dict[str, Any], task: dict[str, Any], node: dict[str, Any]
    ) -> None:
        since = task["stateTransitionTime"]
        packages = await self._prepare(document, job, task, node)
        if task["state"] != "preparing" or task["stateTransitionTime"] != since:
            return  # requeued, ended or removed meanwhile, and its state has been set there
        if packages is None:
            self._give_back(task, node)
            return
        if isinstance(packages, Refused):
            now = self.azure.clock.after(0)
            failed = {"startTime": now, "endTime": now, "result": "failure", "failureInfo": packages.info}
            task["executionInfo"] = {**task["executionInfo"], **failed}
        elif not await self.machine.run(document, job, task, node, packages):
            return  # as above
        key = _key(task)
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
            self._act(job, task)
        _remember(node, task)
        save(self.azure, node)
        rest(self.azure, node)

    async def _prepare(
        self, document: dict[str, Any], job: dict[str, Any], task: dict[str, Any], node: dict[str, Any]
    ) -> dict[str, str] | Refused | None:
        """Run the job's preparation task and install the task's packages: their variables, or why that failed.

        None if the preparation failed: then the task runs elsewhere.
        """
        if not await self.preparation.ready(document, job, node):
            return None
        owner = batch_account.by_name(self.azure, task["account"])
        references = task.get("applicationPackageReferences") or []
        if not references or owner is None:
            return {}
        heard = [package_heard(owner["resource"], reference) for reference in references]
        place = self.machine.root(node) / "workitems" / task["job"] / "job-1" / task["id"] / "apps"
        try:
            return await self.packages.install(node, heard, place)
        except Refused as refused:
            return refused

    def _give_back(self, task: dict[str, Any], node: dict[str, Any]) -> None:
        node["tasks"].remove(_key(task))
        save(self.azure, node)
        rest(self.azure, node)
        self.change(task, "active")

    def _act(self, job: dict[str, Any], task: dict[str, Any]) -> None:
        """Carry out the job action of a task's end."""
        action = options(task)["jobAction"]
        if job["onTaskFailure"] != "performexitoptionsjobaction" or action == "none" or job["state"] != "active":
            return
        if action == "disable":
            job["disableTasks"] = "requeue"
            self.azure.batch.jobs.stop(job, "disabling")
        else:
            job["executionInfo"]["terminateReason"] = "TaskFailed"
            self.azure.batch.jobs.stop(job, "terminating")

    def recover(self) -> None:
        """After a restart the tasks that were running are gone, so they run again."""
        for task in self.azure.store.list("task"):
            if task["state"] in ("preparing", "running"):
                _kill_group(task)
                info = task["executionInfo"]
                kept = {"retryCount": info["retryCount"], "requeueCount": info["requeueCount"] + 1}
                self.change(task, "active", kept)

    def close(self) -> None:
        """End the processes of all tasks, as the server ends."""
        for task in self.azure.store.list("task"):
            if task["state"] in ("preparing", "running"):
                _kill_group(task)


def _exclusive(task: dict[str, Any]) -> bool:
    return bool(task.get("manager", {}).get("exclusive"))


def _may(task: dict[str, Any], node: dict[str, Any]) -> bool:
    """Whether a node with enough free slots is one for the task: a manager task can ask for more."""
    manager = task.get("manager")
    return manager is None or ((manager["spot"] or node["dedicated"]) and not (manager["exclusive"] and node["tasks"]))


def _key(task: dict[str, Any]) -> str:
    return f"{task['account']}/{task['job']}/{task['id']}".lower()


def _kill_group(task: dict[str, Any]) -> None:
    """End the task's processes, unless their pid now belongs to another process."""
    pid = task.pop("pid", None)
    if pid is None:
        return
    try:
        if Path(f"/proc/{pid}/cwd").resolve().is_relative_to(Path(task["folder"]).resolve()):
            os.killpg(pid, signal.SIGKILL)
    except (OSError, ValueError):
        return


def _remember(node: dict[str, Any], task: dict[str, Any]) -> None:
    """Put the task first among the node's recent tasks."""
    node["recent"] = [recent(task), *node["recent"]][:RECENT]
