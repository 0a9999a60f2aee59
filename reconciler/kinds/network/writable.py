"""What may be written of a virtual network and of a subnet, of what Azure shows of them. Pure.

Source: VirtualNetworkPropertiesFormat and SubnetPropertiesFormat of 2025-09-01, without what is read-only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NETWORK = (
    "addressSpace", "bgpCommunities", "ddosProtectionPlan", "dhcpOptions", "enableDdosProtection",
    "enableVmProtection", "encryption", "flowTimeoutInMinutes", "ipAllocations", "privateEndpointVNetPolicies",
    "summarizedGatewayPrefixes",
)  # fmt: skip
SHOWN = (*NETWORK, "provisioningState")
SUBNET = (
    "addressPrefix", "addressPrefixes", "applicationGatewayIPConfigurations", "defaultOutboundAccess", "delegations",
    "ipAllocations", "ipamPoolPrefixAllocations", "natGateway", "networkSecurityGroup",
    "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies", "routeTable", "serviceEndpointPolicies",
    "serviceEndpoints", "serviceGateway", "sharingScope",
)  # fmt: skip


def network(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a network for a PUT that changes nothing, its subnets and peerings included."""
    kept = {name: properties[name] for name in (*NETWORK, "virtualNetworkPeerings") if properties.get(name)}
    subnets = [
        {"name": part["name"], "properties": subnet(part["properties"])} for part in properties.get("subnets") or ()
    ]
    return {**kept, "subnets": subnets}


def subnet(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a subnet for a PUT that changes nothing."""
    kept = {name: properties[name] for name in SUBNET if properties.get(name) not in (None, [], {})}
    delegations = [{"name": each["name"], "properties": _service(each)} for each in kept.get("delegations", ())]
    endpoints = [{"service": each["service"]} for each in kept.get("serviceEndpoints", ())]
    return {
        **kept,
        **({"delegations": delegations} if delegations else {}),
        **({"serviceEndpoints": endpoints} if endpoints else {}),
    }


def _service(delegation: Mapping[str, Any]) -> dict[str, Any]:
    return {"serviceName": delegation["properties"]["serviceName"]}
