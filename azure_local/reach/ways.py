"""By which way a request arrives at a service: by a private endpoint, a service endpoint, or the internet.

Inside of a virtual network the name decides. Where the resource has private endpoints, its public name leads to one in
a private zone; if the network is linked to such a zone, the address that stands there is all that is tried, and no
address is no way. Else the public address is, and the service judges where the request comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from azure_local.azure import Azure
from azure_local.http import Dropped
from azure_local.network import nat_gateway, private_endpoint, private_link, references
from azure_local.network.private_link import Target
from azure_local.private_dns import names
from azure_local.reach import rules
from azure_local.reach.places import Place

Document = dict[str, Any]
TAGS = {"storage": "Storage", "batchAccount": "BatchNodeManagement", "registry": "AzureContainerRegistry"}
"""Store of a target → the service tag of its public addresses; that of vaults is AzureKeyVault."""
SERVICES = {"storage": ("Microsoft.Storage", "Microsoft.Storage.Global"), "registry": ("Microsoft.ContainerRegistry",)}
"""Store of a target → the services whose endpoint in a subnet leads to it; that of vaults is Microsoft.KeyVault."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a request arrives.

    private  by an approved private endpoint of the resource
    address  the public address from which it comes otherwise, "" if it has none
    subnet   the subnet from which it comes by a service endpoint, "" otherwise
    region   the region of Azure from which it comes, "" if from none
    """

    private: bool = False
    address: str = ""
    subnet: str = ""
    region: str = ""

    def comes_from(self, ranges: Iterable[str]) -> bool:
        """Whether it comes from an address in one of these ranges."""
        return any(rules.within(self.address, known) for known in ranges)


def arrive(azure: Azure, place: Place, resource: Mapping[str, Any], group: str) -> Arrival:
    """How a request from a place arrives at the group of a resource. Dropped if it does not."""
    target = private_link.target_of(resource["id"])
    inside = subnet(azure, place.subnet)
    if target is None or inside is None:
        return Arrival(address=place.address, region=place.region)
    found = _private_address(azure, place.subnet, target, group, resource)
    if found is None:
        return _publicly(azure, place, inside, target, resource)
    there = bool(found) and _leads(azure, _network(place.subnet), found, resource["id"], group)
    if not there or not rules.lets_out(azure, inside, ("VirtualNetwork",), found):
        raise Dropped
    return Arrival(private=True, region=place.region)


def gets_out(azure: Azure, place: Place) -> bool:
    """Whether a place has a way to the internet."""
    inside = subnet(azure, place.subnet)
    return inside is None or (rules.lets_out(azure, inside, ("Internet",)) and bool(_outward(azure, place, inside)))


def _network(subnet: str) -> str:
    return subnet.partition("/subnets/")[0]


def subnet(azure: Azure, subnet_id: str) -> Document | None:
    """The subnet with this id, None if there is none."""
    document = azure.store.get("network", _network(subnet_id)) if subnet_id else None
    listed: list[Document] = document["resource"]["properties"]["subnets"] if document else []
    return next((one for one in listed if one["id"].lower() == subnet_id.lower()), None)


def _private_address(azure: Azure, subnet: str, target: Target, group: str, resource: Mapping[str, Any]) -> str | None:
    """The address to which the name of the resource resolves in the network; "" for none, None for the public one.

    Inferred: that a name leads to a private one only where an endpoint is for its own group.
    """
    linked = (
        one["properties"]["privateEndpoint"]["id"] for one in private_link.connections(azure, target, resource["id"])
    )
    endpoints = [azure.store.get("privateEndpoint", one) for one in linked]
    if not any(one and private_endpoint.group_of(one["resource"]["properties"]) == group for one in endpoints):
        return None
    known = target.groups[group]
    name = next(iter(private_link.names(known, dict(resource)).values()))
    return names.resolve(azure, _network(subnet), known.zone, name)


def _leads(azure: Azure, network: str, address: str, resource_id: str, group: str) -> bool:
    """Whether the address is that of an endpoint in the network whose connection to the group is approved."""
    for document in azure.store.list("privateEndpoint"):
        endpoint = document["resource"]
        properties = endpoint["properties"]
        inside = _network(properties["subnet"]["id"]).lower() == network.lower()
        fits = private_endpoint.target_id(properties).lower() == resource_id.lower()
        if not inside or not fits or private_endpoint.group_of(properties) != group:
            continue
        if address in private_endpoint.addresses(azure, endpoint).values():
            return bool(private_link.state(azure, resource_id, endpoint["id"])["status"] == "Approved")
    return False


def _publicly(azure: Azure, place: Place, subnet: Document, target: Target, resource: Mapping[str, Any]) -> Arrival:
    """The way to the public address of the service. Dropped if the subnet's rules shut it, or there is no way out."""
    tag, region = TAGS.get(target.store, "AzureKeyVault"), resource["location"]
    tags = ("Internet", "AzureCloud", f"AzureCloud.{region}", tag, f"{tag}.{region}")
    if not rules.lets_out(azure, subnet, tags):
        raise Dropped
    address = _outward(azure, place, subnet)
    services = SERVICES.get(target.store, ("Microsoft.KeyVault",))
    endpoints = [one.get("service") for one in subnet["properties"].get("serviceEndpoints") or ()]
    if any(service in endpoints for service in services):
        return Arrival(address=address, subnet=subnet["id"], region=place.region)
    if not address:
        raise Dropped
    return Arrival(address=address, region=place.region)


def _outward(azure: Azure, place: Place, subnet: Document) -> str:
    """The public address with which a place in a subnet goes out: its gateway's, or its own; "" if there is none."""
    gateway = azure.store.get("natGateway", references.id_of(subnet["properties"].get("natGateway")))
    if gateway is None:
        return place.address
    return nat_gateway.address(azure, gateway["resource"])
