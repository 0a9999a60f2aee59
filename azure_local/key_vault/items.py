"""Secrets and keys of a vault as Azure Resource Manager shows them, which is without values.

Documented (REST API of Microsoft.KeyVault, Secrets - Get and List): "the API is intended for internal use in ARM
deployments"; the value is never returned. A key is made by a PUT, unless it is there.
"""

from __future__ import annotations

from azure_local import tracked
from azure_local.azure import Azure, Route, Service
from azure_local.http import Answer, Call, Failure, page
from azure_local.key_vault import secrets
from azure_local.key_vault.vault import VAULT, VERSIONS
from azure_local.tracked import Document


def _vault(azure: Azure, call: Call) -> Document:
    resource: Document = tracked.lookup(azure, call, VAULT)["resource"]
    return resource


def _secret(vault: Document, name: str, secret: Document) -> Document:
    there = secret["id"].rsplit("/", 2)
    attributes = {key: secret["attributes"][key] for key in ("enabled", "nbf", "exp", "created", "updated")
                  if key in secret["attributes"]}  # fmt: skip
    kind = {"contentType": secret["contentType"]} if secret.get("contentType") else {}
    uris = {"secretUri": "/".join(there[:2]), "secretUriWithVersion": secret["id"]}
    return _item(vault, "secrets", there[1], {"attributes": attributes, **kind, **uris}, secret.get("tags") or {})


def _item(vault: Document, collection: str, name: str, properties: Document, tags: Document) -> Document:
    return {
        "id": f"{vault['id']}/{collection}/{name}",
        "name": name,
        "type": f"Microsoft.KeyVault/vaults/{collection}",
        "location": vault["location"],
        "tags": tags,
        "properties": properties,
    }


async def list_secrets(azure: Azure, call: Call) -> Answer:
    vault = _vault(azure, call)
    shown = (_secret(vault, name, secret) for name, secret in secrets.every(azure, vault["id"]))
    return Answer(200, page(shown, call, azure.page_size))


async def get_secret(azure: Azure, call: Call) -> Answer:
    vault = _vault(azure, call)
    found = dict(secrets.every(azure, vault["id"])).get(call.params["secret"].lower())
    if found is None:
        raise Failure(404, "SecretNotFound", f"The secret '{call.params['secret']}' was not found.")
    return Answer(200, _secret(vault, call.params["secret"], found))


async def list_keys(azure: Azure, call: Call) -> Answer:
    vault = _vault(azure, call)
    shown = (_key(vault, document["versions"][-1]) for document in azure.store.list("key", f"{vault['id']}/keys/"))
    return Answer(200, page(shown, call, azure.page_size))


def _key(vault: Document, key: Document) -> Document:
    start, name, _ = key["key"]["kid"].rsplit("/", 2)
    uris = {"keyUri": f"{start}/{name}", "keyUriWithVersion": key["key"]["kid"]}
    size = {"keySize": key["size"]} if "size" in key else {}
    properties = {"kty": key["key"]["kty"], "attributes": key["attributes"], **size, **uris}
    return _item(vault, "keys", name, properties, {})


SERVICE = Service(
    routes=(
        Route("GET", f"{VAULT.one}/secrets", list_secrets, VERSIONS),
        Route("GET", f"{VAULT.one}/secrets/{{secret}}", get_secret, VERSIONS),
        Route("GET", f"{VAULT.one}/keys", list_keys, VERSIONS),
    )
)
