"""The data plane of key vaults: who may come in, by network and by role, and what then serves the request.

Served under `/vaults/NAME.vault.azure.net`, because that name does not resolve to this machine. Texts of errors are
from Microsoft's documentation of the REST API and of its authentication, and answers quoted in issues of its clients.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.authorization import roles
from azure_local.azure import Azure, Door, Service
from azure_local.http import Failure
from azure_local.key_vault import certificates, keys, network, secrets
from azure_local.key_vault.asked import Asked
from azure_local.key_vault.vault import HOST, named
from azure_local.reach import places, ways
from azure_local.settings import TENANT
from azure_local.tokens import claims_of

PREFIX = "/vaults/"
VERSIONS = ("7.4", "7.5", "7.6", "2025-07-01")
PATH = re.compile(rf"{PREFIX}(?P<vault>[^/]+){re.escape(HOST)}/(?P<rest>.*)")
SERVED = {"secrets": secrets.SERVED, "deletedsecrets": secrets.DELETED, "keys": keys.SERVED}
SERVED |= {"certificates": certificates.SERVED}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a request asks for: the vault, the collection, and the parts of the path below it."""

    vault: Mapping[str, Any]
    collection: str
    parts: tuple[str, ...]


def _entry(azure: Azure, request: Request) -> Entry:
    match = PATH.fullmatch(request.url.path)
    vault = named(azure, match["vault"]) if match else None
    collection, *parts = match["rest"].strip("/").split("/") if match else [""]
    good = all(re.fullmatch(r"[0-9A-Za-z-]{1,127}", part) for part in parts)
    if vault is None or collection not in SERVED or not good or len(parts) > 2:
        raise Failure(404, "ResourceNotFound", f"There is no {request.url.path}.")
    return Entry(vault, collection, tuple(parts))


async def serve(azure: Azure, request: Request) -> Response:
    """One request. Failure if it is refused."""
    entry = _entry(azure, request)
    if request.query_params.get("api-version") not in VERSIONS:
        raise Failure(400, "BadParameter", f"api-version must be specified, as one of {', '.join(VERSIONS)}")
    authorization = request.headers.get("authorization")
    principal = azure.tokens.principal(authorization, "vault")
    claims = claims_of((authorization or "")[7:])
    caller = f"appid={claims.get('appid')};oid={principal};iss={claims.get('iss')}"
    network.check(
        entry.vault, ways.arrive(azure, places.of_request(azure, request.headers), entry.vault, "vault"), caller
    )
    served = SERVED[entry.collection].get((request.method, _form(entry.parts)))
    if served is None:
        raise Failure(405, "MethodNotAllowed", f"{request.method} is not allowed.")
    action, handle = served
    key = "/".join([entry.vault["id"], entry.collection.removeprefix("deleted"), *entry.parts[:1]])
    if not roles.allowed(azure, principal, action, key, data=True):
        text = "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny assignments or "
        text += "role definitions were changed recently, please observe propagation time.\r\n"
        text += f"Caller: {caller}\r\nAction: '{action}'\r\nResource: '{key.lower()}'\r\n"
        raise Failure(403, "Forbidden", text, values={"innererror": "ForbiddenByRbac"})
    base = f"{azure.front}{PREFIX}{entry.vault['name'].lower()}{HOST}"
    asked = Asked(
        azure, entry.vault, entry.parts, base, _json(await request.body()), int(azure.clock.now().timestamp())
    )
    status, body = handle(asked)
    return JSONResponse(body, status) if body is not None else Response(status_code=status)


def _form(parts: tuple[str, ...]) -> str:
    """The path below a collection: nothing, a name, or what stands below a name, if it is no version."""
    verbs = ("versions", "create", "import", "recover")
    below = "" if len(parts) < 2 else f"/{parts[1]}" if parts[1] in verbs else "/version"
    return f"name{below}" if parts else ""


def _json(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Failure(400, "BadParameter", "The request body is no JSON object.")
    return body


def refusal(failure: Failure, extra: Mapping[str, str]) -> Response:
    """A failure in the form of key vaults; one without a token says where tokens are from."""
    error: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.values:
        error["innererror"] = {"code": failure.values["innererror"]}
    where = f'Bearer authorization="https://login.microsoftonline.com/{TENANT}", resource="https://vault.azure.net"'
    challenge = {"WWW-Authenticate": where} if failure.status == 401 else {}
    return JSONResponse({"error": error}, failure.status, {**extra, **failure.headers, **challenge})


SERVICE = Service(door=Door("vault", lambda path: path.startswith(PREFIX), serve, lambda path: "vault", refusal))
