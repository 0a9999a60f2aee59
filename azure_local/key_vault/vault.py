"""Microsoft.KeyVault vaults whose secrets and keys are behind roles, with soft delete.

A vault is made at once and deleted at once; that this takes no time is inferred. A deleted one keeps its name and what
is in it until it is recovered or purged, or its days are over. Access policies are not offered. Texts of errors are
answers of Azure, quoted in issues of its clients.
"""

from __future__ import annotations

import ipaddress
import re

from azure_local import serving, tracked
from azure_local.azure import Azure, Role, Route
from azure_local.common import check_subscription, registered
from azure_local.http import Answer, Call, Failure, page
from azure_local.settings import SUBSCRIPTION, TENANT
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

SHAPES = Shapes(load("keyvault"), malformed)
VERSIONS = ("2026-02-01", "2025-05-01", "2024-11-01", "2023-07-01")
VAULT = Type(
    provider=Provider("Microsoft.KeyVault", SHAPES),
    name="Microsoft.KeyVault/vaults",
    store="vault",
    versions=VERSIONS,
    shape="Vault",
    offered=(
        "createMode", "enablePurgeProtection", "enableRbacAuthorization", "enableSoftDelete", "enabledForDeployment",
        "enabledForDiskEncryption", "enabledForTemplateDeployment", "networkAcls", "publicNetworkAccess", "sku",
        "softDeleteRetentionInDays", "tenantId",
    ),
    naming=r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)  # fmt: skip
HELD = ("secret", "key", "certificate", "deletedSecret")
"""Kinds in the store of what a vault holds; their keys begin with the vault's id."""
SECRETS, KEYS = "Microsoft.KeyVault/vaults/secrets", "Microsoft.KeyVault/vaults/keys"
GET, SET, SEE = f"{SECRETS}/getSecret/action", f"{SECRETS}/setSecret/action", f"{SECRETS}/readMetadata/action"
WRAP = f"{KEYS}/wrap/action"
"""Data actions."""
BUILT_IN = (
    Role("4633458b-17de-408a-b874-0445c86b69e6", data_actions=(GET, SEE)),  # Key Vault Secrets User
    Role("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", data_actions=(f"{SECRETS}/*",)),  # Key Vault Secrets Officer
    Role("14b46e9e-c2b7-41b4-b07b-48a6ebf60603", data_actions=(f"{KEYS}/*",)),  # Key Vault Crypto Officer
    Role(  # Key Vault Crypto Service Encryption User
        "e147488a-f6f5-4113-8e2d-b22465e65bf6", data_actions=(f"{KEYS}/read", WRAP, f"{KEYS}/unwrap/action")
    ),
    Role(  # Key Vault Administrator
        "00482a5a-887f-4fb3-b363-3b7fe8e74483", data_actions=("Microsoft.KeyVault/vaults/*",)
    ),
)
HOST = ".vault.azure.net"


def _settings(before: Document, asked: Document) -> Document:
    """The properties that a vault has after a change. Failure 400 for what cannot be, or cannot change."""
    if asked.get("tenantId", TENANT) != TENANT:
        raise _bad(f"An invalid value was provided for 'tenantId': {asked['tenantId']}.")
    if asked.get("enableRbacAuthorization") is False:
        raise _bad("The local Azure has no access policies: enableRbacAuthorization must be true.")
    if asked.get("enableSoftDelete") is False:
        raise _bad('The property "enableSoftDelete" cannot be set to false.')
    if asked.get("enablePurgeProtection") is False:
        text = 'The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault '
        raise _bad(text + "is an irreversible action.")
    known: int = before.get("softDeleteRetentionInDays") or 90
    days: int = asked.get("softDeleteRetentionInDays", known)
    if not 7 <= days <= 90:
        raise _bad('The value of the property "softDeleteRetentionInDays" must be between 7 and 90.')
    if days != before.get("softDeleteRetentionInDays", days):
        raise _bad('The property "softDeleteRetentionInDays" has been set already and it can\'t be modified.')
    made = {**before, **asked, "softDeleteRetentionInDays": days}
    made.pop("createMode", None)
    if rules := made.get("networkAcls"):
        made["networkAcls"] = {"bypass": "AzureServices", "defaultAction": "Allow", **_ranges(rules)}
    return made


def _bad(text: str) -> Failure:
    return Failure(400, "BadRequest", text)


def _ranges(rules: Document) -> Document:
    """The rules with each address as a range, as Azure shows them. Failure 400 for what is none."""
    try:
        ranges = [{"value": str(ipaddress.ip_network(rule["value"]))} for rule in rules.get("ipRules") or ()]
    except ValueError as error:
        raise _bad(f"An invalid value was provided for 'ipRules': {error}.") from None
    return {"virtualNetworkRules": [], **rules, "ipRules": ranges}


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, VAULT.namespace)
    body, name = tracked.body(azure, call, VAULT), call.params[VAULT.last]
    known = tracked.existing(azure, call, VAULT)
    if known is None:
        if named(azure, name):
            raise Failure(409, "VaultAlreadyExists", f"The vault name '{name}' is already in use. {GLOBAL}")
        known = _recovered(azure, name, VAULT.key(azure, call), body["properties"].get("createMode", "default"))
    usual = {
        "privateEndpointConnections": [],
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "publicNetworkAccess": "Enabled",
        "accessPolicies": [],
        "vaultUri": f"{azure.front}/vaults/{name.lower()}{HOST}/",
    }
    before = known["resource"]["properties"] if known else usual
    return tracked.keep(azure, call, VAULT, {**body, "properties": _settings(before, body["properties"])})


GLOBAL = (
    "Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault "
    "name was not taken then it is possible that a vault with the same name was recently deleted but not purged after "
    "being placed in a recoverable state. If the vault is in a recoverable state then the vault will need to be purged "
    "before reusing the name. For more information about VaultAlreadyExists, soft delete and purging a vault follow "
    "this link https://go.microsoft.com/fwlink/?linkid=2147740."
)


def _recovered(azure: Azure, name: str, key: str, mode: str) -> Document | None:
    """The deleted vault of this name, which a PUT asks to have back. Failure 409 if it does not ask, and one is there.

    What it holds is under its id still, so it comes back with it.
    """
    gone = _deleted(azure, name)
    if gone is None or mode != "recover":
        if gone is not None:
            text = "A vault with the same name already exists in deleted state. You need to either recover or purge "
            text += "existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more "
            raise Failure(409, "ConflictError", text + "information on soft delete.")
        return None
    if gone["document"]["resource"]["id"].lower() != key.lower():
        raise Failure(409, "ConflictError", f"The vault '{name}' was deleted in another resource group.")
    azure.store.delete("deletedVault", name.lower())
    azure.store.put(VAULT.store, key, gone["document"])
    document: Document = gone["document"]
    return document


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = tracked.lookup(azure, call, VAULT), tracked.changes(call, VAULT)
    resource = document["resource"]
    resource["properties"] = _settings(resource["properties"], changes["properties"])
    resource["tags"] = changes.get("tags", resource["tags"])
    return tracked.update(azure, VAULT, document)


async def gone(azure: Azure, document: Document) -> None:
    """A vault that is deleted, by itself or with its group, can be recovered for as many days as it says."""
    resource = document["resource"]
    days = resource["properties"]["softDeleteRetentionInDays"]
    until = {"deletionDate": azure.clock.after(0), "scheduledPurgeDate": azure.clock.after(days * 86400)}
    azure.store.put("deletedVault", resource["name"].lower(), {"document": document, **until})


def _deleted(azure: Azure, name: str) -> Document | None:
    """The deleted vault of this name; one whose days are over is gone for good."""
    found = azure.store.get("deletedVault", name.lower())
    if found is not None and azure.clock.passed(found["scheduledPurgeDate"]):
        _forget(azure, found)
        return None
    return found


def _forget(azure: Azure, found: Document) -> None:
    resource = found["document"]["resource"]
    azure.store.delete("deletedVault", resource["name"].lower())
    for kind in HELD:
        for key, _ in list(azure.store.items(kind, f"{resource['id']}/")):
            azure.store.delete(kind, key)


def _shown(found: Document) -> Document:
    """A deleted vault as ARM shows it."""
    resource = found["document"]["resource"]
    place = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/{resource['location']}"
    properties = {name: found[name] for name in ("deletionDate", "scheduledPurgeDate")}
    properties |= {"vaultId": resource["id"], "location": resource["location"], "tags": resource["tags"]}
    if resource["properties"].get("enablePurgeProtection"):
        properties["purgeProtectionEnabled"] = True
    name = resource["name"]
    return {
        "id": f"{place}/deletedVaults/{name}",
        "name": name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": properties,
    }


async def deleted(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    names = [name for name, _ in azure.store.items("deletedVault", "")]
    shown = (_shown(found) for name in names if (found := _deleted(azure, name)))
    return Answer(200, page(shown, call, azure.page_size))


def _gone(azure: Azure, call: Call) -> Document:
    check_subscription(call)
    found = _deleted(azure, call.params["vault"])
    if found is None:
        raise Failure(
            404, "DeletedVaultNotFound", f"The specified deleted vault '{call.params['vault']}' was not found."
        )
    return found


async def one_deleted(azure: Azure, call: Call) -> Answer:
    return Answer(200, _shown(_gone(azure, call)))


async def purge(azure: Azure, call: Call) -> Answer:
    found = _gone(azure, call)
    if found["document"]["resource"]["properties"].get("enablePurgeProtection"):
        text = 'Operation "DeletedVaultPurge" is not allowed on this vault: purge protection is enabled.'
        raise Failure(409, "MethodNotAllowed", text)
    _forget(azure, found)
    return Answer(200)


async def name_available(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    name = str((call.body or {}).get("name", ""))
    if not re.fullmatch(VAULT.naming, name, re.ASCII):
        reason, message = "AccountNameInvalid", f"The vault name '{name}' is invalid."
    elif named(azure, name) or _deleted(azure, name):
        reason, message = "AlreadyExists", f"The vault name '{name}' is already in use. {GLOBAL}"
    else:
        return Answer(200, {"nameAvailable": True})
    return Answer(200, {"nameAvailable": False, "reason": reason, "message": message})


def named(azure: Azure, name: str) -> Document | None:
    """The vault of this name, which is unique in all of Azure."""
    vaults = (document["resource"] for document in azure.store.list("vault"))
    return next((vault for vault in vaults if vault["name"].lower() == name.lower()), None)


DELETED = "/subscriptions/{subscription}/providers/Microsoft.KeyVault"
SERVICE = serving.service(
    VAULT,
    put=put,
    patch=patch,
    gone=gone,
    roles=BUILT_IN,
    routes=(
        Route("GET", f"{DELETED}/deletedVaults", deleted, VERSIONS),
        Route("GET", f"{DELETED}/locations/{{location}}/deletedVaults/{{vault}}", one_deleted, VERSIONS),
        Route("POST", f"{DELETED}/locations/{{location}}/deletedVaults/{{vault}}/purge", purge, VERSIONS),
        Route("POST", f"{DELETED}/checkNameAvailability", name_available, VERSIONS),
    ),
)
