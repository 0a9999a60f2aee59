"""Whether a pool's VM size is offered, and can do what the pool's properties ask. Pure.

Azure accepts a pool whose size cannot do it, and reports that only when it allocates nodes. A capability that Azure
does not tell is taken for granted. Source of the names: Microsoft.Compute, resource SKUs 2021-07-01;
learn.microsoft.com, Batch, pools across availability zones (more than one zone; no InfiniBand between zones); Trusted
Launch, supported sizes.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.azure import retired
from reconciler.cloud.capacity import SHOWN, Size, nearest
from reconciler.kind.needs import Nodes
from reconciler.preflight.facts import Change, Facts, Finding, Severity

ZONES = 2
"""The number of zones in which a size must be offered for a pool that is placed zonally."""


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


def check(facts: Facts, change: Change) -> Iterator[Finding]:
    if facts.sizes is None:
        return
    size = named(facts.sizes, change.after.size)
    if size is None or not size.offered:
        yield from _missing(facts, change, size)
    else:
        yield from _unable(facts.sizes, change, size)


def named(sizes: tuple[Size, ...] | None, name: str) -> Size | None:
    return next((size for size in sizes or () if size.name.lower() == name.lower()), None)


def _missing(facts: Facts, change: Change, size: Size | None) -> Iterator[Finding]:
    """A pool that gets nodes of another size, or more of them, needs a size that is offered."""
    before, wanted = change.before, change.after.size
    grown = before is None or (change.after.dedicated, change.after.spot) > (before.dedicated, before.spot)
    if before is not None and before.size.lower() == wanted.lower() and not grown:
        return
    near = _near(wanted, size, facts.sizes or (), change.after)
    why = "is sold out or closed to this subscription" if size else "does not exist"
    words, names = f"the size {wanted} {why} in {facts.location}", tuple(size.name for size in near)
    notice = retired.size(wanted)
    if notice and notice.past(facts.now.date()):
        words = f"{words}: {notice.sentence(facts.now.date())}"
    remedy = f"nearest are {_listed(near)}" if near else "use another region"
    yield Finding(Severity.REFUSE, "size", change.address, words, remedy, sizes=names)


def _near(wanted: str, size: Size | None, sizes: tuple[Size, ...], pool: Nodes) -> list[Size]:
    """Sizes for the same work; for a size that is unknown, those with the most similar names."""
    fit = [size for size in sizes if size.offered and not lacks(size, pool)]
    if size:
        return nearest(size, fit)
    by_name = {size.name.lower(): size for size in fit}
    return [by_name[match] for match in difflib.get_close_matches(wanted.lower(), by_name, n=SHOWN, cutoff=0.3)]


def _listed(sizes: list[Size]) -> str:
    return ", ".join(f"{size.name} ({size.cores} cores)" for size in sizes)


def lacks(size: Size, pool: Nodes) -> list[tuple[str, str]]:
    """The properties that `pool` asks for and `size` cannot do, each with the reason."""
    lacking = [(need.field, need.words) for name, need in NEEDS.items() if name in pool.wants and not need.can(size)]
    most = int(size.able.get("MaxDataDiskCount", pool.disks))
    if pool.disks > most:
        lacking.append(("dataDisks", f"takes {most} data disks at most, not {pool.disks}"))
    if pool.spot and not _told("LowPriorityCapable")(size):
        lacking.append(("nodes.spot", "has no spot nodes"))
    return lacking


def _unable(sizes: tuple[Size, ...], change: Change, size: Size) -> Iterator[Finding]:
    """What the size cannot do; a fault that the live pool has already is not reported."""
    pool, before = change.after, change.before
    known = lacks(size, before) if before and before.size.lower() == pool.size.lower() else []
    near = nearest(size, [other for other in sizes if other.offered and not lacks(other, pool)])
    for field, why in lacks(size, pool):
        if (field, why) not in known:
            words = f"{field}: the size {size.name} {why}"
            remedy = f"nearest that would do are {_listed(near)}" if near else f"take {field} out, or use another size"
            names = tuple(size.name for size in near)
            yield Finding(Severity.REFUSE, "size", change.address, words, remedy, sizes=names)
