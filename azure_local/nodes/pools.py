"""Pools: their allocation, node by node, towards the numbers of nodes that they should have."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.batch import events
from azure_local.batch.arm import batch_account, pool_scale
from azure_local.batch.data.common import nodes_of
from azure_local.batch.node_states import leaving
from azure_local.batch.shapes import seconds
from azure_local.compute import sizes
from azure_local.network import subnets
from azure_local.nodes.nodes import Nodes
from azure_local.nodes.troubles import trouble
from azure_local.reach import places, ways

SIDES = {True: "targetDedicatedNodes", False: "targetLowPriorityNodes"}
NO_CAPACITY = "Allocation failed. There is not sufficient capacity for the requested VM size in this region."


class Pools:
    def __init__(self, azure: Azure, nodes: Nodes) -> None:
        self.azure, self.nodes = azure, nodes

    def current(self, document: dict[str, Any]) -> tuple[int, int]:
        """The numbers of dedicated and of spot nodes: those past `creating`, and preempted ones, replaced or not."""
        nodes = nodes_of(self.azure, document)
        there = [node for node in nodes if node["state"] != "creating" or node.get("replaced")]
        dedicated = sum(node["dedicated"] for node in there)
        return dedicated, len(there) - dedicated

    def resize(self, document: dict[str, Any], option: str = "Requeue") -> None:
        """Start to resize the pool to its targets."""
        properties, fixed = document["resource"]["properties"], pool_scale.size(document)
        properties["allocationState"] = "Resizing"
        properties["allocationStateTransitionTime"] = now = self.azure.clock.after(0)
        properties["resizeOperationStatus"] = {**fixed, "nodeDeallocationOption": option, "startTime": now}
        limit = seconds(fixed["resizeTimeout"]) or 900
        document.update(
            resizeUntil=self.azure.clock.after(5),
            resizeLimit=self.azure.clock.after(limit),
            stopping=False,
            starved=[],
            shortage=self._shortage(document),
        )
        events.resize_started(self.azure, document)

    def _shortage(self, document: dict[str, Any]) -> list[str] | None:
        """Code and message of a shortage of capacity, if there is one; each resize uses one up."""
        known = trouble(self.azure, document)
        if known.get("times", 0) <= 0:
            return None
        key = f"{document['account']}/{document['resource']['name']}"
        self.azure.store.put("trouble", key, {**known, "times": known["times"] - 1})
        return [known.get("code", "AllocationFailed"), known.get("message", NO_CAPACITY)]

    def recover(self) -> None:
        """After a restart a resize goes on; one that was not stored starts again."""
        for document in self.azure.store.list("pool"):
            if document["resource"]["properties"]["allocationState"] != "Steady" and "starved" not in document:
                self.resize(document)

    def take_out(self, document: dict[str, Any], nodes: list[dict[str, Any]], option: str) -> None:
        """Let these nodes go, and lower the targets by their number."""
        fixed = pool_scale.size(document)
        for node in nodes:
            fixed[SIDES[node["dedicated"]]] = max(0, fixed[SIDES[node["dedicated"]]] - 1)
        self.resize(document, option)
        for node in nodes:
            self.nodes.leave(node, option)

    def stop_resize(self, document: dict[str, Any]) -> None:
        """Stop the resize: the pool keeps the nodes that it has. Nothing happens to a pool that does not resize."""
        properties = document["resource"]["properties"]
        if properties["allocationState"] != "Resizing":
            return
        properties["allocationState"] = "Stopping"
        properties["allocationStateTransitionTime"] = self.azure.clock.after(0)
        self._halt(document)
        self.azure.store.put("pool", document["resource"]["id"], document)

    def _halt(self, document: dict[str, Any]) -> None:
        """Stop all changes: nodes that are not allocated yet are dropped, and nodes that wait for tasks to end stay."""
        document["stopping"] = True
        for node in nodes_of(self.azure, document):
            if node["state"] == "creating" and not node.get("replaced"):
                self.nodes.remove(node)
            elif leaving(node) and node.get("pending"):
                self.nodes.stay(node)

    def delete(self, document: dict[str, Any]) -> None:
        properties = document["resource"]["properties"]
        properties["provisioningState"] = "Deleting"
        properties["provisioningStateTransitionTime"] = self.azure.clock.after(0)
        events.pool_deleting(self.azure, document)
        self.azure.store.put("pool", document["resource"]["id"], document)
        for node in nodes_of(self.azure, document):
            self.nodes.leave(node)

    async def gone(self, key: str) -> None:
        document = self.azure.store.get("pool", key)
        if document is not None:
            for node in nodes_of(self.azure, document):
                self.nodes.remove(node)
            self.azure.batch.scaling.samples.forget(document)
            self.azure.store.delete("pool", key)
            events.pool_deleted(self.azure, document)

    def step(self, document: dict[str, Any]) -> None:
        """One step of a resize."""
        properties = document["resource"]["properties"]
        if properties["provisioningState"] == "Deleting" or properties["allocationState"] == "Steady":
            return
        status = properties["resizeOperationStatus"]
        if not document["stopping"]:
            for dedicated, name in SIDES.items():
                self._towards(document, dedicated, status[name], status["nodeDeallocationOption"])
        moving = [node for node in nodes_of(self.azure, document) if _moving(node)]
        if moving and not document["stopping"] and self.azure.clock.due(document["resizeLimit"]):
            self._tell_timeout(document)
            moving = []
        if not moving and self.azure.clock.due(document["resizeUntil"]):
            self._settle(document)

    def _settle(self, document: dict[str, Any]) -> None:
        """End the resize, successful or not."""
        properties = document["resource"]["properties"]
        properties["allocationState"] = "Steady"
        properties["allocationStateTransitionTime"] = self.azure.clock.after(0)
        document["stopping"] = False
        events.resize_ended(self.azure, document)
        if not nodes_of(self.azure, document):
            document["nodeIdentity"] = document["resource"]["identity"]
        self.azure.store.put("pool", document["resource"]["id"], document)

    def _towards(self, document: dict[str, Any], dedicated: bool, target: int, option: str) -> None:  # noqa: FBT001
        nodes = nodes_of(self.azure, document)
        side = [node for node in nodes if node["dedicated"] is dedicated and not leaving(node)]
        self._grow(document, dedicated, target - len(side))
        spare = sorted(side, key=lambda node: (node["state"] in ("idle", "running"), len(node["tasks"])))
        for node in spare[: max(0, len(side) - target)]:
            self.nodes.leave(node, option)

    def _tell_timeout(self, document: dict[str, Any]) -> None:
        for dedicated, word in ((True, "dedicated"), (False, "low-priority")):
            if any(_moving(node) and node["dedicated"] is dedicated for node in nodes_of(self.azure, document)):
                text = f"Desired number of {word} nodes could not be allocated as the resize timeout was reached"
                self._refuse(document, dedicated, "AllocationTimedOut", text)
        self._halt(document)

    def _grow(self, document: dict[str, Any], dedicated: bool, number: int) -> None:  # noqa: FBT001
        if number <= 0 or dedicated in document["starved"]:
            return
        if document["shortage"]:
            self._refuse(document, dedicated, *document["shortage"])
            return
        size = document["resource"]["properties"]["vmSize"]
        for done in range(number):
            cause = self._no_quota(document, dedicated, size, number - done) or self._no_room(document, number - done)
            if cause:
                self._refuse(document, dedicated, *cause)
                return
            self.nodes.make(document, dedicated, sizes.cores(size) or 1)

    def _no_quota(
        self,
        document: dict[str, Any],
        dedicated: bool,  # noqa: FBT001
        size: str,
        number: int,
    ) -> tuple[str, str] | None:
        """Code and message of the quota that forbids another node: the account's is checked before the family's."""
        owner = batch_account.by_name(self.azure, document["account"])
        assert owner is not None
        account, cores, family = owner["resource"]["properties"], sizes.cores(size) or 1, sizes.family(size)
        nodes = self.azure.store.list("node", f"{document['account']}/")
        mine = [node for node in nodes if node["dedicated"] is dedicated and node["state"] != "deallocated"]
        used = sum(node["cores"] for node in mine)
        quota = account["dedicatedCoreQuota" if dedicated else "lowPriorityCoreQuota"]
        families = {item["name"].lower(): item["coreQuota"] for item in account["dedicatedCoreQuotaPerVMFamily"]}
        limit = families.get(family.lower(), quota) if dedicated else quota
        alike = sum(node["cores"] for node in mine if sizes.family(node.get("size", size)) == family)
        if used + cores <= quota and alike + cores <= limit:
            return None
        if used + number * cores > quota:
            kind, word = ("", "core") if dedicated else ("LowPriority", "low-priority core")
            text = f"The specified account has reached its {word} quota ({used} of {quota} cores are used)."
            return f"Account{kind}CoreQuotaReached", text
        text = f"The specified account has reached VM series core quota: '{family}' ({alike} of {limit} are used)."
        return "AccountVMSeriesCoreQuotaReached", text

    def _no_room(self, document: dict[str, Any], number: int) -> tuple[str, str] | None:
        """Code and message if the pool's subnet has no address for another node. Inferred, but that Azure tells it."""
        subnet = ways.subnet(self.azure, places.of_pool(self.azure, document).subnet)
        if subnet is None or subnets.room(self.azure, subnet) > 0:
            return None
        text = (
            f"Subnet {subnet['name']} with address prefix {subnets.prefix(subnet)} does not have enough capacity for "
        )
        return "AllocationFailed", f"{text}{number} IP addresses."

    def _refuse(self, document: dict[str, Any], dedicated: bool, code: str, text: str) -> None:  # noqa: FBT001
        """Stop the growth on this side (dedicated or spot) with an error; other changes go on."""
        status = document["resource"]["properties"]["resizeOperationStatus"]
        status.setdefault("errors", []).append({"code": code, "message": text, "details": []})
        document["starved"].append(dedicated)
        self.azure.store.put("pool", document["resource"]["id"], document)


def _moving(node: dict[str, Any]) -> bool:
    return leaving(node) or (node["state"] == "creating" and not node.get("replaced"))
