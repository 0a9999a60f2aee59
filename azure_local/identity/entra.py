"""The endpoints of Entra ID, and ARM's description of the cloud for clients."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.azure import Azure, Door, Service
from azure_local.http import Failure
from azure_local.identity import federation
from azure_local.settings import TENANT


def serves(path: str) -> bool:
    return "/oauth2/" in path or path.endswith(
        ("/openid-configuration", "/discovery/v2.0/keys", "/discovery/instance", "/metadata/endpoints")
    )


async def serve(azure: Azure, request: Request) -> Response:
    path = request.url.path
    if path.endswith("/metadata/endpoints"):
        return JSONResponse(_cloud(azure))
    if (tenant := path.split("/")[1]).lower() not in (TENANT, "common"):
        return _refusal(_unknown(tenant, "invalid_request" if "/oauth2/" in path else "invalid_tenant"))
    if path.endswith("/openid-configuration"):
        return JSONResponse(_openid(azure))
    if path.endswith("/keys"):
        return JSONResponse(azure.tokens.jwks())
    if path.endswith("/discovery/instance"):
        endpoint = f"{azure.front}/{TENANT}/v2.0/.well-known/openid-configuration"
        return JSONResponse({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": []})
    form = dict(parse_qsl((await request.body()).decode()))
    try:
        return JSONResponse(federation.exchange(azure, form))
    except Failure as failure:
        return _refusal(failure)


def _unknown(tenant: str, code: str) -> Failure:
    """Source of the text: answers of login.microsoftonline.com, quoted in issues of azure-cli and of others."""
    text = (
        f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
    )
    text += (
        "into the correct cloud. Check with your subscription administrator, this may happen if there are no active "
    )
    return Failure(400, code, text + "subscriptions for the tenant.")


def _refusal(failure: Failure) -> Response:
    numbers = [int(number) for number in re.findall(r"^AADSTS(\d+):", failure.message)]
    body = {"error": failure.code, "error_description": failure.message, "error_codes": numbers}
    return JSONResponse(body, failure.status)


def _openid(azure: Azure) -> dict[str, object]:
    base = f"{azure.front}/{TENANT}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_types_supported": ["code", "token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "tenant_region_scope": None,
        "cloud_instance_name": azure.front.removeprefix("https://"),
    }


def _cloud(azure: Azure) -> dict[str, object]:
    """The cloud's description for `az cloud register`: a mapping, while older api-versions have a list."""
    return {
        "name": "Local",
        "portal": azure.front,
        "authentication": {
            "loginEndpoint": azure.front,
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": TENANT,
            "identityProvider": "AAD",
        },
        "resourceManager": azure.front,
        "batch": "https://batch.core.windows.net/",
        "graph": "https://graph.invalid/",
        "media": "https://media.invalid/",
        "sqlManagement": "https://sql.invalid/",
        "gallery": azure.front,
        "graphAudience": "https://graph.invalid/",
        "activeDirectoryDataLake": "https://datalake.invalid/",
        "suffixes": {
            "storage": "blob.localhost",
            "acrLoginServer": "azurecr.localhost",
            "keyVaultDns": "vault.localhost",
        },
    }


SERVICE = Service(door=Door("entra", serves, serve, lambda path: None))
