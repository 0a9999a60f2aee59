"""Microsoft.Network for virtual machines: virtual networks, security groups, public addresses, interfaces.

A reference must point to an existing resource in the same region, and a resource in use cannot be deleted. The checks
of address spaces are in `addresses`.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure, Route
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import addresses, provider
from azure_local.network import subnets as shown
from azure_local.tracked import Document, Type

VERSIONS = ("2024-07-01", "2026-03-01", "2025-01-01", "2024-05-01", "2024-01-01", "2023-11-01", "2022-01-01")
NAME = r"[A-Za-z0-9_]([\w.-]{0,%d}\w)?"
NETWORK = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/virtualNetworks",
    store="network",
    versions=VERSIONS,
    shape="VirtualNetwork",
    seconds=6,
    update="TagsObject",
    offered=("addressSpace", "subnets", "dhcpOptions"),
    naming=NAME % 62,
)
SECURITY = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/networkSecurityGroups",
    store="securityGroup",
    versions=VERSIONS,
    shape="NetworkSecurityGroup",
    seconds=6,
    update="TagsObject",
    offered=("securityRules", "flushConnection"),
    naming=NAME % 78,
)
ADDRESS = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/publicIPAddresses",
    store="publicAddress",
    versions=VERSIONS,
    shape="PublicIPAddress",
    seconds=6,
    update="TagsObject",
    offered=("publicIPAllocationMethod", "publicIPAddressVersion", "idleTimeoutInMinutes", "deleteOption", "ipTags"),
    naming=NAME % 78,
)
INTERFACE = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/networkInterfaces",
    store="interface",
    versions=VERSIONS,
    shape="NetworkInterface",
    seconds=6,
    update="TagsObject",
    offered=("ipConfigurations", "networkSecurityGroup", "enableAcceleratedNetworking", "enableIPForwarding"),
    naming=NAME % 78,
)


def _reference(azure: Azure, reference: Any, store: str, owner: str, location: str) -> Document:
    """The document that `{"id": ...}` points to. Failure 400 if there is none, 429 if it is not ready."""
    resource_id = str((reference or {}).get("id", ""))
    document = azure.store.get(store, resource_id)
    if document is None or document["resource"]["location"] != location:
        raise _missing(resource_id, owner)
    state = document["resource"]["properties"]["provisioningState"]
    if state != "Succeeded":
        text = f"Cannot proceed with operation because resource {resource_id} used by resource {owner} is not in "
        text += f"Succeeded state. Resource is in {state} state."
        inner = (("ReferencedResourceNotProvisioned", text),)
        raise Failure(429, "RetryableError", "A retryable error occurred.", details=inner)
    return document


def _missing(resource_id: str, owner: str) -> Failure:
    text = f"Resource {resource_id} referenced by resource {owner} was not found. Please make sure that the referenced "
    return Failure(
        400, "InvalidResourceReference", f"{text}resource exists, and that both resources are in the same region."
    )


def _kept(azure: Azure, call: Call, kind: Type, resource: Document) -> Answer:
    resource["etag"] = f'W/"{uuid.uuid4()}"'
    existing = azure.store.get(kind.store, kind.key(azure, call))
    before = existing["resource"]["properties"] if existing else {}
    resource["properties"]["resourceGuid"] = before.get("resourceGuid") or str(uuid.uuid4())
    return tracked.keep(azure, call, kind, resource)


async def put_network(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Network")
    body = tracked.body(azure, call, NETWORK)
    settings, key = body["properties"], NETWORK.key(azure, call)
    addresses.check_network(key, settings)
    subnets = []
    for subnet in settings.get("subnets", ()):
        properties = subnet.get("properties", {})
        if "networkSecurityGroup" in properties:
            _reference(azure, properties["networkSecurityGroup"], "securityGroup", key, body["location"])
        subnets.append(shown.kept(key, subnet, properties))
    kept = {subnet["id"].lower() for subnet in subnets}
    existing = azure.store.get("network", key)
    for old in existing["resource"]["properties"]["subnets"] if existing else ():
        if old["id"].lower() not in kept and (users := _users(azure, "interface", old["id"])):
            raise _subnet_in_use(old["id"], users[0])
    return _kept(azure, call, NETWORK, {**body, "properties": {**settings, "subnets": subnets}})


async def get_network(azure: Azure, call: Call) -> Answer:
    return Answer(200, shown.shown(azure, tracked.lookup(azure, call, NETWORK)["resource"]))


async def get_subnet(azure: Azure, call: Call) -> Answer:
    network = shown.shown(azure, tracked.lookup(azure, call, NETWORK)["resource"])
    name = call.params["subnet"]
    subnet = next(
        (candidate for candidate in network["properties"]["subnets"] if candidate["name"].lower() == name.lower()), None
    )
    if subnet is None:
        text = f"Resource {network['id']}/subnets/{name} not found."
        raise Failure(404, "NotFound", text)
    return Answer(200, subnet)


async def put_security(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Network")
    body = tracked.body(azure, call, SECURITY)
    key, rules = SECURITY.key(azure, call), []
    for rule in body["properties"].get("securityRules", ()):
        properties = rule.get("properties", {})
        if not 100 <= properties["priority"] <= 4096:
            text = (
                f"Security rule has invalid Priority. Value provided: {properties['priority']}. Allowed range 100-4096."
            )
            raise Failure(400, "SecurityRuleInvalidPriority", text)
        shown = {**properties, "provisioningState": "Succeeded"}
        rules.append({"id": f"{key}/securityRules/{rule['name']}", "name": rule["name"], "properties": shown})
    return _kept(azure, call, SECURITY, {**body, "properties": {**body["properties"], "securityRules": rules}})


async def put_address(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Network")
    body = tracked.body(azure, call, ADDRESS)
    sku = {"name": "Basic", "tier": "Regional", **body.get("sku", {})}
    if sku["name"] == "Standard" and body["properties"].get("publicIPAllocationMethod") != "Static":
        text = "Standard sku publicIp must have AllocationMethod set to Static."
        raise Failure(400, "StandardSkuPublicIPAddressesMustBeStatic", text)
    if sku["name"] == "Basic":
        text = "Cannot create more than 0 IPv4 Basic SKU public IP addresses for this subscription in this region."
        raise Failure(400, "IPv4BasicSkuPublicIpCountLimitReached", text)
    existing = azure.store.get("publicAddress", ADDRESS.key(azure, call))
    number = len(azure.store.list("publicAddress")) + 1
    address = f"203.0.113.{number % 250 + 1}"  # TEST-NET-3, which is reserved for examples
    properties = {
        "publicIPAddressVersion": "IPv4",
        "idleTimeoutInMinutes": 4,
        **body["properties"],
        "ipAddress": existing["resource"]["properties"]["ipAddress"] if existing else address,
    }
    return _kept(azure, call, ADDRESS, {**body, "sku": sku, "properties": properties})


async def put_interface(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Network")
    body = tracked.body(azure, call, INTERFACE)
    settings, key = body["properties"], INTERFACE.key(azure, call)
    if not settings.get("ipConfigurations"):
        text = f"Network interface {key} must have at least one IP configuration."
        raise Failure(400, "NetworkInterfaceMustHaveAtLeastOneIpConfiguration", text)
    location = body["location"]
    shown = [_configuration(azure, key, location, configuration) for configuration in settings["ipConfigurations"]]
    if "networkSecurityGroup" in settings:
        _reference(azure, settings["networkSecurityGroup"], "securityGroup", key, location)
    existing = azure.store.get("interface", key)
    machine = existing["resource"]["properties"].get("virtualMachine") if existing else None
    octets = uuid.uuid5(uuid.NAMESPACE_URL, key.lower()).hex[:6].upper()
    properties = {
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
        **settings,
        "ipConfigurations": shown,
        "macAddress": f"00-0D-3A-{octets[:2]}-{octets[2:4]}-{octets[4:]}",
        "nicType": "Standard",
    }
    if machine:
        properties["virtualMachine"] = machine
    return _kept(azure, call, INTERFACE, {**body, "properties": properties})


def _configuration(azure: Azure, key: str, location: str, configuration: Document) -> Document:
    if not configuration.get("name"):
        text = "Cannot parse the request."
        raise Failure(400, "InvalidRequestFormat", text, details=(("MissingNameProperty", "name is required."),))
    properties = dict(configuration.get("properties", {}))
    subnet = str((properties.get("subnet") or {}).get("id", ""))
    network = _reference(azure, {"id": subnet.split("/subnets/")[0]}, "network", key, location)
    subnets = {candidate["id"].lower(): candidate for candidate in network["resource"]["properties"]["subnets"]}
    if subnet.lower() not in subnets:
        raise _missing(subnet, key)
    configuration_id = f"{key}/ipConfigurations/{configuration['name']}"
    if "publicIPAddress" in properties:
        address_id = _reference(azure, properties["publicIPAddress"], "publicAddress", key, location)["resource"]["id"]
        if taken := [user for user in _users(azure, "interface", f'{address_id}"') if user.lower() != key.lower()]:
            text = f"Resource {configuration_id} is referencing public IP address {address_id} that is already "
            raise Failure(400, "PublicIPAddressInUse", f"{text}allocated to resource {taken[0]}.")
    users = len(_users(azure, "interface", f'{subnet}"'))
    address = addresses.host(subnets[subnet.lower()]["properties"], users)
    known = {"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4", "primary": True}
    properties = {**known, "privateIPAddress": address, **properties, "provisioningState": "Succeeded"}
    return {"id": configuration_id, "name": configuration["name"], "properties": properties}


def _users(azure: Azure, store: str, text: str) -> list[str]:
    """The ids of the resources whose properties have a text that begins with `text`."""
    mention = f'"{text.lower()}'
    resources = (document["resource"] for document in azure.store.list(store))
    return [resource["id"] for resource in resources if mention in json.dumps(resource["properties"]).lower()]


def _subnet_in_use(subnet: str, user: str) -> Failure:
    name = subnet.rsplit("/", 1)[-1]
    text = f"Subnet {name} is in use by {user} and cannot be deleted. In order to delete the subnet, delete all the "
    return Failure(400, "InUseSubnetCannotBeDeleted", f"{text}resources within the subnet. See aka.ms/deletesubnet.")


async def delete_network(azure: Azure, call: Call) -> Answer:
    key = NETWORK.key(azure, call)
    if users := _users(azure, "interface", f"{key}/subnets/"):
        network = azure.store.get("network", key)
        raise _subnet_in_use(network["resource"]["properties"]["subnets"][0]["id"] if network else key, users[0])
    return await tracked.remove(azure, call, NETWORK, 10)


async def delete_security(azure: Azure, call: Call) -> Answer:
    key = SECURITY.key(azure, call)
    if users := [*_users(azure, "interface", f'{key}"'), *_users(azure, "network", f'{key}"')]:
        text = f"Network security group {key} cannot be deleted because it is in use by the following resources: "
        text += (
            f"{users[0]}. In order to delete the Network security group, remove the association with the resource(s)."
        )
        raise Failure(400, "InUseNetworkSecurityGroupCannotBeDeleted", f"{text} See aka.ms/deletensg.")
    return await tracked.remove(azure, call, SECURITY, 10)


async def delete_address(azure: Azure, call: Call) -> Answer:
    key = ADDRESS.key(azure, call)
    if users := _users(azure, "interface", f'{key}"'):
        text = (
            f"Public IP address {key} can not be deleted since it is still allocated to resource {users[0]}. In order "
        )
        text += "to delete the public IP, disassociate/detach the Public IP address from the resource."
        raise Failure(400, "PublicIPAddressCannotBeDeleted", f"{text} See aka.ms/deletepublicip.")
    return await tracked.remove(azure, call, ADDRESS, 10)


async def delete_interface(azure: Azure, call: Call) -> Answer:
    key = INTERFACE.key(azure, call)
    document = azure.store.get("interface", key)
    machine = document["resource"]["properties"].get("virtualMachine") if document else None
    if machine:
        text = f"Network Interface {key} is used by existing resource {machine['id']}. In order to delete the network "
        raise Failure(
            400, "NicInUse", f"{text}interface, it must be dissociated from the resource. See aka.ms/deletenic."
        )
    return await tracked.remove(azure, call, INTERFACE, 10)


_SUBNET = Route("GET", f"{NETWORK.one}/subnets/{{subnet}}", get_subnet, VERSIONS)
SERVICES = tuple(
    serving.service(kind, put=put, delete=delete, get=get, patch=serving.tagger(kind), routes=routes)
    for kind, put, delete, get, routes in (
        (NETWORK, put_network, delete_network, get_network, (_SUBNET,)),
        (SECURITY, put_security, delete_security, None, ()),
        (ADDRESS, put_address, delete_address, None, ()),
        (INTERFACE, put_interface, delete_interface, None, ()),
    )
)
