"""Subnets as Network keeps and shows them, with the IP configurations and endpoints that use their addresses.

Every node of a Batch pool has an IP configuration, in a scale set of Batch's own subscription.
"""

from __future__ import annotations

import uuid
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Failure
from azure_local.network import addresses, references

Document = dict[str, Any]
OTHERS = "/subscriptions/{}/resourceGroups/azurebatch-{}/providers/Microsoft.Compute/virtualMachineScaleSets/{}/"
KIND = "Microsoft.Network/virtualNetworks/subnets"
REGIONAL = "Microsoft.Storage"
"""The service whose endpoint holds for a region; that of others holds everywhere. Shown so by Azure."""
SERVICES = (
    REGIONAL, "Microsoft.Storage.Global", "Microsoft.KeyVault", "Microsoft.ContainerRegistry", "Microsoft.Sql",
    "Microsoft.ServiceBus", "Microsoft.EventHub", "Microsoft.AzureCosmosDB", "Microsoft.AzureActiveDirectory",
    "Microsoft.Web", "Microsoft.CognitiveServices",
)  # fmt: skip
"""Services that have service endpoints. Source: learn.microsoft.com, virtual network service endpoints."""
NOT_OFFERED = (
    "routeTable", "serviceEndpointPolicies", "ipAllocations", "ipamPoolPrefixAllocations", "serviceGateway",
    "applicationGatewayIPConfigurations", "sharingScope",
)  # fmt: skip


def kept(azure: Azure, network: str, location: str, subnet: Document) -> Document:
    """A subnet of a PUT with the members that Network fills in. Failure for a reference to what is not there."""
    subnet_id, properties = f"{network}/subnets/{subnet['name']}", subnet.get("properties", {})
    for name in NOT_OFFERED:
        if properties.get(name):
            raise Failure(400, "InvalidParameter", f"{name} is not offered by the local Azure.", target=name)
    for name, store in (("networkSecurityGroup", "securityGroup"), ("natGateway", "natGateway")):
        if other := references.id_of(properties.get(name)):
            references.found(azure, other, store, subnet_id, location)
    known = {"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"}
    shown = {**known, **properties, "provisioningState": "Succeeded"}
    shown["delegations"] = [_delegation(subnet_id, delegation) for delegation in properties.get("delegations", ())]
    if "serviceEndpoints" in properties:
        shown["serviceEndpoints"] = [_endpoint(location, endpoint) for endpoint in properties["serviceEndpoints"]]
    return {"id": subnet_id, "name": subnet["name"], "etag": references.etag(), "type": KIND, "properties": shown}


def _delegation(subnet: str, delegation: Document) -> Document:
    name = delegation.get("name") or "delegation"
    properties = {**delegation.get("properties", {}), "provisioningState": "Succeeded"}
    kind = "Microsoft.Network/virtualNetworks/subnets/delegations"
    return {"id": f"{subnet}/delegations/{name}", "name": name, "type": kind, "properties": properties}


def _endpoint(location: str, endpoint: Document) -> Document:
    """A service endpoint. Failure 400 for a service that has none; its code is inferred."""
    service = endpoint.get("service")
    if service not in SERVICES:
        text = f"Service {service} is not supported for service endpoints. Supported are {', '.join(SERVICES)}."
        raise Failure(400, "ServiceEndpointServiceNotSupported", text)
    locations = [location] if service == REGIONAL else ["*"]
    return {"locations": locations, **endpoint, "provisioningState": "Succeeded"}


def shown(azure: Azure, network: Document) -> Document:
    """A virtual network whose subnets show what is in them, if there is anything."""
    subnets = [used(azure, subnet) for subnet in network["properties"]["subnets"]]
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


def used(azure: Azure, subnet: Document) -> Document:
    """A subnet with the IP configurations and the private endpoints in it, if there are any."""
    inside = {"ipConfigurations": users(azure, subnet["id"]), "privateEndpoints": _endpoints(azure, subnet["id"])}
    more = {name: [{"id": one} for one in ids] for name, ids in inside.items() if ids}
    return {**subnet, "properties": {**subnet["properties"], **more}}


def users(azure: Azure, subnet: str) -> list[str]:
    """The ids of the IP configurations in a subnet."""
    ids = [configuration["id"] for configuration in configurations(azure, subnet)]
    for pool in pools(azure, subnet):
        ids += _addresses(pool, nodes(azure, pool))
    return ids


def configurations(azure: Azure, subnet: str) -> list[Document]:
    """The IP configurations of interfaces in a subnet."""
    interfaces = azure.store.list("interface")
    every = (one for document in interfaces for one in document["resource"]["properties"]["ipConfigurations"])
    return [one for one in every if references.id_of(one["properties"].get("subnet")).lower() == subnet.lower()]


def room(azure: Azure, subnet: Document) -> int:
    """How many addresses of a subnet are left."""
    inside = sum(len(nodes(azure, pool)) for pool in pools(azure, subnet["id"]))
    return addresses.room(subnet["properties"]) - inside - len(configurations(azure, subnet["id"]))


def prefix(subnet: Document) -> str:
    """The first address prefix of a subnet."""
    return str(addresses.prefixes(subnet["properties"])[0])


def pools(azure: Azure, subnet: str) -> list[Document]:
    """The Batch pools whose nodes are in a subnet."""
    found = []
    for document in azure.store.list("pool"):
        network = document["resource"]["properties"].get("networkConfiguration") or {}
        if str(network.get("subnetId", "")).lower() == subnet.lower():
            found.append(document)
    return found


def nodes(azure: Azure, pool: Document) -> list[Document]:
    return list(azure.store.list("node", f"{pool['account']}/{pool['resource']['name']}/"))


def _endpoints(azure: Azure, subnet: str) -> list[str]:
    endpoints = (document["resource"] for document in azure.store.list("privateEndpoint"))
    return [one["id"] for one in endpoints if one["properties"]["subnet"]["id"].lower() == subnet.lower()]


def _addresses(pool: Document, inside: list[Document]) -> list[str]:
    """The ids of the IP configurations of a pool's nodes, in Batch's own subscription."""
    owner = str(uuid.uuid5(uuid.NAMESPACE_URL, pool["account"]))
    place, rest = OTHERS.format(owner, owner, pool["resource"]["name"]), "nic/ipConfigurations/ipConfiguration"
    return [f"{place}virtualMachines/{node['id']}/networkInterfaces/{rest}" for node in inside]
