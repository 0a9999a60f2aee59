"""The data plane of container registries: the Docker Registry HTTP API and the tokens for it.

Served under `/registries/<login server>`, because `*.azurecr.io` does not resolve to this machine. A principal
with a role that reads images exchanges an Entra ID token for a refresh token, and that for an access token to one
repository.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.reach import places, ways
from azure_local.registry import images
from azure_local.registry.roles import PULL, PUSH
from azure_local.settings import TENANT

REFRESH, ACCESS = 3 * 3600, 75 * 60
PAGE = 100
ARM = ("https://management.azure.com", "https://management.core.windows.net")
ALLOWED = {PULL: {"pull", "metadata_read"}, PUSH: {"push", "metadata_write", "delete"}}
WORDS = {
    "UNAUTHORIZED": "authentication required, visit https://aka.ms/acr/authorization for more information.",
    "NAME_UNKNOWN": "repository name not known to registry",
    "UNSUPPORTED": "The operation is unsupported.",
}


@dataclass(frozen=True, slots=True)
class Place:
    """The addresses of a registry; `resource` is None for a public one."""

    host: str
    base: str
    resource: Mapping[str, Any] | None


def refused(status: int, code: str, message: str = "", headers: Mapping[str, str] | None = None) -> Failure:
    return Failure(status, code, message or WORDS[code], headers=headers or {})


def refusal(failure: Failure, extra: Mapping[str, str]) -> Response:
    """A failure in the form of registries."""
    error = {"code": failure.code, "message": failure.message, "detail": dict(failure.values) or None}
    return JSONResponse({"errors": [error]}, failure.status, {**_version(), **extra, **failure.headers})


def _version() -> dict[str, str]:
    return {"Docker-Distribution-Api-Version": "registry/2.0"}


async def serve(azure: Azure, request: Request) -> Response:
    """One request of a client."""
    host, _, path = request.url.path.removeprefix("/registries/").partition("/")
    place = _place(azure, host.lower())
    path = path.rstrip("/")
    if path == "oauth2/exchange" and request.method == "POST":
        return _exchange(azure, place, await _form(request))
    if path in ("oauth2/token", "token") and request.method in ("GET", "POST"):
        form = {**dict(request.query_params), **await _form(request)}
        return _token(azure, place, form)
    if request.method not in ("GET", "HEAD") or not (path == "v2" or path.startswith("v2/")):
        azure.gaps[f"{request.method} /registries/{path}"] = (
            azure.gaps.get(f"{request.method} /registries/{path}", 0) + 1
        )
        raise refused(405 if path.startswith("v2") else 404, "UNSUPPORTED")
    return _api(azure, place, request, path.removeprefix("v2").strip("/"))


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


def _place(azure: Azure, host: str) -> Place:
    base = f"{azure.front}/registries/{host}"
    if images.is_public(host):
        return Place(host, base, None)
    resource = images.registry(azure, host)
    if resource is None:
        raise refused(404, "NAME_UNKNOWN", f"there is no registry {host}")
    return Place(host, base, resource)


def _api(azure: Azure, place: Place, request: Request, path: str) -> Response:
    if not path:
        _claims(azure, place, request, "")
        return JSONResponse({}, headers=_version())
    if path == "_catalog":
        _check(azure, place, request, "registry:catalog:*")
        return _paged(place, request, "repositories", images.repositories(azure, place.host), {})
    match = re.fullmatch(r"(.+)/(tags/list|manifests/([^/]+))", path)
    if match is None or not images.REPOSITORY.fullmatch(match[1]):
        raise refused(404, "NAME_UNKNOWN")
    _check(azure, place, request, f"repository:{match[1]}:pull")
    if match[2] == "tags/list":
        tags = images.tags(azure, place.host, match[1])
        if tags is None:
            raise refused(404, "NAME_UNKNOWN")
        return _paged(place, request, "tags", tags, {"name": match[1]})
    return _manifest(azure, images.Image(place.host, match[1], match[3]))


def _manifest(azure: Azure, image: images.Image) -> Response:
    manifest = images.find(azure, image)
    if manifest is None:
        known = "identified" if images.DIGEST.fullmatch(image.reference) else "tagged"
        text = f'manifest {known} by "{image.reference}" is not found'
        raise Failure(404, "MANIFEST_UNKNOWN", text, {"Name": image.repository, "Reference": image.reference})
    headers = {**_version(), "Docker-Content-Digest": manifest.digest, "ETag": f'"{manifest.digest}"'}
    return Response(manifest.text.encode(), 200, headers, images.TYPE)


def _paged(place: Place, request: Request, name: str, items: list[str], more: dict[str, str]) -> Response:
    """One page, `n` long and after `last`, with a Link to the next."""
    count, last = request.query_params.get("n", ""), request.query_params.get("last", "")
    if count and not (count.isdigit() and int(count)):
        raise refused(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    size = int(count or PAGE)
    rest = [item for item in items if item > last]
    headers = _version()
    if len(rest) > size:
        link = f"{request.url.path}?{urlencode({'last': rest[size - 1], 'n': size})}"
        headers["Link"] = f'<{link}>; rel="next"'
    return JSONResponse({**more, name: rest[:size]}, headers=headers)


def _claims(azure: Azure, place: Place, request: Request, scope: str) -> dict[str, Any]:
    """The claims of the request's access token. Failure 401 with a challenge if it has none for this registry."""
    realm = f"{place.base}/{'oauth2/token' if place.resource else 'token'}"
    challenge = f'Bearer realm="{realm}",service="{place.host}"' + (f',scope="{scope}"' if scope else "")
    bearer = request.headers.get("authorization", "")
    try:
        if not bearer.startswith("Bearer "):
            raise Failure(401, "UNAUTHORIZED", "")
        claims = azure.tokens.verified(bearer[7:], ("exp", "aud", "access"))
        if claims["aud"] != place.host:
            raise Failure(401, "UNAUTHORIZED", "")
    except Failure:
        raise refused(401, "UNAUTHORIZED", headers={"WWW-Authenticate": challenge}) from None
    return {**claims, "challenge": challenge}


def _check(azure: Azure, place: Place, request: Request, scope: str) -> None:
    """Failure 401 unless the access token covers `scope`."""
    claims = _claims(azure, place, request, scope)
    _check_network(azure, place, claims)
    kind, name, action = scope.split(":")
    for grant in claims["access"]:
        if (grant["Type"], grant["Name"]) == (kind, name) and {action, "*"} & set(grant["Actions"]):
            return
    challenge = f'{claims["challenge"]},error="insufficient_scope"'
    raise refused(401, "UNAUTHORIZED", headers={"WWW-Authenticate": challenge})


def _check_network(azure: Azure, place: Place, claims: Mapping[str, Any]) -> None:
    """Failure 403 unless the registry lets in a request from where the claims say; Dropped if it does not arrive."""
    if place.resource is None:
        return
    arrival = ways.arrive(azure, places.claimed(azure, claims), place.resource, "registry")
    properties = place.resource["properties"]
    rules = properties.get("networkRuleSet") or {}
    allowed = arrival.comes_from(rule["value"] for rule in rules.get("ipRules") or ())
    refuses = rules.get("defaultAction") == "Deny" and not allowed
    if not arrival.private and (properties.get("publicNetworkAccess") == "Disabled" or refuses):
        text = f"client with IP '{arrival.address}' is not allowed access, refer https://aka.ms/acr/firewall to grant "
        raise refused(403, "DENIED", f"{text}access: {place.host}")


def _exchange(azure: Azure, place: Place, form: dict[str, str]) -> Response:
    """A refresh token for an Entra ID token of a principal that may read images here."""
    if place.resource is None:
        raise refused(404, "UNSUPPORTED")
    if form.get("grant_type") != "access_token" or form.get("service", "").lower() != place.host:
        raise refused(400, "BAD_REQUEST", "grant_type must be access_token and service this registry")
    if form.get("tenant", TENANT) not in (TENANT, ""):
        raise refused(401, "UNAUTHORIZED", "the tenant does not match that of the registry")
    entra_token = form.get("access_token", "")
    try:
        principal = azure.tokens.principal(f"Bearer {entra_token}", "registry")
    except Failure as failure:
        raise refused(401, "UNAUTHORIZED", failure.message) from None
    claims = azure.tokens.verified(entra_token, ("aud",))
    policy = place.resource["properties"]["policies"]["azureADAuthenticationAsArmPolicy"]
    if policy["status"] == "disabled" and claims["aud"].rstrip("/") in ARM:
        raise refused(401, "UNAUTHORIZED", "ARM audience tokens are disabled for this registry.")
    _check_network(azure, place, claims)
    if not _permissions(azure, place, principal):
        raise refused(401, "UNAUTHORIZED")
    token = _signed(azure, place, REFRESH, grant_type="refresh_token", sub=principal, local=claims.get("local"))
    return JSONResponse({"refresh_token": token})


def _token(azure: Azure, place: Place, form: dict[str, str]) -> Response:
    """An access token for those of the requested scopes that the principal may have."""
    scopes = form.get("scope", "").split()
    principal, local = _principal(azure, place, form)
    access = []
    for scope in scopes:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        granted = _granted(azure, place, principal, kind, set(actions.split(",")))
        if granted:
            access.append({"Type": kind, "Name": name, "Actions": granted})
    token = _signed(azure, place, ACCESS, grant_type="access_token", sub=principal, local=local, access=access)
    body = {"access_token": token}
    return JSONResponse(body if place.resource else {**body, "token": token, "expires_in": 300})


def _principal(azure: Azure, place: Place, form: dict[str, str]) -> tuple[str, Any]:
    """The principal that asks for a token ('' for an anonymous one), and the claim of where it stands."""
    if place.resource is None:
        return "", None
    if "refresh_token" not in form and place.resource["properties"]["anonymousPullEnabled"]:
        return "", None
    if form.get("grant_type") != "refresh_token" or form.get("service", "").lower() != place.host:
        raise refused(401, "UNAUTHORIZED")
    try:
        claims = azure.tokens.verified(form.get("refresh_token", ""), ("exp", "aud", "sub", "grant_type"))
    except Failure:
        raise refused(401, "UNAUTHORIZED") from None
    if (claims["aud"], claims["grant_type"]) != (place.host, "refresh_token"):
        raise refused(401, "UNAUTHORIZED")
    return str(claims["sub"]), claims["local"]


def _permissions(azure: Azure, place: Place, principal: str, wanted: Collection[str] = ()) -> set[str]:
    """What the principal may do of what is `wanted`; of all that there is, if nothing is."""
    if place.resource is None or not principal:
        return {"pull", "metadata_read"}
    ask, registry = (roles.allowed if wanted else roles.may), place.resource["id"]
    every = not wanted or "*" in wanted
    asked = [(action, scopes) for action, scopes in ALLOWED.items() if every or not scopes.isdisjoint(wanted)]
    return set().union(*(scopes for action, scopes in asked if ask(azure, principal, action, registry)))


def _granted(azure: Azure, place: Place, principal: str, kind: str, actions: set[str]) -> list[str]:
    may = _permissions(azure, place, principal, () if kind == "registry" else actions)
    if kind == "registry":
        return ["*"] if may and principal else []
    return sorted(may if "*" in actions else may & actions)


def _signed(azure: Azure, place: Place, seconds: int, **claims: Any) -> str:
    now = int(time.time())
    known = {"iss": "Azure Container Registry", "aud": place.host, "version": "1.0", "jti": str(uuid.uuid4())}
    return azure.tokens.sign({**known, "iat": now, "nbf": now - 5, "exp": now + seconds, "tenant": TENANT, **claims})
