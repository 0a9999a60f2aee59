"""Temporary machines, disks and networks of image builds, which a killed run leaves behind."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.kind import Leftover, Leftovers
from reconciler.kinds.image import machine


def _expired(cloud: Cloud, everything: bool) -> list[Leftover]:  # noqa: FBT001
    """Those of any spec in the subscription whose time is over, or all of them."""
    place = f"/subscriptions/{cloud.target.subscription}/resources"
    raws = list(cloud.list_arm(place, filter=f"tagName eq '{marks.EXPIRES}'"))
    now = cloud.time.strftime("%Y-%m-%dT%H:%M:%SZ")  # Azure's own, as of its answer
    left = (Leftover(raw["id"], raw["type"], raw["tags"][marks.EXPIRES]) for raw in raws)
    return [one for one in left if everything or one.expires <= now]


def _clear(cloud: Cloud, left: Iterable[Leftover]) -> str | None:
    return machine.clear(cloud, [{"id": one.id, "type": one.type} for one in left])


LEFTOVERS = Leftovers(_expired, _clear)
