"""Subnets as Network shows them, with their delegations and the IP configurations that use their addresses.

Every node of a Batch pool has an IP configuration, in a scale set of Batch's own subscription.
"""

from __future__ import annotations

import uuid
from typing import Any

from azure_local.azure import Azure

Document = dict[str, Any]
OTHERS = "/subscriptions/{}/resourceGroups/azurebatch-{}/providers/Microsoft.Compute/virtualMachineScaleSets/{}/"


def kept(network: str, subnet: Document, properties: Document) -> Document:
    """A subnet of a PUT with the members that Network fills in."""
    subnet_id = f"{network}/subnets/{subnet['name']}"
    known = {"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"}
    shown = {**known, **properties, "provisioningState": "Succeeded"}
    shown["delegations"] = [_delegation(subnet_id, delegation) for delegation in properties.get("delegations", ())]
    kind = "Microsoft.Network/virtualNetworks/subnets"
    return {"id": subnet_id, "name": subnet["name"], "type": kind, "properties": shown}


def _delegation(subnet: str, delegation: Document) -> Document:
    name = delegation.get("name") or "delegation"
    properties = {**delegation.get("properties", {}), "provisioningState": "Succeeded"}
    kind = "Microsoft.Network/virtualNetworks/subnets/delegations"
    return {"id": f"{subnet}/delegations/{name}", "name": name, "type": kind, "properties": properties}


def shown(azure: Azure, network: Document) -> Document:
    """A virtual network whose subnets show the IP configurations in them, if there are any."""
    users = {subnet["id"].lower(): _users(azure, subnet["id"].lower()) for subnet in network["properties"]["subnets"]}
    subnets = [_used(subnet, users[subnet["id"].lower()]) for subnet in network["properties"]["subnets"]]
    return {**network, "properties": {**network["properties"], "subnets": subnets}}


def _used(subnet: Document, users: list[str]) -> Document:
    if not users:
        return subnet
    return {**subnet, "properties": {**subnet["properties"], "ipConfigurations": [{"id": user} for user in users]}}


def _users(azure: Azure, subnet: str) -> list[str]:
    """The ids of the IP configurations in a subnet."""
    ids = []
    for document in azure.store.list("interface"):
        for configuration in document["resource"]["properties"]["ipConfigurations"]:
            if str((configuration["properties"].get("subnet") or {}).get("id", "")).lower() == subnet:
                ids.append(configuration["id"])
    for document in azure.store.list("pool"):
        network = document["resource"]["properties"].get("networkConfiguration") or {}
        if str(network.get("subnetId", "")).lower() == subnet:
            ids += [_address(document, node) for node in nodes(azure, document)]
    return ids


def nodes(azure: Azure, pool: Document) -> list[Document]:
    return list(azure.store.list("node", f"{pool['account']}/{pool['resource']['name']}/"))


def _address(pool: Document, node: Document) -> str:
    """The id of a node's IP configuration, in Batch's own subscription."""
    owner = str(uuid.uuid5(uuid.NAMESPACE_URL, pool["account"]))
    place = OTHERS.format(owner, owner, pool["resource"]["name"])
    return f"{place}virtualMachines/{node['id']}/networkInterfaces/nic/ipConfigurations/ipConfiguration"
