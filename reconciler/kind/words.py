"""Turns values that Azure shows into values of a spec: keys in order, without defaults, unknown keys and secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler import marks, secret
from reconciler.spec.schema import schema

SECRETS = ("accountKey", "password", "protectedSettings", "sasKey", "sshPrivateKey", "userName")
"""Keys that Azure does not show; should it ever do so, they are not written into a spec."""
STAYS = "it stays as it is"


class Unsayable(Exception):
    """A spec has no words for a resource; the message says for what of it."""


def definition(name: str) -> Mapping[str, Any]:
    shape: Mapping[str, Any] = schema()["$defs"][name]
    return shape


def ordered(value: Any, shape: Mapping[str, Any] | None = None, names: Callable[..., list[str]] = sorted) -> Any:
    """A value of a spec with its keys in the order of the schema and its reference; other keys as `names` has them."""
    shape = schema() if shape is None else shape
    if isinstance(value, list):
        return [ordered(item, shape.get("items", {}), names) for item in value]
    if not isinstance(value, dict):
        return value
    known = shape.get("properties", {})
    keys = [key for key in known if key in value] + names(key for key in value if key not in known)
    keys = (
        list(value) if "gallery" in value else keys
    )  # an image of a gallery: the schema has several forms of it, so its keys stay in their order
    more = shape.get("additionalProperties")
    rest = more if isinstance(more, Mapping) else {}
    return {key: ordered(value[key], known.get(key, rest), names) for key in keys}


def said(value: Any, shape: Mapping[str, Any], path: str, notes: list[str]) -> Any:
    """`value` without the keys that the schema does not have, each with a note."""
    if isinstance(value, Mapping):
        if "properties" not in shape:
            return dict(value)
        kept = {}
        for key, item in value.items():
            if item is None:
                continue
            if key in shape["properties"]:
                kept[key] = said(item, shape["properties"][key], f"{path}.{key}", notes)
            elif key not in SECRETS:
                notes.append(f"{path}.{key} is nothing that a spec can say; {STAYS}")
        return kept
    if isinstance(value, list):
        return [said(item, shape.get("items", {}), path, notes) for item in value]
    return value


def without(value: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    """The items of `value` that are not None and not default."""
    return {key: item for key, item in value.items() if item is not None and item != default.get(key)}


def pairs(
    values: Mapping[str, str], shape: Mapping[str, Any], path: str, notes: list[str], stays: str = STAYS
) -> dict[str, str]:
    """Names and values without secrets and those that a spec cannot have; a note for each ends with `stays`."""
    pattern = re.compile(shape.get("propertyNames", {}).get("pattern", ""))
    longest = shape.get("additionalProperties", {}).get("maxLength", 10**9)
    kept = {}
    for name, value in values.items():
        if name.lower().startswith(marks.PREFIX):
            notes.append(f"{path}.{name} is a mark of reconcile's own; {stays}")
        elif secret.form_of(name, value):
            notes.append(f"{path}.{name} looks like a secret, which has no place in a spec; {stays}")
        elif not pattern.search(name) or len(value) > longest:
            notes.append(f"{path}.{name} cannot be a name and value of a spec; {stays}")
        else:
            kept[name] = value
    return kept


def shown(value: Any) -> str:
    """A value for a message: shortened, and never a secret."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if secret.hidden(text) != text:
        return "a secret"
    return text if len(text) <= 60 else f"{text[:57]}..."


def refuse_secrets(value: Any) -> None:
    """Raise Unsayable if a text anywhere in `value` gives access, such as a setting of an extension."""
    for path, text in _texts(value, ""):
        if secret.form_of(path.rpartition(".")[2], text):
            raise Unsayable(f"{path} holds a signature or a key, which has no place in a spec")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}".removeprefix("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value
