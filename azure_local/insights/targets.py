"""The resources that monitoring speaks of: whether one is there, of which type it is and in which region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure

ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/(?P<group>[^/]+)/providers/(?P<namespace>[^/]+)(?P<rest>(/[^/]+/[^/]+)+)/?",
    re.IGNORECASE,
)
PARTS = ("blobServices", "fileServices", "queueServices", "tableServices")
"""Services of a storage account, which are there with it and called `default`."""


@dataclass(frozen=True, slots=True)
class Target:
    """A resource that is there. `id` is spelt as Azure keeps it; a part of an account has the account's document."""

    id: str
    type: str
    document: dict[str, Any]

    @property
    def region(self) -> str:
        return str(self.document["resource"].get("location", "global"))

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[-1]


def find(azure: Azure, resource_id: str) -> Target | None:
    """The resource of an id, in any letter case; None if it is not there."""
    match = ID.fullmatch(resource_id)
    if match is None:
        return None
    parts = match["rest"].strip("/").split("/")
    arm_type = "/".join([match["namespace"], *parts[0::2]])
    service = next((part for part in PARTS if part.lower() == parts[-2].lower()), None)
    if service and parts[-1].lower() == "default" and len(parts) == 4:
        account = find(azure, resource_id.rstrip("/").rsplit("/", 2)[0])
        return (
            Target(f"{account.id}/{service}/default", f"{account.type}/{service}", account.document)
            if account
            else None
        )
    for store, known in azure.types.items():
        if known.lower() == arm_type.lower():
            document = azure.store.get(store, resource_id.rstrip("/"))
            return Target(document["resource"]["id"], known, document) if document else None
    return None


def needed(azure: Azure, resource_id: str, code: str = "ResourceNotFound", status: int = 404) -> Target:
    """The resource of an id. Failure if it is not there."""
    found = find(azure, resource_id)
    if found is None:
        match = ID.fullmatch(resource_id)
        if match is None:
            raise Failure(400, "BadRequest", f"The resource id '{resource_id}' is not valid.")
        parts = match["rest"].strip("/").split("/")
        name = "/".join([match["namespace"], *parts[0::2], *parts[1::2]])
        text = f"The Resource '{name}' under resource group '{match['group']}' was not found. "
        raise Failure(status, code, text + "For more details please go to https://aka.ms/ARMResourceNotFoundFix")
    return found
