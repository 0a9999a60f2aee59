"""The resources that roles are assigned on, and the role assignments that let an identity reach a resource."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.azure import roles
from reconciler.model import Address
from reconciler.spec import schema
from reconciler.spec.spec import Spec

GROUP = "resourceGroup"


def scope(spec: Spec, on: str) -> tuple[Address, str]:
    """The resource that a role is assigned on, and its id relative to that of the resource group."""
    if on == GROUP:
        return Address("resource_group", spec.azure.resource_group), ""
    section, _, name = on.partition("/")
    name = name or spec.sections[section]["name"]
    kind, shape = schema.kind_of(section)
    return Address(kind, name), f"/providers/{shape['x-arm']}/{name}"


def assignment(identity: str, role: str, target: Address) -> Address:
    return Address("role_assignment", f"{identity}/{roles.slug(role)}/{target}")


def reaching(
    spec: Spec, identity: str, targets: Collection[Address], only: Collection[str] | None = None
) -> Iterator[Address]:
    """The role assignments (of the roles `only`, if given) of an identity on `targets` or on the group they are in."""
    for given in spec.identities[identity]["roles"] if identity in spec.identities else ():
        target, _ = scope(spec, given["on"])
        if (target in targets or given["on"] == GROUP) and (only is None or given["role"] in only):
            yield assignment(identity, given["role"], target)


def holds(spec: Spec, identity: str, on: str, any_of: Collection[str]) -> bool:
    """Whether `identities/NAME` has one of these roles on `on` or on the group that it is in."""
    name = identity.removeprefix("identities/")
    given = spec.identities[name]["roles"] if name in spec.identities else ()
    return any(role["on"] in (on, GROUP) and role["role"] in any_of for role in given)
