"""Address spaces of virtual networks: their checks, and the addresses that interfaces get."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from itertools import combinations, islice
from typing import Any

from azure_local.http import Failure

RESERVED = 4
"""The number of addresses at the beginning of a subnet that Azure reserves; one more is at its end.

Source: learn.microsoft.com, subnets, as is the smallest subnet, of 8 addresses. Its refusal is inferred.
"""
SMALLEST = 8
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_network(key: str, properties: dict[str, Any]) -> None:
    """Failure 400 unless every subnet lies in the address space without overlap."""
    spaces = [_parsed(text) for text in (properties.get("addressSpace") or {}).get("addressPrefixes", ())]
    network = key.rsplit("/", 1)[-1]
    if not spaces:
        text = f"Virtual network {key} must have at least one address prefix in its address space."
        raise Failure(400, "AddressPrefixesNotSpecified", text)
    for space, other in combinations(spaces, 2):
        if space.overlaps(other):  # inferred: the code
            text = f"Address prefixes {space} and {other} of virtual network '{network}' overlap."
            raise Failure(400, "NetcfgInvalidVirtualNetworkSite", text)
    _check_subnets(network, spaces, properties.get("subnets", ()))


def _check_subnets(network: str, spaces: list[Network], asked: Collection[dict[str, Any]]) -> None:
    subnets: list[tuple[str, Network]] = []
    for subnet in asked:
        subnets += [(subnet["name"], prefix) for prefix in prefixes(subnet.get("properties", {}))]
    for name, prefix in subnets:
        inside = any(prefix.version == space.version and _inside(prefix, space) for space in spaces)
        if not inside or prefix.num_addresses < SMALLEST:
            raise Failure(400, "NetcfgInvalidSubnet", f"Subnet '{name}' is not valid in virtual network '{network}'.")
    for (name, prefix), (other, second) in combinations(subnets, 2):
        if prefix.overlaps(second):
            text = (
                f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet "
            )
            raise Failure(400, "NetcfgSubnetRangesOverlap", f"{text}in virtual network '{network}': '{other}'.")


def prefixes(properties: dict[str, Any]) -> list[Network]:
    """The address prefixes of a subnet, of which there is at least one."""
    texts = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
    return [_parsed(text) for text in texts]


def room(properties: dict[str, Any]) -> int:
    """How many addresses of a subnet are there for interfaces and nodes."""
    return sum(prefix.num_addresses - RESERVED - 1 for prefix in prefixes(properties))


def free(subnet: dict[str, Any], taken: Collection[str]) -> str:
    """The first address of a subnet that is not taken. Failure 400 if it is full."""
    first = prefixes(subnet["properties"])[0]
    hosts = islice(first.hosts(), RESERVED - 1, None)
    address = next((str(host) for host in hosts if str(host) not in taken), None)
    if address is None:
        text = f"Subnet {subnet['name']} with address prefix {first} does not have enough capacity for 1 IP addresses."
        raise Failure(400, "SubnetIsFull", text)
    return address


def _inside(prefix: Network, space: Network) -> bool:
    return prefix.network_address in space and prefix.broadcast_address in space


def _parsed(text: Any) -> Network:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        message = f"The address prefix {text} in resource has an invalid CIDR notation."
        raise Failure(400, "InvalidCIDRNotation", message) from None
