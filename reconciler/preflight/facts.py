"""What preflight judges: the pools of a plan before and after it, what Azure says of them, and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.cloud.capacity import Size
from reconciler.model import Action, Address, Body, Decision, Desired, Observed, Plan, Rule

CHANGING = (Action.CREATE, Action.UPDATE, Action.REPLACE)


class Severity(StrEnum):
    """REFUSE: Azure would not do it. WARN: it would, but not for long or not at once."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stands against a resource, or against all if there is no address.

    limit, use and need are numbers of one quota, where it is about one; `sizes` would fit instead, nearest first.
    """

    severity: Severity
    check: str
    address: Address | None
    what: str
    remedy: str = ""
    limit: int | None = None
    use: int | None = None
    need: int | None = None
    sizes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


@dataclass(frozen=True, slots=True)
class Pool:
    """What counts of a pool, live or wanted. `image` is publisher:offer:sku, or the id of a gallery image.

    `wants` are the properties that not every size or region can do, by their names in `sizes.NEEDS`.
    """

    size: str
    dedicated: int = 0
    spot: int = 0
    slots: int = 1
    image: str = ""
    agent: str = ""
    base: str = ""
    """publisher:offer:sku that a gallery image was made from, where that is known."""
    subnet: str = ""
    disks: int = 0
    wants: frozenset[str] = frozenset()

    @property
    def nodes(self) -> int:
        return self.dedicated + self.spot


@dataclass(frozen=True, slots=True)
class Change:
    """A pool that the plan makes or changes; `surge` is the pool that exists besides it until it has taken over."""

    address: Address
    before: Pool | None
    after: Pool
    surge: Pool | None = None


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet as its virtual network shows it. `used` are its IP configurations, nodes of pools included.

    delegated: the services that it is delegated to.
    """

    location: str
    prefixes: tuple[str, ...]
    used: int = 0
    delegated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Image:
    """A marketplace image that Batch supports, with which node agent, and until when."""

    urn: str
    agent: str
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What Azure says; None is what was not asked. `live` are all pools of the account, `leaving` the deleted ones.

    galleries: image id → regions that it is in. names: address of a new account → why its name cannot be had, if so.
    subnets: subnet id → the subnet, None where there is none. state: that of the subscription. permissions: what the
    roles of whoever is signed in allow in the resource group. needed: action → what of the plan needs it.
    skipped: check → why it was not made.
    """

    now: datetime
    location: str
    account: Body | None = None
    live: Mapping[Address, Pool] = field(default_factory=dict)
    leaving: frozenset[Address] = frozenset()
    sizes: tuple[Size, ...] | None = None
    images: tuple[Image, ...] | None = None
    galleries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[Address, str] = field(default_factory=dict)
    subnets: Mapping[str, Subnet | None] = field(default_factory=dict)
    subscription: str = ""
    group: str = ""
    state: str = ""
    permissions: tuple[Body, ...] | None = None
    needed: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    jobs: tuple[int, int] = (0, 0)
    """Active jobs and schedules: how many there are, how many the plan adds."""
    skipped: Mapping[str, str] = field(default_factory=dict)


def changes(plan: Plan, desired: Mapping[Address, Desired], live: Mapping[Address, Pool]) -> tuple[Change, ...]:
    """The pools that `plan` makes or changes."""
    found = (d for d in plan.decisions if d.address.kind == "pool" and d.action in CHANGING and d.address in desired)
    return tuple(_change(one, desired[one.address], live.get(one.address)) for one in found)


def _change(decision: Decision, desired: Desired, live: Pool | None) -> Change:
    return Change(decision.address, live, wanted(desired), live if twice(decision, desired, live) else None)


def twice(decision: Decision, desired: Desired, live: Pool | None) -> bool:
    """Whether the pool exists twice for a while: blue/green makes a second one where the first cannot be changed."""
    blue_green = (desired.data.get("rollout") or {}).get("whenEmpty") == "blueGreen"
    return blue_green and live is not None and live.nodes > 0 and decision.diff.rule is Rule.WHEN_EMPTY


def wanted(desired: Desired) -> Pool:
    return _pool(desired.body["properties"], desired.data.get("nodeAgentSkuId") or "", desired.data.get("base") or "")


def live_pools(observed: Iterable[Observed]) -> dict[Address, Pool]:
    return {one.address: _pool(one.body["properties"]) for one in observed if one.address.kind == "pool"}


def _pool(properties: Body, agent: str = "", base: str = "") -> Pool:
    """A pool from its properties: it holds what it is about to have, or still has, whichever is more."""
    fixed: Mapping[str, Any] = (properties.get("scaleSettings") or {}).get("fixedScale") or {}
    machine = (properties.get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
    image = machine.get("imageReference") or {}
    named = image.get("id") or ":".join(str(image.get(key, "")) for key in ("publisher", "offer", "sku"))
    return Pool(
        size=str(properties.get("vmSize", "")),
        dedicated=max(fixed.get("targetDedicatedNodes") or 0, properties.get("currentDedicatedNodes") or 0),
        spot=max(fixed.get("targetLowPriorityNodes") or 0, properties.get("currentLowPriorityNodes") or 0),
        slots=properties.get("taskSlotsPerNode") or 1,
        image=named.lower(),
        agent=agent or machine.get("nodeAgentSkuId") or "",
        base=base.lower(),
        subnet=str((properties.get("networkConfiguration") or {}).get("subnetId") or "").lower(),
        disks=len(machine.get("dataDisks") or ()),
        wants=_wants(properties, machine),
    )


def _wants(properties: Body, machine: Body) -> frozenset[str]:
    network, system = properties.get("networkConfiguration") or {}, machine.get("osDisk") or {}
    security = machine.get("securityProfile") or {}
    disks = [system, *(machine.get("dataDisks") or ())]
    zonal = (machine.get("nodePlacementConfiguration") or {}).get("policy") == "Zonal"
    asked = {
        "acceleratedNetworking": network.get("enableAcceleratedNetworking"),
        "ephemeralOSDisk": system.get("ephemeralOSDiskSettings"),
        "premiumDisk": any((one.get("managedDisk") or {}).get("storageAccountType") == "Premium_LRS" for one in disks),
        "encryptionAtHost": security.get("encryptionAtHost"),
        "trustedLaunch": str(security.get("securityType") or "").lower() == "trustedlaunch",
        "confidentialVM": str(security.get("securityType") or "").lower() == "confidentialvm",
        "zonal": zonal,
        "zonalMPI": zonal and properties.get("interNodeCommunication") == "Enabled",
    }
    return frozenset(name for name, value in asked.items() if value)
