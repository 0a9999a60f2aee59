"""A resource group: the folder that holds everything else of a spec.

Tags change in place; the location never does, and the group is never replaced, because all it holds would go with
it. It is empty when no resource of others is in it; only then is it deleted.
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

NAME = "resource_group"
FIELDS = {**arm.TAGGED, "managedBy": Rule.REFUSE, "properties": Rule.IGNORE}


def address(spec: Spec) -> Address:
    return Address(NAME, spec.azure.resource_group)


def expand(spec: Spec) -> Iterable[Desired]:
    yield Desired(address(spec), arm.tagged(spec, {}), protect=spec.azure.protect)


def _id(cloud: Cloud, name: str) -> str:
    return f"/subscriptions/{cloud.target.subscription}/resourceGroups/{name}"


def _observed(cloud: Cloud, raw: dict[str, Any]) -> Observed:
    state = raw["properties"]["provisioningState"]
    body = {"location": arm.region(raw["location"]), "tags": marks.without_mark(raw.get("tags"))}
    name = raw["name"]
    if name.lower() == cloud.target.resource_group.lower():  # Azure compares names without case
        name = cloud.target.resource_group
    found = Address(NAME, name)
    return Observed(found, raw["id"], body, marks.mark_of(raw.get("tags")), arm.health(state), arm.detail(state))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    for raw in arm.listing(cloud, f"/subscriptions/{cloud.target.subscription}/resourcegroups"):
        yield _observed(cloud, raw)


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(cloud, wanted.address.name))
    return _observed(cloud, raw) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = {**desired.body, "tags": marks.with_mark(desired.body["tags"], mark)}
    return arm.put(cloud, _id(cloud, desired.address.name), body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    return arm.patch(cloud, found.id, {"tags": marks.replaced_tags(found.body, desired.body, mark)})


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    """Refuses while anything is left in the group: all that is ours has been deleted before."""
    left = [raw["id"].split("/providers/")[-1] for raw in arm.listing(cloud, f"{found.id}/resources")]
    if left:
        raise arm.occupied(found.address, left)
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Resources/resourceGroups", "2025-04-01", in_group=False),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    inverse=None,
)
