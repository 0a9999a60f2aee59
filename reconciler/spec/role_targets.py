"""What roles hold on, and which role assignments let an identity reach a resource."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.azure import roles
from reconciler.model import Address
from reconciler.spec.spec import Spec


def scope(spec: Spec, on: str) -> tuple[Address, str]:
    """The resource that a role holds on, and its id below the resource group's."""
    if on == "resourceGroup":
        return Address("resource_group", spec.azure.resource_group), ""
    if on == "batchAccount":
        assert spec.batch_account is not None
        name = spec.batch_account["name"]
        return Address("batch_account", name), f"/providers/Microsoft.Batch/batchAccounts/{name}"
    section, name = on.split("/")
    if section == "registries":
        return Address("registry", name), f"/providers/Microsoft.ContainerRegistry/registries/{name}"
    return Address("storage_account", name), f"/providers/Microsoft.Storage/storageAccounts/{name}"


def assignment(identity: str, role: str, target: Address) -> Address:
    return Address("role_assignment", f"{identity}/{roles.slug(role)}/{target}")


def reaching(
    spec: Spec, identity: str, targets: Collection[Address], only: Collection[str] | None = None
) -> Iterator[Address]:
    """The role assignments (of the roles `only`, if given) of an identity on `targets` or on the group they are in."""
    for one in spec.identities.get(identity, {}).get("roles", []):
        target, _ = scope(spec, one["on"])
        if (target in targets or one["on"] == "resourceGroup") and (only is None or one["role"] in only):
            yield assignment(identity, one["role"], target)
