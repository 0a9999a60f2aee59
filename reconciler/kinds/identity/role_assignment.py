"""A role assignment: what an identity may do, and where.

Only the description changes in place; another principal, role or scope is another assignment. Its name is a UUID
computed from scope, identity and role, so that creating it again changes nothing; one that others made, under another
name, is recognised by these three. A new one is BUSY until it can be relied on, because Azure takes minutes to honour
it and does not tell when it does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler import marks
from reconciler.azure import roles
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.cloud.operations import Operation
from reconciler.errors import AzureError
from reconciler.kind import ArmType, Kind, ids, unread
from reconciler.kind.inverse import Inverse
from reconciler.kind.permissions import IDENTITY, Permissions
from reconciler.kinds.identity import inverse
from reconciler.model import Action, Address, Decision, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec import role_targets
from reconciler.spec.identities import IDENTITIES
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
    for name, section in spec.identities.items():
        for assignment in section["roles"]:
            target, scope = role_targets.target(spec, assignment["scope"])
            role = roles.definition(assignment["role"])
            identity = spec.id_of(IDENTITIES, name)
            key = f"{scope}|{identity}|{role}".lower()
            address = role_targets.assignment(name, assignment["role"], target)
            body = {"identity": identity.lower(), "properties": {"roleDefinitionId": role}}
            data = {"scope": scope, "name": str(uuid.uuid5(NAMESPACE, key)), "identity": identity}
            yield Desired(address, body, (Address("identity", name), target), data=data)


def _id(desired: Desired) -> str:
    return f"{desired.data['scope']}/providers/Microsoft.Authorization/roleAssignments/{desired.data['name']}"


def _mark(description: str | None) -> Mark | None:
    """The owner mark in a description: `reconcile_owner=x;reconcile_digest=y`."""
    pairs = (part.partition("=") for part in (description or "").split(";"))
    return marks.mark_of({name: value for name, _, value in pairs})


def _description(mark: Mark, before: str = "") -> str:
    """The description `before`, with our mark in place of the old one."""
    others = [part for part in before.split(";") if part and part.partition("=")[0] not in marks.HIDDEN]
    return ";".join([*others, *(f"{name}={value}" for name, value in marks.with_mark({}, mark).items())])


def _scope_of(raw: Mapping[str, Any]) -> str:
    return str(raw["id"]).rsplit("/providers/Microsoft.Authorization/", 1)[0]


def _observed(cloud: Cloud, address: Address, raw: dict[str, Any], identities: Mapping[str, str]) -> Observed:
    properties = raw["properties"]
    principal = properties["principalId"]
    body = {
        "identity": identities.get(principal, f"principal {principal}, which no identity of the group has"),
        "scope": _scope_of(raw),
        "properties": {**properties, "roleDefinitionId": _role(raw)},
    }
    age = (cloud.time - datetime.fromisoformat(properties["createdOn"])).total_seconds()
    ready = age >= cloud.endpoints.role_propagation
    detail = "" if ready else "waiting until Azure honours the new role"
    health = Health.READY if ready else Health.BUSY
    return Observed(address, raw["id"], body, _mark(properties.get("description")), health, detail)


def _role(raw: Mapping[str, Any]) -> str:
    return str(raw["properties"]["roleDefinitionId"]).rsplit("/", 1)[-1].lower()


def _identities(cloud: Cloud) -> dict[str, str]:
    """Principal id → identity id, in lower case, of the spec's group and of what the spec uses from elsewhere."""
    raws = list(arm.listing(cloud, f"{cloud.group_id}/providers/{IDENTITIES}"))
    elsewhere = (arm.get(cloud, identity) for identity in _elsewhere(cloud, IDENTITIES))
    raws += [raw for raw in elsewhere if raw]
    return {raw["properties"]["principalId"]: raw["id"].lower() for raw in raws}


def _elsewhere(cloud: Cloud, *types: str) -> Iterator[str]:
    """The ids of what the spec uses that is not in its group, of these ARM types."""
    for type_ in types:
        for name in cloud.target.used(type_):
            if not ids.inside(cloud.id_of(type_, name), cloud.group_id):
                yield cloud.id_of(type_, name)


def _on(cloud: Cloud, place: str) -> Iterator[dict[str, Any]]:
    """The assignments on a resource and on what it holds; Azure also lists those on all that it is in."""
    for raw in arm.listing(cloud, f"{place}/providers/Microsoft.Authorization/roleAssignments"):
        if ids.inside(f"{_scope_of(raw)}/", place):
            yield raw


def _live_key(raw: Mapping[str, Any], identities: Mapping[str, str]) -> tuple[str, str, str]:
    """Scope, identity and role: Azure has at most one assignment of these three, under any name."""
    return _scope_of(raw).lower(), identities.get(raw["properties"]["principalId"], ""), _role(raw)


def _key(desired: Desired) -> tuple[str, str, str]:
    return str(desired.data["scope"]).lower(), desired.body["identity"], desired.body["properties"]["roleDefinitionId"]


def every(cloud: Cloud) -> Iterable[Observed]:
    """Every assignment that an identity of the group has on something in it, whoever made it, under its ARM id."""
    identities = _identities(cloud)
    for raw in _on(cloud, cloud.group_id) if identities else ():
        if raw["properties"]["principalId"] in identities:
            yield _observed(cloud, Address(NAME, raw["id"]), raw, identities)


def _beside(cloud: Cloud) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The assignments on what the spec uses from elsewhere; id of what could not be read → why."""
    raws: list[dict[str, Any]] = []
    closed: dict[str, str] = {}
    for place in _elsewhere(cloud, *role_targets.types()):
        try:
            with reading(f"the role assignments on {place}"):
                raws += _on(cloud, place)
        except unread.UNREADABLE as error:
            closed[place] = str(error)
    return raws, closed


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """The assignments of the spec, whatever their names are, and every other one that carries an owner mark.

    Those on a resource of others that may not be looked at are unknown.
    """
    wanted, (beside, closed) = list(wanted), _beside(cloud)
    for desired in wanted:
        if why := closed.get(desired.data["scope"]):
            yield unread.unknown(desired.address, why)
    seen = [desired for desired in wanted if desired.data["scope"] not in closed]
    yield from _among([*_on(cloud, cloud.group_id), *beside], cloud, seen)


def _among(raws: Iterable[dict[str, Any]], cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
    """Those of `raws` that are wanted or marked.

    One that has the name from the spec but another principal is left from an identity that was deleted and made anew.
    """
    wanted = list(wanted)
    raws = [raw for raw in raws if wanted or _mark(raw["properties"].get("description"))]
    identities = _identities(cloud) if raws else {}
    addresses = {_key(desired): desired.address for desired in wanted}
    live_keys = {_live_key(raw, identities) for raw in raws}
    names = {desired.data["name"]: desired.address for desired in wanted if _key(desired) not in live_keys}
    for raw in raws:
        address = addresses.get(_live_key(raw, identities)) or names.get(raw["name"])
        if address or _mark(raw["properties"].get("description")):
            yield _observed(cloud, address or Address(NAME, raw["id"]), raw, identities)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = arm.get(cloud, _id(resource) if isinstance(resource, Desired) else resource.id or resource.address.name)
    if raw is None and isinstance(resource, Desired):
        return next((observed for observed in list_(cloud, [resource]) if observed.address == resource.address), None)
    return _observed(cloud, resource.address, raw, _identities(cloud)) if raw else None


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """What it means that an assignment cannot change: there is none for a while."""
    if decision.action is not Action.REPLACE:
        return ""
    identity = str(observed.body["identity"]).rsplit("/", 1)[-1]
    return f"tasks that act as {identity} lack this role from its deletion until the new one works, some minutes later"


def _put(cloud: Cloud, where: str, desired: Desired, mark: Mark, before: Mapping[str, Any]) -> Operation | None:
    identity = arm.get(cloud, desired.data["identity"])
    if identity is None:
        raise AzureError(400, "PrincipalNotFound", f"the identity {desired.data['identity']} does not exist yet")
    properties = {
        "roleDefinitionId": f"/subscriptions/{desired.data['scope'].split('/')[2]}/providers/Microsoft.Authorization"
        f"/roleDefinitions/{desired.body['properties']['roleDefinitionId']}",
        "principalId": identity["properties"]["principalId"],
        "principalType": "ServicePrincipal",
        "description": _description(mark, before.get("description") or ""),
    }
    kept = {name: before[name] for name in ("condition", "conditionVersion") if before.get(name)}
    return arm.put(cloud, where, {"properties": {**kept, **properties}})


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return _put(cloud, _id(desired), desired, mark, {})


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    return _put(cloud, observed.id, desired, mark, observed.body["properties"])


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    return arm.delete(cloud, observed.id)


KIND = Kind(
    name=NAME,
    arm=ArmType("Microsoft.Authorization/roleAssignments", "2022-04-01"),
    fields=FIELDS,
    expand=expand,
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    place=lambda cloud, desired: _id(desired),
    disturbs=disturbs,
    grants=True,
    permissions=Permissions(reads=(IDENTITY,)),
    inverse=Inverse(
        say=inverse.role,
        place=inverse.place,
        appended=True,
        every=lambda cloud, live: every(cloud),
        key=inverse.key,
        called=inverse.called,
    ),
)
