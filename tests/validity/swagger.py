"""Microsoft's swagger 2.0 documents as validators: which operation a request is, and whether bodies fit its schemas.

Stricter than JSON Schema: a property that the schema does not name is a fault, unless the schema is open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete", "head")
GONE = frozenset({"certificateReferences"})
"""What older documents require and the api-versions in use have no more."""
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "duration": re.compile(r"P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
OUT_OF_DATE = frozenset({"VirtualMachineSizeTypes"})
"""Enumerations that Microsoft declares out of date: any string goes."""


@dataclass(frozen=True)
class Operation:
    """One operation: its document, its name, and what it takes and answers."""

    file: Path
    name: str
    body: Mapping[str, Any] | None
    answers: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Schema:
    """A schema and the file that its references are relative to."""

    file: Path
    value: Mapping[str, Any]

    def resolved(self) -> Schema:
        found = self
        while "$ref" in found.value:
            found = _referred(found.file, str(found.value["$ref"]))
        return found

    def properties(self) -> dict[str, Schema]:
        """The properties with those of everything that it is composed of."""
        found: dict[str, Schema] = {}
        for part in self.value.get("allOf", ()):
            found |= Schema(self.file, part).resolved().properties()
        return found | {name: Schema(self.file, one) for name, one in self.value.get("properties", {}).items()}

    def required(self) -> set[str]:
        found = set(self.value.get("required", ()))
        for part in self.value.get("allOf", ()):
            found |= Schema(self.file, part).resolved().required()
        return found

    def open(self) -> bool:
        """Whether it takes properties that it does not name."""
        return "additionalProperties" in self.value or not self.properties()


@cache
def _referred(file: Path, reference: str) -> Schema:
    """What a reference in a file means."""
    name, _, pointer = reference.partition("#")
    file = (file.parent / name).resolve() if name else file
    if not file.is_file():  # a common definition that is not among the documents: anything fits
        return Schema(file, {})
    value: Any = document(file)
    for part in pointer.strip("/").split("/"):
        value = value[part]
    return Schema(file, value)


@cache
def document(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def operations(files: tuple[Path, ...]) -> list[tuple[str, re.Pattern[str], Operation]]:
    """(method, path pattern, operation) of every operation in the files; letter case never matters."""
    found = []
    for file in files:
        for path, methods in document(file)["paths"].items():
            pattern = re.sub(r"\\\{(scope|filePath)\\\}", ".+", re.escape(path.split("?")[0]).replace("/\\{", "/\\{"))
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
            for method, one in methods.items():
                if method in METHODS:
                    compiled = re.compile(pattern.rstrip("/"), re.IGNORECASE)
                    found.append((method.upper(), compiled, _operation(file, one)))
    return found


def _operation(file: Path, one: Mapping[str, Any]) -> Operation:
    body = None
    for parameter in one.get("parameters", ()):
        resolved = Schema(file, parameter).resolved()
        if resolved.value.get("in") == "body":
            body = {"file": resolved.file, "schema": resolved.value["schema"]}
    return Operation(file, one["operationId"], body, one["responses"])


def faults(
    schema: Schema, value: Any, path: str, *, request: bool, known: frozenset[str] = frozenset()
) -> Iterator[str]:
    """What of `value` does not fit; `known` are properties that a newer api-version has."""
    schema = schema.resolved()
    if value is None:
        return
    wanted = schema.value.get("type") or ("object" if schema.properties() else None)
    if wanted and not _is(wanted, value):
        yield f"{path} is {value!r}, which is no {wanted}"
        return
    if isinstance(value, dict):
        yield from _object(schema, value, path, request=request, known=known)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if "items" in schema.value:
                inner = Schema(schema.file, schema.value["items"])
                yield from faults(inner, item, f"{path}[{index}]", request=request, known=known)
    else:
        yield from _scalar(schema.value, value, path)


def _is(wanted: str, value: Any) -> bool:
    return isinstance(value, TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))


def _object(schema: Schema, value: dict[str, Any], path: str, *, request: bool, known: frozenset[str]) -> Iterator[str]:
    properties = schema.properties()
    for name, item in value.items():
        if name in properties:
            inner = properties[name].resolved()
            if request and (properties[name].value.get("readOnly") or inner.value.get("readOnly")):
                yield f"{path}.{name} is read-only"
            yield from faults(properties[name], item, f"{path}.{name}", request=request, known=known)
        elif isinstance(schema.value.get("additionalProperties"), dict):
            inner = Schema(schema.file, schema.value["additionalProperties"])
            yield from faults(inner, item, f"{path}.{name}", request=request, known=known)
        elif not schema.open() and name not in known and name != "odata.metadata":
            yield f"{path}.{name} is not known"
    for name in schema.required() - set(value) - GONE:
        known_of = properties.get(name, schema).value
        if not known_of.get("readOnly" if request else "x-ms-secret"):  # a secret is required and never shown
            yield f"{path}.{name} is required"


def _scalar(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    named = schema.get("x-ms-enum", {}).get("name")
    if "enum" in schema and value not in schema["enum"] and named not in OUT_OF_DATE:
        yield f"{path} is {value!r}, not one of {schema['enum']}"
    form = FORMATS.get(schema.get("format", ""))
    if form and isinstance(value, str) and not form.fullmatch(value):
        yield f"{path} is {value!r}, which is no {schema['format']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{path} is {value!r}, which does not match {schema['pattern']}"
    if isinstance(value, str) and not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9):
        yield f"{path} has {len(value)} characters"
