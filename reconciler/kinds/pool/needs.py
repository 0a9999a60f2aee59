"""What a pool needs of quotas and of its VM size, for preflight to check. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.azure.images import Image
from reconciler.kind import permissions
from reconciler.kind.needs import HasNodes, Needs, Nodes, wants
from reconciler.kind.permissions import Permissions
from reconciler.kinds.pool import reading
from reconciler.model import Body, Decision, Desired, Observed, Rule

IMAGES = "Microsoft.Compute/galleries/images"


def twice(decision: Decision, desired: Desired, live: Nodes | None) -> bool:
    """Whether the pool exists twice for a while: for some changes blue/green makes a second one beside the first."""
    blue_green = (desired.data.get("rollout") or {}).get("whenEmpty") == "blueGreen"
    return blue_green and live is not None and live.nodes > 0 and decision.diff.rule is Rule.WHEN_EMPTY


def wanted(desired: Desired) -> Nodes:
    return nodes_of(
        desired.body["properties"], desired.data.get("nodeAgentSkuId") or "", desired.data.get("base") or ""
    )


def live(observed: Observed) -> Nodes:
    return nodes_of(observed.body["properties"])


def nodes_of(properties: Body, agent: str = "", base: str = "") -> Nodes:
    """The nodes of a pool: its target or its current number, whichever is more."""
    machine, network = reading.machine(properties), properties.get("networkConfiguration") or {}
    dedicated, spot = reading.targets(properties) or (0, 0)
    running, running_spot = reading.running(properties)
    return Nodes(
        size=str(properties.get("vmSize", "")),
        dedicated=max(dedicated, running or 0),
        spot=max(spot, running_spot or 0),
        slots=properties.get("taskSlotsPerNode") or 1,
        image=reading.image(properties),
        agent=agent or machine.get("nodeAgentSkuId") or "",
        base=base.lower(),
        subnet=str(network.get("subnetId") or "").lower(),
        disks=len(machine.get("dataDisks") or ()),
        containers=bool(machine.get("containerConfiguration")),
        wants=wants(network, machine, between=properties.get("interNodeCommunication") == "Enabled"),
    )


def _of_gallery(image: Image) -> bool:
    return "publisher" not in image if isinstance(image, Mapping) else image.startswith("images/")


def permitted(desired: Desired) -> Permissions:
    properties = desired.body["properties"]
    subnet = (properties.get("networkConfiguration") or {}).get("subnetId")
    reads = [permissions.ACCOUNT, *([permissions.SIZES] if "sizes" in desired.data else [])]
    reads += [f"{IMAGES}/read", f"{IMAGES}/versions/read"] if _of_gallery(desired.data["image"]) else []
    writes = [permissions.JOIN] if subnet else []
    writes += [permissions.ASSIGN] if desired.body["identity"] else []
    writes += [permissions.IDENTITY] if reading.machine(properties)["certificates"] else []
    if (desired.data.get("rollout") or {}).get("whenEmpty") == "blueGreen":
        jobs = (permissions.JOBS, permissions.SCHEDULES)
        writes += [f"{permissions.POOLS}/delete", *(f"{kind}/{verb}" for kind in jobs for verb in ("read", "write"))]
    checks = (permissions.SIZES, *(("Microsoft.Network/virtualNetworks/read",) if subnet else ()))
    return Permissions(checks=checks, reads=tuple(reads), writes=tuple(writes))


PERMISSIONS = Permissions(writes=(f"{permissions.POOLS}/stopResize/action",), of=permitted)
NEEDS = Needs(nodes=HasNodes(wanted, live, twice=twice))
