"""Microsoft.Network private DNS zones: names that virtual networks resolve that are linked to the zone.

Inferred: that making one takes as long as here. A zone with links is not deleted; its records go with it.
"""

from __future__ import annotations

import re

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Document, Making, Provider, Type

VERSIONS = ("2024-06-01", "2020-06-01", "2018-09-01")
GLOBAL = ("global",)
LABELS = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})+")
MOST = {"maxNumberOfRecordSets": 25000, "maxNumberOfVirtualNetworkLinks": 1000}
REGISTERING = {"maxNumberOfVirtualNetworkLinksWithRegistration": 100}


def _bad_name(kind: Type, name: str) -> Failure:
    return Failure(400, "BadRequest", f"The domain name '{name}' is invalid.")


def _busy(resource: Document) -> Failure:
    text = f"The request was aborted since another operation on {resource['id']} is in progress."
    return Failure(409, "PreconditionFailed", text)


PROVIDER = Provider("Microsoft.Network", Shapes(load("privatedns"), malformed), bad_name=_bad_name, busy=_busy)
ZONE = Type(
    provider=PROVIDER,
    name="Microsoft.Network/privateDnsZones",
    store="privateZone",
    versions=VERSIONS,
    shape="PrivateZone",
    seconds=15,
    naming=LABELS.pattern,
    regions=GLOBAL,
    making=Making.LOCATED,
)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, ZONE.namespace)
    body = tracked.body(azure, call, ZONE)
    body["properties"] = {**MOST, **REGISTERING}
    return tracked.keep(azure, call, ZONE, body)


def shown(azure: Azure, resource: Document) -> Document:
    """A zone with the numbers of what is in it; its own SOA record counts."""
    links = [
        document["resource"]["properties"] for document in azure.store.list("privateZoneLink", f"{resource['id']}/")
    ]
    counts = {
        "numberOfRecordSets": 1 + len(azure.store.list("recordSet", f"{resource['id']}/")),
        "numberOfVirtualNetworkLinks": len(links),
        "numberOfVirtualNetworkLinksWithRegistration": sum(one["registrationEnabled"] for one in links),
    }
    return {**resource, "properties": {**resource["properties"], **counts}}


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, shown(azure, tracked.lookup(azure, call, ZONE)["resource"]))


async def delete(azure: Azure, call: Call) -> Answer:
    tracked.check_empty(azure, ZONE.key(azure, call), "virtualNetworkLinks", "privateZoneLink")
    return await tracked.remove(azure, call, ZONE)


async def gone(azure: Azure, document: Document) -> None:
    for key, _ in azure.store.items("recordSet", f"{document['resource']['id']}/"):
        azure.store.delete("recordSet", key)


SERVICE = serving.service(ZONE, put=put, get=get, delete=delete, gone=gone)
