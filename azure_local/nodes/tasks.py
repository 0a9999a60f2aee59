"""Tasks at work: their states, their runs on nodes, and their end."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any, Literal

from azure_local.azure import Azure
from azure_local.batch import events
from azure_local.batch.arm import batch_account
from azure_local.batch.data.pool_spelling import package_heard
from azure_local.batch.node_states import RECENT, move, node_info, recent, rest, save
from azure_local.nodes.exit_conditions import options, satisfies
from azure_local.nodes.failures import Refused
from azure_local.nodes.machine import Machine
from azure_local.nodes.multi_instance import Instances, settle
from azure_local.nodes.packages import Packages
from azure_local.nodes.preparation import Preparation


class Tasks:
    def __init__(self, azure: Azure, machine: Machine) -> None:
        self.azure, self.machine = azure, machine
        self.packages = Packages(azure, machine)
        self.preparation = Preparation(azure, machine)
        self.instances = Instances(azure, machine)

    def requeue(self, task: dict[str, Any], retries: int | None = None) -> None:
        """Set the task back to active, so that it runs again on some node."""
        self._kill(task)
        info = task["executionInfo"]
        count = info["retryCount"] if retries is None else retries
        kept = {"retryCount": count, "requeueCount": info["requeueCount"] + (retries is None)}
        self.change(task, "active", kept)
        if retries is None:
            events.task(self.azure, "TaskRequeueEvent", task)

    def change(self, task: dict[str, Any], state: str, info: dict[str, Any] | None = None) -> None:
        task["previousState"], task["previousStateTransitionTime"] = task["state"], task["stateTransitionTime"]
        task["state"], task["stateTransitionTime"] = state, self.azure.clock.after(0)
        if info is not None:
            task["executionInfo"] = info
        settle(task)
        self._save(task)
        events.task_moved(self.azure, task)
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

    def give(
        self, document: dict[str, Any], job: dict[str, Any], task: dict[str, Any], nodes: list[dict[str, Any]]
    ) -> None:
        """Run the task on a node, or on several, of which the first runs its command."""
        for node in nodes:
            node["tasks"].append(_key(task))
            node["ran"] += 1
            move(self.azure, node, "running")
        task["nodeInfo"] = node_info(self.azure, task, nodes[0])
        self.change(task, "preparing")
        self.azure.background(self._run(document, job, task, nodes))

    async def _run(
        self, document: dict[str, Any], job: dict[str, Any], task: dict[str, Any], nodes: list[dict[str, Any]]
    ) -> None:
        ready = await self._ready(document, job, task, nodes)
        if ready is False:
            return  # requeued, ended or removed meanwhile, and its state has been set there
        if ready is None:
            self._free(task, nodes)
            self.change(task, "active")
            events.task_unscheduled(self.azure, task)
            return
        if isinstance(ready, Refused):
            now = self.azure.clock.after(0)
            failed = {"startTime": now, "endTime": now, "result": "failure", "failureInfo": ready.info, **ready.more}
            task["executionInfo"] = {**task["executionInfo"], **failed}
        elif not await self.machine.run(document, job, task, nodes[0], ready):
            return  # as above
        info = task["executionInfo"]
        limit = task["constraints"]["maxTaskRetryCount"]
        if info.get("exitCode") and (limit == -1 or info["retryCount"] < limit):
            again = {"retryCount": info["retryCount"] + 1, "requeueCount": info["requeueCount"]}
            self.change(task, "active", {**again, "lastRetryTime": self.azure.clock.after(0)})
        else:
            self.change(task, "completed")
            self._act(job, task)
        for node in nodes:
            node["succeeded"] += info.get("result") == "success"
            _remember(node, task)
        self._free(task, nodes)

    async def _ready(
        self, document: dict[str, Any], job: dict[str, Any], task: dict[str, Any], nodes: list[dict[str, Any]]
    ) -> dict[str, str] | Refused | Literal[False] | None:
        """Variables for the task's command once all is there for it, or why it cannot run.

        None if its job's preparation failed, False if the task has been taken away meanwhile.
        """
        since = task["stateTransitionTime"]
        prepared = await asyncio.gather(*[self._prepare(document, job, task, node) for node in nodes])
        if task["state"] != "preparing" or task["stateTransitionTime"] != since:
            return False
        if None in prepared:
            return None
        packages = [variables for variables in prepared if isinstance(variables, dict)]
        if len(packages) < len(nodes):
            return next(refused for refused in prepared if isinstance(refused, Refused))
        if "multiInstanceSettings" not in task:
            return packages[0]
        return await self.instances.coordinate(document, job, task, nodes, packages)

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

    def _free(self, task: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
        """The task is not on the nodes any more."""
        for node in nodes:
            if _key(task) in node["tasks"]:
                node["tasks"].remove(_key(task))
            save(self.azure, node)
            rest(self.azure, node)

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
