"""The managed identities assigned to a resource: the `identity` block of its body."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure


def identities(azure: Azure, block: dict[str, Any]) -> dict[str, Any]:
    """The user-assigned identities of an identity block, filled in. Failure 400 if one does not exist."""
    filled = {}
    for name in block.get("userAssignedIdentities") or {}:
        document = azure.store.get("identity", name)
        if document is None:
            text = f"The identity(ies) {name} could not be found or are not valid."
            raise Failure(400, "LinkedAuthorizationFailed", text)
        properties = document["resource"]["properties"]
        filled[document["resource"]["id"]] = {key: properties[key] for key in ("principalId", "clientId")}
    return filled
