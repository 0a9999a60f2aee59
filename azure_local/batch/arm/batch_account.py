"""Microsoft.Batch: Batch accounts, their names and quotas."""

from __future__ import annotations

import re
from typing import Any

from azure_local import operations
from azure_local.azure import Azure, Route, Service
from azure_local.common import GROUP, check_tags, group, group_id, not_found, region, registered
from azure_local.http import Answer, Call, Failure, only, page
from azure_local.identity.assigned import identities
from azure_local.settings import SUBSCRIPTION, TENANT

VERSIONS = ("2025-06-01", "2024-07-01", "2024-02-01", "2023-11-01", "2022-10-01")
TYPE = "Microsoft.Batch/batchAccounts"
SETTINGS = (
    "autoStorage", "poolAllocationMode", "keyVaultReference", "publicNetworkAccess", "networkProfile", "encryption",
    "allowedAuthenticationModes",
)  # fmt: skip
MODES = ("SharedKey", "AAD", "TaskAuthenticationToken")
ACCOUNTS_PER_REGION = 3


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The account's document. Failure 404 if it does not exist (yet)."""
    found = group(azure, call)
    document = azure.store.get("batchAccount", f"{group_id(found)}/providers/{TYPE}/{call.params['account']}")
    if document is None or document["creating"]:
        raise not_found(TYPE, call.params["account"], found["name"])
    return document


def by_name(azure: Azure, name: str) -> dict[str, Any] | None:
    """The account that the data plane knows by this name."""
    return next((d for d in azure.store.list("batchAccount") if d["resource"]["name"] == name.lower()), None)


def _settings(azure: Azure, body: dict[str, Any], *, creating: bool) -> dict[str, Any]:
    settings = dict(only(body.get("properties") or {}, SETTINGS, "BatchAccountCreateProperties"))
    if not creating and {"poolAllocationMode", "keyVaultReference"} & set(settings):
        raise Failure(400, "PropertyCannotBeUpdated", "poolAllocationMode and keyVaultReference cannot be updated.")
    for mode in settings.get("allowedAuthenticationModes") or ():
        if mode not in MODES:
            raise Failure(400, "InvalidRequestBody", f"The authentication mode '{mode}' is not known.")
    storage = settings.get("autoStorage")
    if storage:
        known = ("storageAccountId", "authenticationMode", "nodeIdentityReference")
        only(storage, known, "AutoStorageBaseProperties")
        found = azure.store.get("storage", storage.get("storageAccountId", ""))
        if found is None:
            text = f"The specified auto storage account {storage.get('storageAccountId')} does not exist."
            raise Failure(400, "InvalidAutoStorageAccount", text)
        settings["autoStorage"] = {
            "authenticationMode": "StorageKeys",
            **storage,
            "storageAccountId": found["resource"]["id"],
            "lastKeySync": azure.clock.after(0),
        }
    return settings


def _identity(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("identity") or {"type": "None"}
    if wanted.get("type") == "None":
        return {"type": "None"}
    if wanted.get("type") == "SystemAssigned":
        return {"type": "SystemAssigned", "principalId": azure.principal_id("system"), "tenantId": TENANT}
    return {"type": "UserAssigned", "userAssignedIdentities": identities(azure, wanted)}


async def put(azure: Azure, call: Call) -> Answer:
    found = group(azure, call)
    registered(azure, "Microsoft.Batch")
    body = only(call.body, ("location", "tags", "properties", "identity"), "BatchAccountCreateParameters")
    name, location = call.params["account"], region(body, TYPE)
    if not re.fullmatch(r"[a-z0-9]{3,24}", name):
        text = "The specified account name is not valid. It must have 3 to 24 lower-case letters and numbers."
        raise Failure(400, "InvalidResourceName", text)
    key = f"{group_id(found)}/providers/{TYPE}/{name}"
    if azure.store.get("batchAccount", key) is not None:
        raise Failure(409, "AccountAlreadyExists", f"The Batch account '{name}' already exists.")
    if by_name(azure, name):
        raise Failure(409, "AccountAlreadyExists", f"An account named '{name}' already exists in region '{location}'.")
    in_region = [d for d in azure.store.list("batchAccount") if d["resource"]["location"] == location]
    if len(in_region) >= ACCOUNTS_PER_REGION:
        text = f"The regional account quota of {ACCOUNTS_PER_REGION} for the subscription has been reached."
        raise Failure(409, "SubscriptionQuotaExceeded", text)
    resource = _resource(azure, key, name, location, body)
    azure.store.put("batchAccount", key, {"resource": resource, "creating": True})
    headers = operations.start(
        azure,
        "Microsoft.Batch",
        azure.seconds["batchAccount"],
        "batchAccount.create",
        key=key,
        result=["batchAccount", key],
    )
    return Answer(202, None, headers)


def _resource(azure: Azure, key: str, name: str, location: str, body: dict[str, Any]) -> dict[str, Any]:
    host = azure.front.removeprefix("https://")
    families = ("standardDSv3Family", "standardDDSv4Family", "Standard NCASv3_T4 Family", "standardFSv2Family")
    properties = {
        "poolAllocationMode": "BatchService",
        "publicNetworkAccess": "Enabled",
        "allowedAuthenticationModes": list(MODES),
        "encryption": {"keySource": "Microsoft.Batch"},
        **_settings(azure, body, creating=True),
        "accountEndpoint": f"{host}/batch/{name}",
        "nodeManagementEndpoint": f"{name}.{location}.service.batch.azure.com",
        "provisioningState": "Succeeded",
        "privateEndpointConnections": [],
        "dedicatedCoreQuota": 300,
        "lowPriorityCoreQuota": 100,
        "dedicatedCoreQuotaPerVMFamily": [{"name": family, "coreQuota": 100} for family in families],
        "dedicatedCoreQuotaPerVMFamilyEnforced": True,
        "poolQuota": 100,
        "activeJobAndJobScheduleQuota": 300,
    }
    return {
        "id": key,
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": check_tags(body),
        "identity": _identity(azure, body),
        "properties": properties,
    }


async def created(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get("batchAccount", data["key"])
    if document is not None:
        azure.store.put("batchAccount", data["key"], {**document, "creating": False})


async def patch(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    resource = document["resource"]
    body = only(call.body, ("tags", "properties", "identity"), "BatchAccountUpdateParameters")
    resource["properties"].update(_settings(azure, body, creating=False))
    if "tags" in body:
        resource["tags"] = check_tags(body)
    if "identity" in body:
        resource["identity"] = _identity(azure, body)
    azure.store.put("batchAccount", resource["id"], document)
    return Answer(200, resource)


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, lookup(azure, call)["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    prefix = f"{group_id(group(azure, call))}/" if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}/"
    ready = (d["resource"] for d in azure.store.list("batchAccount", prefix) if not d["creating"])
    return Answer(200, page(ready, call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    found = group(azure, call)
    key = f"{group_id(found)}/providers/{TYPE}/{call.params['account']}"
    document = azure.store.get("batchAccount", key)
    if document is None:
        return Answer(204)
    document["resource"]["properties"]["provisioningState"] = "Deleting"
    azure.store.put("batchAccount", key, document)
    headers = operations.start(azure, "Microsoft.Batch", azure.seconds["deletion"], "batchAccount.delete", key=key)
    return Answer(202, None, headers)


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    """The end of the resource group of accounts."""
    for key, _ in azure.store.items("batchAccount", data["prefix"]):
        await deleted(azure, {"key": key})


async def deleted(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get("batchAccount", data["key"])
    if document is not None:
        await azure.batch.forget(document["resource"]["name"])
        azure.store.delete("batchAccount", data["key"])


async def quotas(azure: Azure, call: Call) -> Answer:
    return Answer(200, {"accountQuota": ACCOUNTS_PER_REGION})


async def name_available(azure: Azure, call: Call) -> Answer:
    if by_name(azure, call.body["name"]):
        message = f"An account named '{call.body['name']}' already exists in region '{call.params['location']}'."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


ALL = f"{GROUP}/providers/{TYPE}"
ONE = f"{ALL}/{{account}}"
LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Batch/locations/{location}"
SERVICE = Service(
    namespace="Microsoft.Batch",
    routes=(
        Route("PUT", ONE, put, VERSIONS),
        Route("PATCH", ONE, patch, VERSIONS),
        Route("GET", ONE, get, VERSIONS),
        Route("DELETE", ONE, delete, VERSIONS),
        Route("GET", ALL, listing, VERSIONS),
        Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", listing, VERSIONS),
        Route("GET", f"{LOCATION}/quotas", quotas, VERSIONS),
        Route("POST", f"{LOCATION}/checkNameAvailability", name_available, VERSIONS),
    ),
    types={"batchAccount": TYPE},
    completions={"batchAccount.create": created, "batchAccount.delete": deleted, "batchAccount.purge": purge},
    seconds={"batchAccount": 15},
)
