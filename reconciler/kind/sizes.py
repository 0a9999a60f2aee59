"""What a VM size must be able to do for the nodes that are asked of it. Pure.

Azure accepts a pool whose size cannot do it, and reports that only when it allocates nodes. A capability that Azure
does not tell is taken for granted. Source of the names: Microsoft.Compute, resource SKUs 2021-07-01;
learn.microsoft.com, Batch, pools across availability zones (more than one zone; no InfiniBand between zones); Trusted
Launch, supported sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from reconciler.cloud.capacity import Size
from reconciler.kind.needs import Nodes

ZONES = 2
"""The number of zones in which a size must be offered for a pool that is placed zonally."""


MAX_SLOTS = 256
SLOTS_PER_CORE = 4


@dataclass(frozen=True, slots=True)
class Need:
    """A property of a pool that not every size can do."""

    field: str
    can: Callable[[Size], bool]
    words: str


def _told(name: str, refusing: str = "False") -> Callable[[Size], bool]:
    return lambda size: size.able.get(name, "").lower() != refusing.lower()


def _second_generation(size: Size) -> bool:
    return "V2" in size.able.get("HyperVGenerations", "V2")


NEEDS: Mapping[str, Need] = {
    "acceleratedNetworking": Need(
        "networkConfiguration.enableAcceleratedNetworking",
        _told("AcceleratedNetworkingEnabled"),
        "has no accelerated networking",
    ),
    "ephemeralOSDisk": Need(
        "osDisk.ephemeralOSDiskSettings", _told("EphemeralOSDiskSupported"), "has no room for an ephemeral OS disk"
    ),
    "premiumDisk": Need("managedDisk.storageAccountType", _told("PremiumIO"), "takes no Premium_LRS disks"),
    "encryptionAtHost": Need(
        "securityProfile.encryptionAtHost", _told("EncryptionAtHostSupported"), "has no encryption at host"
    ),
    "trustedLaunch": Need(
        "securityProfile.securityType",
        lambda size: _second_generation(size) and _told("TrustedLaunchDisabled", "True")(size),
        "does not boot with Trusted Launch, which needs Hyper-V generation 2",
    ),
    "confidentialVM": Need(
        "securityProfile.securityType",
        lambda size: not size.able or "ConfidentialComputingType" in size.able,
        "is no size of confidential VMs",
    ),
    "zonal": Need(
        "nodePlacementConfiguration.policy",
        lambda size: size.zones is None or len(size.zones) >= ZONES,
        f"is not offered to this subscription in {ZONES} zones of the region, as Zonal needs",
    ),
    "zonalMPI": Need(
        "nodePlacementConfiguration.policy",
        _told("RdmaEnabled", "True"),
        "has InfiniBand, which does not reach from zone to zone: Zonal and interNodeCommunication exclude each other",
    ),
}


def named(sizes: Iterable[Size] | None, name: str) -> Size | None:
    return next((size for size in sizes or () if size.name.lower() == name.lower()), None)


def most_slots(size: Size) -> int:
    """The most task slots that a node of the size may have."""
    return min(MAX_SLOTS, SLOTS_PER_CORE * size.cores)


def lacks(size: Size, pool: Nodes) -> list[tuple[str, str]]:
    """The properties that `pool` asks for and `size` cannot do, each with the reason."""
    lacking = [(need.field, need.words) for name, need in NEEDS.items() if name in pool.wants and not need.can(size)]
    most = int(size.able.get("MaxDataDiskCount", pool.disks))
    if pool.disks > most:
        lacking.append(("dataDisks", f"takes {most} data disks at most, not {pool.disks}"))
    if pool.spot and not _told("LowPriorityCapable")(size):
        lacking.append(("nodes.spot", "has no spot nodes"))
    return lacking
