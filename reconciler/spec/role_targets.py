"""The resources that roles are assigned on, and the role assignments that let an identity reach a resource."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.azure import roles
from reconciler.model import Address
from reconciler.spec import schema
from reconciler.spec.spec import Spec

GROUP = "resourceGroup"


def types() -> tuple[str, ...]:
    """The ARM types, beside the resource group, that a role can be given on."""
    shape = schema.schema()["$defs"]["role_assignment"]["properties"]["scope"]
    return tuple(schema.kind_of(section)[1]["x-arm"] for section in shape["x-refers"])


def target(spec: Spec, scope: str) -> tuple[Address, str]:
    """The resource that a role is assigned on, and its ARM id."""
    if scope == GROUP:
        return Address("resource_group", spec.azure.resource_group), spec.group_id
    section, _, name = scope.partition("/")
    name = name or spec.sections[section]["name"]
    kind, shape = schema.kind_of(section)
    return Address(kind, name), spec.id_of(shape["x-arm"], name)


def assignment(identity: str, role: str, target: Address) -> Address:
    return Address("role_assignment", f"{identity}/{roles.slug(role)}/{target}")


def reaching(
    spec: Spec, identity: str, targets: Collection[Address], only: Collection[str] | None = None
) -> Iterator[Address]:
    """The role assignments (of the roles `only`, if given) of an identity on `targets` or on the group they are in."""
    for given in spec.identities[identity]["roles"] if identity in spec.identities else ():
        where, _ = target(spec, given["scope"])
        if (where in targets or given["scope"] == GROUP) and (only is None or given["role"] in only):
            yield assignment(identity, given["role"], where)


def holds(spec: Spec, identity: str, scope: str, any_of: Collection[str]) -> bool:
    """Whether `identities/NAME` has one of these roles on `scope` or on the group that it is in.

    An identity of others may have it from others.
    """
    name = identity.removeprefix("identities/")
    given = spec.identities[name]["roles"] if name in spec.identities else ()
    if name in spec.identities and spec.identities[name]["existing"]:
        return True
    return any(role["scope"] in (scope, GROUP) and role["role"] in any_of for role in given)
