"""Every place of a spec that takes text, as the schema says, and documents with something planted there."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from reconciler.spec import schema
from reconciler.spec.schema import Path_, Shape

HEAD: dict[str, Any] = {
    "apiVersion": "reconciler/v1",
    "name": "test",
    "azure": {
        "subscription": "00000000-1111-2222-3333-444444444444",
        "location": "italynorth",
        "resourceGroup": "rg-test",
    },
}
KEY = "\0key"
"""The end of a path at which the name of an entry is free, so that it may be the text."""


def places(shape: Shape | None = None, path: Path_ = ()) -> Iterator[Path_]:
    """The path of every text in a spec; an entry of a map is called `entry1`, an item of a list is the first."""
    shape = schema.schema() if shape is None else shape
    types = shape.get("type", ())
    if not shape.keys() & {"type", "const", "enum", "properties", "not"} or "string" in types or "enum" in shape:
        yield path
    for key in shape.get("properties", {}):
        if path or key not in ("extends", "notSecrets"):
            yield from places(shape["properties"][key], (*path, key))
    if isinstance(more := shape.get("additionalProperties"), dict):
        yield (*path, KEY)
        yield from places(more, (*path, "entry1"))
    if isinstance(items := shape.get("items"), dict):
        yield from places(items, (*path, 0))


def planted(path: Path_, text: str) -> dict[str, Any]:
    """A document that has `text` at a path, or as the name of an entry there, and nothing else of that part."""
    document = copy.deepcopy(HEAD)
    part: Any = document
    *outer, last = path
    for key, below in zip(outer, path[1:], strict=True):
        empty: Any = [] if isinstance(below, int) else {}
        if isinstance(key, int):
            part.append(empty)
            part = empty
        else:
            if not isinstance(part.get(key), dict):
                part[key] = empty
            part = part[key]
    if last == KEY:
        part[text] = "value"
    elif isinstance(last, int):
        part.append(text)
    else:
        part[last] = text
    return document
