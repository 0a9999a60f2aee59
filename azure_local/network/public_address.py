"""Public addresses, and prefixes of them: standard ones, as Azure sells no others any more.

An address has one user: an interface, a NAT gateway or a Batch pool.
"""

from __future__ import annotations

import ipaddress

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import provider, references
from azure_local.tracked import Type

ADDRESS = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/publicIPAddresses",
    store="publicAddress",
    versions=provider.VERSIONS,
    shape="PublicIPAddress",
    seconds=6,
    update="TagsObject",
    offered=("publicIPAllocationMethod", "publicIPAddressVersion", "idleTimeoutInMinutes", "deleteOption", "ipTags"),
    naming=provider.NAME % 78,
)
PREFIX = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/publicIPPrefixes",
    store="publicPrefix",
    versions=provider.VERSIONS,
    shape="PublicIPPrefix",
    seconds=6,
    update="TagsObject",
    offered=("prefixLength", "publicIPAddressVersion", "ipTags"),
    naming=provider.NAME % 78,
)
LENGTHS = range(28, 32)
"""Of IPv4 prefixes. Source: learn.microsoft.com, public IP address prefix. Inferred: the code of the refusal."""
ADDRESSES = ipaddress.ip_network("203.0.113.0/24")
"""TEST-NET-3, which is reserved for examples; it serves addresses and prefixes alike."""
USERS = ("interface", "natGateway", "pool")


async def put_address(azure: Azure, call: Call) -> Answer:
    registered(azure, ADDRESS.namespace)
    body = tracked.body(azure, call, ADDRESS)
    sku = {"name": "Basic", "tier": "Regional", **body.get("sku", {})}
    if sku["name"] != "Basic" and body["properties"].get("publicIPAllocationMethod") != "Static":
        text = "Standard sku publicIp must have AllocationMethod set to Static."
        raise Failure(400, "StandardSkuPublicIPAddressesMustBeStatic", text)
    if sku["name"] == "Basic":
        text = "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region."
        raise Failure(400, "IPv4BasicSkuPublicIpCountLimitReached", text)
    existing = azure.store.get(ADDRESS.store, ADDRESS.key(azure, call))
    number = len(azure.store.list(ADDRESS.store)) + 1
    properties = {
        "publicIPAddressVersion": "IPv4",
        "idleTimeoutInMinutes": 4,
        **body["properties"],
        "ipAddress": existing["resource"]["properties"]["ipAddress"] if existing else str(ADDRESSES[number % 250 + 1]),
    }
    return references.kept(azure, call, ADDRESS, {**body, "sku": sku, "properties": properties})


async def put_prefix(azure: Azure, call: Call) -> Answer:
    registered(azure, PREFIX.namespace)
    body, existing = tracked.body(azure, call, PREFIX), tracked.existing(azure, call, PREFIX)
    length = body["properties"].get("prefixLength")
    if length not in LENGTHS:
        text = f"Public IP prefix has an invalid prefix length {length}; it must be from {LENGTHS[0]} to {LENGTHS[-1]}."
        raise Failure(400, "InvalidPublicIPPrefixLength", text)
    before = existing["resource"]["properties"] if existing else {"prefixLength": length}
    if before["prefixLength"] != length:
        raise Failure(400, "PropertyChangeNotAllowed", "Changing property 'properties.prefixLength' is not allowed.")
    number = len(azure.store.list(PREFIX.store))
    several = list(ADDRESSES.subnets(new_prefix=length))
    known = {"publicIPAddressVersion": "IPv4", "ipPrefix": str(several[-1 - number % len(several)])}
    properties = {**known, **before, **body["properties"]}
    return references.kept(azure, call, PREFIX, {"sku": {"name": "Standard"}, **body, "properties": properties})


def users(azure: Azure, key: str) -> list[str]:
    """The ids of the resources that have this address or prefix."""
    return [one for store in USERS for one in references.users(azure, store, f'{key}"')]


def check_free(azure: Azure, key: str, owner: str) -> None:
    """Failure 400 if another resource than `owner` has this address or prefix."""
    if taken := [one for one in users(azure, key) if one.lower() != owner.split("/ipConfigurations/")[0].lower()]:
        text = f"Resource {owner} is referencing public IP address {key} that is already allocated to resource "
        raise Failure(400, "PublicIPAddressInUse", f"{text}{taken[0]}.")


async def delete_address(azure: Azure, call: Call) -> Answer:
    key = ADDRESS.key(azure, call)
    if inside := users(azure, key):
        text = f"Public IP address {key} can not be deleted since it is still allocated to resource {inside[0]}. In "
        text += "order to delete the public IP, disassociate/detach the Public IP address from the resource."
        raise Failure(400, "PublicIPAddressCannotBeDeleted", f"{text} See aka.ms/deletepublicip.")
    return await tracked.remove(azure, call, ADDRESS, 10)


async def delete_prefix(azure: Azure, call: Call) -> Answer:
    key = PREFIX.key(azure, call)
    if inside := users(azure, key):
        text = f"Public IP prefix {key} can not be deleted since it is in use by resource {inside[0]}."
        raise Failure(400, "InUsePublicIpPrefixCannotBeDeleted", text)
    return await tracked.remove(azure, call, PREFIX, 10)


SERVICES = (
    serving.service(ADDRESS, put=put_address, delete=delete_address, patch=serving.tagger(ADDRESS)),
    serving.service(PREFIX, put=put_prefix, delete=delete_prefix, patch=serving.tagger(PREFIX)),
)
