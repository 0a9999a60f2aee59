"""Whether a document has the shape of a spec; what is wrong is said in the words of people who write specs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from reconciler.azure import retired
from reconciler.errors import Problem
from reconciler.spec.document import Document, dotted
from reconciler.spec.references import like, nearest
from reconciler.spec.schema import Path_, Shape, inside, schema, written
from reconciler.words import count

LARGEST = 2**31 - 1
"""The largest whole number that Azure takes anywhere in a spec. Source: int32 in all of its schemas."""
HALVES = ("required", "oneOf", "minProperties")
"""Validators whose faults mean nothing for a map that was not read in full."""


def faults(value: Any, shape: Shape | None = None) -> list[Any]:
    """Every place where a value is not as a schema wants it, by default that of specs, as errors of the validator."""
    return list(_validator()(shape or written()).iter_errors(value))


@cache
def _validator() -> Any:
    """That of the schemas' draft, for which 1e3 is no whole number: 1000.0 would reach Azure with its fraction."""
    from jsonschema import Draft202012Validator, validators

    def whole(checker: Any, number: Any) -> bool:
        return isinstance(number, int) and not isinstance(number, bool)

    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", whole)
    return validators.extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]


def problems(document: Document, errors: Iterable[Any]) -> list[Problem]:
    """The faults of a document in the words of a person who wrote it; what was not read is told already."""
    said = {problem for error in errors if not _unread(document, error) for problem in _problems(document, error)}
    return sorted(said | set(_large(document, document.value, ())))


def _unread(document: Document, error: Any) -> bool:
    path = tuple(error.absolute_path)
    if path in document.partial and error.validator in HALVES:
        return True
    return any(path[: len(unread)] == unread for unread in document.unread)


def _large(document: Document, value: Any, path: Path_) -> Iterator[Problem]:
    """Whole numbers that Azure cannot read."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from _large(document, part, (*path, key))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST:
        yield document.problem(path, f"is {_shown(value)}; the largest number here is {LARGEST:,}")


def _problems(document: Document, error: Any) -> Iterator[Problem]:
    path: Path_ = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in error.instance:
            if key not in known:
                words = _unknown(key, error.schema, path)
                yield document.problem((*path, key), words, at_key=True)
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            if f"'{key}'" in error.message and not _meant(key, error.instance, error.schema):
                yield document.problem(path, f"has no {key}, which is required", at_key=True)
    elif "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str):
        says = error.schema.get("x-says", "use another one")
        words = _odd(error.instance) or f"is not a valid name: {says}"
        yield document.problem((*path, error.instance), words, at_key=True)
    elif error.validator == "oneOf":
        yield document.problem(path, _choice(error), at_key=True)
    else:
        yield document.problem(path, _sentence(document, path, error))


def _unknown(key: str, shape: Shape, path: Path_) -> str:
    """Why a key cannot stand in a map of this shape, and what to write instead."""
    notice = retired.field(key)
    if notice:
        return f"is not a key any more: {notice.what} ended on {notice.on}; {notice.remedy}"
    if key in shape.get("x-elsewhere", {}):
        return str(shape["x-elsewhere"][key])
    if odd := _odd(key):
        return odd
    if "x-keys" in shape:
        return f"is not a known {shape['x-keys']}{nearest(key, shape['properties']) or _all(shape)}"
    inner = [name for name, part in _inlined(path).items() if key in part.get("properties", {})]
    if inner:
        return f"is not a known key here; it belongs into {inner[0]}: {{{key}: ...}}"
    if path and key in schema()["properties"]:
        return f"is not a known key of {dotted(path)}; it belongs to the top level of the spec, without indentation"
    return f"is not a known key{nearest(key, shape.get('properties', {})) or _all(shape)}"


def _odd(key: str) -> str:
    """What is wrong with a key that is none because of how it is written; empty for others."""
    if "${" in key:
        return "has a variable in it; variables are replaced in values, not in keys"
    if key != key.strip():
        return "begins or ends with a space that is no plain one, as in pasted texts; type it anew"
    return ""


def _meant(missing: str, there: Iterable[str], shape: Shape) -> bool:
    """Whether an unknown key is told already to be the missing one in other words."""
    known, elsewhere = shape.get("properties", {}), shape.get("x-elsewhere", {})
    others = [key for key in there if key not in known]
    return any(f"{missing}:" in elsewhere[key] if key in elsewhere else like(key, known) == missing for key in others)


def _inlined(path: Path_) -> Shape:
    """The properties of the map at `path`, every reference in them replaced."""
    shape = schema()
    for part in path:
        shape = inside(shape, part)
    properties: Shape = shape.get("properties", {})
    return properties


def _all(shape: Shape) -> str:
    """All keys of a small map, for a key that is like none of them."""
    known = list(shape.get("properties", {}))
    return f"; it can be {', '.join(known)}" if 0 < len(known) <= 15 else "; docs/spec.md lists them all"


def _choice(error: Any) -> str:
    """What is wrong with a map that must have one of several groups of keys."""
    groups = [part["required"] for part in error.validator_value]
    there = [group[0] for group in groups if group[0] in error.instance]
    ways = ", or ".join(" and ".join(group) for group in groups)
    if len(there) > 1:
        return f"has {' and '.join(there)}, which exclude each other; take one away"
    return f"must have {ways}"


def _sentence(document: Document, path: Path_, error: Any) -> str:
    value, limit = error.instance, error.validator_value
    shown = document.texts.get(path) or _shown(value)
    sentences: dict[str, Callable[[], str]] = {
        "type": lambda: f"must be {_types(limit)}, not {_type_of(value, shown)}{_hint(limit, value)}",
        "enum": lambda: f"is {shown}; it can be {', '.join(map(_plain, limit))}{nearest(value, map(_plain, limit))}",
        "const": lambda: f"is {shown}; it must be {_plain(limit)}",
        "pattern": lambda: f"is {shown}: {error.schema.get('x-says', 'has the wrong form')}",
        "minimum": lambda: f"is {shown}; it must be at least {limit}",
        "maximum": lambda: f"is {shown}; it must be at most {limit}",
        "minLength": lambda: "must not be empty" if limit == 1 else f"must have at least {limit} characters",
        "maxLength": lambda: f"has {len(value):,} characters; at most {limit:,} are allowed",
        "minItems": lambda: f"must have at least {count(limit, 'entry')}",
        "maxItems": lambda: f"has {len(value)} entries; at most {limit} are allowed",
        "minProperties": lambda: "must not be empty",
        "maxProperties": lambda: f"has {len(value)} entries; at most {limit} are allowed",
        "uniqueItems": lambda: f"has an entry twice: {_twice(value)}",
        "not": lambda: str(error.schema.get("x-says", "cannot be set")),
    }
    return sentences[error.validator]()


def _twice(items: list[Any]) -> str:
    return next(_shown(item) for index, item in enumerate(items) if item in items[:index])


def _shown(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def _plain(value: Any) -> str:
    """A value of the schema as it is written in a spec."""
    return value if isinstance(value, str) else json.dumps(value)


def _types(types: str | list[str]) -> str:
    words = {"object": "a map", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number"}
    words |= {"boolean": "true or false", "null": "empty"}
    names = [types] if isinstance(types, str) else types
    return " or ".join(words[name] for name in names)


def _type_of(value: Any, shown: str) -> str:
    if value is None:
        return "empty"
    return "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else shown


def _hint(types: str | list[str], value: Any) -> str:
    """What to write instead of a scalar that YAML reads as another type than is meant; empty if that is unclear."""
    if types == "string" and isinstance(value, int | float):
        return "; put it in quotes"
    if value is None:
        return "; write its value, or take the key away"
    if not isinstance(value, str):
        whole = isinstance(value, float) and value.is_integer() and "integer" in types
        return f"; write {int(value)}" if whole else ""
    word = value.strip().lower()
    if types == "boolean" and word in _TRUE | _FALSE:
        return f"; write {'true' if word in _TRUE else 'false'}"
    number = _number(word) if "integer" in types or "number" in types else None
    return f"; write {number}, as a decimal number without quotes" if number is not None else ""


_TRUE, _FALSE = {"yes", "y", "on", "true", "1"}, {"no", "n", "off", "false", "0"}


def _number(word: str) -> int | None:
    """The whole number that a text means: in quotes, or with a base or `_` as other languages write it."""
    try:
        return int(word, 0)
    except ValueError:
        return None
