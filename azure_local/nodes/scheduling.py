"""Which task runs where: waiting tasks, by their jobs' priority, on nodes with free slots."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.batch.data.common import nodes_of
from azure_local.batch.node_states import takes_tasks
from azure_local.nodes.exit_conditions import waiting
from azure_local.nodes.tasks import Tasks


class Scheduling:
    def __init__(self, azure: Azure, tasks: Tasks) -> None:
        self.azure, self.tasks = azure, tasks

    def step(self, pools: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Give waiting tasks, by their job's priority, to the nodes with the most or the fewest free slots."""
        active = [job for job in self.azure.store.list("job") if job["state"] == "active"]
        for job in sorted(active, key=lambda job: -job["priority"]):
            document = pools.get((job["account"], job["executionInfo"]["poolId"].lower()))
            if document is not None:
                nodes = [node for node in nodes_of(self.azure, document) if takes_tasks(node)]
                self._schedule(document, job, [node for node in nodes if self.tasks.preparation.fit(job, node)])

    def _schedule(self, document: dict[str, Any], job: dict[str, Any], nodes: list[dict[str, Any]]) -> None:
        slots = document["resource"]["properties"]["taskSlotsPerNode"]
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
            chosen = _places(document, task, nodes, room)
            for node in chosen:
                room[node["id"]] = 0 if _exclusive(task) else room[node["id"]] - task["requiredSlots"]
            if chosen:
                running += 1
                self.tasks.give(document, job, task, chosen)

    def _room(self, node: dict[str, Any], slots: int) -> int:
        """The free slots of a node; a manager task can have the node for itself."""
        tasks = [task for key in node["tasks"] if (task := self.azure.store.get("task", key))]
        return 0 if any(map(_exclusive, tasks)) else slots - sum(task["requiredSlots"] for task in tasks)


def _places(
    document: dict[str, Any], task: dict[str, Any], nodes: list[dict[str, Any]], room: dict[str, int]
) -> list[dict[str, Any]]:
    """The nodes on which the task is to run now: the best first, none if there are not as many as it needs.

    A task on several nodes needs a pool whose nodes talk to one another and run one task each; elsewhere it stays
    active for ever, without an error (documented).
    """
    properties = document["resource"]["properties"]
    count = task.get("multiInstanceSettings", {}).get("numberOfInstances", 1)
    if "multiInstanceSettings" in task and (
        properties["interNodeCommunication"] != "Enabled" or properties["taskSlotsPerNode"] != 1
    ):
        return []
    packed = properties["taskSchedulingPolicy"]["nodeFillType"] == "Pack"
    affinity = (task.get("affinityInfo") or {}).get("affinityId")
    fit = [node for node in nodes if room[node["id"]] >= task["requiredSlots"] and _may(task, node)]
    if len(fit) < count:
        return []

    def merit(node: dict[str, Any]) -> tuple[bool, int]:
        return f"TVM:{node['id']}" == affinity, -room[node["id"]] if packed else room[node["id"]]

    return [max(fit, key=merit)] if count == 1 else sorted(fit, key=merit, reverse=True)[:count]


def _exclusive(task: dict[str, Any]) -> bool:
    return bool(task.get("manager", {}).get("exclusive"))


def _may(task: dict[str, Any], node: dict[str, Any]) -> bool:
    """Whether a node with enough free slots is one for the task: a manager task can ask for more."""
    manager = task.get("manager")
    return manager is None or ((manager["spot"] or node["dedicated"]) and not (manager["exclusive"] and node["tasks"]))
