"""A user-assigned managed identity: what tasks on nodes act as, without any secret.

Tags and isolation scope change in place; the location never does. Replacing it would change its principal, which
roles are given to, so it is refused.
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

NAME = "identity"
FIELDS = {**arm.TAGGED, "properties.isolationScope": Rule.LIVE}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, section in spec.identities.items():
        yield Desired(Address(NAME, name), arm.tagged(spec, section), (group,), section["protect"])


def _collection(cloud: Cloud) -> str:
    return f"{cloud.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"


def _observed(raw: dict[str, Any]) -> Observed:
    body = {**raw, "location": arm.region(raw["location"]), "tags": marks.without_mark(raw.get("tags"))}
    return Observed(Address(NAME, raw["name"]), raw["id"], body, marks.mark_of(raw.get("tags")))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    return [_observed(raw) for raw in arm.listing(cloud, _collection(cloud))]


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, f"{_collection(cloud)}/{wanted.address.name}")
    return _observed(raw) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = {**desired.body, "tags": marks.with_mark(desired.body["tags"], mark)}
    return arm.put(cloud, f"{_collection(cloud)}/{desired.address.name}", body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    return arm.patch(cloud, found.id, {"tags": marks.replaced_tags(found.body, desired.body, mark)})


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
)
