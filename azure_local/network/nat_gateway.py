"""NAT gateways: the way out of the subnets that refer to one, by its public addresses.

One without an address or prefix can be made, and nothing gets out by it.
"""

from __future__ import annotations

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import provider, public_address, references
from azure_local.network.security_group import subnets_with
from azure_local.tracked import Document, Type

GATEWAY = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/natGateways",
    store="natGateway",
    versions=provider.VERSIONS,
    shape="NatGateway",
    seconds=8,
    update="TagsObject",
    offered=("idleTimeoutInMinutes", "publicIpAddresses", "publicIpPrefixes"),
    naming=provider.NAME % 78,
)
MINUTES = range(4, 121)
MOST_ADDRESSES = 16
"""Source of both: learn.microsoft.com, NAT gateway resource. Inferred: the codes of the refusals."""


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, GATEWAY.namespace)
    body = tracked.body(azure, call, GATEWAY)
    settings, key = body["properties"], GATEWAY.key(azure, call)
    if "sku" not in body:
        raise provider.unparsed("MissingRequiredProperty", "Required parameter 'sku' is missing (null).")
    minutes = settings.get("idleTimeoutInMinutes", MINUTES[0])
    if minutes not in MINUTES:
        text = f"The idle timeout of {minutes} minutes of NAT gateway {key} is not from {MINUTES[0]} to {MINUTES[-1]}."
        raise Failure(400, "NatGatewayIdleTimeoutOutOfRange", text)
    _check_addresses(azure, key, body["location"], settings)
    kept = {**settings, "idleTimeoutInMinutes": minutes}
    return references.kept(azure, call, GATEWAY, {**body, "properties": kept})


def _check_addresses(azure: Azure, key: str, location: str, settings: Document) -> None:
    """Failure 400 unless the addresses and prefixes are there, and free."""
    every = {"publicAddress": settings.get("publicIpAddresses"), "publicPrefix": settings.get("publicIpPrefixes")}
    if len(every["publicAddress"] or ()) > MOST_ADDRESSES:
        text = f"NAT gateway {key} cannot have more than {MOST_ADDRESSES} public IP addresses."
        raise Failure(400, "NatGatewayPublicIpAddressLimitExceeded", text)
    for store, listed in every.items():
        for one in listed or ():
            document = references.found(azure, references.id_of(one), store, key, location)
            public_address.check_free(azure, document["resource"]["id"], key)


def address(azure: Azure, gateway: Document) -> str:
    """The public address by which a gateway lets out, "" if it has none."""
    for one in gateway["properties"].get("publicIpAddresses") or ():
        if known := azure.store.get("publicAddress", one["id"]):
            return str(known["resource"]["properties"]["ipAddress"])
    for one in gateway["properties"].get("publicIpPrefixes") or ():
        if known := azure.store.get("publicPrefix", one["id"]):
            return str(known["resource"]["properties"]["ipPrefix"]).partition("/")[0]
    return ""


async def get(azure: Azure, call: Call) -> Answer:
    resource = tracked.lookup(azure, call, GATEWAY)["resource"]
    users = subnets_with(azure, "natGateway", resource["id"])
    more = {"subnets": [{"id": one} for one in users]} if users else {}
    return Answer(200, {**resource, "properties": {**resource["properties"], **more}})


async def delete(azure: Azure, call: Call) -> Answer:
    key = GATEWAY.key(azure, call)
    if users := subnets_with(azure, "natGateway", key):
        text = f"NAT Gateway {key} is still configured on {len(users)} subnets. Remove NAT Gateway from all referenced "
        raise Failure(400, "CannotDeleteNatGatewayAssociatedToSubnet", f"{text}subnets and then delete NAT Gateway.")
    return await tracked.remove(azure, call, GATEWAY, 10)


SERVICE = serving.service(GATEWAY, put=put, delete=delete, get=get, patch=serving.tagger(GATEWAY))
