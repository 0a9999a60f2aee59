"""Microsoft.Storage: storage accounts. One Azurite behind our blob front serves the blobs of all.

An account that is being made is shown as Creating (the provisioningState of Microsoft's schema). That its keys and
containers are refused meanwhile, and how, is told by clients of Azure, and is in no schema.
"""

from __future__ import annotations

from azure_local import serving, tracked
from azure_local.azure import Azure, Route
from azure_local.common import check_subscription, registered
from azure_local.http import Answer, Call, Failure
from azure_local.shapes import Fault, Shapes, load, malformed
from azure_local.storage import network, roles
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

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
ACCOUNTS_PER_REGION = 250
"""The limit for accounts with standard endpoints, 500 by request.

Source: learn.microsoft.com/azure/storage/common/scalability-targets-standard-account, scale targets.
"""
CREATE_ONLY = ("isHnsEnabled", "isNfsV3Enabled", "dnsEndpointType")
IN_PLACE = ({"Standard_LRS", "Standard_GRS", "Standard_RAGRS"}, {"Standard_GZRS", "Standard_RAGZRS"})
"""SKUs that an account can be changed between: none goes to or from Standard_ZRS and the premium ones.

Source: StorageAccountUpdateParameters, sku; learn.microsoft.com, change how a storage account is replicated, for zones
that come and go (by a migration). That an update is refused for these with the same code is inferred.
"""


def _unfit(fault: Fault) -> Failure:
    if fault.kind not in ("word", "limit"):
        return malformed(fault)
    if not fault.path.startswith("properties."):
        text = f"The value '{fault.value}' is not allowed for property {fault.path}."
        return Failure(400, "InvalidRequestPropertyValue", text)
    text = f"Values for request parameters are invalid: {fault.member}."
    return Failure(400, "InvalidValuesForRequestParameters", text)


def _bad_name(kind: Type, name: str) -> Failure:
    text = f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters "
    return Failure(400, "AccountNameInvalid", text + "in length and use numbers and lower-case letters only.")


def _busy(resource: Document) -> Failure:
    text = "The storage account is being created; the operation cannot be performed."
    return Failure(409, "StorageAccountOperationInProgress", text)


SHAPES = Shapes(load("storage"), _unfit)
ACCOUNT = Type(
    provider=Provider("Microsoft.Storage", SHAPES, bad_name=_bad_name, busy=_busy),
    name="Microsoft.Storage/storageAccounts",
    store="storage",
    versions=VERSIONS,
    shape="StorageAccountCreateParameters",
    update="StorageAccountUpdateParameters",
    seconds=20,
    naming=r"[a-z0-9]{3,24}",
    making=Making.LOCATED,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, ACCOUNT.namespace)
    body, before = tracked.body(azure, call, ACCOUNT), tracked.existing(azure, call, ACCOUNT)
    network.check_rules(azure, body["properties"])
    if before is not None:
        tracked.idle(ACCOUNT, before)
        if body["kind"] != before["resource"]["kind"]:
            raise Failure(409, "PropertyImmutable", "The property 'kind' is immutable.")
        return _changed(azure, before, body)
    name = call.params[ACCOUNT.last]
    if _taken(azure, name):
        raise Failure(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    properties = {**_defaults(azure, body["location"]), **body["properties"]}
    resource = {member: body[member] for member in ("location", "tags", "kind")}
    return tracked.keep(azure, call, ACCOUNT, {**resource, "sku": _sku(body["sku"]["name"]), "properties": properties})


def _sku(name: str) -> dict[str, str]:
    return {"name": name, "tier": name.split("_")[0]}


def _taken(azure: Azure, name: str) -> bool:
    return any(document["resource"]["name"] == name for document in azure.store.list(ACCOUNT.store))


def _defaults(azure: Azure, location: str) -> Document:
    now = azure.clock.after(0)
    encryption = {"keyType": "Account", "enabled": True, "lastEnabledTime": now}
    return {
        "encryption": {"services": {"blob": encryption, "file": encryption}, "keySource": "Microsoft.Storage"},
        "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
        "supportsHttpsTrafficOnly": True,
        "allowBlobPublicAccess": False,
        "minimumTlsVersion": "TLS1_0",
        "accessTier": "Hot",
        "creationTime": now,
        "keyCreationTime": {"key1": now, "key2": now},
        "primaryLocation": location,
        "statusOfPrimary": "available",
        "privateEndpointConnections": [],
    }


def _changed(azure: Azure, document: Document, body: Document) -> Answer:
    resource = document["resource"]
    for name in CREATE_ONLY:
        if name in body["properties"] and body["properties"][name] != resource["properties"].get(name):
            raise Failure(409, "PropertyImmutable", f"The property '{name}' is immutable.")
    sku = _sku(body["sku"]["name"]) if "sku" in body else resource["sku"]
    names = {sku["name"], resource["sku"]["name"]}
    if len(names) > 1 and not any(names <= group for group in IN_PLACE):
        raise Failure(409, "AccountTypeConversionNotSupported", "The sku cannot be changed to or from that type.")
    resource.update(sku=sku, tags=body.get("tags", resource["tags"]))
    resource["properties"].update(body["properties"])
    return tracked.update(azure, ACCOUNT, document)


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = tracked.lookup(azure, call, ACCOUNT), tracked.changes(call, ACCOUNT)
    network.check_rules(azure, changes["properties"])
    return _changed(azure, document, changes)


async def made(azure: Azure, document: Document) -> None:
    resource = document["resource"]
    resource["properties"]["primaryEndpoints"] = {"blob": f"{azure.blob_front}/{resource['name']}/"}
    await azure.blobs.open(resource["name"])


async def gone(azure: Azure, document: Document) -> None:
    for container, _ in azure.store.items("container", f"{document['resource']['id']}/"):
        azure.store.delete("container", container)
    await azure.blobs.remove(document["resource"]["name"])


def provisioned(azure: Azure, call: Call) -> Document:
    """The account's document, for its keys and its containers. Failure 404 if there is none, 409 before it is made."""
    document = tracked.lookup(azure, call, ACCOUNT)
    if document["resource"]["properties"]["provisioningState"] == "Creating":
        text = "The storage account provisioning state must be 'Succeeded' before executing the operation."
        raise Failure(409, "StorageAccountIsNotProvisioned", text)
    return document


async def list_keys(azure: Azure, call: Call) -> Answer:
    document = provisioned(azure, call)
    secret = azure.blobs.key(document["resource"]["name"])
    keys = [{"keyName": name, "value": secret, "permissions": "Full"} for name in ("key1", "key2")]
    return Answer(200, {"keys": keys})


async def name_available(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    name = SHAPES.fitted("StorageAccountCheckNameAvailabilityParameters", call.body)["name"]
    if _taken(azure, name):
        message = f"The storage account named {name} is already taken."
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Answer(200, {"nameAvailable": True})


async def usages(azure: Azure, call: Call) -> Answer:
    """How many accounts the subscription has in a region, and may have."""
    check_subscription(call)
    registered(azure, ACCOUNT.namespace)
    where = call.params["location"].lower()
    there = [document for document in azure.store.list(ACCOUNT.store) if document["resource"]["location"] == where]
    name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
    usage = {"unit": "Count", "currentValue": len(there), "limit": ACCOUNTS_PER_REGION, "name": name}
    return Answer(200, {"value": [usage]})


SERVICE = serving.service(
    ACCOUNT,
    put=put,
    patch=patch,
    made=made,
    gone=gone,
    routes=(
        *serving.posts(ACCOUNT.one, VERSIONS, listKeys=list_keys),
        Route(
            "GET",
            "/subscriptions/{subscription}/providers/Microsoft.Storage/locations/{location}/usages",
            usages,
            VERSIONS,
        ),
        Route(
            "POST",
            "/subscriptions/{subscription}/providers/Microsoft.Storage/checkNameAvailability",
            name_available,
            VERSIONS,
        ),
    ),
    roles=roles.BUILT_IN,
)
