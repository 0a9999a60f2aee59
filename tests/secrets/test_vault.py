"""The right way: a node fetches its secret from a Key Vault as the pool's identity, and nobody else sees it."""

from __future__ import annotations

import os
import ssl
import uuid
from typing import Any

import httpx
from azure.identity import DefaultAzureCredential

from reconciler.cloud.cloud import Cloud
from reconciler.model import Address, Status
from tests.cli.command import CHECKOUT
from tests.conftest import Azure, World
from tests.documents import loaded

VALUE = "correct horse battery staple"
USER, OFFICER = "4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
OPERATOR_SCOPE = "https://vault.azure.net"


def give(cloud: Cloud, scope: str, principal: str, role: str) -> None:
    name = uuid.uuid4()
    definition = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    cloud.arm("PUT", path, {"properties": properties}, api_version="2022-04-01")


def ask(method: str, url: str, scope: str = OPERATOR_SCOPE, **more: Any) -> httpx.Response:
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    token = DefaultAzureCredential().get_token(f"{scope}/.default").token
    with httpx.Client(verify=context, trust_env=False, headers={"Authorization": f"Bearer {token}"}) as client:
        return client.request(method, url, params={"api-version": "7.4"}, **more)


def vault(azure: Azure, cloud: Cloud, name: str) -> dict[str, Any]:
    """A vault of another team, in a group of its own, in which the operator keeps a secret."""
    cloud.register("Microsoft.KeyVault")
    azure.advance(120)
    group = f"/subscriptions/{cloud.target.subscription}/resourceGroups/rg-{name}"
    cloud.arm("PUT", group, {"location": "italynorth"}, api_version="2025-04-01")
    tenant = os.environ["AZURE_TENANT_ID"]
    properties = {"tenantId": tenant, "sku": {"family": "A", "name": "standard"}, "enableRbacAuthorization": True}
    path = f"{group}/providers/Microsoft.KeyVault/vaults/{name}"
    body = {"location": "italynorth", "properties": properties}
    made: dict[str, Any] = cloud.arm("PUT", path, body, api_version="2026-02-01").body
    return made


def test_a_node_fetches_its_secret_and_nobody_else_sees_it(world: World) -> None:
    azure, text = world.azure, loaded((CHECKOUT / "specs/secret.yaml").read_text())
    world.text = {**text, "name": world.text["name"], "azure": world.text["azure"]}
    world.text["batchAccount"] = {"name": world.account}
    kept = vault(azure, world.cloud(), f"kv-{world.account}"[:24])
    url = kept["properties"]["vaultUri"].rstrip("/")
    secret = f"{url}/secrets/license-server"
    assert ask("PUT", secret, json={"value": VALUE}).status_code == 403
    give(world.cloud(), kept["id"], os.environ["AZURE_CLIENT_ID"], OFFICER)
    azure.advance(900)
    assert ask("PUT", secret, json={"value": "older"}).status_code == 200
    assert ask("PUT", secret, json={"value": VALUE}).status_code == 200
    world.text["pools"]["first"]["startTask"]["environmentSettings"]["VAULT_URL"] = url

    made = world.apply(targets=(Address("identity", "id-secret-pool"),))
    assert set(made) == {"resource_group/" + world.text["azure"]["resourceGroup"], "identity/id-secret-pool"}
    identities = f"{world.cloud().group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    identity = world.cloud().arm("GET", f"{identities}/id-secret-pool").body
    azure.advance(300)  # until the directory knows the new identity
    give(world.cloud(), kept["id"], identity["properties"]["principalId"], USER)
    azure.advance(900)
    outcomes = world.apply()
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    (file,) = (azure.folder / "nodes" / world.account).rglob("license-server")
    assert file.read_text() == VALUE
    assert file.stat().st_mode & 0o077 == 0
    assert VALUE not in (azure.folder / "wire.jsonl").read_text()


def test_a_vault_is_as_strict_as_azures(world: World) -> None:
    kept = vault(world.azure, world.cloud(), f"kw-{world.account}"[:24])
    url = kept["properties"]["vaultUri"].rstrip("/")
    refused = ask("GET", f"{url}/secrets/one")
    assert (refused.status_code, refused.json()["error"]["innererror"]) == (403, {"code": "ForbiddenByRbac"})
    give(world.cloud(), kept["id"], os.environ["AZURE_CLIENT_ID"], USER)
    world.azure.advance(900)
    missing = ask("GET", f"{url}/secrets/one")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "SecretNotFound")
    assert ask("PUT", f"{url}/secrets/one", json={"value": "x"}).status_code == 403
    other = ask("GET", f"{url}/secrets/one", scope="https://management.azure.com")
    assert other.status_code == 401
    assert 'resource="https://vault.azure.net"' in other.headers["WWW-Authenticate"]
    assert ask("GET", f"{url}x/secrets/one").status_code == 404
