"""Tracked ARM resources: what a type is, how its bodies are read, and how its resources are kept and deleted.

Every type of every provider goes through here. A type says how Azure answers its PUT (`Making`) and which
provider it belongs to (`Provider`); what is particular to it is in its own file. `serving` makes its routes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from azure_local import operations
from azure_local.azure import Azure
from azure_local.common import GROUP, REGIONS, check_tags, group, group_id, not_found, region
from azure_local.http import Answer, Call, Failure
from azure_local.shapes import Shapes

Document = dict[str, Any]
GOING_ON = ("Creating", "Updating", "Deleting")


class Making(Enum):
    """How a PUT of something new is answered."""

    WATCHED = "201 with the resource and Azure-AsyncOperation"
    LOCATED = "202 with Location; the resource is there, and is being made"
    AT_ONCE = "201 with the resource, which is made"


class Changing(Enum):
    """How a PUT or PATCH of what is there is answered."""

    WATCHED = "200 with the resource, which is Updating, and Azure-AsyncOperation"
    AT_ONCE = "200 with the resource, which is changed"


class Deleting(Enum):
    """How a DELETE of what is there is answered."""

    WATCHED = "202 with Azure-AsyncOperation and Location"
    LOCATED = "202 with Location"
    AT_ONCE = "200; the resource is gone"


def bad_name(kind: Type, name: str) -> Failure:
    return Failure(400, "InvalidResourceName", f"The resource name '{name}' is not valid for {kind.name}.")


def busy(resource: Document) -> Failure:
    text = "The request failed due to conflict with a concurrent request. To resolve it, please refer to "
    text += "https://aka.ms/activitylog to get more details on the conflicting requests."
    return Failure(409, "Conflict", text)


def no_limits(kind: Type, verb: str) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider: what its types have in common.

    shapes    its request bodies
    bad_name  the failure for a name that the type does not accept
    busy      the failure while an operation on the resource goes on
    limits    headers with the remaining request budget
    creating  the provisioningState of what is new
    """

    namespace: str
    shapes: Shapes
    bad_name: Callable[[Type, str], Failure] = bad_name
    busy: Callable[[Document], Failure] = busy
    limits: Callable[[Type, str], dict[str, str]] = no_limits
    creating: str = "Creating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """An ARM type.

    store    its kind in the store and in the names of its operations and of its duration
    seconds  how long making one takes, in simulated seconds
    shape    the shape of a PUT's body; that of a PATCH is `<shape>Update` unless `update` says otherwise
    offered  the members of `properties` that the local Azure supports; None: all
    left     simulated seconds for which a deleted resource still blocks the deletion of its parent
    regions  where one can be; none for a nested resource, which has no location and no tags
    """

    provider: Provider
    name: str
    store: str
    versions: tuple[str, ...]
    shape: str
    update: str = ""
    seconds: float = 15
    left: float = 0
    regions: tuple[str, ...] = tuple(REGIONS)
    offered: tuple[str, ...] | None = None
    naming: str = r"[A-Za-z0-9]([\w.-]{0,78}\w)?"
    making: Making = Making.WATCHED
    changing: Changing = Changing.WATCHED
    deleting: Deleting = Deleting.WATCHED

    @property
    def namespace(self) -> str:
        return self.provider.namespace

    @property
    def last(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def one(self) -> str:
        """The path of one resource; each name is a parameter called like its segment."""
        return f"{GROUP}/providers/{self.namespace}/" + "/".join(f"{s}/{{{s}}}" for s in self.name.split("/")[1:])

    @property
    def all(self) -> str:
        return self.one.rsplit("/", 1)[0]

    def key(self, azure: Azure, call: Call) -> str:
        """The id of the resource that the call is about. Failure 404 if its group is not there."""
        names = "/".join(f"{s}/{call.params[s]}" for s in self.name.split("/")[1:])
        return f"{group_id(group(azure, call))}/providers/{self.namespace}/{names}"


def existing(azure: Azure, call: Call, kind: Type) -> Document | None:
    """The document of the call's resource, in whatever state it is."""
    return azure.store.get(kind.store, kind.key(azure, call))


def lookup(azure: Azure, call: Call, kind: Type) -> Document:
    """The document of the call's resource. Failure 404 if there is none."""
    document = existing(azure, call, kind)
    if document is None:
        names = "/".join(call.params[s] for s in kind.name.split("/")[1:])
        raise not_found(kind.name, names, call.params["group"])
    return document


def parent(azure: Azure, call: Call, above: Type) -> Document:
    """The document of the resource above. Failure 404 if there is none."""
    document = existing(azure, call, above)
    if document is None:
        text = "Can not perform requested operation on nested resource. Parent resource "
        raise Failure(404, "ParentResourceNotFound", f"{text}'{call.params[above.last]}' not found.")
    return document


def body(azure: Azure, call: Call, kind: Type) -> Document:
    """The checked body of a PUT: `location` canonical and `tags` checked, where it has them, and always `properties`.

    Failure 400 for a name, member, type or word that Azure does not have, 409 for another location than before.
    """
    name = call.params[kind.last]
    if not re.fullmatch(kind.naming, name, re.ASCII):
        raise kind.provider.bad_name(kind, name)
    resource = kind.provider.shapes.fitted(kind.shape, call.body)
    if kind.regions:
        resource["location"] = region(resource, kind.name, kind.regions)
        resource["tags"] = check_tags(resource)
    resource["properties"] = _offered(kind, resource.get("properties", {}))
    document = existing(azure, call, kind)
    if document is not None and document["resource"].get("location") != resource.get("location"):
        text = f"The resource '{name}' already exists in location '{document['resource']['location']}' in resource "
        text += f"group '{call.params['group']}'. A resource with the same name cannot be created in location "
        text += f"'{resource['location']}'. Please select a new resource name."
        raise Failure(409, "InvalidResourceLocation", text)
    return resource


def changes(call: Call, kind: Type) -> Document:
    """The checked body of a PATCH; it always has `properties`."""
    changed = kind.provider.shapes.fitted(kind.update or f"{kind.shape}Update", call.body)
    if "tags" in changed:
        changed["tags"] = check_tags(changed)
    return {**changed, "properties": _offered(kind, changed.get("properties", {}))}


def _offered(kind: Type, properties: Document) -> Document:
    for name, value in properties.items():
        if kind.offered is not None and name not in kind.offered and value:
            raise Failure(400, "InvalidParameter", f"{name} is not offered by the local Azure.", target=name)
    return properties


def idle(kind: Type, document: Document) -> None:
    """Failure 409 while Azure works on the resource."""
    resource = document["resource"]
    if resource["properties"].get("provisioningState") in GOING_ON:
        raise kind.provider.busy(resource)


def keep(azure: Azure, call: Call, kind: Type, resource: Document, seconds: float | None = None, **kept: Any) -> Answer:
    """Store a new resource, or a changed one; `kept` is stored with it and never shown."""
    key = kind.key(azure, call)
    before = azure.store.get(kind.store, key)
    if before is not None:
        idle(kind, before)
    known = before["resource"] if before else {"id": key, "name": call.params[kind.last]}
    document = {
        **(before or {}),
        "resource": {"id": known["id"], "name": known["name"], "type": kind.name, **resource},
        **kept,
    }
    if before is not None:
        return _changed(azure, kind, document, seconds, "Put")
    return _made(azure, kind, document, seconds)


def _made(azure: Azure, kind: Type, document: Document, seconds: float | None) -> Answer:
    resource = document["resource"]
    if kind.making is Making.AT_ONCE:
        azure.store.put(kind.store, resource["id"], document)
        return Answer(201, resource, kind.provider.limits(kind, "Put"))
    resource["properties"]["provisioningState"] = kind.provider.creating
    azure.store.put(kind.store, resource["id"], document)
    takes, name = _seconds(azure, kind, seconds), f"{kind.store}.made"
    if kind.making is Making.LOCATED:
        result = [kind.store, resource["id"]]
        headers = operations.start(azure, kind.namespace, takes, name, key=resource["id"], result=result)
        return Answer(202, None, headers)
    headers = operations.start_async(azure, kind.namespace, takes, name, key=resource["id"])
    return Answer(201, resource, {**headers, **kind.provider.limits(kind, "Put")})


def update(azure: Azure, kind: Type, document: Document, seconds: float | None = None) -> Answer:
    """Store a resource that a PATCH has changed."""
    idle(kind, document)
    return _changed(azure, kind, document, seconds, "Patch")


def _changed(azure: Azure, kind: Type, document: Document, seconds: float | None, verb: str) -> Answer:
    resource, headers = document["resource"], {}
    if kind.changing is Changing.WATCHED:
        resource["properties"]["provisioningState"] = "Updating"
        takes = _seconds(azure, kind, seconds)
        headers = operations.start_async(azure, kind.namespace, takes, f"{kind.store}.made", key=resource["id"])
    azure.store.put(kind.store, resource["id"], document)
    return Answer(200, resource, {**headers, **kind.provider.limits(kind, verb)})


def _seconds(azure: Azure, kind: Type, seconds: float | None) -> float:
    return azure.seconds[kind.store] if seconds is None else seconds


async def remove(azure: Azure, call: Call, kind: Type, seconds: float | None = None) -> Answer:
    """Delete the resource, or start to; 204 if there is none."""
    document = existing(azure, call, kind)
    if document is None:
        return Answer(204)
    resource, name = document["resource"], f"{kind.store}.gone"
    if kind.deleting is Deleting.AT_ONCE:
        await azure.completions[name](azure, {"key": resource["id"]})
        return Answer(200)
    resource["properties"]["provisioningState"] = "Deleting"
    azure.store.put(kind.store, resource["id"], document)
    takes = azure.seconds["deletion"] if seconds is None else seconds
    if kind.deleting is Deleting.LOCATED:
        return Answer(202, None, operations.start(azure, kind.namespace, takes, name, key=resource["id"]))
    headers = operations.start_async(azure, kind.namespace, takes, name, key=resource["id"])
    return Answer(202, None, {**operations.monitored(headers), **kind.provider.limits(kind, "Delete")})


def check_empty(azure: Azure, key: str, segment: str, store: str) -> None:
    """Failure 409 while a resource has nested ones, or had them until a moment ago (see `Type.left`)."""
    nested = [document["resource"]["id"] for document in azure.store.list(store, f"{key}/{segment}/")]
    for gone, document in list(azure.store.items("left", f"{key}/{segment}/")):
        if azure.clock.past(document["until"]):
            azure.store.delete("left", gone)
        elif gone[len(key) + len(segment) + 2 :].count("/") == 0:
            nested.append(gone)
    if nested:
        names = ", ".join(nested_id.split("/providers/")[-1] for nested_id in nested)
        text = (
            f"Cannot delete resource while nested resources exist. Some existing nested resource IDs include: '{names}'"
        )
        raise Failure(409, "CannotDeleteResource", f"{text}. Please delete all nested resources before deleting this.")
