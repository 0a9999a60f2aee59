"""The schema of specs, and what it says beyond the shape: defaults, references, the kind behind each section.

Keywords of ours: `x-says` (a pattern in words), `x-refers` (what a text may refer to), `x-caseless` (Azure compares the
names of a map without case), `x-arm` (the ARM type of what a section names, where a role can be given on it or it can
be in another group), `x-beside` (see `existing`), `x-elsewhere` (keys that other tools have in its place, each with
what to write instead).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.files import folder

Shape = Mapping[str, Any]
"""A schema, or a part of one."""
Path_ = tuple[str | int, ...]


@cache
def written() -> Shape:
    """The schema as it is written."""
    loaded: Shape = json.loads((folder("schemas") / "spec.schema.json").read_text())
    return loaded


@cache
def schema() -> Shape:
    """The schema with every `$ref` replaced by its definition; keywords beside the `$ref` go before."""
    whole: Shape = _inlined(written(), written()["$defs"])
    return whole


def _inlined(part: Any, definitions: Shape) -> Any:
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = {**definitions[_name(part)], **{key: item for key, item in part.items() if key != "$ref"}}
    return {key: _inlined(item, definitions) for key, item in part.items()}


def _name(reference: Shape) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]


def inside(shape: Shape, key: str | int) -> Shape:
    """The shape of what stands under `key` of a map or a list of `shape`."""
    part = shape.get("items") if isinstance(key, int) else shape.get("properties", {}).get(key)
    part = shape.get("additionalProperties") if part is None else part
    return part if isinstance(part, dict) else {}


def walk(value: Any, shape: Shape | None = None, path: Path_ = ()) -> Iterator[tuple[Path_, Any, Shape]]:
    """Every value in a document, outer before inner: its path, the value and its shape."""
    shape = schema() if shape is None else shape
    yield path, value, shape
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from walk(part, inside(shape, key), (*path, key))


def filled(value: Any, shape: Shape | None = None) -> Any:
    """A copy of `value` with the default of every key that it leaves out, all the way down; nothing is an empty map."""
    shape = schema() if shape is None else shape
    if isinstance(value, list):
        return [filled(item, inside(shape, index)) for index, item in enumerate(value)]
    if value is None and "object" in shape.get("type", ()):
        value = {}
    if not isinstance(value, dict):
        return value
    copy = {key: filled(item, inside(shape, key)) for key, item in value.items()}
    for key, part in shape.get("properties", {}).items():
        if key not in copy and "default" in part:
            copy[key] = filled(part["default"], part)
    return copy


def defaults(definition: str, *path: str) -> dict[str, Any]:
    """The defaults of a map of `definition`, or of the map at `path` inside it, by key."""
    shape = schema()["$defs"][definition]
    for key in path:
        shape = inside(shape, key)
    parts = shape["properties"].items()
    return {key: filled(part["default"], part) for key, part in parts if "default" in part}


def named(section: str) -> bool:
    """Whether a section of a spec holds things by name, rather than being a single thing."""
    return "propertyNames" in schema()["properties"].get(section, {})


def kind_of(section: str) -> tuple[str, Shape]:
    """The kind of what a section names, and its shape."""
    shape = written()["properties"][section]
    name = _name(shape if "$ref" in shape else shape["additionalProperties"])
    return name, schema()["$defs"][name]
