"""Microsoft.Storage blobServices/containers: the ARM side of blob containers; the blobs side is the same container."""

from __future__ import annotations

import re
from typing import Any

from azure_local.azure import Azure, Route, Service
from azure_local.http import Answer, Call, Failure, check_match, etag, only, page
from azure_local.storage import storage_account

VERSIONS = storage_account.VERSIONS
TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
SETTINGS = (
    "publicAccess", "metadata", "defaultEncryptionScope", "denyEncryptionScopeOverride",
    "immutableStorageWithVersioning", "enableNfsV3RootSquash", "enableNfsV3AllSquash",
)  # fmt: skip


def _key(azure: Azure, call: Call) -> str:
    account = storage_account.lookup(azure, call)["resource"]
    return f"{account['id']}/blobServices/default/containers/{call.params['container']}"


def _lookup(azure: Azure, call: Call) -> dict[str, Any]:
    found = azure.store.get("container", _key(azure, call))
    if found is None:
        raise Failure(404, "ContainerNotFound", "The specified container does not exist.")
    return found


def _settings(call: Call) -> dict[str, Any]:
    body = only(call.body or {}, ("properties",), "BlobContainer")
    settings = only(body.get("properties") or {}, SETTINGS, "ContainerProperties")
    if settings.get("publicAccess", "None") not in ("None", "Blob", "Container"):
        raise Failure(400, "InvalidRequestPropertyValue", "The value of publicAccess is not allowed.")
    for name in settings.get("metadata") or {}:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise Failure(400, "InvalidMetadata", f"The metadata name '{name}' is not a valid C# identifier.")
    return dict(settings)


async def put(azure: Azure, call: Call) -> Answer:
    key, name, settings = _key(azure, call), call.params["container"], _settings(call)
    if not re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
        raise Failure(400, "ContainerOperationFailure", "The specified resource name contains invalid characters.")
    existing = azure.store.get("container", key)
    if existing is None:
        await azure.blobs.make_container(call.params["account"], name)
    resource = _kept(azure, key, {**(existing["properties"] if existing else {}), **settings})
    return Answer(200 if existing else 201, resource, {"ETag": resource["etag"]})


async def ensure(azure: Azure, account: dict[str, Any], name: str) -> None:
    """A container of a storage account that another service keeps blobs in, made if missing."""
    key = f"{account['id']}/blobServices/default/containers/{name}"
    if azure.store.get("container", key) is None:
        await azure.blobs.make_container(account["name"], name)
        _kept(azure, key, {})


def _kept(azure: Azure, key: str, settings: dict[str, Any]) -> dict[str, Any]:
    resource: dict[str, Any] = {
        "id": key,
        "name": key.rsplit("/", 1)[1],
        "type": TYPE,
        "etag": f'"{etag()}"',
        "properties": {
            "publicAccess": "None",
            **settings,
            "deleted": False,
            "remainingRetentionDays": 0,
            "leaseStatus": "Unlocked",
            "leaseState": "Available",
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
            "lastModifiedTime": azure.clock.after(0),
        },
    }
    return azure.store.put("container", key, resource)


async def patch(azure: Azure, call: Call) -> Answer:
    resource = _lookup(azure, call)
    check_match(call, resource["etag"])
    resource["properties"].update(_settings(call))
    resource["etag"] = f'"{etag()}"'
    resource["properties"]["lastModifiedTime"] = azure.clock.after(0)
    azure.store.put("container", resource["id"], resource)
    return Answer(200, resource, {"ETag": resource["etag"]})


async def get(azure: Azure, call: Call) -> Answer:
    resource = _lookup(azure, call)
    return Answer(200, resource, {"ETag": resource["etag"]})


async def listing(azure: Azure, call: Call) -> Answer:
    account = storage_account.lookup(azure, call)["resource"]
    found = azure.store.list("container", f"{account['id']}/")
    return Answer(200, page(sorted(found, key=lambda one: str(one["name"])), call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    key = _key(azure, call)
    if azure.store.get("container", key) is None:
        return Answer(204)
    await azure.blobs.remove_container(call.params["account"], call.params["container"])
    azure.store.delete("container", key)
    return Answer(200)


ALL = f"{storage_account.ONE}/blobServices/default/containers"
ONE = f"{ALL}/{{container}}"
SERVICE = Service(
    routes=(
        Route("PUT", ONE, put, VERSIONS),
        Route("PATCH", ONE, patch, VERSIONS),
        Route("GET", ONE, get, VERSIONS),
        Route("DELETE", ONE, delete, VERSIONS),
        Route("GET", ALL, listing, VERSIONS),
    ),
)
