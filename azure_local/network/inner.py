"""Resources that stand in the body of another one and have paths of their own: subnets and security rules.

While one is being written, the whole resource is being updated, so that Azure takes one such write at a time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from azure_local import operations, serving, tracked
from azure_local.azure import Azure, Completion, Handler, Service
from azure_local.http import Answer, Call, Failure, page
from azure_local.network import provider, references
from azure_local.tracked import Document, Type

Members = list[Document]


@dataclass(frozen=True, slots=True)
class Inner:
    """A kind of such resources.

    member  the member of the properties of `above` that lists them, and the segment of their paths
    store   the name of their operations and of their duration
    fitted  the whole list, with one that is new or changed, as Azure keeps it; raises Failure
    used    raises Failure if the one with this id cannot be deleted
    shown   one of them as a GET shows it
    """

    above: Type
    member: str
    store: str
    shape: str
    fitted: Callable[[Azure, Document, Members], Members]
    used: Callable[[Azure, Document], None] = lambda azure, one: None
    shown: Callable[[Azure, Document], Document] = lambda azure, one: one

    @property
    def one(self) -> str:
        return f"{self.above.one}/{self.member}/{{inner}}"


def service(kind: Inner) -> Service:
    async def get(azure: Azure, call: Call) -> Answer:
        return Answer(200, kind.shown(azure, _found(azure, call, kind)[1]))

    async def listing(azure: Azure, call: Call) -> Answer:
        listed = tracked.parent(azure, call, kind.above)["resource"]["properties"][kind.member]
        return Answer(200, page((kind.shown(azure, one) for one in listed), call, azure.page_size))

    handlers = {"put": _putter(kind), "get": get, "delete": _deleter(kind), "listing": listing}
    return Service(
        routes=serving.crud(kind.one, kind.one.rpartition("/")[0], kind.above.versions, **handlers),
        completions={
            f"{kind.store}.made": _settler(kind, "Succeeded"),
            f"{kind.store}.made.failed": _settler(kind, "Failed"),
            f"{kind.store}.gone": _forgetter(kind),
            f"{kind.store}.gone.failed": _settler(kind, "Failed"),
        },
        seconds={kind.store: 4},
    )


def _putter(kind: Inner) -> Handler:
    async def put(azure: Azure, call: Call) -> Answer:
        document = tracked.parent(azure, call, kind.above)
        tracked.idle(kind.above, document)
        name, others = call.params["inner"], document["resource"]["properties"][kind.member]
        if not re.fullmatch(provider.NAME % 78, name, re.ASCII):
            raise provider.bad_name(name)
        body, before = kind.above.provider.shapes.fitted(kind.shape, call.body), named(others, name)
        asked = {"name": before["name"] if before else name, "properties": body.get("properties", {})}
        listed = [asked if one is before else one for one in others] + ([] if before else [asked])
        fitted = kind.fitted(azure, document["resource"], listed)
        one = named(fitted, name)
        assert one is not None
        one["properties"]["provisioningState"] = "Updating"
        document["resource"]["properties"][kind.member] = fitted
        return Answer(200 if before else 201, one, _begin(azure, kind, document, one, "made"))

    return put


def _deleter(kind: Inner) -> Handler:
    async def delete(azure: Azure, call: Call) -> Answer:
        above = tracked.existing(azure, call, kind.above)
        one = named(above["resource"]["properties"][kind.member], call.params["inner"]) if above else None
        if above is None or one is None:
            return Answer(204)
        tracked.idle(kind.above, above)
        kind.used(azure, one)
        one["properties"]["provisioningState"] = "Deleting"
        return Answer(202, None, operations.monitored(_begin(azure, kind, above, one, "gone")))

    return delete


def named(listed: Members, name: str) -> Document | None:
    return next((one for one in listed if one["name"].lower() == name.lower()), None)


def unique(key: str, listed: Members) -> None:
    """Failure 400 unless each has a name that no other of the resource `key` has."""
    names: set[str] = set()
    for one in listed:
        name = provider.named(one)
        if name.lower() in names:
            text = f"Resource {key} has two child resources with the same name ({name})."
            raise provider.unparsed("DuplicateResourceName", text)
        names.add(name.lower())


def _found(azure: Azure, call: Call, kind: Inner) -> tuple[Document, Document]:
    """The document above and the resource in it. Failure 404 if there is none."""
    document = tracked.lookup(azure, call, kind.above)
    one = named(document["resource"]["properties"][kind.member], call.params["inner"])
    if one is None:
        text = f"Resource {document['resource']['id']}/{kind.member}/{call.params['inner']} not found."
        raise Failure(404, "NotFound", text)
    return document, one


def _begin(azure: Azure, kind: Inner, document: Document, one: Document, end: str) -> dict[str, str]:
    """Start the operation on one of them; the headers that point to it."""
    resource = document["resource"]
    resource["properties"]["provisioningState"] = "Updating"
    resource["etag"] = one["etag"] = references.etag()
    azure.store.put(kind.above.store, resource["id"], document)
    takes = azure.seconds[kind.store]
    return operations.start_async(azure, kind.above.namespace, takes, f"{kind.store}.{end}", key=one["id"])


def _settler(kind: Inner, state: str) -> Completion:
    async def settle(azure: Azure, data: dict[str, Any]) -> None:
        document = _above(azure, kind, data["key"])
        if document is not None:
            one = named(document["resource"]["properties"][kind.member], data["key"].rpartition("/")[2])
            if one is not None:
                one["properties"]["provisioningState"] = state
            _settled(azure, kind, document)

    return settle


def _forgetter(kind: Inner) -> Completion:
    async def forget(azure: Azure, data: dict[str, Any]) -> None:
        document = _above(azure, kind, data["key"])
        if document is not None:
            properties = document["resource"]["properties"]
            kept = [one for one in properties[kind.member] if one["id"].lower() != data["key"].lower()]
            properties[kind.member] = kept
            _settled(azure, kind, document)

    return forget


def _above(azure: Azure, kind: Inner, key: str) -> Document | None:
    return azure.store.get(kind.above.store, key.rpartition(f"/{kind.member}/")[0])


def _settled(azure: Azure, kind: Inner, document: Document) -> None:
    if document["resource"]["properties"]["provisioningState"] != "Deleting":
        document["resource"]["properties"]["provisioningState"] = "Succeeded"
    azure.store.put(kind.above.store, document["resource"]["id"], document)
