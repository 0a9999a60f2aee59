"""Private endpoints: an interface in a subnet by which one resource of another service is reached.

Who may approve connections of the resource connects at once; a manual connection waits for somebody who may. The names
of what is reached are in `private_link`; the zone group writes them (`dns_zone_group`).
"""

from __future__ import annotations

import uuid

from azure_local import serving, tracked
from azure_local.authorization import roles
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.network import private_link, provider, quotas, references
from azure_local.network.interface import INTERFACE, address_of
from azure_local.network.private_link import Group, Target
from azure_local.private_dns import record_set
from azure_local.tracked import Document, Type

MANUAL, AUTO = "manualPrivateLinkServiceConnections", "privateLinkServiceConnections"
ENDPOINT = Type(
    provider=provider.NETWORK,
    name="Microsoft.Network/privateEndpoints",
    store="privateEndpoint",
    versions=provider.VERSIONS,
    shape="PrivateEndpoint",
    seconds=20,
    offered=("subnet", AUTO, MANUAL, "customNetworkInterfaceName"),
    naming=provider.NAME % 78,
)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, ENDPOINT.namespace)
    body, existing = tracked.body(azure, call, ENDPOINT), tracked.existing(azure, call, ENDPOINT)
    settings, key = body["properties"], ENDPOINT.key(azure, call)
    quotas.check(azure, ENDPOINT, body["location"], key)
    subnet = references.subnet(azure, references.id_of(settings.get("subnet")), key, body["location"])
    asked = {member: settings.get(member) or [] for member in (AUTO, MANUAL)}
    if len(asked[AUTO]) + len(asked[MANUAL]) != 1:  # inferred: the code
        text = f"Private endpoint {key} must have exactly one private link service connection."
        raise Failure(400, "PrivateEndpointMustHaveOneConnection", text)
    fitted = {member: [_connection(azure, key, member, one) for one in several] for member, several in asked.items()}
    properties = {**settings, **fitted, "subnet": {"id": subnet["id"]}, "ipConfigurations": []}
    if existing:
        _check_same(existing["resource"]["properties"], properties)
        properties = {**existing["resource"]["properties"], **settings, **fitted}
    elif not asked[MANUAL]:
        _check_approval(azure, call, key, target_id(properties))
    whole = {**body, "etag": references.etag(), "properties": properties}
    if not existing:
        properties["networkInterfaces"] = [{"id": _interface(azure, key, body["location"], subnet, properties)}]
    return tracked.keep(azure, call, ENDPOINT, whole)


def _connection(azure: Azure, key: str, member: str, asked: Document) -> Document:
    """A connection as it is kept. Failure 400 unless it leads to a group of a resource that is there."""
    place = f"{key}/{member}/{provider.named(asked)}"
    properties = asked.get("properties") or {}
    resource_id, groups = str(properties.get("privateLinkServiceId", "")), properties.get("groupIds") or []
    target = private_link.target_of(resource_id)
    if target is None:
        text = f"Private link service id {resource_id} of {place} is not that of a resource with private links."
        raise Failure(400, "InvalidPrivateLinkServiceId", text)
    if not groups:
        text = f"Private link service connection {place} is missing required parameter 'group Id'."
        raise Failure(400, "MissingParameterOnPrivateLinkServiceConnection", text)
    if len(groups) > 1:
        text = f"Private link service connection {place} has the following group Ids: {', '.join(groups)}. Only one "
        text += f"group Id is permitted when connecting to a first-party resource ({resource_id})."
        raise Failure(400, "OnlyOneGroupIdPermitted", text)
    _check_target(azure, target, resource_id, groups[0], place)
    kind = f"{ENDPOINT.name}/{member}"
    shown = {**properties, "provisioningState": "Succeeded"}
    return {"id": place, "name": asked["name"], "etag": references.etag(), "type": kind, "properties": shown}


def _check_target(azure: Azure, target: Target, resource_id: str, group: str, place: str) -> None:
    """Failure unless the resource is there and has the group. Inferred: the codes, and who answers."""
    document = azure.store.get(target.store, resource_id)
    if document is None:
        raise references.missing(resource_id, place)
    state = document["resource"]["properties"].get("provisioningState", "Succeeded")
    if state not in ("Succeeded", "Failed"):
        text = f"Resource {resource_id} used by {place} is in {state} state."
        inner = (("ReferencedResourceNotProvisioned", text),)
        raise Failure(429, "RetryableError", "A retryable error occurred.", details=inner)
    said = f"Call to {target.type} failed. Error message: "
    if group not in target.groups:
        raise Failure(400, "BadRequest", f"{said}Invalid groupId '{group}'; there are {', '.join(target.groups)}.")
    sku = (document["resource"].get("sku") or {}).get("name")
    if target.store == "registry" and sku != "Premium":
        raise Failure(400, "BadRequest", f"{said}Private endpoints are not supported for the SKU {sku}.")


def _check_same(before: Document, after: Document) -> None:
    """Failure 400 if an endpoint would move or lead elsewhere. Inferred: the code."""
    places = [(one["subnet"]["id"].lower(), target_id(one).lower(), group_of(one)) for one in (before, after)]
    if places[0] != places[1]:
        text = "The subnet and the resource of a private endpoint cannot be changed."
        raise Failure(400, "PropertyChangeNotAllowed", text)


def _check_approval(azure: Azure, call: Call, key: str, resource_id: str) -> None:
    """Failure 403 unless the caller may approve connections of the resource. Its text: as for other linked scopes."""
    target = private_link.target_of(resource_id)
    action = f"{target.type if target else ''}/privateEndpointConnectionsApproval/action"
    if not roles.allowed(azure, call.principal, action, resource_id):
        text = f"The client '{call.principal}' with object id '{call.principal}' has permission to perform action "
        text += f"'{ENDPOINT.name}/write' on scope '{key}'; however, it does not have permission to perform action(s) "
        text += f"'{action}' on the linked scope(s) '{resource_id}' (respectively) or the linked scope(s) are invalid."
        raise Failure(403, "LinkedAuthorizationFailed", text)


def connection(properties: Document) -> Document:
    """The one connection of an endpoint."""
    return dict((properties[AUTO] or properties[MANUAL])[0]["properties"])


def target_id(properties: Document) -> str:
    """The id of the resource that an endpoint leads to."""
    return str(connection(properties)["privateLinkServiceId"])


def group_of(properties: Document) -> str:
    return str(connection(properties)["groupIds"][0])


def reached(azure: Azure, properties: Document) -> tuple[Group, Document] | None:
    """The group and the resource that an endpoint leads to, None if the resource is gone."""
    target = private_link.target_of(target_id(properties))
    document = azure.store.get(target.store, target_id(properties)) if target else None
    return (target.groups[group_of(properties)], document["resource"]) if target and document else None


def _interface(azure: Azure, key: str, location: str, subnet: Document, properties: Document) -> str:
    """Make the endpoint's interface, with an address for each member of its group; the id.

    That it is called `NAME.nic.GUID` where nobody names it is inferred.
    """
    there = reached(azure, properties)
    assert there is not None
    place, _, name = key.rpartition("/privateEndpoints/")
    name = properties.get("customNetworkInterfaceName") or f"{name}.nic.{uuid.uuid4()}"
    interface = f"{place}/networkInterfaces/{name}"
    if azure.store.get(INTERFACE.store, interface) is not None:
        raise Failure(400, "NicInUse", f"Network Interface {interface} is there already.")
    made = {
        "id": interface,
        "name": name,
        "type": INTERFACE.name,
        "location": location,
        "tags": {},
        "etag": references.etag(),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": str(uuid.uuid4()),
            "ipConfigurations": _configurations(azure, interface, subnet, properties, there),
            "enableAcceleratedNetworking": False,
            "enableIPForwarding": False,
            "nicType": "Standard",
            "privateEndpoint": {"id": key},
        },
    }
    azure.store.put(INTERFACE.store, interface, {"resource": made})
    return interface


def _configurations(
    azure: Azure, interface: str, subnet: Document, properties: Document, there: tuple[Group, Document]
) -> list[Document]:
    """The IP configurations of an endpoint's interface: one for each member of its group."""
    found: list[Document] = []
    for member, host in private_link.names(*there).items():
        taken = tuple(one["properties"]["privateIPAddress"] for one in found)
        fqdns = [f"{host}.{there[0].public}"]
        one = {
            "privateIPAddress": address_of(azure, subnet, "", taken=taken),
            "privateIPAllocationMethod": "Dynamic",
            "privateIPAddressVersion": "IPv4",
            "primary": not found,
            "subnet": {"id": subnet["id"]},
            "privateLinkConnectionProperties": {
                "groupId": group_of(properties),
                "requiredMemberName": member,
                "fqdns": fqdns,
            },
            "provisioningState": "Succeeded",
        }
        name = f"privateEndpointIpConfig.{uuid.uuid4()}"
        found.append({"id": f"{interface}/ipConfigurations/{name}", "name": name, "properties": one})
    return found


def addresses(azure: Azure, endpoint: Document) -> dict[str, str]:
    """Required member → the address of the endpoint for it."""
    found = {}
    for reference in endpoint["properties"]["networkInterfaces"]:
        document = azure.store.get(INTERFACE.store, reference["id"])
        for one in document["resource"]["properties"]["ipConfigurations"] if document else ():
            inner = one["properties"]["privateLinkConnectionProperties"]
            found[inner["requiredMemberName"]] = one["properties"]["privateIPAddress"]
    return found


def shown(azure: Azure, endpoint: Document) -> Document:
    """An endpoint with how its connection stands, and with its names where no zone group has them."""
    properties = {**endpoint["properties"], "customDnsConfigs": _dns(azure, endpoint)}
    for member in (AUTO, MANUAL):
        properties[member] = [_standing(azure, endpoint["id"], one) for one in properties[member]]
    return {**endpoint, "properties": properties}


def _standing(azure: Azure, endpoint: str, one: Document) -> Document:
    state = private_link.state(azure, one["properties"]["privateLinkServiceId"], endpoint)
    return {**one, "properties": {**one["properties"], "privateLinkServiceConnectionState": state}}


def _dns(azure: Azure, endpoint: Document) -> list[Document]:
    there = reached(azure, endpoint["properties"])
    if there is None or azure.store.list("dnsZoneGroup", f"{endpoint['id']}/"):
        return []
    known = addresses(azure, endpoint)
    names = private_link.names(*there)
    return [{"fqdn": f"{name}.{there[0].public}", "ipAddresses": [known[one]]} for one, name in names.items()]


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, shown(azure, tracked.lookup(azure, call, ENDPOINT)["resource"]))


def marks(endpoint: Document) -> dict[str, str]:
    """The metadata of the records that an endpoint's zone group has written."""
    return {"creator": f"created by private endpoint {endpoint['name']} with resource id {endpoint['id']}"}


async def made(azure: Azure, document: Document) -> None:
    resource = document["resource"]
    properties = resource["properties"]
    where, group = target_id(properties), group_of(properties)
    private_link.connect(azure, where, resource["id"], group, manual=bool(properties[MANUAL]))


async def gone(azure: Azure, document: Document) -> None:
    resource = document["resource"]
    private_link.disconnect(azure, target_id(resource["properties"]), resource["id"])
    record_set.drop(azure, marks(resource))
    for key, _ in azure.store.items("dnsZoneGroup", f"{resource['id']}/"):
        azure.store.delete("dnsZoneGroup", key)
    for reference in resource["properties"]["networkInterfaces"]:
        azure.store.delete(INTERFACE.store, reference["id"])


SERVICE = serving.service(ENDPOINT, put=put, get=get, without=("patch",), made=made, gone=gone)
