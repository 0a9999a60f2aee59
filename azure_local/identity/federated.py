"""Federated credentials of user-assigned identities: whose tokens, of which issuer, are exchanged for the identity's.

A new one is honoured after a while. Writes to one identity must come one after another. Source: learn.microsoft.com,
Important considerations and restrictions for federated identity credentials. Inferred: the codes of refusals but that
of concurrent writes, which is quoted in issues of azure-sdk and of terraform-provider-azurerm.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Service
from azure_local.http import Answer, Call, Failure, page
from azure_local.identity.identity import IDENTITY
from azure_local.tracked import existing, parent

TYPE = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"
STORE = "federatedCredential"
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}")
MOST = 20
WRITING = 0.02
"""Seconds on the wall that a write takes, in which another one to the same identity is refused."""


def _place(azure: Azure, call: Call) -> str:
    """The path of the identity's credentials. Failure 404 if there is no identity."""
    return f"{parent(azure, call, IDENTITY)['resource']['id']}/federatedIdentityCredentials"


async def put(azure: Azure, call: Call) -> Answer:
    place, name = _place(azure, call), call.params["credential"]
    settings: dict[str, Any] = IDENTITY.provider.shapes.fitted("FederatedIdentityCredential", call.body)["properties"]
    key = f"{place}/{name}"
    _check(azure, place, key, name, settings)
    if place.lower() in azure.writing:
        text = "Too many Federated Identity Credentials are written concurrently for the managed identity. Concurrent "
        text += "Federated Identity Credentials writes under the same managed identity are not supported."
        code = "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
        raise Failure(409, code, text)
    azure.writing.add(place.lower())
    try:
        await asyncio.sleep(WRITING)
        before = azure.store.get(STORE, key)
        known = before["resource"] if before else {"id": key, "name": name, "type": TYPE}
        resource = {**known, "properties": settings}
        azure.store.put(STORE, key, {"resource": resource, "works": azure.clock.after(azure.seconds[STORE])})
    finally:
        azure.writing.discard(place.lower())
    return Answer(200 if before else 201, resource)


def _check(azure: Azure, place: str, key: str, name: str, settings: dict[str, Any]) -> None:
    """Failure 400 or 409 for what cannot be kept."""
    if not NAME.fullmatch(name):
        raise Failure(400, "BadRequest", f"The federated identity credential name '{name}' is not valid.")
    if not str(settings["issuer"]).startswith("https://") or not settings["subject"]:
        raise Failure(400, "BadRequest", "The issuer must be an HTTPS URL, and the subject must not be empty.")
    if len(settings["audiences"]) != 1:
        raise Failure(400, "BadRequest", "A federated identity credential must have one audience.")
    others = [one["resource"] for one in azure.store.list(STORE, f"{place}/")]
    others = [other for other in others if other["id"].lower() != key.lower()]
    if len(others) >= MOST:
        text = f"A managed identity can have at most {MOST} federated identity credentials."
        raise Failure(400, "FederatedIdentityCredentialsLimitExceeded", text)
    for other in others:
        if all(other["properties"][part] == settings[part] for part in ("issuer", "subject")):
            text = "Issuer and subject combination already exists for this Managed Identity."
            raise Failure(409, "Conflict", text)


async def get(azure: Azure, call: Call) -> Answer:
    document = azure.store.get(STORE, f"{_place(azure, call)}/{call.params['credential']}")
    if document is None:
        text = f"The Resource '{TYPE}/{call.params['credential']}' was not found."
        raise Failure(404, "NotFound", text)
    return Answer(200, document["resource"])


async def delete(azure: Azure, call: Call) -> Answer:
    if existing(azure, call, IDENTITY) is None:
        return Answer(204)
    key = f"{_place(azure, call)}/{call.params['credential']}"
    if azure.store.get(STORE, key) is None:
        return Answer(204)
    azure.store.delete(STORE, key)
    return Answer(200)


async def listing(azure: Azure, call: Call) -> Answer:
    shown = [document["resource"] for document in azure.store.list(STORE, f"{_place(azure, call)}/")]
    return Answer(200, page(shown, call, azure.page_size))


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    for key, _ in azure.store.items(STORE, data["prefix"]):
        azure.store.delete(STORE, key)


ALL = f"{IDENTITY.one}/federatedIdentityCredentials"
SERVICE = Service(
    routes=serving.crud(
        f"{ALL}/{{credential}}", ALL, IDENTITY.versions, put=put, get=get, delete=delete, listing=listing
    ),
    completions={f"{STORE}.purge": purge},
    seconds={STORE: 30},
)
