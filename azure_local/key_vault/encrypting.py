"""Whether a service may encrypt with a key of a vault, as one of its identities.

Documented (customer-managed keys for Azure Storage): the vault must have soft delete and purge protection, and the
identity a role with which keys are read, wrapped and unwrapped. That a service looks when it is told of the key, and
these texts, are inferred; the codes are those that Microsoft lists as errors of customer-managed keys.
"""

from __future__ import annotations

import re

from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.key_vault import keys
from azure_local.key_vault.vault import HOST, WRAP, named


def check(azure: Azure, uri: str, key: str, version: str, identity: str) -> None:
    """Failure unless the identity, by its ARM id, may use the key of the vault at `uri`."""
    match = re.fullmatch(rf"https://(?:.*/)?([^/.]+){re.escape(HOST)}", uri.rstrip("/"))
    vault = named(azure, match[1]) if match else None
    if vault is None:
        raise Failure(404, "KeyVaultVaultNotFound", f"The key vault {uri} is not found.")
    if not vault["properties"].get("enablePurgeProtection"):
        raise Failure(400, "KeyVaultPolicyError", "Keyvault policy recoverable is not set.")
    found = azure.store.get("identity", identity)
    if found is None:
        text = "The operation failed because the identity of the key vault's user is not found."
        raise Failure(400, "KeyVaultAccessTokenCannotBeAcquired", text)
    principal = found["resource"]["properties"]["principalId"]
    if not roles.allowed(azure, principal, WRAP, f"{vault['id']}/keys/{key}", data=True):
        text = "The operation failed because of authentication issue on the keyvault."
        raise Failure(403, "KeyVaultAuthenticationFailure", text)
    try:
        keys.find(azure, vault["id"], key, version)
    except Failure:
        text = "The key vault key is not found to unwrap the encryption key."
        raise Failure(404, "KeyVaultEncryptionKeyNotFound", text) from None
