"""A container registry: where container images are built and kept.

Tags, sku and access settings change in place; the location does not. It is never replaced, because its images would
go with it, and it is deleted with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType, Kind
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "registry"
CREATE_ONLY = (
    "properties.encryption",
    "properties.zoneRedundancy",
)
CHANGEABLE = (
    "identity",
    "sku",
    "properties.adminUserEnabled",
    "properties.anonymousPullEnabled",
    "properties.dataEndpointEnabled",
    "properties.networkRuleBypassAllowedForTasks",
    "properties.networkRuleBypassOptions",
    "properties.networkRuleSet",
    "properties.policies",
    "properties.publicNetworkAccess",
    "properties.roleAssignmentMode",
)
FIELDS = {**arm.TAGGED, **dict.fromkeys(CREATE_ONLY, Rule.REFUSE), **dict.fromkeys(CHANGEABLE, Rule.LIVE)}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, section in spec.registries.items():
        body = {
            **arm.tagged(spec, section),
            "sku": {"name": section["sku"]},
            "properties": {"adminUserEnabled": False},
        }
        yield Desired(Address(NAME, name), body, (group,), section["protect"])


def _collection(cloud: Cloud) -> str:
    return f"{cloud.group_id}/providers/Microsoft.ContainerRegistry/registries"


def _observed(raw: dict[str, Any]) -> Observed:
    state = raw["properties"].get("provisioningState")
    body = {
        **raw,
        "location": arm.region(raw["location"]),
        "tags": marks.without_mark(raw.get("tags")),
        "properties": {"adminUserEnabled": False, **raw["properties"]},
    }
    mark = marks.mark_of(raw.get("tags"))
    return Observed(Address(NAME, raw["name"]), raw["id"], body, mark, arm.health(state), arm.detail(state))


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    return [_observed(raw) for raw in arm.listing(cloud, _collection(cloud))]


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, f"{_collection(cloud)}/{wanted.address.name}")
    return _observed(raw) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    body = {**desired.body, "tags": marks.with_mark(desired.body["tags"], mark)}
    return arm.put(cloud, f"{_collection(cloud)}/{desired.address.name}", body)


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    tags = marks.replaced_tags(found.body, desired.body, mark)
    return arm.patch(cloud, found.id, {**{key: desired.body[key] for key in ("sku", "properties")}, "tags": tags})


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    return arm.delete(cloud, found.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.ContainerRegistry/registries", "2025-04-01", named_at="Microsoft.ContainerRegistry"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    ready_within=timedelta(minutes=15),
)
