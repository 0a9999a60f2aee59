"""What a spec uses without owning it and what is not there: why a plan is refused, with the nearest name that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import Kind, Kinds, unread
from reconciler.model import Address, Desired, Observed
from reconciler.spec.references import nearest


def checked(
    cloud: Cloud, kinds: Kinds, desired: Mapping[Address, Desired], observed: Iterable[Observed]
) -> dict[Address, Desired]:
    """`desired`, with an obstacle at each resource that nobody has made."""
    seen = {resource.address for resource in observed}
    return {
        address: replace(want, obstacle=_missing(cloud, kinds[address.kind], want))
        if want.existing and not (want.unreadable or want.waits) and address not in seen
        else want
        for address, want in desired.items()
    }


def _missing(cloud: Cloud, kind: Kind, want: Desired) -> str:
    assert kind.place is not None, "a kind that can be used without being owned has an ARM id"
    assert kind.arm is not None, "and so it has an ARM type"
    collection, _, name = kind.place(cloud, want).rpartition("/")
    version = kind.arm.api_version
    beside = unread.attempted(
        f"the names beside {want.address}", lambda: list(_names(cloud, collection, version)), _none
    )
    where = collection.removesuffix(f"/providers/{kind.arm.name}")
    absent = f"there is none of that name in {where}{nearest(name, beside)}"
    said = f"{kind.unowned} says that others have made it"
    return f"{absent}, and {said}; correct its name or its place, or let this spec make it"


def _names(cloud: Cloud, collection: str, version: str) -> Iterator[str]:
    yield from (str(raw["name"]) for raw in arm.listing(cloud, collection, version))


def _none(why: str) -> list[str]:
    return []
