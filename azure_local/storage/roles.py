"""The built-in roles of Microsoft.Storage, and the actions on blobs that are checked."""

from __future__ import annotations

from azure_local.azure import Role

CONTAINERS = "Microsoft.Storage/storageAccounts/blobServices/containers"
READ_BLOBS, WRITE_BLOBS = f"{CONTAINERS}/blobs/read", f"{CONTAINERS}/blobs/write"
"""Data actions."""
BUILT_IN = (
    Role(  # Storage Blob Data Owner
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
        actions=(f"{CONTAINERS}/*",),
        data_actions=(f"{CONTAINERS}/blobs/*",),
    ),
    Role(  # Storage Blob Data Contributor
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        actions=(f"{CONTAINERS}/delete", f"{CONTAINERS}/read", f"{CONTAINERS}/write"),
        data_actions=(f"{CONTAINERS}/blobs/delete", READ_BLOBS, WRITE_BLOBS, f"{CONTAINERS}/blobs/move/action"),
        operator=True,
    ),
    Role(  # Storage Blob Data Reader
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        actions=(f"{CONTAINERS}/read",),
        data_actions=(READ_BLOBS,),
    ),
)
