"""Shapes of the Batch data plane's bodies from the models of Microsoft's SDK, the only ones of its newest version."""

from __future__ import annotations

import datetime
import types
import typing
from enum import Enum
from typing import Any

from azure.batch import models
from azure.batch.models import _models

WORDS = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime.timedelta: "duration",
    datetime.datetime: "string",
}
OWN = frozenset({"read"})
"""The visibility of what only the service fills in."""


def made(roots: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for root in roots:
        _add(found, getattr(_models, root))
    return found


def _add(found: dict[str, dict[str, Any]], model: type) -> None:
    if model.__name__ in found:
        return
    shape = found[model.__name__] = {}
    needed = []
    kinds = typing.get_type_hints(model, localns={**vars(models), "_models": models})
    for attribute, kind in kinds.items():
        field: Any = next((vars(one)[attribute] for one in model.__mro__ if attribute in vars(one)), None)
        if not hasattr(field, "_rest_name_input"):
            continue
        name = field._rest_name_input or attribute
        if field._visibility and set(field._visibility) == OWN:
            shape[name] = None
            continue
        optional = type(None) in typing.get_args(kind)
        shape[name] = _member(found, kind)
        if not optional:
            needed.append(name)
    if needed:
        shape["!"] = sorted(needed)


def _member(found: dict[str, dict[str, Any]], kind: Any) -> Any:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        parts = [part for part in typing.get_args(kind) if part is not type(None)]
        words = [part for part in parts if isinstance(part, type) and issubclass(part, Enum)]
        return _member(found, words[0] if words else parts[0])
    if typing.get_origin(kind) is list:
        return [_member(found, typing.get_args(kind)[0])]
    if typing.get_origin(kind) is dict:
        return {"*": _member(found, typing.get_args(kind)[1])}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [word.value for word in kind]}
    if kind in WORDS:
        return WORDS[kind]
    if isinstance(kind, type) and kind.__module__.startswith("azure.batch"):
        _add(found, kind)
        return f"#{kind.__name__}"
    return "any"
