"""A pool's network: checks its subnet, public addresses, ports and network security group rules."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.shapes import invalid
from azure_local.compute import sizes

SUBNET = r"(/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/virtualNetworks/[^/]+)/subnets/[^/]+"
RESERVED = (29876, 29877)
"""Ports of a node that belong to Batch itself."""
KEPT = range(50000, 55001)
"""Frontend ports that belong to Batch itself."""
MOST_RULES, SMALLEST_RANGE = 25, 40
DEFAULTS = {"dynamicVnetAssignmentScope": "none", "enableAcceleratedNetworking": False}
"""What Azure fills into a networkConfiguration that was asked for. Recorded; public addresses are not among it."""


def complete(azure: Azure, configuration: dict[str, Any], location: str) -> dict[str, Any]:
    """A checked networkConfiguration with what Azure fills in. Failure 400."""
    network = {**DEFAULTS, **configuration}
    addresses = {"provision": "BatchManaged", **network.get("publicIPAddressConfiguration", {})}
    if "subnetId" in network:
        _subnet(azure, network["subnetId"], location)
    _addresses(azure, addresses, location, inside="subnetId" in network)
    if "publicIPAddressConfiguration" in network:
        network["publicIPAddressConfiguration"] = addresses
    endpoints = network.get("endpointConfiguration")
    if endpoints:
        if addresses["provision"] == "NoPublicIPAddresses":
            reason = "A pool without public IP addresses has no inbound NAT pools."
            raise invalid("endpointConfiguration", "", reason)
        network["endpointConfiguration"] = {"inboundNatPools": _nat_pools(endpoints["inboundNatPools"])}
    return network


def check(properties: dict[str, Any]) -> None:
    """Failure if the VM size does not support accelerated networking and the network needs it."""
    network = properties.get("networkConfiguration") or {}
    if network.get("enableAcceleratedNetworking") and not sizes.accelerated(properties["vmSize"]):
        reason = f"The VM size {properties['vmSize']} does not support accelerated networking."
        raise invalid("enableAcceleratedNetworking", "true", reason)


def _subnet(azure: Azure, subnet: str, location: str) -> None:
    match = re.fullmatch(SUBNET, subnet, re.IGNORECASE)
    if match is None:
        raise invalid("subnetId", subnet, "It is not the resource id of a subnet.")
    network = azure.store.get("network", match[1])
    subnets = network["resource"]["properties"].get("subnets") or [] if network else []
    known = next((candidate for candidate in subnets if candidate["id"].lower() == subnet.lower()), None)
    if network is None or known is None:
        raise invalid("subnetId", subnet, "The specified subnet does not exist, or Batch has no access to it.")
    if network["resource"]["location"] != location:
        reason = f"The virtual network is in {network['resource']['location']}, the Batch account in {location}."
        raise invalid("subnetId", subnet, reason)
    if (known.get("properties") or {}).get("delegations"):
        raise invalid("subnetId", subnet, "The subnet is delegated to another service.")


def _addresses(azure: Azure, addresses: dict[str, Any], location: str, *, inside: bool) -> None:
    provision, ids = addresses["provision"], addresses.get("ipAddressIds") or []
    families = addresses.get("ipFamilies")
    if families is not None and "IPv4" not in families:
        raise invalid("ipFamilies", families, "IPv4 must be one of them.")
    if provision != "BatchManaged" and not inside:
        raise invalid("provision", provision, "It needs a subnetId.")
    if provision != "UserManaged":
        if ids:
            raise invalid("ipAddressIds", ids, "It can be set only when provision is UserManaged.")
        return
    if not ids:
        raise invalid("ipAddressIds", "", "It is required when provision is UserManaged.")
    if addresses.get("ipTags"):
        raise invalid("ipTags", "", "It can be set only when provision is BatchManaged.")
    if len({address.lower() for address in ids}) != len(ids):
        raise invalid("ipAddressIds", ids, "An address stands there twice.")
    for address in ids:
        _address(azure, address, location)


def _address(azure: Azure, address: str, location: str) -> None:
    """Failure unless the address exists, in the region, and is of the kind that Batch can use."""
    document = azure.store.get("publicAddress", address)
    if document is None:
        raise invalid("ipAddressIds", address, "The specified public IP address does not exist.")
    resource = document["resource"]
    if resource["location"] != location:
        raise invalid("ipAddressIds", address, f"The public IP address is not in the account's region {location}.")
    sku = (resource.get("sku") or {}).get("name", "Basic")
    method = resource["properties"].get("publicIPAllocationMethod", "Dynamic")
    if (sku, method) != ("Standard", "Static"):
        raise invalid("ipAddressIds", resource["id"], "The public IP address must be of the Standard SKU and static.")


def _nat_pools(pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    _unique("name", [pool["name"].lower() for pool in pools])
    _unique("backendPort", [pool["backendPort"] for pool in pools])
    taken: list[range] = []
    for pool in pools:
        if pool["backendPort"] in RESERVED:
            raise invalid("backendPort", pool["backendPort"], "The port is reserved by the Batch service.")
        first, last = pool["frontendPortRangeStart"], pool["frontendPortRangeEnd"]
        ports = range(first, last + 1)
        if last - first + 1 < SMALLEST_RANGE:
            raise invalid("frontendPortRangeEnd", last, f"The range must have at least {SMALLEST_RANGE} ports.")
        if _overlap(ports, KEPT):
            raise invalid(
                "frontendPortRangeStart", first, "Ports from 50000 to 55000 are reserved by the Batch service."
            )
        if any(_overlap(ports, other) for other in taken):
            raise invalid("frontendPortRangeStart", first, "The ranges of frontend ports must not overlap.")
        taken.append(ports)
    rules = [rule for pool in pools for rule in pool.get("networkSecurityGroupRules") or ()]
    if len(rules) > MOST_RULES:
        raise invalid("networkSecurityGroupRules", len(rules), f"A pool can have at most {MOST_RULES} of them.")
    _unique("priority", [rule["priority"] for rule in rules])
    return [
        {**pool, "networkSecurityGroupRules": [_rule(rule) for rule in pool["networkSecurityGroupRules"]]}
        if pool.get("networkSecurityGroupRules")
        else pool
        for pool in pools
    ]


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    prefix, ranges = rule["sourceAddressPrefix"], rule.get("sourcePortRanges") or ["*"]
    if not _prefix(prefix):
        raise invalid("sourceAddressPrefix", prefix, "It is no address, range, service tag or *.")
    taken: list[range] = []
    for text in ranges:
        ports = _ports(text)
        if ports is None:
            raise invalid("sourcePortRanges", text, "It is no port, range of ports or *.")
        if any(_overlap(ports, other) for other in taken):
            raise invalid("sourcePortRanges", text, "Ports and ranges of ports must not overlap.")
        taken.append(ports)
    return {**rule, "sourcePortRanges": ranges}


def _ports(text: str) -> range | None:
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", "0-65535" if text == "*" else text)
    if match is None or not int(match[1]) <= int(match[2] or match[1]) <= 65535:
        return None
    return range(int(match[1]), int(match[2] or match[1]) + 1)


def _prefix(text: str) -> bool:
    if text == "*" or re.fullmatch(r"[A-Za-z][A-Za-z0-9.]*", text):
        return True
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _overlap(ports: range, other: range) -> bool:
    return ports.start < other.stop and other.start < ports.stop


def _unique(name: str, values: list[Any]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise invalid(name, value, "It must be unique in the pool.")
