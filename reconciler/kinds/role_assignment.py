"""A role assignment: what an identity may do, and where.

Only the description changes in place; another principal, role or scope is another assignment. Its name is a UUID
computed from scope, identity and role, so that making it twice makes it once. A new one is BUSY until it can be
relied on, because Azure takes minutes to honour it and nothing tells when.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from reconciler import roles
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.errors import AzureError
from reconciler.kinds import arm
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "role_assignment"
FIELDS = {
    "identity": Rule.REPLACE,
    "properties.roleDefinitionId": Rule.REPLACE,
    "properties.principalId": Rule.REPLACE,
    "properties.principalType": Rule.REPLACE,
    "properties.description": Rule.LIVE,
    "properties.condition": Rule.REPLACE,
    "properties.conditionVersion": Rule.REPLACE,
    "properties.delegatedManagedIdentityResourceId": Rule.REPLACE,
}
NAMESPACE = uuid.UUID("6f6f2f0a-5d0b-5c0a-9a53-7f5a3c8f0d11")
"""Makes our UUIDs differ from everybody else's."""


def expand(spec: Spec) -> Iterable[Desired]:
    group = spec.group_id
    for name, own in spec.identities.items():
        for assignment in own["roles"]:
            target, suffix = _scope(spec, assignment["on"])
            role = roles.definition(assignment["role"])
            identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
            key = f"{group}{suffix}|{identity}|{role}".lower()
            address = Address(NAME, f"{name}/{roles.slug(assignment['role'])}/{target}")
            body = {"identity": identity.lower(), "properties": {"roleDefinitionId": role}}
            data = {"scope": group + suffix, "name": str(uuid.uuid5(NAMESPACE, key)), "identity": identity}
            yield Desired(address, body, (Address("identity", name), target), data=data)


def _scope(spec: Spec, on: str) -> tuple[Address, str]:
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


def _id(desired: Desired) -> str:
    return f"{desired.data['scope']}/providers/Microsoft.Authorization/roleAssignments/{desired.data['name']}"


def _mark(description: str | None) -> Mark | None:
    """The owner mark in a description: `reconcile_owner=x;reconcile_digest=y`."""
    pairs = (part.partition("=") for part in (description or "").split(";"))
    return arm.mark_of({name: value for name, _, value in pairs})


def _description(mark: Mark) -> str:
    return ";".join(f"{name}={value}" for name, value in arm.with_mark({}, mark).items())


def _observed(cloud: Cloud, address: Address, raw: dict[str, Any], identities: dict[str, str]) -> Observed:
    properties = raw["properties"]
    principal = properties["principalId"]
    body = {
        "identity": identities.get(principal, f"principal {principal}, which no identity of the group has"),
        "properties": {"roleDefinitionId": properties["roleDefinitionId"].rsplit("/", 1)[-1].lower()},
    }
    age = (cloud.time - datetime.fromisoformat(properties["createdOn"])).total_seconds()
    ready = age >= cloud.endpoints.role_propagation
    detail = "" if ready else "waiting until Azure honours the new role"
    health = Health.READY if ready else Health.BUSY
    return Observed(address, raw["id"], body, _mark(properties.get("description")), health, detail)


def _identities(cloud: Cloud) -> dict[str, str]:
    """Principal id → identity id, in lower case, of the spec's group."""
    collection = f"{cloud.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    return {raw["properties"]["principalId"]: raw["id"].lower() for raw in arm.listing(cloud, collection)}


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """Those of the spec by name, and every other that carries an owner mark."""
    known = {desired.data["name"]: desired.address for desired in wanted}
    collection = f"{cloud.group_id}/providers/Microsoft.Authorization/roleAssignments"
    identities: dict[str, str] | None = None
    for raw in arm.listing(cloud, collection):
        marked = _mark(raw["properties"].get("description"))
        if raw["name"] not in known and not marked:
            continue
        identities = _identities(cloud) if identities is None else identities
        address = known.get(raw["name"], Address(NAME, raw["id"]))
        yield _observed(cloud, address, raw, identities)


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(wanted) if isinstance(wanted, Desired) else wanted.id or wanted.address.name)
    return _observed(cloud, wanted.address, raw, _identities(cloud)) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    identity = arm.get(cloud, desired.data["identity"])
    if identity is None:
        raise AzureError(400, "PrincipalNotFound", f"the identity {desired.data['identity']} does not exist yet")
    properties = {
        "roleDefinitionId": f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{desired.body['properties']['roleDefinitionId']}",
        "principalId": identity["properties"]["principalId"],
        "principalType": "ServicePrincipal",
        "description": _description(mark),
    }
    return arm.put(cloud, _id(desired), {"properties": properties})


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    return create(cloud, desired, mark)


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    return arm.delete(cloud, found.id)


KIND = Kind(NAME, FIELDS, expand, list_, observe, create, update, delete)
