"""The section `networks` of a spec: its types, and how other sections name a subnet and what they can be reached by.

A subnet is `networks/NETWORK/SUBNET` or its id; the section makes ids of all of them before anybody reads them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict

from reconciler.model import Address
from reconciler.spec.sections import Texts
from reconciler.spec.spec import Spec

SECTION = "networks"
NETWORKS = "Microsoft.Network/virtualNetworks"
GROUPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "storage": ("Microsoft.Storage/storageAccounts", {"blob": "privatelink.blob.core.windows.net"}),
    "batchAccount": (
        "Microsoft.Batch/batchAccounts",
        {"batchAccount": "privatelink.batch.azure.com", "nodeManagement": "privatelink.batch.azure.com"},
    ),
    "registries": ("Microsoft.ContainerRegistry/registries", {"registry": "privatelink.azurecr.io"}),
    "keyVaults": ("Microsoft.KeyVault/vaults", {"vault": "privatelink.vaultcore.azure.net"}),
}
"""Section → the ARM type of what it names, and its groups of private endpoints, each with its DNS zone.

Source: learn.microsoft.com, Private Link, private DNS zone values.
"""


class Subnet(TypedDict):
    addressPrefix: NotRequired[str]
    networkSecurityGroup: NotRequired[str]
    natGateway: NotRequired[str]
    serviceEndpoints: Sequence[str]
    delegation: NotRequired[str]
    defaultOutboundAccess: bool
    existing: bool


class SecurityRule(TypedDict):
    priority: int
    direction: str
    access: str
    protocol: str
    sourceAddressPrefix: str
    sourcePortRange: str
    destinationAddressPrefix: str
    destinationPortRange: str


class SecurityGroup(TypedDict):
    securityRules: Mapping[str, SecurityRule]
    tags: Texts
    protect: bool


class PublicAddress(TypedDict):
    tags: Texts
    protect: bool


class NatGateway(TypedDict):
    publicIPAddresses: Sequence[str]
    idleTimeoutInMinutes: int
    tags: Texts
    protect: bool


class PrivateEndpoint(TypedDict):
    to: str
    groupId: str
    subnet: str
    tags: Texts
    protect: bool


class PrivateDnsZone(TypedDict):
    tags: Texts
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


class Network(TypedDict):
    addressSpace: Sequence[str]
    subnets: Mapping[str, Subnet]
    networkSecurityGroups: Mapping[str, SecurityGroup]
    publicIPAddresses: Mapping[str, PublicAddress]
    natGateways: Mapping[str, NatGateway]
    privateEndpoints: Mapping[str, PrivateEndpoint]
    privateDnsZones: Mapping[str, PrivateDnsZone]
    tags: Texts
    protect: bool
    existing: bool
    resourceGroup: NotRequired[str]
    subscription: NotRequired[str]


def of(spec: Spec) -> Mapping[str, Network]:
    return spec.section(SECTION, Network)


def zone_of(endpoint: PrivateEndpoint) -> str:
    """The DNS zone in which the names of an endpoint's target are; empty if the group is not known."""
    return next((zones[group] for _, zones in GROUPS.values() if (group := endpoint["groupId"]) in zones), "")


def linked(network: Network) -> Iterator[str]:
    """The zones that the spec links to a network. That of others to a zone of others is for them to link."""
    for name, zone in network["privateDnsZones"].items():
        if not (network["existing"] and zone["existing"]):
            yield name


def subnet_id(spec: Spec, network: str, subnet: str) -> str:
    return f"{spec.id_of(NETWORKS, network)}/subnets/{subnet}"


def led(spec: Spec) -> frozenset[str]:
    """What the private endpoints of the spec lead to, as they name it."""
    return frozenset(entry["to"] for network in of(spec).values() for entry in network["privateEndpoints"].values())


def goes_out(spec: Spec, subnet: str) -> bool:
    """Whether a subnet of the spec has a way out, or what is in it reaches Batch without one."""
    for name, network in of(spec).items():
        managed = any(entry["groupId"] == "nodeManagement" for entry in network["privateEndpoints"].values())
        for part, body in network["subnets"].items():
            if subnet_id(spec, name, part).lower() == subnet.lower():
                return managed or "natGateway" in body or body["defaultOutboundAccess"]
    return False


def refs(spec: Spec, subnet: str | None) -> Iterator[Address]:
    """What must be there before something can be in the subnet with this id and reach what it needs from there: the
    subnet, and every name that its network resolves to a private address. Nothing for a subnet of others."""
    for name, network in of(spec).items():
        for part in network["subnets"]:
            if subnet and subnet_id(spec, name, part).lower() == subnet.lower():
                yield Address("subnet", f"{name}/{part}")
                yield from (Address("virtual_network_link", f"{zone}/{name}") for zone in linked(network))
                for endpoint, entry in network["privateEndpoints"].items():
                    if zone_of(entry) in network["privateDnsZones"]:
                        yield Address("private_dns_zone_group", endpoint)
