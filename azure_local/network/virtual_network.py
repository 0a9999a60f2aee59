"""Virtual networks and their subnets, which stand in them and are also written one by one.

The checks of address spaces are in `addresses`.
"""

from __future__ import annotations

from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import addresses, inner, provider, references, subnets
from azure_local.network.inner import Inner
from azure_local.tracked import Document, Type

NETWORK = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/virtualNetworks",
    store="network",
    versions=provider.VERSIONS,
    shape="VirtualNetwork",
    seconds=6,
    update="TagsObject",
    offered=("addressSpace", "subnets", "dhcpOptions"),
    naming=provider.NAME % 62,
)
KEEPS = "2023-09-01"
"""Since this api-version a PUT without `subnets` leaves them as they are. Source: announced by Microsoft."""


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, NETWORK.namespace)
    body = tracked.body(azure, call, NETWORK)
    key, existing = NETWORK.key(azure, call), tracked.existing(azure, call, NETWORK)
    before = existing["resource"]["properties"]["subnets"] if existing else []
    kept = before if call.query["api-version"] >= KEEPS else []
    settings = {"subnets": kept, **body["properties"]}
    fitted = _fitted(azure, key, body["location"], settings)
    _check_use(azure, before, fitted)
    return references.kept(azure, call, NETWORK, {**body, "properties": {**settings, "subnets": fitted}})


def _fitted(azure: Azure, key: str, location: str, settings: Document) -> list[Document]:
    """The subnets as they are kept. Failure for those that do not fit into the network or refer to nothing."""
    inner.unique(key, settings["subnets"])
    addresses.check_network(key, settings)
    asked = settings["subnets"]
    return [one if "etag" in one else subnets.kept(azure, key, location, one) for one in asked]  # one with: kept before


def _check_use(azure: Azure, before: list[Document], after: list[Document]) -> None:
    """Failure 400 if a subnet in use goes, or loses the addresses that are in use."""
    kept = {one["id"].lower(): one for one in after}
    for one in before:
        other = kept.get(one["id"].lower())
        if other is None:
            check_free(azure, one)
            continue
        prefixes = addresses.prefixes(one["properties"])
        if prefixes != addresses.prefixes(other["properties"]) and subnets.users(azure, one["id"]):
            text = f"IpPrefix {prefixes[0]} on Subnet {one['name']} has active allocations and cannot be deleted."
            raise Failure(400, "InUsePrefixCannotBeDeleted", text)


def check_free(azure: Azure, subnet: Document) -> None:
    """Failure 400 if anything is in the subnet."""
    if users := subnets.users(azure, subnet["id"]):
        text = f"Subnet {subnet['name']} is in use by {users[0]} and cannot be deleted. In order to delete the subnet, "
        text += "delete all the resources within the subnet. See aka.ms/deletesubnet."
        raise Failure(400, "InUseSubnetCannotBeDeleted", text)


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, subnets.shown(azure, tracked.lookup(azure, call, NETWORK)["resource"]))


async def delete(azure: Azure, call: Call) -> Answer:
    document = tracked.existing(azure, call, NETWORK)
    for subnet in document["resource"]["properties"]["subnets"] if document else ():
        check_free(azure, subnet)
    return await tracked.remove(azure, call, NETWORK, 10)


def _inserted(azure: Azure, network: Document, listed: list[dict[str, Any]]) -> list[Document]:
    before = network["properties"]["subnets"]
    fitted = _fitted(azure, network["id"], network["location"], {**network["properties"], "subnets": listed})
    _check_use(azure, before, fitted)
    return fitted


SUBNET = Inner(NETWORK, "subnets", "subnet", "VirtualNetworkSubnet", _inserted, check_free, subnets.used)
SERVICES = (
    serving.service(NETWORK, put=put, delete=delete, get=get, patch=serving.tagger(NETWORK)),
    inner.service(SUBNET),
)
