"""Vaults of the local Azure, and whoever keeps secrets in them: another one than who applies a spec."""

from __future__ import annotations

import os
import ssl
import uuid
from collections.abc import Mapping
from typing import Any

import httpx
from azure.identity import DefaultAzureCredential

from reconciler.cloud.cloud import Cloud
from tests.conftest import Azure

USER, OFFICER = "4633458b-17de-408a-b874-0445c86b69e6", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"
SCOPE = "https://vault.azure.net"


def give(cloud: Cloud, scope: str, principal: str, role: str) -> None:
    name = uuid.uuid4()
    definition = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    properties = {"roleDefinitionId": definition, "principalId": principal, "principalType": "ServicePrincipal"}
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    cloud.arm("PUT", path, {"properties": properties}, api_version="2022-04-01")


def ask(method: str, url: str, scope: str = SCOPE, **more: Any) -> httpx.Response:
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    token = DefaultAzureCredential().get_token(f"{scope}/.default").token
    with httpx.Client(verify=context, trust_env=False, headers={"Authorization": f"Bearer {token}"}) as client:
        return client.request(method, url, params={"api-version": "7.4"}, **more)


def vault(azure: Azure, cloud: Cloud, name: str, **properties: Any) -> dict[str, Any]:
    """A vault of another team, in a group of its own."""
    cloud.register("Microsoft.KeyVault")
    azure.advance(120)
    group = f"/subscriptions/{cloud.target.subscription}/resourceGroups/rg-{name}"
    cloud.arm("PUT", group, {"location": "italynorth"}, api_version="2025-04-01")
    usual = {"tenantId": os.environ["AZURE_TENANT_ID"], "sku": {"family": "A", "name": "standard"}}
    body = {"location": "italynorth", "properties": {**usual, "enableRbacAuthorization": True, **properties}}
    path = f"{group}/providers/Microsoft.KeyVault/vaults/{name}"
    made: dict[str, Any] = cloud.arm("PUT", path, body, api_version="2026-02-01").body
    return made


def url(cloud: Cloud, name: str) -> str:
    return cloud.endpoints.vault(f"{name}.vault.azure.net")


def keep(azure: Azure, cloud: Cloud, name: str, secrets: Mapping[str, str], *keys: str) -> None:
    """Put secrets and keys into a vault of the spec's group, as its administrator."""
    give(cloud, cloud.id_of("Microsoft.KeyVault/vaults", name), os.environ["AZURE_CLIENT_ID"], ADMINISTRATOR)
    azure.advance(900)
    for secret, value in secrets.items():
        assert ask("PUT", f"{url(cloud, name)}/secrets/{secret}", json={"value": value}).status_code == 200
    for key in keys:
        assert ask("POST", f"{url(cloud, name)}/keys/{key}/create", json={"kty": "RSA"}).status_code == 200
