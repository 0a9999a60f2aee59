"""Whether a VM of a size can be made in a region now: offered there, and within the quotas; if not, what would fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud

SHOWN = 5
"""Alternatives that a message names."""


@dataclass(frozen=True, slots=True)
class Size:
    """The facts of a VM size that decide whether it can replace another.

    `zones` are those of the region that offer it to us; `able` is what Azure calls its capabilities, name → value. What
    Azure does not tell is None, or absent from `able`.
    """

    name: str
    family: str
    cores: int
    gpus: int
    offered: bool
    zones: tuple[str, ...] | None = None
    able: Mapping[str, str] = field(default_factory=dict, hash=False)


def obstacle(cloud: Cloud, location: str, wanted: str) -> str:
    """Why no VM of size `wanted` can be made in `location` now, with sizes that can; empty if one can."""
    place = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Compute/locations/{location}/usages"
    quotas = {usage["name"]["value"]: usage for usage in arm.listing(cloud, place)}
    return explain(sizes(cloud, location), quotas, location, wanted)


def sizes(cloud: Cloud, location: str) -> tuple[Size, ...]:
    """All sizes of a region, those that are not offered to us included."""
    path = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Compute/skus"
    asked = f"location eq '{location}'"
    skus = cloud.shared.listed((path, asked), lambda: cloud.list_arm(path, filter=asked))
    return tuple(size(sku, location) for sku in skus if sku.get("resourceType") == "virtualMachines")


def regions(cloud: Cloud, names: Iterable[str]) -> tuple[str, ...]:
    """The regions that offer one of these sizes to us. It asks for the sizes of all regions, which takes a while."""
    wanted = {name.lower() for name in names}
    path = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Compute/skus"
    there = (sku for sku in cloud.list_arm(path) if sku["name"].lower() in wanted)
    pairs = ((arm.region(region), sku) for sku in there for region in sku.get("locations") or ())
    return tuple(sorted({region for region, sku in pairs if size(sku, region).offered}))


def size(sku: Mapping[str, Any], location: str) -> Size:
    """A size, from its entry in Azure's list of resource SKUs.

    A Location restriction means that it is not offered to us there, a Zone restriction that it is not in some zones.
    """
    known = {capability["name"]: capability["value"] for capability in sku.get("capabilities", ())}
    blocked = any(restriction.get("type") == "Location" for restriction in sku.get("restrictions", ()))
    cores, gpus = int(known.get("vCPUs", 0)), int(known.get("GPUs", 0))
    return Size(sku["name"], sku.get("family", ""), cores, gpus, not blocked, _zones(sku, location), known)


def _zones(sku: Mapping[str, Any], location: str) -> tuple[str, ...]:
    there = [place for place in sku.get("locationInfo", ()) if place["location"].lower() == location]
    restricted = [
        restriction["restrictionInfo"]
        for restriction in sku.get("restrictions", ())
        if restriction.get("type") == "Zone"
    ]
    closed = {zone for info in restricted for zone in info.get("zones", ())}
    return tuple(sorted({zone for place in there for zone in place.get("zones", ())} - closed))


def explain(sizes: Iterable[Size], quotas: Mapping[str, Mapping[str, Any]], location: str, wanted: str) -> str:
    """The obstacle in words, or nothing. Pure."""
    sizes = list(sizes)
    size = next((candidate for candidate in sizes if candidate.name.lower() == wanted.lower()), None)
    fitting = [candidate for candidate in sizes if candidate.offered and not _lacking(candidate, quotas)]
    if size is None or not size.offered:
        why = f"{wanted} is not offered to this subscription in {location}"
    elif lack := _lacking(size, quotas):
        why = f"{wanted} does not fit in {location}: {lack}"
    else:
        return ""
    near = nearest(size, fitting)
    names = ", ".join(f"{candidate.name} ({candidate.cores} cores)" for candidate in near)
    remedy = f"these fit: {names}" if near else "no size that would do fits there; use another region"
    return f"{why}; {remedy}, or ask for more quota"


def nearest(wanted: Size | None, fitting: Iterable[Size]) -> list[Size]:
    """Sizes for the same work as `model`: first those no larger, the closest first, its family before others."""
    if wanted is None:
        return []
    able = [
        candidate
        for candidate in fitting
        if bool(candidate.gpus) == bool(wanted.gpus) and candidate.name != wanted.name
    ]

    def distance(candidate: Size) -> tuple[bool, int, bool, str]:
        return (
            candidate.cores > wanted.cores,
            abs(candidate.cores - wanted.cores),
            candidate.family != wanted.family,
            candidate.name,
        )

    return sorted(able, key=distance)[:SHOWN]


def _lacking(candidate: Size, quotas: Mapping[str, Mapping[str, Any]]) -> str:
    """The quota that has no room for the size, with its limit and use; empty if all have."""
    for name in (candidate.family, "cores"):
        quota = quotas.get(name)
        if quota and quota["currentValue"] + candidate.cores > quota["limit"]:
            used = f"{quota['currentValue']} of {quota['limit']}"
            return f"the quota {name} has {used} cores in use and {candidate.cores} are needed"
    return ""
