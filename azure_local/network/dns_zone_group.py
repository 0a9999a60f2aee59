"""The zone group of a private endpoint, of which there is one: it writes the endpoint's A records into private zones.

A zone of another name than the endpoint's group resolves stays empty (inferred).
"""

from __future__ import annotations

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.http import Answer, Call, Failure
from azure_local.network import inner, private_endpoint, private_link, provider, references
from azure_local.network.private_endpoint import ENDPOINT
from azure_local.private_dns import record_set
from azure_local.tracked import Document, Type

ZONES = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
    store="dnsZoneGroup",
    versions=provider.VERSIONS,
    shape="PrivateDnsZoneGroup",
    seconds=8,
    naming=provider.NAME % 78,
    regions=(),
)
MOST = 5
"""Source: learn.microsoft.com, private endpoint DNS integration. Inferred: the code of the refusal."""


async def put(azure: Azure, call: Call) -> Answer:
    endpoint = tracked.parent(azure, call, ENDPOINT)
    tracked.idle(ENDPOINT, endpoint)
    body, key = tracked.body(azure, call, ZONES), ZONES.key(azure, call)
    others = [
        document["resource"]["id"] for document in azure.store.list(ZONES.store, f"{endpoint['resource']['id']}/")
    ]
    if [one for one in others if one.lower() != key.lower()]:
        text = (
            f"Cannot create more than one private dns zone groups in the private endpoint {endpoint['resource']['id']}."
        )
        raise Failure(400, "MoreThanOnePrivateDnsZoneGroupPerPrivateEndpointNotAllowed", text)
    configs = body["properties"].get("privateDnsZoneConfigs", [])
    inner.unique(key, configs)
    if len(configs) > MOST:
        raise Failure(400, "PrivateDnsZoneGroupLimitExceeded", f"{key} cannot have more than {MOST} zones.")
    for config in configs:
        zone = _zone_id(config)
        if azure.store.get("privateZone", zone) is None:
            text = f"Private Dns Zone group {key} has invalid private dns zone ids {zone}."
            raise Failure(400, "InvalidPrivateDnsZoneIds", text)
    body["properties"] = {"privateDnsZoneConfigs": configs}
    return tracked.keep(azure, call, ZONES, {**body, "etag": references.etag()})


def _zone_id(config: Document) -> str:
    return str((config.get("properties") or {}).get("privateDnsZoneId", ""))


async def made(azure: Azure, document: Document) -> None:
    """Write the records that the group stands for, and take away those of zones that left it."""
    resource = document["resource"]
    above = azure.store.get(ENDPOINT.store, resource["id"].split("/privateDnsZoneGroups/")[0])
    there = private_endpoint.reached(azure, above["resource"]["properties"]) if above else None
    if above is None or there is None:
        return
    marks, known = private_endpoint.marks(above["resource"]), private_endpoint.addresses(azure, above["resource"])
    record_set.drop(azure, marks)
    names = private_link.names(*there)
    for config in resource["properties"]["privateDnsZoneConfigs"]:
        zone = azure.store.get("privateZone", _zone_id(config))
        fits = zone is not None and zone["resource"]["name"].lower() == there[0].zone
        config["properties"]["recordSets"] = [
            _record(record_set.write(azure, zone["resource"], name, [known[member]], marks))
            for member, name in names.items()
            if zone is not None and fits
        ]


def _record(resource: Document) -> Document:
    properties = resource["properties"]
    return {
        "recordType": "A",
        "recordSetName": resource["name"],
        "fqdn": properties["fqdn"].rstrip("."),
        "ttl": properties["ttl"],
        "ipAddresses": [one["ipv4Address"] for one in properties["aRecords"]],
        "provisioningState": "Succeeded",
    }


async def gone(azure: Azure, document: Document) -> None:
    above = azure.store.get(ENDPOINT.store, document["resource"]["id"].split("/privateDnsZoneGroups/")[0])
    if above is not None:
        record_set.drop(azure, private_endpoint.marks(above["resource"]))


SERVICE = serving.service(ZONES, above=ENDPOINT, put=put, made=made, gone=gone, without=("patch",))
