"""Encryption of storage accounts with a key of a vault."""

from __future__ import annotations

from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.identity.assigned import identities
from azure_local.key_vault import encrypting
from azure_local.tracked import Document


def identity(azure: Azure, block: Document) -> Document:
    """The identity block as it is shown."""
    if block.get("type") == "None":
        return {"type": "None"}
    return {"type": block["type"], "userAssignedIdentities": identities(azure, block)}


def checked(azure: Azure, asked: Document, before: Document, account: Document) -> Document:
    """The encryption of an account after a change. Failure if it may not use the key."""
    made = {**before, **asked}
    if made.get("keySource") != "Microsoft.Keyvault":
        return made
    key, who = made.get("keyvaultproperties") or {}, (made.get("identity") or {}).get("userAssignedIdentity", "")
    held = [name.lower() for name in (account.get("identity") or {}).get("userAssignedIdentities") or {}]
    if not key.get("keyname") or not key.get("keyvaulturi"):
        text = "Values for request parameters are invalid: keyvaultproperties."
        raise Failure(400, "InvalidValuesForRequestParameters", text)
    if who.lower() not in held:
        text = f"The identity {who} is not assigned to the storage account."
        raise Failure(400, "InvalidValuesForRequestParameters", text)
    encrypting.check(azure, key["keyvaulturi"], key["keyname"], key.get("keyversion") or "", who)
    return made
