"""Microsoft.Storage: storage accounts. The blobs of each are served by an Azurite of its own behind our blob front."""

from __future__ import annotations

import re
from typing import Any

from azure_local import operations
from azure_local.azure import Azure, Route, Service
from azure_local.common import GROUP, check_subscription, check_tags, group, group_id, not_found, region, registered
from azure_local.http import Answer, Call, Failure, only, page
from azure_local.settings import SUBSCRIPTION
from azure_local.storage import roles

VERSIONS = (
    "2025-01-01",
    "2025-06-01",
    "2025-08-01",
    "2024-01-01",
    "2023-05-01",
    "2023-01-01",
    "2022-09-01",
    "2026-04-01",
    "2026-09-01",
)
TYPE = "Microsoft.Storage/storageAccounts"
SKUS = (
    "Standard_LRS",
    "Standard_ZRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "Premium_LRS",
    "Premium_ZRS",
)
KINDS = ("StorageV2", "BlockBlobStorage", "Storage", "BlobStorage", "FileStorage")
SETTINGS = (
    "accessTier", "allowBlobPublicAccess", "allowCrossTenantReplication", "allowSharedKeyAccess", "allowedCopyScope",
    "azureFilesIdentityBasedAuthentication", "customDomain", "defaultToOAuthAuthentication", "dnsEndpointType",
    "enableExtendedGroups", "encryption", "immutableStorageWithVersioning", "isHnsEnabled", "isLocalUserEnabled",
    "isNfsV3Enabled", "isSftpEnabled", "keyPolicy", "largeFileSharesState", "minimumTlsVersion", "networkAcls",
    "publicNetworkAccess", "routingPreference", "sasPolicy", "supportsHttpsTrafficOnly",
)  # fmt: skip
CREATE_ONLY = ("isHnsEnabled", "isNfsV3Enabled", "dnsEndpointType")
CHOICES = {
    "publicNetworkAccess": ("Enabled", "Disabled", "SecuredByPerimeter"),
    "minimumTlsVersion": ("TLS1_0", "TLS1_1", "TLS1_2", "TLS1_3"),
    "accessTier": ("Hot", "Cool", "Cold", "Premium"),
}
BOOLEANS = ("allowBlobPublicAccess", "allowSharedKeyAccess", "supportsHttpsTrafficOnly", "isHnsEnabled")


def key_of(call: Call, found: dict[str, Any]) -> str:
    return f"{group_id(found)}/providers/{TYPE}/{call.params['account']}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The account's document. Failure 404 if it does not exist (yet)."""
    found = group(azure, call)
    document = azure.store.get("storage", key_of(call, found))
    if document is None or document["creating"]:
        raise not_found(TYPE, call.params["account"], found["name"])
    return document


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    settings = only(body.get("properties") or {}, SETTINGS, "StorageAccountPropertiesCreateParameters")
    for name, choices in CHOICES.items():
        if name in settings and settings[name] not in choices:
            raise Failure(
                400, "InvalidValuesForRequestParameters", f"Values for request parameters are invalid: {name}."
            )
    for name in BOOLEANS:
        if name in settings and not isinstance(settings[name], bool):
            text = f"The request content was invalid: the value of '{name}' must be a boolean."
            raise Failure(400, "InvalidRequestContent", text)
    return dict(settings)


def _sku(body: dict[str, Any]) -> dict[str, str]:
    name = (body.get("sku") or {}).get("name")
    if name not in SKUS:
        raise Failure(400, "InvalidRequestPropertyValue", f"The value '{name}' is not allowed for property sku.name.")
    return {"name": name, "tier": name.split("_")[0]}


async def put(azure: Azure, call: Call) -> Answer:
    found = group(azure, call)
    registered(azure, "Microsoft.Storage")
    known = ("location", "tags", "sku", "kind", "properties", "identity", "extendedLocation", "zones")
    body = only(call.body, known, "StorageAccountCreateParameters")
    name, location = call.params["account"], region(body, TYPE)
    if not re.fullmatch(r"[a-z0-9]{3,24}", name):
        text = f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters "
        raise Failure(400, "AccountNameInvalid", text + "in length and use numbers and lower-case letters only.")
    if body.get("kind") not in KINDS:
        raise Failure(400, "InvalidRequestPropertyValue", f"The value '{body.get('kind')}' is not allowed for kind.")
    sku, settings = _sku(body), _settings(body)
    key = key_of(call, found)
    existing = azure.store.get("storage", key)
    if existing is not None:
        return _replace(azure, key, existing, body, sku, settings)
    if any(d["resource"]["name"] == name for d in azure.store.list("storage")):
        raise Failure(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    resource = _resource(azure, key, name, location, body, sku, settings)
    azure.store.put("storage", key, {"resource": resource, "creating": True})
    headers = operations.start(
        azure, "Microsoft.Storage", azure.seconds["storage"], "storage.create", key=key, result=["storage", key]
    )
    return Answer(202, None, headers)


def _resource(
    azure: Azure,
    key: str,
    name: str,
    location: str,
    body: dict[str, Any],
    sku: dict[str, str],
    settings: dict[str, Any],
) -> dict[str, Any]:
    now = azure.clock.after(0)
    encryption = {"keyType": "Account", "enabled": True, "lastEnabledTime": now}
    properties = {
        "encryption": {"services": {"blob": encryption, "file": encryption}, "keySource": "Microsoft.Storage"},
        "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
        "supportsHttpsTrafficOnly": True,
        "allowBlobPublicAccess": False,
        "minimumTlsVersion": "TLS1_0",
        "accessTier": "Hot",
        **settings,
        "provisioningState": "Succeeded",
        "creationTime": now,
        "keyCreationTime": {"key1": now, "key2": now},
        "primaryEndpoints": {"blob": f"{azure.blob_front}/{name}/"},
        "primaryLocation": location,
        "statusOfPrimary": "available",
        "privateEndpointConnections": [],
    }
    return {
        "id": key,
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": check_tags(body),
        "sku": sku,
        "kind": body["kind"],
        "properties": properties,
    }


def _replace(
    azure: Azure,
    key: str,
    existing: dict[str, Any],
    body: dict[str, Any],
    sku: dict[str, str],
    settings: dict[str, Any],
) -> Answer:
    resource = existing["resource"]
    if existing["creating"]:
        text = "The storage account is being created; the operation cannot be performed."
        raise Failure(409, "StorageAccountOperationInProgress", text)
    if region(body, TYPE) != resource["location"]:
        text = f"The resource '{resource['name']}' already exists in location '{resource['location']}'."
        raise Failure(409, "InvalidResourceLocation", text)
    if body["kind"] != resource["kind"]:
        raise Failure(409, "PropertyImmutable", "The property 'kind' is immutable.")
    resource["tags"] = check_tags(body)
    return _changed(azure, key, existing, sku, settings)


def _changed(azure: Azure, key: str, document: dict[str, Any], sku: dict[str, str], settings: dict[str, Any]) -> Answer:
    resource = document["resource"]
    for name in CREATE_ONLY:
        if name in settings and settings[name] != resource["properties"].get(name):
            raise Failure(409, "PropertyImmutable", f"The property '{name}' is immutable.")
    zonal = {"Standard_ZRS", "Premium_LRS", "Premium_ZRS"} & {sku["name"], resource["sku"]["name"]}
    if sku["name"] != resource["sku"]["name"] and zonal:
        raise Failure(409, "AccountTypeConversionNotSupported", "The sku cannot be changed to or from that type.")
    resource["sku"] = sku
    resource["properties"].update(settings)
    azure.store.put("storage", key, document)
    return Answer(200, resource)


async def created(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get("storage", data["key"])
    if document is not None:
        await azure.blobs.open(document["resource"]["name"])
        azure.store.put("storage", data["key"], {**document, "creating": False})


async def patch(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    resource = document["resource"]
    body = only(call.body, ("tags", "sku", "kind", "properties", "identity"), "StorageAccountUpdateParameters")
    if "tags" in body:
        resource["tags"] = check_tags(body)
    sku = _sku(body) if "sku" in body else resource["sku"]
    return _changed(azure, resource["id"], document, sku, _settings(body))


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, lookup(azure, call)["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    prefix = f"{group_id(group(azure, call))}/" if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}/"
    ready = (d["resource"] for d in azure.store.list("storage", prefix) if not d["creating"])
    return Answer(200, page(ready, call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    found = group(azure, call)
    key = key_of(call, found)
    if azure.store.get("storage", key) is None:
        return Answer(204)
    await _remove(azure, key)
    return Answer(200)


async def _remove(azure: Azure, key: str) -> None:
    document = azure.store.get("storage", key)
    assert document is not None
    for container, _ in azure.store.items("container", f"{key}/"):
        azure.store.delete("container", container)
    azure.store.delete("storage", key)
    await azure.blobs.remove(document["resource"]["name"])


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    for key, _ in azure.store.items("storage", data["prefix"]):
        await _remove(azure, key)


async def list_keys(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    secret = azure.blobs.key(document["resource"]["name"])
    keys = [{"keyName": name, "value": secret, "permissions": "Full"} for name in ("key1", "key2")]
    return Answer(200, {"keys": keys})


async def name_available(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    name = call.body["name"]
    if any(d["resource"]["name"] == name for d in azure.store.list("storage")):
        message = f"The storage account named {name} is already taken."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


ACCOUNTS = f"{GROUP}/providers/{TYPE}"
ONE = f"{ACCOUNTS}/{{account}}"
SERVICE = Service(
    namespace="Microsoft.Storage",
    routes=(
        Route("PUT", ONE, put, VERSIONS),
        Route("PATCH", ONE, patch, VERSIONS),
        Route("GET", ONE, get, VERSIONS),
        Route("DELETE", ONE, delete, VERSIONS),
        Route("GET", ACCOUNTS, listing, VERSIONS),
        Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", listing, VERSIONS),
        Route("POST", f"{ONE}/listKeys", list_keys, VERSIONS),
        Route(
            "POST",
            "/subscriptions/{subscription}/providers/Microsoft.Storage/checkNameAvailability",
            name_available,
            VERSIONS,
        ),
    ),
    types={"storage": TYPE},
    completions={"storage.create": created, "storage.purge": purge},
    seconds={"storage": 20},
    roles=roles.BUILT_IN,
)
