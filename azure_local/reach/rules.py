"""Whether the security group of a subnet lets its nodes out, to port 443 by TCP, as all services here have it.

Source: learn.microsoft.com, network security groups: rules by priority, the first that fits decides, and what none
fits goes out. A rule whose source is another range than the subnet's does not fit; which addresses a service has is not
known here, so of ranges only 0.0.0.0/0 fits the destination of what is public.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Any

from azure_local.azure import Azure
from azure_local.network import addresses, references

PORT = 443
ANYWHERE = ("*", "0.0.0.0/0")


def lets_out(azure: Azure, subnet: dict[str, Any], tags: Collection[str], address: str = "") -> bool:
    """Whether what stands under any of these service tags, or at this private address, is reached from the subnet."""
    group = azure.store.get("securityGroup", references.id_of(subnet["properties"].get("networkSecurityGroup")))
    every = [rule["properties"] for rule in group["resource"]["properties"]["securityRules"]] if group else []
    for rule in sorted(every, key=lambda one: int(one["priority"])):
        if rule["direction"] == "Outbound" and _fits(rule, subnet, tags, address):
            return bool(rule["access"] == "Allow")
    return True


def _fits(rule: dict[str, Any], subnet: dict[str, Any], tags: Collection[str], address: str) -> bool:
    if rule["protocol"] not in ("*", "Tcp") or not any(_has(ports) for ports in _both(rule, "destinationPortRange")):
        return False
    inside = [str(prefix) for prefix in addresses.prefixes(subnet["properties"])]
    if not any(_source(prefix, inside) for prefix in _both(rule, "sourceAddressPrefix", "sourceAddressPrefixes")):
        return False
    wanted = _both(rule, "destinationAddressPrefix", "destinationAddressPrefixes")
    known = {*ANYWHERE, *(tag.lower() for tag in tags)}
    return any(prefix.lower() in known or within(address, prefix) for prefix in wanted)


def _both(rule: dict[str, Any], one: str, many: str = "") -> list[str]:
    """What a rule has under the member for one value and under that for several."""
    return [*([rule[one]] if rule.get(one) else []), *(rule.get(many or f"{one}s") or ())]


def _has(ports: str) -> bool:
    first, _, last = ports.partition("-")
    return ports == "*" or int(first) <= PORT <= int(last or first)


def _source(prefix: str, inside: list[str]) -> bool:
    if prefix in ANYWHERE or prefix.lower() == "virtualnetwork":
        return True
    try:
        given = ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return False
    return any(given.overlaps(ipaddress.ip_network(one)) for one in inside)


def within(address: str, prefix: str) -> bool:
    """Whether an address lies in a range; what is neither does not."""
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(prefix, strict=False)
    except ValueError:
        return False
