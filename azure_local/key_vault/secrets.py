"""The data plane of key vaults, as far as secrets go: setting one, and reading its newest or a named version.

Served under `/vaults/NAME.vault.azure.net`, because that name does not resolve to this machine. Texts of errors are
from Microsoft's documentation of the REST API and of its authentication.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.authorization import roles
from azure_local.azure import Azure, Door, Service
from azure_local.http import Failure
from azure_local.key_vault import network
from azure_local.key_vault.vault import GET, HOST, SET, named
from azure_local.reach import places, ways
from azure_local.settings import TENANT

PREFIX = "/vaults/"
VERSIONS = ("7.4", "7.5", "7.6", "2025-07-01")
PATH = re.compile(
    rf"{PREFIX}(?P<vault>[^/]+){re.escape(HOST)}/secrets/(?P<name>[0-9A-Za-z-]{{1,127}})(?:/(?P<version>\w*))?"
)


async def serve(azure: Azure, request: Request) -> Response:
    """One request. Failure if it is refused."""
    match = PATH.fullmatch(request.url.path)
    vault = named(azure, match["vault"]) if match else None
    if match is None or vault is None:
        raise Failure(404, "ResourceNotFound", f"There is no {request.url.path}.")
    if request.query_params.get("api-version") not in VERSIONS:
        raise Failure(400, "BadParameter", f"api-version must be specified, as one of {', '.join(VERSIONS)}")
    principal = azure.tokens.principal(request.headers.get("authorization"), "vault")
    network.check(vault, ways.arrive(azure, places.of_request(azure, request.headers), vault, "vault"))
    action = SET if request.method == "PUT" else GET
    key = f"{vault['id']}/secrets/{match['name']}"
    if not roles.allowed(azure, principal, action, key, data=True):
        text = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or "
        text += "role definitions were changed recently, please observe propagation time.\r\n"
        raise Failure(403, "Forbidden", f"{text}Caller: oid={principal}\r\nAction: '{action}'\r\nResource: '{key}'")
    base = f"{azure.front}{PREFIX}{vault['name'].lower()}{HOST}/secrets/{match['name']}"
    if request.method == "PUT":
        return JSONResponse(_set(azure, key, base, await request.body()))
    if request.method == "GET":
        return JSONResponse(_get(azure, key, match["name"], match["version"] or ""))
    raise Failure(405, "MethodNotAllowed", f"{request.method} is not allowed.")


def _set(azure: Azure, key: str, base: str, content: bytes) -> dict[str, Any]:
    """Keep a new version of a secret."""
    try:
        body = json.loads(content)
        value = body["value"]
    except (ValueError, KeyError, TypeError):
        raise Failure(400, "BadParameter", "Property 'value' is required.") from None
    now, version = int(time.time()), uuid.uuid4().hex
    attributes = {"enabled": True, "created": now, "updated": now, "recoveryLevel": "Recoverable+Purgeable"}
    secret = {"value": str(value), "id": f"{base}/{version}", "attributes": attributes, "tags": body.get("tags") or {}}
    before = azure.store.get("secret", key) or {"versions": []}
    azure.store.put("secret", key, {"versions": [*before["versions"], secret]})
    return secret


def _get(azure: Azure, key: str, name: str, version: str) -> dict[str, Any]:
    kept = azure.store.get("secret", key) or {"versions": []}
    secret: dict[str, Any]
    for secret in reversed(kept["versions"]):
        if not version or secret["id"].endswith(f"/{version}"):
            return secret
    text = f"A secret with (name/id) {name}{'/' if version else ''}{version} was not found in this key vault."
    raise Failure(404, "SecretNotFound", text)


def refusal(failure: Failure, extra: Mapping[str, str]) -> Response:
    """A failure in the form of key vaults; one without a token says where tokens are from."""
    error: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.status == 403:
        error["innererror"] = {"code": failure.details[0][0] if failure.details else "ForbiddenByRbac"}
    where = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'
    challenge = {"WWW-Authenticate": where} if failure.status == 401 else {}
    return JSONResponse({"error": error}, failure.status, {**extra, **failure.headers, **challenge})


SERVICE = Service(door=Door("vault", lambda path: path.startswith(PREFIX), serve, lambda path: "vault", refusal))
