"""To what a name resolves inside of a virtual network, by the private zones that are linked to it."""

from __future__ import annotations

from azure_local.azure import Azure
from azure_local.private_dns.link import network_of

REDIRECTS = "NxDomainRedirect"
"""The resolution policy by which a name that is not in the zone is looked up publicly."""


def resolve(azure: Azure, network: str, zone: str, name: str) -> str | None:
    """The address of a name in the zone; "" if it has none, None if the network has no such zone, or looks further."""
    for link in azure.store.list("privateZoneLink"):
        properties, zone_id = link["resource"]["properties"], link["resource"]["id"].split("/virtualNetworkLinks/")[0]
        linked = properties["virtualNetworkLinkState"] == "Completed" and network_of(link).lower() == network.lower()
        if not linked or zone_id.rpartition("/")[2].lower() != zone:
            continue
        record = azure.store.get("recordSet", f"{zone_id}/A/{name}")
        if record is not None:
            return str(record["resource"]["properties"]["aRecords"][0]["ipv4Address"])
        return None if properties["resolutionPolicy"] == REDIRECTS else ""
    return None
