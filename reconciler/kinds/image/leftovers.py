"""Temporary machines, disks and networks of image builds, which a killed run leaves behind."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.kind import Leftover, Leftovers
from reconciler.kinds.image import machine


def _expired(cloud: Cloud, everything: bool) -> list[Leftover]:  # noqa: FBT001
    """The leftovers of any spec in the subscription that have expired, or all of them."""
    place = f"/subscriptions/{cloud.target.subscription}/resources"
    raws = list(cloud.list_arm(place, filter=f"tagName eq '{marks.EXPIRES}'"))
    now = cloud.time.strftime("%Y-%m-%dT%H:%M:%SZ")  # by Azure's clock, as of that answer
    leftovers = (Leftover(raw["id"], raw["type"], raw["tags"][marks.EXPIRES]) for raw in raws)
    return [leftover for leftover in leftovers if everything or leftover.expires <= now]


def _clear(cloud: Cloud, leftovers: Iterable[Leftover]) -> str | None:
    return machine.clear(cloud, [{"id": leftover.id, "type": leftover.type} for leftover in leftovers])


LEFTOVERS = Leftovers(_expired, _clear)
