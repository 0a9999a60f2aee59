"""Network interfaces: of virtual machines, and of private endpoints, which make and delete their own."""

from __future__ import annotations

import uuid

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import addresses, provider, public_address, references, subnets
from azure_local.tracked import Document, Type

INTERFACE = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/networkInterfaces",
    store="interface",
    versions=provider.VERSIONS,
    shape="NetworkInterface",
    seconds=6,
    update="TagsObject",
    offered=("ipConfigurations", "networkSecurityGroup", "enableAcceleratedNetworking", "enableIPForwarding"),
    naming=provider.NAME % 78,
)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, INTERFACE.namespace)
    body = tracked.body(azure, call, INTERFACE)
    settings, key = body["properties"], INTERFACE.key(azure, call)
    if not settings.get("ipConfigurations"):
        text = f"Network interface {key} must have at least one IP configuration."
        raise Failure(400, "NetworkInterfaceMustHaveAtLeastOneIpConfiguration", text)
    location = body["location"]
    if group := references.id_of(settings.get("networkSecurityGroup")):
        references.found(azure, group, "securityGroup", key, location)
    shown = [_configuration(azure, key, location, configuration) for configuration in settings["ipConfigurations"]]
    existing = azure.store.get("interface", key)
    before = existing["resource"]["properties"] if existing else {}
    octets = uuid.uuid5(uuid.NAMESPACE_URL, key.lower()).hex[:6].upper()
    properties = {
        "enableAcceleratedNetworking": False,
        "enableIPForwarding": False,
        **settings,
        "ipConfigurations": shown,
        "macAddress": f"00-0D-3A-{octets[:2]}-{octets[2:4]}-{octets[4:]}",
        "nicType": "Standard",
        **{name: before[name] for name in ("virtualMachine", "privateEndpoint") if name in before},
    }
    return references.kept(azure, call, INTERFACE, {**body, "properties": properties})


def _configuration(azure: Azure, key: str, location: str, configuration: Document) -> Document:
    configuration_id = f"{key}/ipConfigurations/{provider.named(configuration)}"
    properties = dict(configuration.get("properties", {}))
    subnet = references.subnet(azure, references.id_of(properties.get("subnet")), key, location)
    if address := references.id_of(properties.get("publicIPAddress")):
        known = references.found(azure, address, "publicAddress", key, location)["resource"]["id"]
        public_address.check_free(azure, known, configuration_id)
    address = address_of(azure, subnet, configuration_id)
    defaults = {"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4", "primary": True}
    properties = {**defaults, "privateIPAddress": address, **properties, "provisioningState": "Succeeded"}
    return {"id": configuration_id, "name": configuration["name"], "properties": properties}


def address_of(azure: Azure, subnet: Document, configuration: str, *, taken: tuple[str, ...] = ()) -> str:
    """The address that a configuration has in the subnet, or gets there. Failure 400 if the subnet is full."""
    others = {one["id"].lower(): one for one in subnets.configurations(azure, subnet["id"])}
    if configuration.lower() in others:
        return str(others[configuration.lower()]["properties"]["privateIPAddress"])
    used = {str(one["properties"]["privateIPAddress"]) for one in others.values()}
    return addresses.free(subnet, used | set(taken))


async def delete(azure: Azure, call: Call) -> Answer:
    key = INTERFACE.key(azure, call)
    document = azure.store.get("interface", key)
    properties = document["resource"]["properties"] if document else {}
    if machine := references.id_of(properties.get("virtualMachine")):
        text = f"Network Interface {key} is used by existing resource {machine}. In order to delete the network "
        raise Failure(
            400, "NicInUse", f"{text}interface, it must be dissociated from the resource. See aka.ms/deletenic."
        )
    if endpoint := references.id_of(properties.get("privateEndpoint")):
        text = f"Network interface {key} is currently in use with private endpoint {endpoint}."
        raise Failure(400, "NicInUseWithPrivateEndpoint", text)
    return await tracked.remove(azure, call, INTERFACE, 10)


SERVICE = serving.service(INTERFACE, put=put, delete=delete, patch=serving.tagger(INTERFACE))
