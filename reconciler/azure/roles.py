"""Azure's built-in roles by name.

Source: learn.microsoft.com, Azure built-in roles; the ids are the same in every tenant.
"""

from __future__ import annotations

import difflib
import re

ROLES = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "AcrPush": "8311e382-0749-4cb8-b61a-304f252e45ec",
    "Azure Batch Account Contributor": "29fe4964-1e60-436b-bd3a-77fd4c178b3c",
    "Azure Batch Account Reader": "11076f67-66f6-4be0-8f6b-f0609fd05cc9",
    "Azure Batch Data Contributor": "6aaa78f1-f7de-44ca-8722-c64a23943cae",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Administrator": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "Key Vault Certificate User": "db79e9a7-68ee-4b58-9aeb-b90e7c24fcba",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Reader": "21090545-7ca7-4776-b22c-e363652d74d2",
    "Key Vault Secrets Officer": "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
}
BLOB_WRITERS = ("Storage Blob Data Contributor", "Storage Blob Data Owner")
"""Roles with which blobs can be written."""
BLOB_READERS = ("Storage Blob Data Reader", *BLOB_WRITERS)
"""Roles with which blobs can be read."""
PULLERS = ("AcrPull", "AcrPush", "Contributor", "Owner")
"""Roles with which container images can be pulled."""
SECRET_READERS = ("Key Vault Secrets User", "Key Vault Secrets Officer", "Key Vault Administrator")
"""Roles with which the value of a secret of a vault can be read."""
ENCRYPTING = ("Key Vault Crypto Service Encryption User", "Key Vault Administrator")
"""Roles with which a service can encrypt with a key of a vault."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def definition(role: str) -> str:
    """The role definition id of a name or of an id. KeyError if there is none."""
    if _GUID.fullmatch(role.lower()):
        return role.lower()
    return ROLES[role]


def unknown(role: str) -> str | None:
    """Why `role` cannot be used, or None if it can."""
    if role in ROLES or _GUID.fullmatch(role.lower()):
        return None
    close = difflib.get_close_matches(role, ROLES, n=1)
    hint = f" (did you mean {close[0]}?)" if close else f"; known are {', '.join(ROLES)}"
    return f"is no role known here{hint}; any other role can be given by its role definition id"


def slug(role: str) -> str:
    """`Storage Blob Data Reader` → `storage-blob-data-reader`."""
    return role.lower().replace(" ", "-")
