"""What can be reached by private endpoints: groups of resources, and the connections that each resource lists.

A connection stands in the resource itself, and is gone with it; the endpoint then shows that it is disconnected.
Source of groups, zones and names: learn.microsoft.com, private endpoint DNS zone values.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azure_local.azure import ANY, Azure, Handler, Route, Service
from azure_local.common import GROUP, not_found
from azure_local.http import Answer, Call, Failure

Document = dict[str, Any]
STATES = ("Pending", "Approved", "Rejected", "Disconnected")


@dataclass(frozen=True, slots=True)
class Group:
    """What an endpoint can be for.

    zone     the private DNS zone in which its names are resolved
    public   the suffix of its public names
    members  required member → its name in the zone; `{name}` and `{region}` are the resource's
    """

    zone: str
    public: str
    members: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Target:
    """A type of resource that endpoints can be for; `brief`: what it lists of connections has no name and type."""

    type: str
    store: str
    groups: Mapping[str, Group]
    brief: bool = False

    @property
    def one(self) -> str:
        namespace, _, name = self.type.partition("/")
        return f"{GROUP}/providers/{namespace}/{name}/{{target}}"


def _blobs(group: str) -> Group:
    return Group(f"privatelink.{group}.core.windows.net", f"{group}.core.windows.net", {group: "{name}"})


BATCH = "privatelink.batch.azure.com"
TARGETS = (
    Target(
        "Microsoft.Storage/storageAccounts",
        "storage",
        {group: _blobs(group) for group in ("blob", "table", "queue", "file", "web", "dfs")},
    ),
    Target(
        "Microsoft.Batch/batchAccounts",
        "batchAccount",
        {
            "batchAccount": Group(BATCH, "batch.azure.com", {"batchAccount": "{name}.{region}"}),
            "nodeManagement": Group(BATCH, "batch.azure.com", {"nodeManagement": "{name}.{region}.service"}),
        },
    ),
    Target(
        "Microsoft.ContainerRegistry/registries",
        "registry",
        {
            "registry": Group(
                "privatelink.azurecr.io",
                "azurecr.io",
                {"registry": "{name}", "registry_data_{region}": "{name}.{region}.data"},
            )
        },
    ),
    Target(
        "Microsoft.KeyVault/vaults",
        "vault",
        {"vault": Group("privatelink.vaultcore.azure.net", "vault.azure.net", {"default": "{name}"})},
        brief=True,
    ),
)


def target_of(resource_id: str) -> Target | None:
    """The type of a resource, by its id, None if it has no private link here."""
    parts = resource_id.strip("/").split("/")
    kind = "/".join(parts[5:7]).lower() if len(parts) == 8 else ""
    return next((target for target in TARGETS if target.type.lower() == kind), None)


def names(group: Group, resource: Document) -> dict[str, str]:
    """Member of a group → its name in the private zone, for a resource."""
    known = {"name": resource["name"].lower(), "region": resource["location"]}
    return {member.format(**known): name.format(**known) for member, name in group.members.items()}


def connections(azure: Azure, target: Target, resource_id: str) -> list[Document]:
    document = azure.store.get(target.store, resource_id)
    listed: list[Document] = (
        document["resource"]["properties"].get("privateEndpointConnections") or [] if document else []
    )
    return listed


def state(azure: Azure, resource_id: str, endpoint: str) -> Document:
    """How the connection of an endpoint to a resource stands."""
    target = target_of(resource_id)
    for one in connections(azure, target, resource_id) if target else ():
        if one["properties"]["privateEndpoint"]["id"].lower() == endpoint.lower():
            return dict(one["properties"]["privateLinkServiceConnectionState"])
    return {"status": "Disconnected", "description": "", "actionsRequired": "None"}


def connect(azure: Azure, resource_id: str, endpoint: str, group: str, *, manual: bool) -> None:
    """List the endpoint's connection with its resource, unless it is there."""
    target = target_of(resource_id)
    document = azure.store.get(target.store, resource_id) if target else None
    if target is None or document is None or state(azure, resource_id, endpoint)["status"] != "Disconnected":
        return
    words = ("Pending", "Please approve my connection.") if manual else ("Approved", "Auto-Approved")
    name = f"{endpoint.rpartition('/')[2]}.{uuid.uuid4()}"
    properties = {
        "privateEndpoint": {"id": endpoint},
        "privateLinkServiceConnectionState": {"status": words[0], "description": words[1], "actionsRequired": "None"},
        "provisioningState": "Succeeded",
        **({"groupIds": [group]} if target.store == "batchAccount" else {}),
    }
    shown = {} if target.brief else {"name": name, "type": f"{target.type}/privateEndpointConnections"}
    one = {"id": f"{document['resource']['id']}/privateEndpointConnections/{name}", **shown, "properties": properties}
    _list(azure, target, document, [*connections(azure, target, resource_id), one])


def disconnect(azure: Azure, resource_id: str, endpoint: str) -> None:
    target = target_of(resource_id)
    document = azure.store.get(target.store, resource_id) if target else None
    if target is not None and document is not None:
        listed = connections(azure, target, resource_id)
        others = [one for one in listed if one["properties"]["privateEndpoint"]["id"].lower() != endpoint.lower()]
        _list(azure, target, document, others)


def _list(azure: Azure, target: Target, document: Document, listed: list[Document]) -> None:
    document["resource"]["properties"]["privateEndpointConnections"] = listed
    azure.store.put(target.store, document["resource"]["id"], document)


def _routes(target: Target) -> tuple[Route, ...]:
    """What is asked of a resource about its private links."""
    place = f"{target.one}/privateEndpointConnections"
    one = f"{place}/{{connection}}"
    handlers: tuple[tuple[str, str, Handler], ...] = (
        ("GET", f"{target.one}/privateLinkResources", _resources(target)),
        ("GET", place, _connections(target)),
        ("GET", one, _connection(target)),
        ("PUT", one, _decide(target)),
        ("PATCH", one, _decide(target)),
        ("DELETE", one, _delete(target)),
    )
    return tuple(Route(method, path, handler, ANY) for method, path, handler in handlers)


def _found(azure: Azure, call: Call, target: Target) -> Document:
    key = call.path.split("/privateLinkResources")[0].split("/privateEndpointConnections")[0].rstrip("/")
    document = azure.store.get(target.store, key)
    if document is None:
        raise not_found(target.type, call.params["target"], call.params["group"])
    return document


def _resources(target: Target) -> Handler:
    async def resources(azure: Azure, call: Call) -> Answer:
        resource = _found(azure, call, target)["resource"]
        shown = [
            {
                "id": f"{resource['id']}/privateLinkResources/{name}",
                "name": name,
                "type": f"{target.type}/privateLinkResources",
                "properties": {
                    "groupId": name,
                    "requiredMembers": [*names(group, resource)],
                    "requiredZoneNames": [group.zone],
                },
            }
            for name, group in target.groups.items()
        ]
        return Answer(200, {"value": shown})

    return resources


def _whole(target: Target, one: Document) -> Document:
    return {"name": one["id"].rpartition("/")[2], "type": f"{target.type}/privateEndpointConnections", **one}


def _connections(target: Target) -> Handler:
    async def listing(azure: Azure, call: Call) -> Answer:
        listed = connections(azure, target, _found(azure, call, target)["resource"]["id"])
        return Answer(200, {"value": [_whole(target, one) for one in listed]})

    return listing


def _one(azure: Azure, call: Call, target: Target) -> tuple[Document, Document | None]:
    """The document of the resource, and the connection in it that the call is about."""
    document = _found(azure, call, target)
    listed = connections(azure, target, document["resource"]["id"])
    wanted = call.params["connection"].lower()
    return document, next((one for one in listed if one["id"].rpartition("/")[2].lower() == wanted), None)


def _known(azure: Azure, call: Call, target: Target) -> tuple[Document, Document]:
    document, one = _one(azure, call, target)
    if one is None:
        raise Failure(404, "ResourceNotFound", f"There is no private endpoint connection {call.params['connection']}.")
    return document, one


def _connection(target: Target) -> Handler:
    async def get(azure: Azure, call: Call) -> Answer:
        return Answer(200, _whole(target, _known(azure, call, target)[1]))

    return get


def _decide(target: Target) -> Handler:
    async def decide(azure: Azure, call: Call) -> Answer:
        """Approve or reject a connection. Inferred: the code for a body that says neither."""
        document, one = _known(azure, call, target)
        body = call.body if isinstance(call.body, dict) else {}
        asked = (body.get("properties") or {}).get("privateLinkServiceConnectionState") or {}
        if asked.get("status") not in STATES[1:3]:
            text = "privateLinkServiceConnectionState.status must be Approved or Rejected."
            raise Failure(400, "InvalidRequestPropertyValue", text)
        one["properties"]["privateLinkServiceConnectionState"] |= {
            "status": asked["status"],
            "description": str(asked.get("description") or ""),
        }
        azure.store.put(target.store, document["resource"]["id"], document)
        return Answer(200, _whole(target, one))

    return decide


def _delete(target: Target) -> Handler:
    async def delete(azure: Azure, call: Call) -> Answer:
        document, one = _one(azure, call, target)
        if one is None:
            return Answer(204)
        listed = connections(azure, target, document["resource"]["id"])
        _list(azure, target, document, [other for other in listed if other is not one])
        return Answer(200)

    return delete


SERVICE = Service(routes=tuple(route for target in TARGETS for route in _routes(target)))
