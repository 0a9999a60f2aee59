"""Microsoft.Storage blobServices/containers: the ARM side of the blob service's containers.

What is there, the blob service says, whichever plane has made it; kept here are the settings that only ARM knows.
"""

from __future__ import annotations

import re
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Service
from azure_local.http import Answer, Call, Failure, check_match, page
from azure_local.storage.storage_account import ACCOUNT, SHAPES, VERSIONS, provisioned

TYPE = "Microsoft.Storage/storageAccounts/blobServices/containers"
BLOBS = ("metadata", "publicAccess")
"""Settings that the blob service keeps."""
METADATA = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _key(azure: Azure, call: Call) -> str:
    account = provisioned(azure, call)["resource"]
    return f"{account['id']}/blobServices/default/containers/{call.params['container']}"


async def _lookup(azure: Azure, call: Call) -> dict[str, Any]:
    key, name = _key(azure, call), call.params["container"]
    container = await azure.blobs.container(call.params[ACCOUNT.last], name)
    if container is None:
        raise Failure(404, "ContainerNotFound", "The specified container does not exist.")
    return _shown(azure, key, container)


def _shown(azure: Azure, key: str, container: dict[str, Any]) -> dict[str, Any]:
    kept = azure.store.get("container", key) or {"settings": {}}
    properties = {**container["properties"], **kept["settings"], "deleted": False, "remainingRetentionDays": 0}
    return {"id": key, "name": container["name"], "type": TYPE, "etag": container["etag"], "properties": properties}


def _settings(call: Call) -> dict[str, Any]:
    settings: dict[str, Any] = SHAPES.fitted("BlobContainer", call.body or {}).get("properties", {})
    for name, value in settings.get("metadata", {}).items():
        if not METADATA.fullmatch(name):
            raise Failure(400, "InvalidMetadata", f"The metadata name '{name}' is not a valid C# identifier.")
        if not value.isascii() or not value.isprintable() or value != value.strip():
            # inferred: the blob plane has it in a header, which has no blanks at its ends
            raise Failure(400, "InvalidMetadata", f"The metadata value of '{name}' has invalid characters.")
    return settings


async def put(azure: Azure, call: Call) -> Answer:
    key, name, settings = _key(azure, call), call.params["container"], _settings(call)
    if not re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name):
        raise Failure(400, "ContainerOperationFailure", "The specified resource name contains invalid characters.")
    account = call.params[ACCOUNT.last]
    if await azure.blobs.container(account, name) is not None:
        return await _changed(azure, call, settings)
    await azure.blobs.make_container(account, name, settings)
    _keep(azure, key, settings, {})
    resource = await _lookup(azure, call)
    return Answer(201, resource, {"ETag": resource["etag"]})


async def ensure(azure: Azure, account: dict[str, Any], name: str) -> None:
    """Make a container of a storage account, in which another service keeps blobs, if it is missing."""
    if await azure.blobs.container(account["name"], name) is None:
        await azure.blobs.make_container(account["name"], name, {})


def _keep(azure: Azure, key: str, settings: dict[str, Any], before: dict[str, Any]) -> None:
    """Keep what only ARM knows of a container's settings."""
    azure.store.put(
        "container", key, {"settings": {**before, **{name: settings[name] for name in settings if name not in BLOBS}}}
    )


async def _changed(azure: Azure, call: Call, settings: dict[str, Any]) -> Answer:
    key = _key(azure, call)
    await azure.blobs.change_container(call.params[ACCOUNT.last], call.params["container"], settings)
    _keep(azure, key, settings, (azure.store.get("container", key) or {"settings": {}})["settings"])
    resource = await _lookup(azure, call)
    return Answer(200, resource, {"ETag": resource["etag"]})


async def patch(azure: Azure, call: Call) -> Answer:
    resource = await _lookup(azure, call)
    check_match(call, resource["etag"])
    return await _changed(azure, call, _settings(call))


async def get(azure: Azure, call: Call) -> Answer:
    resource = await _lookup(azure, call)
    return Answer(200, resource, {"ETag": resource["etag"]})


async def listing(azure: Azure, call: Call) -> Answer:
    account = provisioned(azure, call)["resource"]
    containers = await azure.blobs.containers(account["name"])
    place = f"{account['id']}/blobServices/default/containers"
    shown = [_shown(azure, f"{place}/{container['name']}", container) for container in containers]
    return Answer(200, page(sorted(shown, key=lambda container: str(container["name"])), call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    key, account = _key(azure, call), call.params[ACCOUNT.last]
    if await azure.blobs.container(account, call.params["container"]) is None:
        return Answer(204)
    await azure.blobs.remove_container(account, call.params["container"])
    azure.store.delete("container", key)
    return Answer(200)


ALL = f"{ACCOUNT.one}/blobServices/default/containers"
SERVICE = Service(
    routes=serving.crud(
        f"{ALL}/{{container}}", ALL, VERSIONS, put=put, patch=patch, get=get, delete=delete, listing=listing
    )
)
