"""The built-in roles of Microsoft.Storage, and the actions on blobs that are checked."""

from __future__ import annotations

from collections.abc import Mapping

from azure_local.azure import Role

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
READ_BLOBS, WRITE_BLOBS = f"{CONTAINERS}/blobs/read", f"{CONTAINERS}/blobs/write"
"""Data actions."""
VERBS = {"GET": "read", "HEAD": "read", "DELETE": "delete"}
KEY = "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"


def asked(method: str, container: str, blob: str, query: Mapping[str, str]) -> tuple[str, bool]:
    """The action of a request to the blob service, and whether it is a data action.

    Source: learn.microsoft.com, Storage REST, Authorize with Microsoft Entra ID, permissions for blob operations.
    """
    verb = VERBS.get(method, "write")
    if blob or (container and query.get("comp") == "list"):
        return f"{CONTAINERS}/blobs/{'tags/' if query.get('comp') == 'tags' else ''}{verb}", True
    if query.get("comp") == "userdelegationkey":
        return KEY, False
    return f"{CONTAINERS}/{verb}", False


BUILT_IN = (
    Role(  # Storage Blob Data Owner
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        actions=(f"{CONTAINERS}/*", KEY),
        data_actions=(f"{CONTAINERS}/blobs/*",),
    ),
    Role(  # Storage Blob Data Contributor
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        actions=(f"{CONTAINERS}/delete", f"{CONTAINERS}/read", f"{CONTAINERS}/write", KEY),
        data_actions=(f"{CONTAINERS}/blobs/delete", READ_BLOBS, WRITE_BLOBS, f"{CONTAINERS}/blobs/move/action"),
        operator=True,
    ),
    Role(  # Storage Blob Data Reader
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        actions=(f"{CONTAINERS}/read", KEY),
        data_actions=(READ_BLOBS,),
    ),
)
