"""The A records of private DNS zones, written by hand or by the zone groups of private endpoints.

Other types of records are not offered.
"""

from __future__ import annotations

import ipaddress
import uuid
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.http import Answer, Call, Failure
from azure_local.private_dns.zone import PROVIDER, VERSIONS, ZONE
from azure_local.tracked import Changing, Deleting, Document, Making, Type

RECORD = Type(
    provider=PROVIDER,
    name="Microsoft.Network/privateDnsZones/A",
    store="recordSet",
    versions=VERSIONS,
    shape="RecordSet",
    offered=("aRecords", "metadata", "ttl"),
    naming=r"@|(\*|[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*",
    regions=(),
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)


async def put(azure: Azure, call: Call) -> Answer:
    zone = tracked.parent(azure, call, ZONE)["resource"]
    body = tracked.body(azure, call, RECORD)
    settings = body["properties"]
    if "ttl" not in settings:
        raise Failure(400, "BadRequest", "The 'TTL' property of the record set is required.")  # inferred
    addresses = [str(record.get("ipv4Address")) for record in settings.get("aRecords", ())]
    if not addresses or not all(_is_address(address) for address in addresses):
        raise Failure(400, "BadRequest", "The record set must have records with IPv4 addresses.")  # inferred
    return tracked.keep(azure, call, RECORD, _whole(zone, call.params[RECORD.last], settings))


def _whole(zone: Document, name: str, settings: dict[str, Any]) -> Document:
    fqdn = f"{zone['name']}." if name == "@" else f"{name}.{zone['name']}."
    return {"etag": str(uuid.uuid4()), "properties": {**settings, "fqdn": fqdn, "isAutoRegistered": False}}


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def write(azure: Azure, zone: Document, name: str, addresses: list[str], metadata: dict[str, str]) -> Document:
    """Make or replace the A record of a name; its resource."""
    settings = {"ttl": 10, "aRecords": [{"ipv4Address": one} for one in addresses], "metadata": metadata}
    key = f"{zone['id']}/A/{name}"
    resource: Document = {"id": key, "name": name, "type": RECORD.name, **_whole(zone, name, settings)}
    azure.store.put(RECORD.store, key, {"resource": resource})
    return resource


def drop(azure: Azure, metadata: dict[str, str]) -> None:
    """Delete the records with this metadata."""
    for key, document in azure.store.items(RECORD.store):
        if document["resource"]["properties"].get("metadata") == metadata:
            azure.store.delete(RECORD.store, key)


SERVICE = serving.service(RECORD, above=ZONE, put=put)
