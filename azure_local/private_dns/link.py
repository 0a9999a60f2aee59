"""Links of private DNS zones to virtual networks. A network that is linked resolves the names of the zone."""

from __future__ import annotations

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.http import Answer, Call, Failure
from azure_local.private_dns.zone import GLOBAL, PROVIDER, VERSIONS, ZONE
from azure_local.tracked import Document, Making, Type

LINK = Type(
    provider=PROVIDER,
    name="Microsoft.Network/privateDnsZones/virtualNetworkLinks",
    store="privateZoneLink",
    versions=VERSIONS,
    shape="VirtualNetworkLink",
    seconds=15,
    regions=GLOBAL,
    making=Making.LOCATED,
)


async def put(azure: Azure, call: Call) -> Answer:
    zone = tracked.parent(azure, call, ZONE)["resource"]
    body, key = tracked.body(azure, call, LINK), LINK.key(azure, call)
    network = str((body["properties"].get("virtualNetwork") or {}).get("id", ""))
    _check(azure, zone, key, network)
    known = {"registrationEnabled": False, "resolutionPolicy": "Default"}
    body["properties"] = {**known, **body["properties"], "virtualNetworkLinkState": "InProgress"}
    return tracked.keep(azure, call, LINK, body)


def _check(azure: Azure, zone: Document, key: str, network: str) -> None:
    """Failure unless the network is there and may be linked. Inferred: the codes; the text on overlaps is Azure's."""
    if azure.store.get("network", network) is None:
        raise Failure(400, "BadRequest", f"The virtual network '{network}' was not found.")
    before = azure.store.get(LINK.store, key)
    if before and network_of(before).lower() != network.lower():
        raise Failure(400, "BadRequest", "The virtual network of a virtual network link cannot be changed.")
    for document in azure.store.list(LINK.store):
        other = document["resource"]["id"]
        name = other.split("/virtualNetworkLinks/")[0].rpartition("/")[2]
        if other.lower() == key.lower() or network_of(document).lower() != network.lower():
            continue
        if name.lower() == zone["name"].lower():
            text = (
                "A virtual network cannot be linked to multiple zones with overlapping namespaces. You tried to link "
            )
            raise Failure(400, "BadRequest", f"{text}virtual network with '{zone['name']}' and '{name}' zones.")


def network_of(link: Document) -> str:
    return str(link["resource"]["properties"]["virtualNetwork"]["id"])


async def made(azure: Azure, document: Document) -> None:
    document["resource"]["properties"]["virtualNetworkLinkState"] = "Completed"


SERVICE = serving.service(LINK, above=ZONE, put=put, made=made)
