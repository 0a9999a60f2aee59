"""Microsoft.ManagedIdentity: user-assigned identities. A new one's principal takes a while to be known everywhere."""

from __future__ import annotations

import re
import uuid
from typing import Any

from azure_local.azure import Azure, Route, Service
from azure_local.common import GROUP, check_tags, group, group_id, not_found, region, registered
from azure_local.http import Answer, Call, Failure, only, page
from azure_local.settings import SUBSCRIPTION, TENANT

VERSIONS = ("2024-11-30", "2025-05-31-preview", "2023-01-31", "2022-01-31-preview", "2018-11-30")
TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities"


def _key(found: dict[str, Any], name: str) -> str:
    return f"{group_id(found)}/providers/{TYPE}/{name}"


async def put(azure: Azure, call: Call) -> Answer:
    found = group(azure, call)
    registered(azure, "Microsoft.ManagedIdentity")
    body = only(call.body, ("location", "tags", "properties"), "Identity")
    name, location = call.params["identity"], region(body, TYPE)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}", name):
        raise Failure(400, "InvalidResourceName", f"The resource name '{name}' is not valid.")
    existing = azure.store.get("identity", _key(found, name))
    if existing and existing["resource"]["location"] != location:
        raise Failure(409, "InvalidResourceLocation", f"The resource '{name}' already exists in another location.")
    ids = {"principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4()), "tenantId": TENANT}
    resource: dict[str, Any] = {
        "id": _key(found, name),
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": check_tags(body),
        "properties": existing["resource"]["properties"] if existing else ids,
    }
    known = existing["known"] if existing else azure.clock.after(azure.seconds["identity"])
    azure.store.put("identity", resource["id"], {"resource": resource, "known": known})
    return Answer(200 if existing else 201, resource)


def _lookup(azure: Azure, call: Call) -> dict[str, Any]:
    found = group(azure, call)
    document = azure.store.get("identity", _key(found, call.params["identity"]))
    if document is None:
        raise not_found(TYPE, call.params["identity"], found["name"])
    return document


async def patch(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    body = only(call.body, ("location", "tags", "properties"), "IdentityUpdate")
    if "tags" in body:
        document["resource"]["tags"] = check_tags(body)
    azure.store.put("identity", document["resource"]["id"], document)
    return Answer(200, document["resource"])


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, _lookup(azure, call)["resource"])


async def listing(azure: Azure, call: Call) -> Answer:
    prefix = f"{group_id(group(azure, call))}/" if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}/"
    return Answer(200, page((d["resource"] for d in azure.store.list("identity", prefix)), call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    key = _key(group(azure, call), call.params["identity"])
    existed = azure.store.get("identity", key) is not None
    azure.store.delete("identity", key)
    return Answer(200 if existed else 204)


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    for key, _ in azure.store.items("identity", data["prefix"]):
        azure.store.delete("identity", key)


ALL = f"{GROUP}/providers/{TYPE}"
ONE = f"{ALL}/{{identity}}"
SERVICE = Service(
    namespace="Microsoft.ManagedIdentity",
    routes=(
        Route("PUT", ONE, put, VERSIONS),
        Route("PATCH", ONE, patch, VERSIONS),
        Route("GET", ONE, get, VERSIONS),
        Route("DELETE", ONE, delete, VERSIONS),
        Route("GET", ALL, listing, VERSIONS),
        Route("GET", f"/subscriptions/{{subscription}}/providers/{TYPE}", listing, VERSIONS),
    ),
    types={"identity": TYPE},
    completions={"identity.purge": purge},
    seconds={"identity": 10},
)
