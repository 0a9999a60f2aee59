"""Who may do what: role assignments, which take a while to work, and the actions that roles allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from azure_local.azure import OPERATOR, SUBSCRIPTION, Azure
from azure_local.http import Failure

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
ACR_PUSH = "8311e382-0749-4cb8-b61a-304f252e45ec"

ALLOWS = {
    "read": {OWNER, CONTRIBUTOR, READER},
    "write": {OWNER, CONTRIBUTOR},
    "authorize": {OWNER, RBAC_ADMINISTRATOR},
    "readBlobs": {BLOB_OWNER, BLOB_CONTRIBUTOR, BLOB_READER},
    "writeBlobs": {BLOB_OWNER, BLOB_CONTRIBUTOR},
    "readImages": {OWNER, CONTRIBUTOR, READER, ACR_PULL, ACR_PUSH},
    "writeImages": {OWNER, CONTRIBUTOR, ACR_PUSH},
}
"""Action → the built-in roles that allow it."""

_CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_BLOBS = f"{_CONTAINERS}/blobs"
_REGISTRY = "Microsoft.ContainerRegistry/registries"
DEFINITIONS: dict[str, dict[str, tuple[str, ...]]] = {
    OWNER: {"actions": ("*",)},
    CONTRIBUTOR: {
        "actions": ("*",),
        "notActions": (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    },
    READER: {"actions": ("*/read",)},
    RBAC_ADMINISTRATOR: {
        "actions": (
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
            "Microsoft.Support/*",
        )
    },
    BLOB_OWNER: {"actions": (f"{_CONTAINERS}/*",), "dataActions": (f"{_BLOBS}/*",)},
    BLOB_CONTRIBUTOR: {
        "actions": (f"{_CONTAINERS}/delete", f"{_CONTAINERS}/read", f"{_CONTAINERS}/write"),
        "dataActions": (f"{_BLOBS}/delete", f"{_BLOBS}/read", f"{_BLOBS}/write", f"{_BLOBS}/move/action"),
    },
    BLOB_READER: {"actions": (f"{_CONTAINERS}/read",), "dataActions": (f"{_BLOBS}/read",)},
    ACR_PULL: {"actions": (f"{_REGISTRY}/pull/read",)},
    ACR_PUSH: {"actions": (f"{_REGISTRY}/pull/read", f"{_REGISTRY}/push/write")},
}
"""Built-in role → what it allows. Source: learn.microsoft.com, Azure built-in roles."""

SCOPE = f"/subscriptions/{SUBSCRIPTION}"


def seed(azure: Azure) -> None:
    """The operator owns the subscription and may write blobs in it, from the beginning."""
    for role in (OWNER, BLOB_CONTRIBUTOR):
        name = azure.principal_id(f"operator {role}")
        key = f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{name}"
        if azure.store.get("roleAssignment", key) is None:
            assign(azure, SCOPE, name, OPERATOR, role, {}, delay=0)


def assign(
    azure: Azure, scope: str, name: str, principal: str, role: str, more: dict[str, str], *, delay: float
) -> dict[str, Any]:
    """Keep an assignment that works after `delay` simulated seconds."""
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


def allowed(azure: Azure, principal: str, action: str, scope: str) -> bool:
    """Whether an assignment at `scope` or above it, old enough to work, allows `action`."""
    return any(role in ALLOWS[action] for role in held(azure, principal, scope))


def held(azure: Azure, principal: str, scope: str) -> Iterator[str]:
    """The roles of assignments at `scope` or above it that are old enough to work."""
    wanted = scope.lower() + "/"
    for document in azure.store.list("roleAssignment"):
        properties = document["resource"]["properties"]
        holds = properties["principalId"] == principal and wanted.startswith(properties["scope"].lower() + "/")
        if holds and azure.clock.past(document["works"]):
            yield document["role"]


def subscription_state(azure: Azure) -> str:
    """Enabled, unless somebody has set it otherwise."""
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
    action = "authorize" if authorizing else "read" if method in ("GET", "HEAD") else "write"
    scope = path.split("/providers/Microsoft.Authorization")[0] if authorizing else path
    if path.lower().rstrip("/").count("/") <= 2 or allowed(azure, principal, action, scope):
        return
    text = f"The client '{principal}' with object id '{principal}' does not have authorization to perform action "
    raise Failure(403, "AuthorizationFailed", f"{text}'{action}' over scope '{scope}' or the scope is invalid.")
