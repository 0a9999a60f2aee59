"""Whether a document has the shape of a spec; what is wrong is said in the words of people who write specs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from reconciler.azure import retired
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_, written
from reconciler.words import count


def problems(document: Document) -> list[Problem]:
    """Every place where the document is not as its schema wants it."""
    from jsonschema import Draft202012Validator

    errors = Draft202012Validator(written()).iter_errors(document.value)
    return sorted({problem for error in errors for problem in _problems(document, error)})


def _problems(document: Document, error: Any) -> Iterator[Problem]:
    """A validation error in the words of a person who wrote the spec."""
    path: Path_ = tuple(error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        for key in error.instance:
            if key not in known:
                words = _gone(key) or f"is not a known key{nearest(key, known)}"
                yield document.problem((*path, key), words, at_key=True)
    elif error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        for key in missing:
            if f"'{key}'" in error.message:
                yield document.problem(path, f"has no {key}, which is required", at_key=True)
    elif "propertyNames" in error.absolute_schema_path and isinstance(error.instance, str):
        says = error.schema.get("x-says", error.message)
        yield document.problem((*path, error.instance), f"is not a valid name: {says}", at_key=True)
    else:
        yield document.problem(path, _sentence(error))


def _gone(key: str) -> str:
    """What became of a key that Azure has retired; empty for others."""
    notice = retired.field(key)
    return f"is not a key any more: {notice.what} ended on {notice.on}; {notice.remedy}" if notice else ""


def _sentence(error: Any) -> str:
    value, limit = error.instance, error.validator_value
    shown = json.dumps(value, ensure_ascii=False)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    sentences: dict[str, Callable[[], str]] = {
        "type": lambda: f"must be {_types(limit)}, not {_type_of(value)}{_quotes(limit, value)}",
        "enum": lambda: f"is {shown}; it can be {', '.join(map(str, limit))}{nearest(value, limit)}",
        "const": lambda: f"is {shown}; it must be {limit}",
        "pattern": lambda: f"is {shown}: {error.schema.get('x-says', 'has the wrong form')}",
        "minimum": lambda: f"is {shown}; it must be at least {limit}",
        "maximum": lambda: f"is {shown}; it must be at most {limit}",
        "minLength": lambda: f"must have at least {count(limit, 'character')}",
        "maxLength": lambda: f"has {len(value):,} characters; at most {limit:,} are allowed",
        "minItems": lambda: f"must have at least {count(limit, 'entry')}",
        "minProperties": lambda: "must not be empty",
        "maxProperties": lambda: f"has {len(value)} entries; at most {limit} are allowed",
        "uniqueItems": lambda: "has an entry twice",
        "not": lambda: str(error.schema.get("x-says", error.message)),
    }
    sentence = sentences.get(error.validator)
    return sentence() if sentence else str(error.message)


def _types(types: str | list[str]) -> str:
    words = {"object": "a map", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number"}
    words |= {"boolean": "true or false", "null": "empty"}
    names = [types] if isinstance(types, str) else types
    return " or ".join(words[name] for name in names)


def _quotes(types: str | list[str], value: Any) -> str:
    """The hint to quote a scalar that YAML reads as a number although text is meant, such as a version 4.2."""
    return "; put it in quotes" if types == "string" and isinstance(value, int | float) else ""


def _type_of(value: Any) -> str:
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if value is None:
        return "empty"
    shown = "a map" if isinstance(value, dict) else "a list" if isinstance(value, list) else json.dumps(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
