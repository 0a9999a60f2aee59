"""Tracked ARM resources that Azure works on for a while: made, shown, listed and deleted in the same way.

A PUT answers 201 `Creating` (200 `Updating`) with Azure-AsyncOperation, a DELETE 202 with that and Location, as
Compute and Network do; what is particular to a type is in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from azure_local import operations, shapes
from azure_local.azure import Azure, Route
from azure_local.common import GROUP, check_subscription, check_tags, group, group_id, not_found, region
from azure_local.http import Answer, Call, Failure, page
from azure_local.settings import SUBSCRIPTION

Document = dict[str, Any]
Handler = Callable[[Azure, Call], Awaitable[Answer]]
GOING_ON = ("Creating", "Updating", "Deleting")
LEFT = "Microsoft.Compute/galleries"
"""Types whose parent believes for a while that a deleted resource is still there."""


@dataclass(frozen=True, slots=True)
class Type:
    """`name` is the ARM type, `store` its kind in the store and in the names of its operations.

    shape    the shape of a PUT's body; that of a PATCH is `<shape>Update`
    offered  the members of `properties` that the local Azure does something with
    """

    name: str
    store: str
    versions: tuple[str, ...]
    seconds: str
    shape: str
    offered: tuple[str, ...]
    naming: str = r"[A-Za-z0-9]([\w.-]{0,78}\w)?"

    @property
    def namespace(self) -> str:
        return self.name.split("/")[0]

    @property
    def service(self) -> str:
        return self.namespace.removeprefix("Microsoft.").lower()

    @property
    def last(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    @property
    def one(self) -> str:
        """The path of one resource; each name is a parameter called as its segment."""
        return f"{GROUP}/providers/{self.namespace}/" + "/".join(f"{s}/{{{s}}}" for s in self.name.split("/")[1:])

    @property
    def all(self) -> str:
        return self.one.rsplit("/", 1)[0]

    def key(self, azure: Azure, call: Call) -> str:
        """The id of the resource that the call is about. Failure 404 if its group is not there."""
        names = "/".join(f"{s}/{call.params[s]}" for s in self.name.split("/")[1:])
        return f"{group_id(group(azure, call))}/providers/{self.namespace}/{names}"


def lookup(azure: Azure, call: Call, kind: Type) -> Document:
    """The document of the call's resource. Failure 404 if there is none."""
    found = azure.store.get(kind.store, kind.key(azure, call))
    if found is None:
        names = "/".join(call.params[s] for s in kind.name.split("/")[1:])
        raise not_found(kind.name, names, call.params["group"])
    return found


def parent(azure: Azure, call: Call, above: Type) -> Document:
    """The document of the resource above. Failure 404 if there is none."""
    found = azure.store.get(above.store, above.key(azure, call))
    if found is None:
        text = "Can not perform requested operation on nested resource. Parent resource "
        raise Failure(404, "ParentResourceNotFound", f"{text}'{call.params[above.last]}' not found.")
    return found


def body(azure: Azure, call: Call, kind: Type) -> Document:
    """The body of a PUT as it fits its type: `location` canonical, `tags` checked, `properties` always there.

    Failure 400 or 409 if a name, member, type or word is none of Azure's, or the place is another than before.
    """
    name = call.params[kind.last]
    if not re.fullmatch(kind.naming, name, re.ASCII):
        raise _bad_name(kind, name)
    wanted = shapes.fitted(kind.service, kind.shape, call.body)
    wanted["location"] = region(wanted, kind.name)
    wanted["tags"] = check_tags(wanted)
    wanted["properties"] = _offered(kind, wanted.get("properties", {}))
    existing = azure.store.get(kind.store, kind.key(azure, call))
    if existing is not None and existing["resource"]["location"] != wanted["location"]:
        text = f"The resource '{name}' already exists in location '{existing['resource']['location']}' in resource "
        text += f"group '{call.params['group']}'. A resource with the same name cannot be created in location "
        text += f"'{wanted['location']}'. Please select a new resource name."
        raise Failure(409, "InvalidResourceLocation", text)
    return wanted


def changes(call: Call, kind: Type) -> Document:
    """The body of a PATCH as it fits its type; `properties` is there in any case."""
    wanted = shapes.fitted(kind.service, f"{kind.shape}Update", call.body)
    if "tags" in wanted:
        wanted["tags"] = check_tags(wanted)
    return {**wanted, "properties": _offered(kind, wanted.get("properties", {}))}


def tags(call: Call) -> dict[str, str]:
    """The tags of a PATCH of Network's, which takes nothing else."""
    return check_tags(shapes.fitted("network", "TagsObject", call.body))


def _offered(kind: Type, properties: Document) -> Document:
    for name, value in properties.items():
        if name not in kind.offered and value:
            raise Failure(400, "InvalidParameter", f"{name} is not offered by the local Azure.", target=name)
    return properties


def _bad_name(kind: Type, name: str) -> Failure:
    if kind.service == "network":
        text = f"Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word "
        text += "character, and it must end with a word character or with '_'. The name may contain word characters or "
        return Failure(400, "InvalidResourceName", f"{text}'.', '-', '_'.")
    target = f"{kind.shape[:1].lower()}{kind.shape[1:]}.name"
    return Failure(
        400, "InvalidParameter", f"The entity name '{target}' is invalid according to its rule.", target=target
    )


def idle(document: Document) -> None:
    """Failure 409 while Azure works on the resource."""
    resource = document["resource"]
    if resource["properties"]["provisioningState"] not in GOING_ON:
        return
    if resource["type"].startswith("Microsoft.Network"):
        text = "Another operation on this or dependent resource is in progress. To retrieve status of the operation "
        raise Failure(409, "AnotherOperationInProgress", f"{text}ask for {resource['id']}.")
    text = "The request failed due to conflict with a concurrent request. To resolve it, please refer to "
    raise Failure(409, "Conflict", f"{text}https://aka.ms/activitylog to get more details on the conflicting requests.")


def keep(azure: Azure, call: Call, kind: Type, resource: Document, seconds: float | None = None, **kept: Any) -> Answer:
    """Keep a new or changed resource and work on it; `kept` stays with it and is never shown."""
    key = kind.key(azure, call)
    existing = azure.store.get(kind.store, key)
    if existing:
        idle(existing)
    whole = {
        "id": existing["resource"]["id"] if existing else key,
        "name": existing["resource"]["name"] if existing else call.params[kind.last],
        "type": kind.name,
        **resource,
    }
    known = ("Updating", "Updating") if kind.service == "network" else ("Creating", "Updating")  # no Creating there
    whole["properties"]["provisioningState"] = known[existing is not None]
    azure.store.put(kind.store, key, {**(existing or {}), "resource": whole, **kept})
    takes = azure.seconds[kind.seconds] if seconds is None else seconds
    headers = operations.start_async(azure, kind.namespace, takes, f"{kind.store}.made", key=key)
    return Answer(200 if existing else 201, whole, {**headers, **_limits(kind, "Put")})


def update(azure: Azure, kind: Type, document: Document, seconds: float) -> Answer:
    """Keep a resource that a PATCH has changed, and work on it."""
    resource = document["resource"]
    idle(document)
    resource["properties"]["provisioningState"] = "Updating"
    azure.store.put(kind.store, resource["id"], document)
    headers = operations.start_async(azure, kind.namespace, seconds, f"{kind.store}.made", key=resource["id"])
    return Answer(200, resource, {**headers, **_limits(kind, "Patch")})


def _limits(kind: Type, verb: str) -> dict[str, str]:
    """What is left of Compute's own request budget."""
    if kind.service != "compute":
        return {}
    call = f"Microsoft.Compute/{verb}{kind.shape}"
    return {"x-ms-ratelimit-remaining-resource": f"{call}3Min;239,{call}30Min;1199"}


def remove(azure: Azure, call: Call, kind: Type, seconds: float | None = None) -> Answer:
    """Start deleting; 204 if there is nothing."""
    document = azure.store.get(kind.store, kind.key(azure, call))
    if document is None:
        return Answer(204)
    resource = document["resource"]
    resource["properties"]["provisioningState"] = "Deleting"
    azure.store.put(kind.store, resource["id"], document)
    takes = azure.seconds["deletion"] if seconds is None else seconds
    headers = operations.start_async(azure, kind.namespace, takes, f"{kind.store}.gone", key=resource["id"])
    return Answer(202, None, {**operations.monitored(headers), **_limits(kind, "Delete")})


def getter(kind: Type) -> Handler:
    async def get(azure: Azure, call: Call) -> Answer:
        return Answer(200, lookup(azure, call, kind)["resource"], _limits(kind, "Get"))

    return get


def lister(kind: Type, above: Type | None = None) -> Handler:
    async def listing(azure: Azure, call: Call) -> Answer:
        """Those of the group, of the subscription, or of the resource above, which has to be there."""
        check_subscription(call)
        prefix = f"/subscriptions/{SUBSCRIPTION}/"
        if above is not None:
            prefix = f"{parent(azure, call, above)['resource']['id']}/{kind.last}/"
        elif "group" in call.params:
            prefix = f"{group_id(group(azure, call))}/"
        found = [document["resource"] for document in azure.store.list(kind.store, prefix)]
        return Answer(200, page(found, call, azure.page_size), _limits(kind, "List"))

    return listing


def routes(
    kind: Type, put: Handler, delete: Handler, get: Handler | None = None, above: Type | None = None
) -> tuple[Route, ...]:
    """PUT, GET, DELETE and the lists of a type; lists of the subscription only where it has no parent `above`."""
    found = [
        Route("PUT", kind.one, put, kind.versions),
        Route("GET", kind.one, get or getter(kind), kind.versions),
        Route("DELETE", kind.one, delete, kind.versions),
        Route("GET", kind.all, lister(kind, above), kind.versions),
    ]
    if above is None:
        path = f"/subscriptions/{{subscription}}/providers/{kind.name}"
        found.append(Route("GET", path, lister(kind), kind.versions))
    return tuple(found)


def _end(azure: Azure, kind: Type, document: Document, state: str, *, going: bool) -> None:
    """Set the state, unless the resource is going and this is not about its going."""
    properties = document["resource"]["properties"]
    if going or properties["provisioningState"] != "Deleting":
        properties["provisioningState"] = state
        azure.store.put(kind.store, document["resource"]["id"], document)


def completions(kind: Type) -> dict[str, Callable[[Azure, Document], Awaitable[None]]]:
    """What happens when an operation on the type ends, well or not."""

    def state(name: str, *, going: bool = False) -> Callable[[Azure, Document], Awaitable[None]]:
        async def end(azure: Azure, data: Document) -> None:
            document = azure.store.get(kind.store, data["key"])
            if document is not None:
                _end(azure, kind, document, name, going=going)

        return end

    async def gone(azure: Azure, data: Document) -> None:
        azure.store.delete(kind.store, data["key"])
        if kind.name.startswith(LEFT):
            azure.store.put("left", data["key"], {"until": azure.clock.after(azure.seconds["left"])})

    async def purge(azure: Azure, data: Document) -> None:
        for store in (kind.store, "left"):
            for key, _ in azure.store.items(store, data["prefix"]):
                azure.store.delete(store, key)

    return {
        f"{kind.store}.made": state("Succeeded"),
        f"{kind.store}.made.failed": state("Failed"),
        f"{kind.store}.gone": gone,
        f"{kind.store}.gone.failed": state("Failed", going=True),
        f"{kind.store}.purge": purge,
    }


def check_empty(azure: Azure, key: str, segment: str, store: str) -> None:
    """Failure 409 while a resource holds others, and for the short while in which it does not yet know better."""
    nested = [document["resource"]["id"] for document in azure.store.list(store, f"{key}/{segment}/")]
    for left, document in list(azure.store.items("left", f"{key}/{segment}/")):
        if azure.clock.past(document["until"]):
            azure.store.delete("left", left)
        elif left[len(key) + len(segment) + 2 :].count("/") == 0:
            nested.append(left)
    if nested:
        names = ", ".join(one.split("/providers/")[-1] for one in nested)
        text = (
            f"Cannot delete resource while nested resources exist. Some existing nested resource IDs include: '{names}'"
        )
        raise Failure(409, "CannotDeleteResource", f"{text}. Please delete all nested resources before deleting this.")
