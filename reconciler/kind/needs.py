"""How a kind tells what its resources need of an account's quotas, of a region and of a subnet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.cloud.cloud import Cloud
from reconciler.model import Action, Body, Decision, Desired, Observed


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a live or desired pool. `image` is publisher:offer:sku, or the id of a gallery image.

    `wants` are properties that not every size or region supports, by their names in `kind.sizes.NEEDS`.
    """

    size: str
    dedicated: int = 0
    spot: int = 0
    slots: int = 1
    image: str = ""
    agent: str = ""
    base: str = ""
    """The publisher:offer:sku that a gallery image was made from, if it is known."""
    subnet: str = ""
    disks: int = 0
    containers: bool = False
    """Whether container images are named for it, so that its image must be able to run them."""
    wants: frozenset[str] = frozenset()

    @property
    def nodes(self) -> int:
        return self.dedicated + self.spot


@dataclass(frozen=True, slots=True)
class HasNodes:
    """How to read the nodes of a kind's resources.

    wanted  those that the spec asks for; None: it needs none of its own
    live    those that exist or are being added; None: they are those of another resource
    brings  whether such an action brings nodes, or changes them
    held    those of another resource that go with it; None: there are none
    twice   whether a change makes a second set of nodes, which exists beside the first for a while
    """

    wanted: Callable[[Desired], Nodes | None]
    live: Callable[[Observed], Nodes | None]
    brings: Callable[[Action], bool] = lambda action: True
    held: Callable[[Observed], Nodes | None] = lambda observed: None
    twice: Callable[[Decision, Desired, Nodes | None], bool] = lambda decision, desired, live: False


def wants(network: Body, machine: Body, *, between: bool) -> frozenset[str]:
    """The properties that a pool asks of its size, by its networkConfiguration and virtualMachineConfiguration.

    Both planes spell them alike but for the case of words. `between`: its nodes communicate with each other.
    """
    system, security = machine.get("osDisk") or {}, machine.get("securityProfile") or {}
    disks = [(disk.get("managedDisk") or {}) for disk in (system, *(machine.get("dataDisks") or ()))]
    zonal = str((machine.get("nodePlacementConfiguration") or {}).get("policy")).lower() == "zonal"
    secure = str(security.get("securityType") or "").lower()
    asked = {
        "acceleratedNetworking": network.get("enableAcceleratedNetworking"),
        "ephemeralOSDisk": system.get("ephemeralOSDiskSettings"),
        "premiumDisk": any(str(disk.get("storageAccountType")).lower() == "premium_lrs" for disk in disks),
        "encryptionAtHost": security.get("encryptionAtHost"),
        "trustedLaunch": secure == "trustedlaunch",
        "confidentialVM": secure == "confidentialvm",
        "zonal": zonal,
        "zonalMPI": zonal and between,
    }
    return frozenset(name for name, value in asked.items() if value)


@dataclass(frozen=True, slots=True)
class Room:
    """How many resources of a type a subscription may have in a region, and how many it has."""

    limit: int
    use: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What is checked before a resource is made or changed, besides its name and permissions."""

    nodes: HasNodes | None = None
    """Its nodes, whose sizes must be offered, within quotas and able to boot their image; None: it has none."""
    active: Callable[[Observed], bool] | None = None
    """Whether a live one counts as an active job of the account; None: it is no job."""
    spent: Callable[[Cloud, Observed], bool] | None = None
    """Asks Azure whether an active job has had tasks and has nothing left to do; None: that is not known."""
    room: Callable[[Cloud, str], Room | None] | None = None
    """Asks Azure how many there may be in a region, and how many there are; None: nothing is known of a limit."""
    image: Callable[[Desired], str] | None = None
    """The lower-case id of the image version that it makes, which a pool may name before it exists."""
    subnet: Callable[[Desired], str] | None = None
    """The lower-case id of the subnet that it makes, which a pool may be put into before it exists."""


NOTHING = Needs()
