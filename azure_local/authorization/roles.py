"""Permissions: the actions that roles allow, and role assignments, which take effect after a while."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from azure_local.azure import Azure, Role
from azure_local.http import Failure
from azure_local.settings import OPERATOR, SUBSCRIPTION

READ, WRITE = "*/read", "*/write"
"""Actions for `allowed`: reading or writing anything."""
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
    known = (azure.roles[role] for role in held(azure, principal, scope) if role in azure.roles)
    if data:
        return any(_among(action, role.data_actions) for role in known)
    return any(_among(action, role.actions) and not _among(action, role.not_actions) for role in known)


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


def check_arm(azure: Azure, principal: str, method: str, path: str) -> None:
    """Failure 403 unless the principal may do this on the ARM plane, 409 while the subscription is read-only."""
    if method not in ("GET", "HEAD") and subscription_state(azure) == "Disabled":
        text = (
            f"The subscription '{SUBSCRIPTION}' is disabled and therefore marked as read only. You cannot perform any "
        )
        raise Failure(
            409, "ReadOnlyDisabledSubscription", f"{text}write actions on this subscription until it is enabled."
        )
    authorizing = "/microsoft.authorization/roleassignments/" in path.lower() and method in ("PUT", "DELETE")
    action = AUTHORIZE if authorizing else READ if method in ("GET", "HEAD") else WRITE
    scope = path.split("/providers/Microsoft.Authorization")[0] if authorizing else path
    if path.lower().rstrip("/").count("/") <= 2 or allowed(azure, principal, action, scope):
        return
    text = f"The client '{principal}' with object id '{principal}' does not have authorization to perform action "
    raise Failure(403, "AuthorizationFailed", f"{text}'{action}' over scope '{scope}' or the scope is invalid.")
