"""The spec entries of live role assignments: the inverse of their `expand`."""

from __future__ import annotations

from reconciler.azure import roles
from reconciler.kind.inverse import Known, Section
from reconciler.kind.words import Unsayable
from reconciler.model import Address, Desired, Observed

CONDITIONS = ("condition", "delegatedManagedIdentityResourceId")
PLACES = {"storage_account": "storage/{}", "registry": "registries/{}", "batch_account": "batchAccount"}
PLACES |= {"key_vault": "keyVaults/{}"}
"""Kind of resource that a role can be assigned on → how a spec refers to it."""


def role(observed: Observed, known: Known, notes: list[str]) -> Section:
    """`{role, scope}` of a role assignment of an identity of the spec."""
    identity = observed.body["identity"]
    if known.name("identity", identity) is None:
        raise Unsayable(f"the identity {identity} is left out")
    if any(observed.body["properties"].get(name) for name in CONDITIONS):
        raise Unsayable("it holds under a condition")
    return {"role": role_name(observed), "scope": _scope(observed.body["scope"], known)}


def role_name(observed: Observed) -> str:
    """The name of a built-in role, else the role definition id."""
    definition = str(observed.body["properties"]["roleDefinitionId"])
    names = {definition_id: name for name, definition_id in roles.ROLES.items()}
    return names.get(definition, definition)


def _scope(scope: str, known: Known) -> str:
    if scope.lower() == known.group_id.lower():
        return "resourceGroup"
    for kind, place in PLACES.items():
        if name := known.name(kind, scope):
            return place.format(name)
    raise Unsayable(f"it holds on {scope}, which is not in the spec")


def place(observed: Observed, known: Known) -> tuple[str, ...]:
    """The path of a role in a spec: the list of its identity's roles."""
    return "identities", known.used("identity", observed.body["identity"]), "roles"


def key(resource: Desired | Observed) -> tuple[str, str, str]:
    """Scope, identity and role: Azure has at most one assignment of these three, under any name."""
    scope = resource.data["scope"] if isinstance(resource, Desired) else resource.body["scope"]
    return scope.lower(), resource.body["identity"], resource.body["properties"]["roleDefinitionId"]


def called(observed: Observed) -> Address:
    """A readable address for a role assignment: identity, role and scope instead of its id."""
    identity, scope = (observed.body[key].rsplit("/", 1)[-1] for key in ("identity", "scope"))
    return Address(observed.address.kind, f"{identity}/{roles.slug(role_name(observed))}/{scope}")
