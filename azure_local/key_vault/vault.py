"""Microsoft.KeyVault vaults whose secrets are behind roles.

A vault is made at once and deleted at once: soft delete, access policies, keys and certificates are not offered. That
making one takes no time is inferred; Azure answers 200 whether it was there before or not.
"""

from __future__ import annotations

from azure_local import serving, tracked
from azure_local.azure import Azure, Role
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.settings import TENANT
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Deleting, Document, Making, Provider, Type

VAULT = Type(
    provider=Provider("Microsoft.KeyVault", Shapes(load("keyvault"), malformed)),
    name="Microsoft.KeyVault/vaults",
    store="vault",
    versions=("2026-02-01",),
    shape="Vault",
    offered=("enableRbacAuthorization", "enableSoftDelete", "networkAcls", "publicNetworkAccess", "sku", "tenantId"),
    naming=r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    making=Making.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)
SECRETS = "Microsoft.KeyVault/vaults/secrets"
GET, SET = f"{SECRETS}/getSecret/action", f"{SECRETS}/setSecret/action"
"""Data actions."""
BUILT_IN = (
    Role("4633458b-17de-408a-b874-0445c86b69e6", data_actions=(GET, f"{SECRETS}/readMetadata/action")),  # Secrets User
    Role("b86a8fe4-44ce-4948-aee5-eccb2c155cd7", data_actions=(f"{SECRETS}/*",)),  # Key Vault Secrets Officer
)
HOST = ".vault.azure.net"


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, VAULT.namespace)
    body, name = tracked.body(azure, call, VAULT), call.params[VAULT.last]
    known = tracked.existing(azure, call, VAULT)
    if known is None and named(azure, name):
        raise Failure(409, "VaultAlreadyExists", f"The vault name '{name}' is already in use.")
    properties = body["properties"]
    if properties["tenantId"] != TENANT:
        raise Failure(400, "BadRequest", f"An invalid value was provided for 'tenantId': {properties['tenantId']}.")
    if properties.get("enableRbacAuthorization") is False:
        raise Failure(
            400, "BadRequest", "The local Azure has no access policies: enableRbacAuthorization must be true."
        )
    links = known["resource"]["properties"]["privateEndpointConnections"] if known else []
    body["properties"] = {
        "privateEndpointConnections": links,
        "enableRbacAuthorization": True,
        "enableSoftDelete": True,
        "publicNetworkAccess": "Enabled",
        "accessPolicies": [],
        **properties,
        "vaultUri": f"{azure.front}/vaults/{name.lower()}{HOST}/",
    }
    return tracked.keep(azure, call, VAULT, body)


def named(azure: Azure, name: str) -> Document | None:
    """The vault of this name, which is unique in all of Azure."""
    vaults = (document["resource"] for document in azure.store.list("vault"))
    return next((vault for vault in vaults if vault["name"].lower() == name.lower()), None)


SERVICE = serving.service(VAULT, put=put, without=("patch",), roles=BUILT_IN)
