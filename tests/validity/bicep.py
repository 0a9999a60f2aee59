"""Microsoft's types of ARM resources (bicep-types) as validators, for the exact api-versions that we send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

REQUIRED, READ_ONLY, WRITE_ONLY = 1, 2, 4
SCALARS: dict[str, type | tuple[type, ...]] = {"StringType": str, "IntegerType": int, "BooleanType": bool}
FRACTIONS = ("threshold", "dailyQuotaGb")
"""Members that Azure's documents call numbers; these types know whole ones only."""


@cache
def resource(folder: Path, name: str) -> tuple[list[dict[str, Any]], dict[str, Any]] | None:
    """(all types, body type) of a resource type such as `Microsoft.Batch/batchAccounts/pools`, or None."""
    for path in sorted(folder.glob("*.json")):
        types = json.loads(path.read_text())
        for one in types:
            if one["$type"] == "ResourceType" and one["name"].split("@")[0].lower() == name.lower():
                return types, types[index(one["body"])]
    return None


def index(reference: dict[str, str]) -> int:
    return int(reference["$ref"].rsplit("/", 1)[-1])


def faults(types: list[dict[str, Any]], kind: dict[str, Any], value: Any, path: str, *, request: bool) -> Iterator[str]:
    """What of `value` does not fit the type; a PATCH is checked like a PUT, without what is required."""
    form = kind["$type"]
    if value is None:
        return
    if form == "ObjectType":
        yield from _object(types, kind, value, path, request=request)
    elif form == "ArrayType":
        yield from _array(types, kind, value, path, request=request)
    elif form == "UnionType":
        options = [types[index(one)] for one in kind["elements"]]
        if not any(_fits(types, one, value, request=request) for one in options):
            yield f"{path} is {value!r}, not one of {[one.get('value', one['$type']) for one in options]}"
    elif form == "StringLiteralType" and value != kind["value"]:
        yield f"{path} is {value!r}, not {kind['value']!r}"
    elif form == "IntegerType" and path.rpartition(".")[2] in FRACTIONS and isinstance(value, float):
        return
    elif form in SCALARS and not isinstance(value, SCALARS[form]):
        yield f"{path} is {value!r}, which is no {form}"


def _fits(types: list[dict[str, Any]], kind: dict[str, Any], value: Any, *, request: bool) -> bool:
    return not any(True for _ in faults(types, kind, value, "", request=request))


def _array(types: list[dict[str, Any]], kind: dict[str, Any], value: Any, path: str, *, request: bool) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path} is {value!r}, which is no array"
        return
    for number, item in enumerate(value):
        yield from faults(types, types[index(kind["itemType"])], item, f"{path}[{number}]", request=request)


def _object(
    types: list[dict[str, Any]], kind: dict[str, Any], value: Any, path: str, *, request: bool
) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is {value!r}, which is no object"
        return
    properties = kind.get("properties", {})
    for name, item in value.items():
        if name in properties:
            flags = properties[name].get("flags", 0)
            if request and flags & READ_ONLY:
                yield f"{path}.{name} is read-only"
            if not request and flags & WRITE_ONLY:
                yield f"{path}.{name} is write-only"
            inner = types[index(properties[name]["type"])]
            yield from faults(types, inner, item, f"{path}.{name}", request=request)
        elif "additionalProperties" in kind:
            inner = types[index(kind["additionalProperties"])]
            yield from faults(types, inner, item, f"{path}.{name}", request=request)
        else:
            yield f"{path}.{name} is not known"
