"""What a spec uses without owning it: `existing: true`. Somebody else makes it, changes it and deletes it.

In the schema, `x-beside` of a map names the keys that may stand beside `existing: true`: how it is named, and what is
made in it or for it. Every other key would be a wish about the thing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.spec import schema
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_

ELSEWHERE = ("resourceGroup", "subscription")
"""Where it is, if not with the rest of the spec."""


def places(value: Mapping[str, Any], group: str, subscription: str) -> dict[str, str]:
    """`TYPE/NAME`, in lower case, of each thing with an ARM type of its own that is used → the id of its group."""
    return {
        f"{shape['x-arm']}/{_name(path, entry)}".lower(): (
            f"/subscriptions/{entry.get('subscription', subscription)}"
            f"/resourceGroups/{entry.get('resourceGroup', group)}"
        )
        for path, entry, shape in schema.walk(value)
        if "x-arm" in shape and isinstance(entry, Mapping) and entry.get("existing")
    }


def owned(value: Mapping[str, Any]) -> set[str]:
    """`TYPE/NAME`, in lower case, of each thing with an ARM type of its own that the spec makes."""
    return {
        f"{shape['x-arm']}/{_name(path, entry)}".lower()
        for path, entry, shape in schema.walk(value)
        if "x-arm" in shape and isinstance(entry, Mapping) and not entry.get("existing")
    }


def problems(document: Document) -> Iterator[Problem]:
    """What is said of a thing of others that only its owner can say, and places of what is made here."""
    for path, entry, shape in schema.walk(document.value):
        if "x-beside" not in shape or not isinstance(entry, Mapping):
            continue
        if entry.get("existing") is True:
            yield from _beside(document, path, entry, shape)
        elif path != ("azure",):
            for key in filter(entry.__contains__, ELSEWHERE):
                what = f"is for what others own: what this spec makes is in azure.{key}"
                yield document.problem((*path, key), f"{what}; take it out, or add existing: true", at_key=True)


def _beside(document: Document, path: Path_, entry: Mapping[str, Any], shape: schema.Shape) -> Iterator[Problem]:
    allowed = {"existing", *ELSEWHERE, *shape["x-beside"]}
    for key in entry:
        if key not in allowed:
            what = "is not for this spec to say, as existing: true leaves all of it to its owner; take one of them out"
            yield document.problem((*path, key), what, at_key=True)


def _name(path: Path_, entry: Mapping[str, Any]) -> str:
    return str(path[-1] if schema.named(str(path[0])) else entry.get("name", ""))
