"""A gallery: it holds image definitions and their versions.

Tags, description and soft delete change in place; location and sharing do not. It is never replaced, because its images
would go with it. It is empty when it holds no definition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType, Kind
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "gallery"
FIELDS = {
    **arm.TAGGED,
    "identity": Rule.LIVE,
    "properties.description": Rule.LIVE,
    "properties.identifier": Rule.IGNORE,
    "properties.sharingProfile": Rule.REFUSE,
    "properties.softDeletePolicy": Rule.LIVE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name in dict.fromkeys(image["gallery"] for image in spec.images.values()):
        protect = any(image["protect"] for image in spec.images.values() if image["gallery"] == name)
        yield Desired(Address(NAME, name), arm.tagged(spec, {}), (group,), protect)


def _collection(cloud: Cloud) -> str:
    return f"{cloud.group_id}/providers/Microsoft.Compute/galleries"


def _observed(raw: dict[str, Any]) -> Observed:
    state = raw["properties"].get("provisioningState")
    body = {**raw, "location": arm.region(raw["location"]), "tags": marks.without_mark(raw.get("tags"))}
    mark = marks.mark_of(raw.get("tags"))
    return Observed(Address(NAME, raw["name"]), raw["id"], body, mark, arm.health(state), arm.detail(state))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    return [_observed(raw) for raw in arm.listing(cloud, _collection(cloud))]


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, f"{_collection(cloud)}/{wanted.address.name}")
    return _observed(raw) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = {**desired.body, "properties": {}, "tags": marks.with_mark(desired.body["tags"], mark)}
    return arm.put(cloud, f"{_collection(cloud)}/{desired.address.name}", body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    return arm.patch(cloud, found.id, {"tags": marks.replaced_tags(found.body, desired.body, mark)})


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    """Refuses while a definition is left: all of ours have been deleted before."""
    left = [f"images/{raw['name']}" for raw in arm.listing(cloud, f"{found.id}/images")]
    if left:
        raise arm.occupied(found.address, left)
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Compute/galleries", "2024-03-03"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
)
