"""Address spaces of virtual networks: their checks, and the address that an interface gets."""

from __future__ import annotations

import ipaddress
from itertools import combinations, islice
from typing import Any

from azure_local.http import Failure

RESERVED = 4
"""The number of addresses at the beginning of a subnet that Azure reserves. Source: learn.microsoft.com, subnets."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def check_network(key: str, properties: dict[str, Any]) -> None:
    """Failure 400 unless every subnet has a name and lies in the address space without overlap."""
    spaces = [_parsed(text) for text in (properties.get("addressSpace") or {}).get("addressPrefixes", ())]
    if not spaces:
        text = f"Virtual network {key} must have at least one address prefix in its address space."
        raise Failure(400, "AddressPrefixesNotSpecified", text)
    subnets: list[tuple[str, Network]] = []
    for subnet in properties.get("subnets", ()):
        if not subnet.get("name"):
            text = "Cannot parse the request."
            raise Failure(400, "InvalidRequestFormat", text, details=(("MissingNameProperty", "name is required."),))
        subnets += [(subnet["name"], prefix) for prefix in prefixes(subnet.get("properties", {}))]
    network = key.rsplit("/", 1)[-1]
    for name, prefix in subnets:
        if not any(prefix.version == space.version and _inside(prefix, space) for space in spaces):
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


def host(properties: dict[str, Any], number: int) -> str:
    """The address of the `number`th interface in a subnet, counted from 0. Failure 400 if it is full."""
    address = next(islice(prefixes(properties)[0].hosts(), RESERVED - 1 + number, None), None)
    if address is None:
        raise Failure(400, "SubnetIsFull", "Subnet does not have enough capacity for 1 IP addresses.")
    return str(address)


def _inside(prefix: Network, space: Network) -> bool:
    return prefix.network_address in space and prefix.broadcast_address in space


def _parsed(text: Any) -> Network:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError:
        message = f"The address prefix {text} in resource has an invalid CIDR notation."
        raise Failure(400, "InvalidCIDRNotation", message) from None
