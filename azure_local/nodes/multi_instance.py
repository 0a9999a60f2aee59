"""Tasks on several nodes: all run the coordination command, and after that the first runs the task's command.

Documented (batch-mpi and the list of environment variables at learn.microsoft.com, Batch's schema): the order of
things, the variables, that common files are in the task's root directory, and that the failure of one fails, and so
retries, the task. Inferred: the exit code and failureInfo of the failed command become the task's, and the output of
the first node's coordination command comes before that of the task's command. Unlike in Azure,
AZ_BATCH_TASK_SHARED_DIR differs between nodes, because here all of them are on one machine.
"""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from azure_local.azure import Azure
from azure_local.batch.node_states import node_info
from azure_local.nodes.failures import Refused
from azure_local.nodes.machine import OUTCOME, Machine, task_folder

PORT = 6000
"""The port that Batch names with the first node; it is Batch's own."""


class Instances:
    def __init__(self, azure: Azure, machine: Machine) -> None:
        self.azure, self.machine = azure, machine

    async def coordinate(
        self,
        document: dict[str, Any],
        job: dict[str, Any],
        task: dict[str, Any],
        nodes: list[dict[str, Any]],
        packages: list[dict[str, str]],
    ) -> dict[str, str] | Refused | Literal[False]:
        """Run the coordination command everywhere; the variables of the task's command.

        Refused if one failed, False if the task has been taken away meanwhile. `packages` are variables, node by node.
        """
        began = self.azure.clock.after(0)
        task["subtasks"] = [
            {"id": number, "nodeInfo": node_info(self.azure, task, node), "state": "preparing"}
            | {"startTime": began, "stateTransitionTime": began}
            for number, node in enumerate(nodes[1:], start=1)
        ]
        self.azure.batch.tasks.change(task, "running", {**task["executionInfo"], "startTime": began})
        since = task["stateTransitionTime"]
        variables = [
            {**brought, **_variables(nodes), **self._of_one(task, node, nodes)}
            for node, brought in zip(nodes, packages, strict=True)
        ]
        records: list[dict[str, Any]] = [{"stateTransitionTime": began}, *task["subtasks"]]
        runs = [
            self._one(document, job, task, node, given, record)
            for node, given, record in zip(nodes, variables, records, strict=True)
        ]
        first = None
        for end in asyncio.as_completed(runs):
            refused = await end
            first = first or refused
        if task["state"] != "running" or task["stateTransitionTime"] != since:
            return False
        return first or variables[0]

    def _of_one(self, task: dict[str, Any], node: dict[str, Any], nodes: list[dict[str, Any]]) -> dict[str, str]:
        return {
            "AZ_BATCH_IS_CURRENT_NODE_MASTER": str(node is nodes[0]).lower(),
            "AZ_BATCH_TASK_SHARED_DIR": str(task_folder(self.machine.root(node), task)),
        }

    async def _one(
        self,
        document: dict[str, Any],
        job: dict[str, Any],
        task: dict[str, Any],
        node: dict[str, Any],
        variables: dict[str, str],
        record: dict[str, Any],
    ) -> Refused | None:
        """Fetch the common files to a node and run the coordination command there; why that failed, if it did."""
        settings = task["multiInstanceSettings"]
        self._move(record, "running")
        try:
            folder = task_folder(self.machine.root(node), task)
            for file in settings.get("commonResourceFiles") or ():
                await self.machine.files.fetch(file, folder, document)
        except Refused as refused:
            info: dict[str, Any] = {"result": "failure", "failureInfo": refused.info}
        else:
            command = {**task, "commandLine": settings["coordinationCommandLine"], "resourceFiles": []}
            info = await self.machine.run_beside_task(document, job, command, node, variables)
        record |= {name: info[name] for name in OUTCOME if name in info}
        record["endTime"] = self.azure.clock.after(0)
        self._move(record, "completed")
        if info["result"] == "success":
            return None
        self.machine.abandon_beside(task)  # what the others do is of no use any more
        failure = info["failureInfo"]
        refusal = Refused(failure["code"], failure["message"])
        refusal.info = failure
        refusal.more = {"exitCode": info["exitCode"]} if info.get("exitCode") else {}
        return refusal

    def _move(self, record: dict[str, Any], state: str) -> None:
        if record.get("state", state) != state:
            record["previousState"] = record["state"]
            record["previousStateTransitionTime"] = record["stateTransitionTime"]
        record["state"], record["stateTransitionTime"] = state, self.azure.clock.after(0)


def _variables(nodes: list[dict[str, Any]]) -> dict[str, str]:
    """The variables that are the same on all nodes."""
    addresses = [node["address"] for node in nodes]
    cores = [f"{node['address']} {node['cores']}" for node in nodes]
    return {
        "AZ_BATCH_NODE_LIST": ";".join(addresses),
        "AZ_BATCH_HOST_LIST": ",".join(addresses),
        "AZ_BATCH_MASTER_NODE": f"{addresses[0]}:{PORT}",
        "CCP_NODES": f"{len(nodes)} {' '.join(cores)}",
    }


def settle(task: dict[str, Any]) -> None:
    """Bring the subtasks in line with the state that the task has now."""
    if task["state"] == "active":
        task.pop("subtasks", None)
    elif task["state"] == "completed":
        for subtask in task.get("subtasks", ()):
            if subtask["state"] != "completed":
                subtask |= {"state": "completed", "endTime": task["stateTransitionTime"]}
