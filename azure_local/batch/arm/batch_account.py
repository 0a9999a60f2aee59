"""Microsoft.Batch: Batch accounts, their names and quotas."""

from __future__ import annotations

import re

from azure_local import serving, tracked
from azure_local.azure import Azure, Route
from azure_local.batch.roles import BUILT_IN
from azure_local.batch.schema import SHAPES
from azure_local.common import not_found, registered
from azure_local.http import Answer, Call, Failure
from azure_local.identity.assigned import identities, patched
from azure_local.key_vault import encrypting
from azure_local.settings import TENANT
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

VERSIONS = ("2025-06-01", "2024-07-01", "2024-02-01", "2023-11-01", "2022-10-01")
MODES = ("SharedKey", "AAD", "TaskAuthenticationToken")
ACCOUNTS_PER_REGION = 3
ACCOUNT = Type(
    provider=Provider("Microsoft.Batch", SHAPES),
    name="Microsoft.Batch/batchAccounts",
    store="batchAccount",
    versions=VERSIONS,
    shape="BatchAccount",
    naming=r"[a-z0-9]{3,24}",
    making=Making.LOCATED,
    changing=Changing.AT_ONCE,
    deleting=Deleting.LOCATED,
)


def lookup(azure: Azure, call: Call) -> Document:
    """The account's document, for changes and for what is in it. Failure 404 if there is none that is made."""
    document = tracked.lookup(azure, call, ACCOUNT)
    if not made(document):  # what Azure answers then is not known; nothing can be in the account yet
        raise not_found(ACCOUNT.name, call.params[ACCOUNT.last], call.params["group"])
    return document


def made(document: Document) -> bool:
    """Whether the account is there, and not only shown as Creating (the provisioningState of Microsoft's schema)."""
    return bool(document["resource"]["properties"]["provisioningState"] != "Creating")


def by_name(azure: Azure, name: str) -> Document | None:
    """The account that the data plane knows by this name."""
    return next((d for d in azure.store.list(ACCOUNT.store) if d["resource"]["name"] == name.lower()), None)


def _settings(azure: Azure, properties: Document) -> Document:
    """The checked properties, with auto storage filled in. Failure 400 if its storage account does not exist."""
    storage = properties.get("autoStorage") or {}
    if not storage.get("storageAccountId"):
        return properties
    account = azure.store.get("storage", storage["storageAccountId"])
    if account is None:
        text = f"The specified auto storage account {storage['storageAccountId']} does not exist."
        raise Failure(400, "InvalidAutoStorageAccount", text)
    known = {"storageAccountId": account["resource"]["id"], "lastKeySync": azure.clock.after(0)}
    return {**properties, "autoStorage": {"authenticationMode": "StorageKeys", **storage, **known}}


def _identity(azure: Azure, identity: Document) -> Document:
    if identity["type"] == "None":
        return {"type": "None"}
    if identity["type"] == "SystemAssigned":
        return {"type": "SystemAssigned", "principalId": azure.principal_id("system"), "tenantId": TENANT}
    return {"type": "UserAssigned", "userAssignedIdentities": identities(azure, identity)}


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, ACCOUNT.namespace)
    body, name = tracked.body(azure, call, ACCOUNT), call.params[ACCOUNT.last]
    if tracked.existing(azure, call, ACCOUNT) is not None:
        raise Failure(409, "AccountAlreadyExists", f"The Batch account '{name}' already exists.")
    location = body["location"]
    if by_name(azure, name):
        raise Failure(409, "AccountAlreadyExists", f"An account named '{name}' already exists in region '{location}'.")
    in_region = [d for d in azure.store.list(ACCOUNT.store) if d["resource"]["location"] == location]
    if len(in_region) >= ACCOUNTS_PER_REGION:
        text = f"The regional account quota of {ACCOUNTS_PER_REGION} for the subscription has been reached."
        raise Failure(409, "SubscriptionQuotaExceeded", text)
    identity = _identity(azure, body.get("identity", {"type": "None"}))
    properties = {
        **_defaults(),
        **_settings(azure, body["properties"]),
        "accountEndpoint": f"{azure.front.removeprefix('https://')}/batch/{name}",
        "nodeManagementEndpoint": f"{name}.{location}.service.batch.azure.com",
    }
    _encrypted(azure, properties["encryption"], identity)
    return tracked.keep(azure, call, ACCOUNT, {**body, "identity": identity, "properties": properties})


def _encrypted(azure: Azure, encryption: Document, identity: Document) -> None:
    """Failure unless one of the account's identities may use the key. How Batch refuses it is inferred from storage."""
    if encryption.get("keySource") != "Microsoft.KeyVault":
        return
    held = list(identity.get("userAssignedIdentities") or {})
    uri = str((encryption.get("keyVaultProperties") or {}).get("keyIdentifier", ""))
    match = re.fullmatch(r"(https://.+)/keys/([^/]+)(?:/([^/]+))?", uri)
    if match is None or not held:
        text = "The keyIdentifier of a key vault and a user-assigned identity must be specified for Microsoft.KeyVault."
        raise Failure(400, "InvalidPropertyValue", text)
    encrypting.check(azure, match[1], match[2], match[3] or "", held[0])


def _defaults() -> Document:
    families = ("standardDSv3Family", "standardDDSv4Family", "Standard NCASv3_T4 Family", "standardFSv2Family")
    return {
        "poolAllocationMode": "BatchService",
        "publicNetworkAccess": "Enabled",
        "allowedAuthenticationModes": list(MODES),
        "encryption": {"keySource": "Microsoft.Batch"},
        "privateEndpointConnections": [],
        "dedicatedCoreQuota": 300,
        "lowPriorityCoreQuota": 100,
        "dedicatedCoreQuotaPerVMFamily": [{"name": family, "coreQuota": 100} for family in families],
        "dedicatedCoreQuotaPerVMFamilyEnforced": True,
        "poolQuota": 100,
        "activeJobAndJobScheduleQuota": 300,
    }


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = lookup(azure, call), tracked.changes(call, ACCOUNT)
    if {"poolAllocationMode", "keyVaultReference"} & set(changes["properties"]):
        raise Failure(400, "PropertyCannotBeUpdated", "poolAllocationMode and keyVaultReference cannot be updated.")
    resource = document["resource"]
    resource["properties"].update(_settings(azure, changes["properties"]))
    if changes["properties"].get("autoStorage", {}).get("storageAccountId") == "":
        del resource["properties"]["autoStorage"]  # as hashicorp/terraform-provider-azurerm takes it away
    resource["tags"] = changes.get("tags", resource["tags"])
    if "identity" in changes:
        resource["identity"] = _identity(azure, patched(resource["identity"], call.body["identity"]))
    _encrypted(azure, resource["properties"]["encryption"], resource["identity"])
    azure.store.put(ACCOUNT.store, resource["id"], document)
    return Answer(200, resource)


async def gone(azure: Azure, document: Document) -> None:
    await azure.batch.forget(document["resource"]["name"])


async def quotas(azure: Azure, call: Call) -> Answer:
    return Answer(200, {"accountQuota": ACCOUNTS_PER_REGION})


async def name_available(azure: Azure, call: Call) -> Answer:
    name = SHAPES.fitted("CheckNameAvailabilityParameters", call.body)["name"]
    if by_name(azure, name):
        message = f"An account named '{name}' already exists in region '{call.params['location']}'."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


LOCATION = "/subscriptions/{subscription}/providers/Microsoft.Batch/locations/{location}"
SERVICE = serving.service(
    ACCOUNT,
    put=put,
    patch=patch,
    gone=gone,
    routes=(
        Route("GET", f"{LOCATION}/quotas", quotas, VERSIONS),
        Route("POST", f"{LOCATION}/checkNameAvailability", name_available, VERSIONS),
    ),
    roles=BUILT_IN,
)
