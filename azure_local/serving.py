"""How a type of tracked resources is served: its routes, and what happens when its operations end.

For a type without anything particular, `SERVICE = service(TYPE)` is enough.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from azure_local.azure import Azure, Completion, Handler, Route, Service
from azure_local.common import check_subscription, group, group_id, registered
from azure_local.http import Answer, Call, page
from azure_local.settings import SUBSCRIPTION
from azure_local.tracked import Document, Type, body, changes, idle, keep, lookup, parent, remove, update

Hook = Callable[[Azure, Document], Awaitable[None]]
"""What a type does in addition, with a resource's document: after it is made, or before it is deleted."""
VERBS = {
    "put": ("PUT", 0),
    "patch": ("PATCH", 0),
    "get": ("GET", 0),
    "head": ("HEAD", 0),
    "delete": ("DELETE", 0),
    "add": ("POST", 1),
    "listing": ("GET", 1),
}
"""Verb → the HTTP method, and 0 for the path of one item or 1 for that of the collection."""


def crud(item: str, collection: str, versions: tuple[str, ...], **handlers: Handler) -> tuple[Route, ...]:
    """The routes of the paths `item` and `collection`, by verb: put, patch, get, head, delete, add, listing."""
    return tuple(
        Route(VERBS[name][0], (item, collection)[VERBS[name][1]], handler, versions)
        for name, handler in handlers.items()
    )


def posts(item: str, versions: tuple[str, ...], **handlers: Handler) -> tuple[Route, ...]:
    """The routes of POSTs below the path `item`, by the names of the handlers."""
    return tuple(Route("POST", f"{item}/{name}", handler, versions) for name, handler in handlers.items())


def service(
    kind: Type,
    *,
    above: Type | None = None,
    put: Handler | None = None,
    patch: Handler | None = None,
    get: Handler | None = None,
    delete: Handler | None = None,
    listing: Handler | None = None,
    without: tuple[str, ...] = (),
    made: Hook | None = None,
    gone: Hook | None = None,
    routes: tuple[Route, ...] = (),
    completions: Mapping[str, Completion] | None = None,
    seconds: Mapping[str, float] | None = None,
    **more: Any,
) -> Service:
    """A type as a service; `routes`, `completions` and `seconds` are added to those that every type has.

    without  verbs that the local Azure does not offer on it
    """
    handlers = {
        "put": put or putter(kind),
        "patch": patch or patcher(kind),
        "get": get or getter(kind),
        "delete": delete or deleter(kind),
        "listing": listing or lister(kind, above),
    }
    handlers = {verb: handler for verb, handler in handlers.items() if verb not in without}
    basic = crud(kind.one, kind.all, kind.versions, **handlers)
    everywhere = Route("GET", f"/subscriptions/{{subscription}}/providers/{kind.name}", lister(kind), kind.versions)
    return Service(
        namespace=kind.namespace,
        types={kind.store: kind.name} if kind.regions else {},
        routes=(*basic, *(() if above else (everywhere,)), *routes),
        completions={**ends(kind, made, gone), **(completions or {})},
        seconds={kind.store: kind.seconds, **(seconds or {})},
        **more,
    )


def putter(kind: Type) -> Handler:
    async def put(azure: Azure, call: Call) -> Answer:
        registered(azure, kind.namespace)
        return keep(azure, call, kind, body(azure, call, kind))

    return put


def patcher(kind: Type) -> Handler:
    async def patch(azure: Azure, call: Call) -> Answer:
        document, changed = lookup(azure, call, kind), changes(call, kind)
        resource = document["resource"]
        resource["properties"] |= changed.pop("properties")
        resource |= changed
        return update(azure, kind, document)

    return patch


def tagger(kind: Type) -> Handler:
    """A PATCH that changes only the tags, at once."""

    async def patch(azure: Azure, call: Call) -> Answer:
        document, changed = lookup(azure, call, kind), changes(call, kind)
        idle(kind, document)
        document["resource"]["tags"] = changed.get("tags", document["resource"]["tags"])
        azure.store.put(kind.store, document["resource"]["id"], document)
        return Answer(200, document["resource"], kind.provider.limits(kind, "Patch"))

    return patch


def getter(kind: Type) -> Handler:
    async def get(azure: Azure, call: Call) -> Answer:
        return Answer(200, lookup(azure, call, kind)["resource"], kind.provider.limits(kind, "Get"))

    return get


def deleter(kind: Type) -> Handler:
    async def delete(azure: Azure, call: Call) -> Answer:
        return await remove(azure, call, kind)

    return delete


def lister(kind: Type, above: Type | None = None) -> Handler:
    async def listing(azure: Azure, call: Call) -> Answer:
        """Those of the group, of the subscription, or of the resource above, which has to be there."""
        check_subscription(call)
        prefix = f"/subscriptions/{SUBSCRIPTION}/"
        if above is not None:
            prefix = f"{parent(azure, call, above)['resource']['id']}/{kind.last}/"
        elif "group" in call.params:
            prefix = f"{group_id(group(azure, call))}/"
        documents = azure.store.list(kind.store, prefix)
        shown = (document["resource"] for document in documents)
        return Answer(200, page(shown, call, azure.page_size), kind.provider.limits(kind, "List"))

    return listing


def ends(kind: Type, made: Hook | None = None, gone: Hook | None = None) -> dict[str, Completion]:
    """The completions of the type's operations, successful or failed, and `purge`, for a deleted resource group."""
    forget = _forgetter(kind, gone)

    async def purge(azure: Azure, data: Document) -> None:
        for key, _ in azure.store.items(kind.store, data["prefix"]):
            await forget(azure, {"key": key})
        for key, _ in azure.store.items("left", data["prefix"]):
            azure.store.delete("left", key)

    return {
        f"{kind.store}.made": _settler(kind, "Succeeded", made),
        f"{kind.store}.made.failed": _settler(kind, "Failed"),
        f"{kind.store}.gone": forget,
        f"{kind.store}.gone.failed": _settler(kind, "Failed", going=True),
        f"{kind.store}.purge": purge,
    }


def _settler(kind: Type, state: str, hook: Hook | None = None, *, going: bool = False) -> Completion:
    """Sets the provisioning state, unless the resource is being deleted and the operation is not its deletion."""

    async def settle(azure: Azure, data: Document) -> None:
        document = azure.store.get(kind.store, data["key"])
        if document is None:
            return
        if hook is not None:
            await hook(azure, document)
        properties = document["resource"]["properties"]
        if going or properties.get("provisioningState") != "Deleting":
            properties["provisioningState"] = state
            azure.store.put(kind.store, document["resource"]["id"], document)

    return settle


def _forgetter(kind: Type, gone: Hook | None) -> Completion:
    async def forget(azure: Azure, data: Document) -> None:
        document = azure.store.get(kind.store, data["key"])
        if document is None:
            return
        if gone is not None:
            await gone(azure, document)
        azure.store.delete(kind.store, data["key"])
        if kind.left:
            azure.store.put("left", data["key"], {"until": azure.clock.after(kind.left)})

    return forget
