"""A resource group: the folder that holds everything else of a spec.

Tags change in place; the location never does, and the group is never replaced, because that would delete everything
in it. It is deleted only when it contains no resource of others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.permissions import Permissions
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "resource_group"
ARM = ArmType(
    "Microsoft.Resources/resourceGroups",
    "2025-04-01",
    in_group=False,
    called="Microsoft.Resources/subscriptions/resourceGroups",
)
INTERFACE = re.compile(r"/networkInterfaces/[^/]+\.nic\.[0-9a-f-]{36}$", re.IGNORECASE)
"""How Azure names the interface that it makes for a private endpoint: `NAME.nic.GUID`. Inferred: no
schema or recording says so. One that is named otherwise keeps its group, as anything of others does."""
FIELDS = {**arm.TAGGED, "managedBy": Rule.REFUSE, "properties": Rule.IGNORE}


def address(spec: Spec) -> Address:
    return Address(NAME, spec.azure.resource_group)


def expand(spec: Spec) -> Iterable[Desired]:
    existing = bool(spec.sections["azure"]["existing"])
    yield Desired(address(spec), arm.tagged(spec, {}), protect=spec.azure.protect, existing=existing)


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    return f"/subscriptions/{cloud.target.subscription}/resourceGroups/{resource.address.name}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """Every group of the subscription; the spec's group gets the spec's spelling, because Azure ignores case."""
    ours = cloud.target.resource_group
    for raw in arm.listing(cloud, f"/subscriptions/{cloud.target.subscription}/resourcegroups", ARM.api_version):
        yield ours if raw["name"].lower() == ours.lower() else raw["name"], raw


def _seen(cloud: Cloud, group: Observed) -> Observed:
    """A spec has only one group: another that carries its mark is not one that left it."""
    if not group.of(cloud.owner) or group.address.name == cloud.target.resource_group:
        return group
    outside = (
        f"{group.address} carries the mark of {cloud.owner!r} too and is left alone: if another spec has that name, "
        f"give one of them another; if this one moved from there, destroy it with azure.resourceGroup: "
        f"{group.address.name}"
    )
    return replace(group, outside=outside)


def _normalised(body: Raw) -> Body:
    return {"location": body["location"], "tags": body["tags"]}


def held(raw: Raw) -> str:
    """What people call what is in the group; the interface of a private endpoint comes and goes with that."""
    return "" if INTERFACE.search(str(raw["id"])) else str(raw["id"]).rpartition("/providers/")[2]


PLAIN = Plain(
    name=NAME,
    arm=ARM,
    place=_id,
    rows=_rows,
    normalise=_normalised,
    holds="resources",
    held=held,
    seen=_seen,
)
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned="azure: {existing: true}",
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    users=PLAIN.inside,
    permissions=Permissions(deletes=(f"{ARM.called}/resources/read",)),
    inverse=None,
)
