"""Nodes: a node's life from its allocation, through booting and the start task, until it leaves its pool."""

from __future__ import annotations

import itertools
import secrets
import shutil
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from azure_local.azure import Azure
from azure_local.batch import network
from azure_local.batch.data.common import nodes_of
from azure_local.batch.node_states import leaving, move, rest, save
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp
from azure_local.nodes.failures import Refused
from azure_local.nodes.machine import Machine
from azure_local.nodes.troubles import trouble
from azure_local.reach import places

if TYPE_CHECKING:
    from azure_local.nodes.tasks import Tasks

SECONDS = {"nodeCreating": 25, "nodeStarting": 45, "nodeLeaving": 10, "nodeDeallocating": 30}
"""How long nodes take, in simulated seconds; they boot in parallel, slightly staggered."""
TAKES = {
    "rebooting": "nodeStarting",
    "deallocating": "nodeDeallocating",
    "leavingpool": "nodeLeaving",
}
"""Action → the name of its simulated seconds."""
REPLACED = 60
"""Simulated seconds after which Batch has found new capacity for a preempted node."""


class Nodes:
    def __init__(self, azure: Azure, machine: Machine, tasks: Tasks) -> None:
        self.azure, self.machine, self.tasks = azure, machine, tasks
        self.packages = tasks.packages

    def make(self, document: dict[str, Any], dedicated: bool, cores: int) -> None:  # noqa: FBT001
        account, pool = document["account"], document["resource"]["name"]
        late = 3 * len([node for node in nodes_of(self.azure, document) if node["state"] == "creating"])
        late += trouble(self.azure, document).get("creating", 0)
        node = {
            "id": f"tvmps_{uuid.uuid4().hex}{'_d' if dedicated else '_p'}",
            "account": account,
            "pool": pool,
            "dedicated": dedicated,
            "cores": cores,
            "size": document["resource"]["properties"]["vmSize"],
            "state": "creating",
            "since": self.azure.clock.after(0),
            "made": self.azure.clock.after(0),
            "until": self.azure.clock.after(self.azure.seconds["nodeCreating"] + late),
            "address": self._address(document),
            "secret": secrets.token_urlsafe(16),
            "tasks": [],
            "ran": 0,
            "succeeded": 0,
        }
        save(self.azure, _whole(node))

    def _address(self, document: dict[str, Any]) -> str:
        """An address of this machine that no other node of the pool has, so that programs of two nodes can listen."""
        taken = {node.get("address") for node in nodes_of(self.azure, document)}
        addresses = (f"127.0.{1 + number // 250}.{4 + number % 250}" for number in itertools.count())
        return next(address for address in addresses if address not in taken)

    def _stop_tasks(self, node: dict[str, Any], option: str) -> None:
        """Requeue or terminate the node's tasks; other options let them run."""
        for key in list(node["tasks"]):
            task = self.azure.store.get("task", key)
            if task is not None and option == "requeue":
                self.tasks.requeue(task)
            elif task is not None and option == "terminate":
                self.tasks.end(task)

    def after_tasks(self, node: dict[str, Any], action: str, option: str) -> None:
        """Reboot, deallocate or remove the node, after `option` has been applied to its tasks."""
        node["pending"] = {"action": action, "option": option.lower()}
        self._stop_tasks(node, option.lower())
        save(self.azure, node)
        self._proceed(node)

    def _proceed(self, node: dict[str, Any]) -> None:
        """Do the pending action once neither running tasks nor retained data of tasks prevent it."""
        pending = node["pending"]
        if node["tasks"] or (pending["option"] == "retaineddata" and self._has_data(node)):
            return
        node["pending"] = None
        self.machine.abandon(f"start/{node['id']}")
        move(self.azure, node, pending["action"], self.azure.seconds[TAKES[pending["action"]]])

    def _has_data(self, node: dict[str, Any]) -> bool:
        for task in self.azure.store.list("task", f"{node['account']}/"):
            if (task.get("nodeInfo") or {}).get("nodeId") == node["id"] and task["state"] == "completed":
                kept = seconds(task["constraints"]["retentionTime"])
                if kept is None:
                    return True
                ended = parsed(task["executionInfo"]["endTime"])
                if not self.azure.clock.recurs(stamp(ended + timedelta(seconds=kept))):
                    return True
        return False

    def leave(self, node: dict[str, Any], option: str = "requeue") -> None:
        if not leaving(node):
            self.after_tasks(node, "leavingpool", option)

    def stay(self, node: dict[str, Any]) -> None:
        """Cancel the node's leaving."""
        node["pending"] = None
        save(self.azure, node)

    def remove(self, node: dict[str, Any]) -> None:
        self.machine.abandon(f"start/{node['id']}")
        self._stop_tasks(node, "requeue")
        self.azure.store.delete("node", f"{node['account']}/{node['pool']}/{node['id']}")
        self._wipe(node)

    def _wipe(self, node: dict[str, Any]) -> None:
        """Delete all that is on the node's disks."""
        self.azure.store.delete("imds", node["secret"])
        shutil.rmtree(self.machine.root(node), ignore_errors=True)

    def start(self, node: dict[str, Any]) -> None:
        move(self.azure, node, "starting", self.azure.seconds["nodeStarting"])

    def disable(self, node: dict[str, Any], option: str) -> None:
        """Let the node take no tasks."""
        node["scheduling"] = "disabled"
        self._stop_tasks(node, option)
        save(self.azure, node)
        rest(self.azure, node)

    def enable(self, node: dict[str, Any]) -> None:
        node["scheduling"] = "enabled"
        save(self.azure, node)
        rest(self.azure, node)

    def keep_users(self, node: dict[str, Any], names: list[str]) -> None:
        node["users"] = names
        save(self.azure, node)

    def fail(self, node: dict[str, Any], state: str, code: str = "", message: str = "") -> None:
        """The node does not work any more; its tasks run again elsewhere."""
        self.machine.abandon(f"start/{node['id']}")
        node["errors"] = [{"code": code, "message": message}] if code else []
        move(self.azure, node, state)
        self._stop_tasks(node, "requeue")

    def preempt(self, node: dict[str, Any], away: float | None, unusable: float | None = None) -> None:
        """Azure takes a spot node back; Batch looks for a replacement, which keeps the node's id.

        It may show unusable for so long before it shows preempted (documented), without an error then (inferred).
        """
        away = REPLACED if away is None else away
        if unusable is None:
            self.fail(node, "preempted")
            self._wipe(node)
            move(self.azure, node, "preempted", away)
            return
        node["away"] = away
        self.fail(node, "unusable")
        move(self.azure, node, "unusable", unusable)

    def step(self, document: dict[str, Any], node: dict[str, Any]) -> None:
        """One step of a node's life."""
        if node.get("pending"):
            self._proceed(node)
        if node["until"] is None or not self.azure.clock.due(node["until"]):
            return
        if node["state"] == "creating":
            move(
                self.azure,
                node,
                "starting",
                self.azure.seconds["nodeStarting"] + trouble(self.azure, document).get("starting", 0),
            )
        elif node["state"] == "unusable":
            self.preempt(node, node.pop("away"))
        elif node["state"] == "preempted":
            node["replaced"] = True
            move(self.azure, node, "creating", self.azure.seconds["nodeCreating"])
        elif node["state"] in ("starting", "rebooting"):
            self._start(document, node)
        elif node["state"] == "deallocating":
            move(self.azure, node, "deallocated")
        elif node["state"] == "leavingpool":
            self.remove(node)

    def _start(self, document: dict[str, Any], node: dict[str, Any]) -> None:
        ids = list(document.get("nodeIdentity", {}).get("userAssignedIdentities") or {})
        place = places.of_pool(self.azure, document)
        self.azure.store.put("imds", node["secret"], {"identities": ids, "place": place.claim()})
        self.machine.prepare(node)
        node.update(errors=[], lastBootTime=self.azure.clock.after(0), startTaskInfo=None, replaced=False)
        if node.get("lasting"):
            self.fail(node, node["lasting"], "NodeAgentUnreachable", "The node does not answer.")
            return
        if cause := network.cut_off(self.azure, document):  # inferred: the code
            self.fail(node, "unusable", "NodeAgentUnreachable", cause)
            return
        properties = document["resource"]["properties"]
        start, packages = properties.get("startTask"), properties.get("applicationPackages")
        if start is None and not packages:
            node["packages"] = {}
            move(self.azure, node, "idle")
            rest(self.azure, node)
            return
        waits = packages or start["waitForSuccess"]
        move(self.azure, node, "waitingforstarttask" if waits else "idle")
        self.azure.background(self._prepare(document, node, start))

    async def _prepare(self, document: dict[str, Any], node: dict[str, Any], start: dict[str, Any] | None) -> None:
        """Bring the pool's packages and run its start task; the node is idle if that succeeded."""
        boot = node["lastBootTime"]
        try:
            references = document["resource"]["properties"].get("applicationPackages") or []
            place = self.machine.root(node) / "applications"
            node["packages"] = await self.packages.install(node, references, place)
        except Refused as refused:
            if node["state"] == "waitingforstarttask" and node["lastBootTime"] == boot:
                self.fail(node, "unusable", refused.info["code"], refused.info["message"])
            return
        if start is None:
            info = {"result": "success"}
        else:
            info = await self.machine.run_start_task(document, node, start)
        gone = self.azure.store.get("node", f"{node['account']}/{node['pool']}/{node['id']}") is not node
        if gone or node["lastBootTime"] != boot or node["state"] in ("preempted", "unusable", "starttaskfailed"):
            return
        node["startTaskInfo"] = info if start else None
        if node["state"] != "waitingforstarttask":
            save(self.azure, node)
        elif info["result"] == "success":
            move(self.azure, node, "idle")
            rest(self.azure, node)
        else:
            move(self.azure, node, "starttaskfailed")

    def recover(self) -> None:
        """After a restart nothing is running."""
        for node in self.azure.store.list("node"):
            _whole(node)["tasks"] = []
            rest(self.azure, node)
            if node["state"] == "waitingforstarttask":
                move(self.azure, node, "starting", 0)


def _whole(node: dict[str, Any]) -> dict[str, Any]:
    """A node with all members, also if it was stored without some of them."""
    more: dict[str, Any] = {
        "scheduling": "enabled",
        "recent": [],
        "users": [],
        "errors": [],
        "packages": {},
        "pending": None,
        "address": "127.0.0.1",
    }
    for name, value in more.items():
        node.setdefault(name, value)
    return node
