"""The managed identities assigned to a resource: the `identity` block of its body."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure


def patched(live: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """The identity block that a PATCH with the block `named` leaves where `live` was.

    Seen on Batch pools (github.com/hashicorp/terraform-provider-azurerm/issues/30206): it adds to what is there, and
    type None removes all, as Microsoft's SDK says. That null removes one is documented for virtual machines
    (learn.microsoft.com, managed identities, configure on a VM by REST) and inferred for Batch.
    """
    if named.get("type") == "None":
        return named
    said = {name.lower(): (name, value) for name, value in (named.get("userAssignedIdentities") or {}).items()}
    there: dict[str, Any] = {name: {} for name in live.get("userAssignedIdentities") or {} if name.lower() not in said}
    return {**named, "userAssignedIdentities": there | {name: {} for name, value in said.values() if value is not None}}


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
