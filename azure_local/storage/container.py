"""Microsoft.Storage blobServices/containers: the ARM side of the blob service's containers."""

from __future__ import annotations

import re
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure, Service
from azure_local.http import Answer, Call, Failure, check_match, etag, page
from azure_local.storage.storage_account import ACCOUNT, SHAPES, VERSIONS

TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
METADATA = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _key(azure: Azure, call: Call) -> str:
    account = tracked.lookup(azure, call, ACCOUNT)["resource"]
    return f"{account['id']}/blobServices/default/containers/{call.params['container']}"


def _lookup(azure: Azure, call: Call) -> dict[str, Any]:
    document = azure.store.get("container", _key(azure, call))
    if document is None:
        raise Failure(404, "ContainerNotFound", "The specified container does not exist.")
    return document


def _settings(call: Call) -> dict[str, Any]:
    settings: dict[str, Any] = SHAPES.fitted("BlobContainer", call.body or {}).get("properties", {})
    for name in settings.get("metadata", {}):
        if not METADATA.fullmatch(name):
            raise Failure(400, "InvalidMetadata", f"The metadata name '{name}' is not a valid C# identifier.")
    return settings


async def put(azure: Azure, call: Call) -> Answer:
    key, name, settings = _key(azure, call), call.params["container"], _settings(call)
    if not re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
        raise Failure(400, "ContainerOperationFailure", "The specified resource name contains invalid characters.")
    existing = azure.store.get("container", key)
    if existing is None:
        await azure.blobs.make_container(call.params[ACCOUNT.last], name)
    resource = _kept(azure, key, {**(existing["properties"] if existing else {}), **settings})
    return Answer(200 if existing else 201, resource, {"ETag": resource["etag"]})


async def ensure(azure: Azure, account: dict[str, Any], name: str) -> None:
    """Make a container of a storage account, in which another service keeps blobs, if it is missing."""
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
    account = tracked.lookup(azure, call, ACCOUNT)["resource"]
    containers = azure.store.list("container", f"{account['id']}/")
    return Answer(200, page(sorted(containers, key=lambda container: str(container["name"])), call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    key = _key(azure, call)
    if azure.store.get("container", key) is None:
        return Answer(204)
    await azure.blobs.remove_container(call.params[ACCOUNT.last], call.params["container"])
    azure.store.delete("container", key)
    return Answer(200)


ALL = f"{ACCOUNT.one}/blobServices/default/containers"
SERVICE = Service(
    routes=serving.crud(
        f"{ALL}/{{container}}", ALL, VERSIONS, put=put, patch=patch, get=get, delete=delete, listing=listing
    )
)
