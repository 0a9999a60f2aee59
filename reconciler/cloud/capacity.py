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
    place = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Compute"
    skus = cloud.list_arm(f"{place}/skus", filter=f"location eq '{location}'")
    sizes = [size(one, location) for one in skus if one.get("resourceType") == "virtualMachines"]
    quotas = {one["name"]["value"]: one for one in arm.listing(cloud, f"{place}/locations/{location}/usages")}
    return explain(sizes, quotas, location, wanted)


def size(sku: Mapping[str, Any], location: str) -> Size:
    """A size, from its entry in Azure's list of resource SKUs.

    A Location restriction means that it is not offered to us there, a Zone restriction that it is not in some zones.
    """
    known = {one["name"]: one["value"] for one in sku.get("capabilities", ())}
    blocked = any(one.get("type") == "Location" for one in sku.get("restrictions", ()))
    cores, gpus = int(known.get("vCPUs", 0)), int(known.get("GPUs", 0))
    return Size(sku["name"], sku.get("family", ""), cores, gpus, not blocked, _zones(sku, location), known)


def _zones(sku: Mapping[str, Any], location: str) -> tuple[str, ...]:
    there = [one for one in sku.get("locationInfo", ()) if one["location"].lower() == location]
    restricted = [one["restrictionInfo"] for one in sku.get("restrictions", ()) if one.get("type") == "Zone"]
    closed = {zone for one in restricted for zone in one.get("zones", ())}
    return tuple(sorted({zone for one in there for zone in one.get("zones", ())} - closed))


def explain(sizes: Iterable[Size], quotas: Mapping[str, Mapping[str, Any]], location: str, wanted: str) -> str:
    """The obstacle in words, or nothing. Pure."""
    sizes = list(sizes)
    size = next((one for one in sizes if one.name.lower() == wanted.lower()), None)
    fitting = [one for one in sizes if one.offered and not _lacking(one, quotas)]
    if size is None or not size.offered:
        why = f"{wanted} is not offered to this subscription in {location}"
    elif lack := _lacking(size, quotas):
        why = f"{wanted} does not fit in {location}: {lack}"
    else:
        return ""
    near = nearest(size, fitting)
    names = ", ".join(f"{one.name} ({one.cores} cores)" for one in near)
    remedy = f"these fit: {names}" if near else "no size that would do fits there; use another region"
    return f"{why}; {remedy}, or ask for more quota"


def nearest(wanted: Size | None, fitting: Iterable[Size]) -> list[Size]:
    """Sizes for the same work as `model`: first those no larger, the closest first, its family before others."""
    if wanted is None:
        return []
    able = [one for one in fitting if bool(one.gpus) == bool(wanted.gpus) and one.name != wanted.name]

    def distance(one: Size) -> tuple[bool, int, bool, str]:
        return one.cores > wanted.cores, abs(one.cores - wanted.cores), one.family != wanted.family, one.name

    return sorted(able, key=distance)[:SHOWN]


def _lacking(one: Size, quotas: Mapping[str, Mapping[str, Any]]) -> str:
    """The quota that has no room for the size, with its limit and use; empty if all have."""
    for name in (one.family, "cores"):
        quota = quotas.get(name)
        if quota and quota["currentValue"] + one.cores > quota["limit"]:
            used = f"{quota['currentValue']} of {quota['limit']}"
            return f"the quota {name} has {used} cores in use and {one.cores} are needed"
    return ""
