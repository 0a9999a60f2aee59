"""Which task runs where: waiting tasks, by their jobs' priority, on nodes with free slots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.data.common import nodes_of
from azure_local.batch.node_states import takes_tasks
from azure_local.nodes.exit_conditions import waits
from azure_local.nodes.task_index import JobTasks, TaskIndex
from azure_local.nodes.tasks import Tasks


class Scheduling:
    def __init__(self, azure: Azure, tasks: Tasks, index: TaskIndex) -> None:
        self.azure, self.tasks, self.index = azure, tasks, index

    def step(self, pools: dict[tuple[str, str], dict[str, Any]]) -> None:
        """Give waiting tasks, by their job's priority, to the nodes with the most or the fewest free slots."""
        active = [job for job in self.azure.store.list("job") if job["state"] == "active"]
        for job in sorted(active, key=lambda job: -job["priority"]):
            document = pools.get((job["account"], job["executionInfo"]["poolId"].lower()))
            if document is not None and self.index.of(job).by["active"]:
                nodes = [node for node in nodes_of(self.azure, document) if takes_tasks(node)]
                fit = [node for node in nodes if self.tasks.preparation.fit(job, node)]
                self._schedule(document, job, fit, Preemption(self, job, active))

    def _schedule(
        self, document: dict[str, Any], job: dict[str, Any], nodes: list[dict[str, Any]], preemption: Preemption
    ) -> None:
        room = {node["id"]: self.room(document, node) for node in nodes}
        if not preemption.possible and not any(free > 0 for free in room.values()):
            return
        tasks, most = self.index.of(job), job["maxParallelTasks"]
        for task in _in_order(job, tasks):
            if len(tasks.by["running"]) >= most >= 0:
                return
            if not preemption.possible and not any(free > 0 for free in room.values()):
                return
            if waits(task, tasks.done, tasks.numbers):
                continue
            chosen = _places(document, task, nodes, room) or preemption.make_room(task, nodes, room)
            for node in chosen:
                room[node["id"]] = 0 if _exclusive(task) else room[node["id"]] - task["requiredSlots"]
            if chosen:
                self.tasks.give(document, job, task, chosen)

    def room(self, document: dict[str, Any], node: dict[str, Any]) -> int:
        """The free slots of a node; a manager task can have the node for itself."""
        slots: int = document["resource"]["properties"]["taskSlotsPerNode"]
        tasks = self.on(node)
        return 0 if any(map(_exclusive, tasks)) else slots - sum(task["requiredSlots"] for task in tasks)

    def on(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        """The tasks on a node."""
        return [task for key in node["tasks"] if (task := self.azure.store.get("task", key))]


class Preemption:
    """Takes nodes from tasks of jobs with a lower priority that allow it; these tasks run again later.

    Documented: such tasks are requeued for jobs of a higher priority. Inferred: those of the lowest priority go first,
    as few as there must, and a task on several nodes or with a node for itself waits.
    """

    def __init__(self, scheduling: Scheduling, job: dict[str, Any], active: list[dict[str, Any]]) -> None:
        pool = job["executionInfo"]["poolId"].lower()
        self.scheduling = scheduling
        self.lower = {
            f"{other['account']}/{other['id']}".lower(): other["priority"]
            for other in active
            if other["allowTaskPreemption"]
            and other["priority"] < job["priority"]
            and (other["account"], other["executionInfo"]["poolId"].lower()) == (job["account"], pool)
            and scheduling.index.of(other).by["running"]
        }

    @property
    def possible(self) -> bool:
        return bool(self.lower)

    def make_room(
        self, task: dict[str, Any], nodes: list[dict[str, Any]], room: dict[str, int]
    ) -> list[dict[str, Any]]:
        """The node on which there is room for the task now; none if there cannot be any."""
        if not self.lower or "multiInstanceSettings" in task or _exclusive(task):
            return []
        plans = [(self._victims(node, task["requiredSlots"] - room[node["id"]]), node) for node in nodes]
        possible = [(victims, node) for victims, node in plans if victims and _may(task, node)]
        if not possible:
            return []
        victims, node = min(possible, key=lambda plan: (len(plan[0]), max(map(self._priority, plan[0]))))
        for victim in victims:
            room[node["id"]] += victim["requiredSlots"]
            self.scheduling.tasks.requeue(victim)
        return [node]

    def _victims(self, node: dict[str, Any], slots: int) -> list[dict[str, Any]]:
        """Tasks on the node that free so many slots, those of the lowest priority first; none if they cannot."""
        victims: list[dict[str, Any]] = []
        tasks = [task for task in self.scheduling.on(node) if _job(task) in self.lower and not _exclusive(task)]
        for task in sorted(tasks, key=self._priority):
            if slots <= 0:
                break
            victims.append(task)
            slots -= task["requiredSlots"]
        return victims if slots <= 0 else []

    def _priority(self, task: dict[str, Any]) -> int:
        return int(self.lower[_job(task)])


def _job(task: dict[str, Any]) -> str:
    return f"{task['account']}/{task['job']}".lower()


def _in_order(job: dict[str, Any], tasks: JobTasks) -> Iterator[dict[str, Any]]:
    """The active tasks, the job's manager first (Batch's schema); they may be given away meanwhile."""
    waiting = tasks.by["active"]
    managers = [task for task in waiting.values() if "manager" in task] if "jobManagerTask" in job else []
    yield from managers
    for task in list(waiting.values()):
        if "manager" not in task:
            yield task


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
