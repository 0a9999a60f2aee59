"""Microsoft.ManagedIdentity: user-assigned identities. The principal of a new one is known after a while."""

from __future__ import annotations

import uuid

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call
from azure_local.settings import TENANT
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

IDENTITY = Type(
    provider=Provider("Microsoft.ManagedIdentity", Shapes(load("managedidentity"), malformed)),
    name="Microsoft.ManagedIdentity/userAssignedIdentities",
    store="identity",
    versions=("2024-11-30", "2025-05-31-preview", "2023-01-31", "2022-01-31-preview", "2018-11-30"),
    shape="Identity",
    seconds=10,
    naming=r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, IDENTITY.namespace)
    body, before = tracked.body(azure, call, IDENTITY), tracked.existing(azure, call, IDENTITY)
    ids = {"principalId": str(uuid.uuid4()), "clientId": str(uuid.uuid4()), "tenantId": TENANT}
    body["properties"] = {**(before["resource"]["properties"] if before else ids), **body["properties"]}
    known = before["known"] if before else azure.clock.after(azure.seconds[IDENTITY.store])
    return tracked.keep(azure, call, IDENTITY, body, known=known)


async def gone(azure: Azure, document: Document) -> None:
    """Its federated credentials go with it."""
    for key, _ in azure.store.items("federatedCredential", f"{document['resource']['id']}/"):
        azure.store.delete("federatedCredential", key)


SERVICE = serving.service(IDENTITY, put=put, gone=gone)
