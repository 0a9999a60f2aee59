"""Permissions: the actions that roles allow, and role assignments, which take effect after a while."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from azure_local.authorization import actions
from azure_local.authorization.actions import Asked
from azure_local.azure import Azure, Role
from azure_local.http import Failure
from azure_local.settings import OPERATOR, SUBSCRIPTION

AUTHORIZE = "Microsoft.Authorization/roleAssignments/write"
BUILT_IN = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", actions=("*",), operator=True),  # Owner
    Role(  # Contributor
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        actions=("*",),
        not_actions=(
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", actions=("*/read",)),  # Reader
    Role(  # Role Based Access Control Administrator
        "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
        actions=(
            AUTHORIZE,
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        ),
    ),
)
"""The roles that belong to no single service."""

SCOPE = f"/subscriptions/{SUBSCRIPTION}"


def seed(azure: Azure) -> None:
    """The operator owns the subscription and may write blobs in it, from the beginning."""
    for role in (role.id for role in azure.roles.values() if role.operator):
        name = azure.principal_id(f"operator {role}")
        key = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{name}"
        if azure.store.get("roleAssignment", key) is None:
            assign(azure, SCOPE, name, OPERATOR, role, {}, delay=0)


def assign(
    azure: Azure, scope: str, name: str, principal: str, role: str, more: dict[str, str], *, delay: float
) -> dict[str, Any]:
    """Store an assignment that takes effect after `delay` simulated seconds."""
    key = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    now = azure.clock.after(0)
    definition = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    known = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}
    resource: dict[str, Any] = {
        "id": key,
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {**known, "scope": scope, "createdOn": now, "updatedOn": now, "createdBy": OPERATOR, **more},
    }
    resource["properties"]["updatedBy"] = OPERATOR
    azure.store.put("roleAssignment", key, {"resource": resource, "works": azure.clock.after(delay), "role": role})
    return resource


def allowed(azure: Azure, principal: str, action: str, scope: str, *, data: bool = False) -> bool:
    """Whether an assignment in effect at `scope` or above it allows `action`, a data action if `data`."""
    fine = may(azure, principal, action, scope, data=data)
    azure.actions.setdefault(principal, {})[f"{action} (data)".lower() if data else action.lower()] = fine
    return fine


def may(azure: Azure, principal: str, action: str, scope: str, *, data: bool = False) -> bool:
    """The same, without a trace of it."""
    return any(_allows(role_of(azure, role), action, data=data) for role in held(azure, principal, scope))


def role_of(azure: Azure, role: str) -> Role:
    """A role by its id: a built-in one, one that was defined, or one that is not known and allows nothing."""
    if role in azure.roles:
        return azure.roles[role]
    document = azure.store.get("roleDefinition", role)
    permissions = document["resource"]["properties"]["permissions"] if document else []

    def listed(name: str) -> tuple[str, ...]:
        return tuple(text for one in permissions for text in one[name])

    return Role(role, listed("actions"), listed("notActions"), listed("dataActions"), listed("notDataActions"))


def _allows(role: Role, action: str, *, data: bool) -> bool:
    if data:
        return _among(action, role.data_actions) and not _among(action, role.not_data_actions)
    return _among(action, role.actions) and not _among(action, role.not_actions)


def _among(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def held(azure: Azure, principal: str, scope: str) -> Iterator[str]:
    """The roles of the principal's assignments in effect at `scope` or above it."""
    path = scope.lower() + "/"
    for document in azure.store.list("roleAssignment"):
        properties = document["resource"]["properties"]
        holds = properties["principalId"] == principal and path.startswith(properties["scope"].lower() + "/")
        if holds and azure.clock.past(document["works"]):
            yield document["role"]


def subscription_state(azure: Azure) -> str:
    """The subscription's state: Enabled, unless it was set over the control API."""
    return str((azure.store.get("subscription", SUBSCRIPTION) or {}).get("state", "Enabled"))


def check_arm(azure: Azure, principal: str, method: str, path: str, body: Any) -> None:
    """Failure 403 unless the principal may do this on the ARM plane, 409 while the subscription is read-only."""
    if method not in ("GET", "HEAD") and subscription_state(azure) == "Disabled":
        text = (
            f"The subscription '{SUBSCRIPTION}' is disabled and therefore marked as read only. You cannot perform any "
        )
        raise Failure(
            409, "ReadOnlyDisabledSubscription", f"{text}write actions on this subscription until it is enabled."
        )
    asked = actions.of_arm(method, path)
    if asked is None:
        return
    who = f"The client '{principal}' with object id '{principal}'"
    if not allowed(azure, principal, asked.action, asked.scope):
        text = (
            f"{who} does not have authorization to perform action '{asked.action}' over scope '{asked.scope}' or the "
        )
        text += "scope is invalid. If access was recently granted, please refresh your credentials."
        raise Failure(403, "AuthorizationFailed", text)
    if method in ("PUT", "PATCH"):
        _check_linked(azure, principal, who, asked, [*actions.linked(path, body, asked.action)])


def _check_linked(azure: Azure, principal: str, who: str, asked: Asked, linked: list[Asked]) -> None:
    """Failure 403 unless the principal may use what a body refers to. Source of the text: quoted in issues of SDKs."""
    for link in linked:
        if not allowed(azure, principal, link.action, link.scope):
            text = (
                f"{who} has permission to perform action '{asked.action}' on scope '{asked.scope}'; however, it does "
            )
            text += f"not have permission to perform action(s) '{link.action}' on the linked scope(s) '{link.scope}' "
            raise Failure(403, "LinkedAuthorizationFailed", text + "(respectively) or the linked scope(s) are invalid.")
