"""The shapes of request bodies as Microsoft publishes them: which members there are, of which type, with which words.

`compute.json` and `network.json` are taken from Microsoft's OpenAPI documents (MIT) by `tests.validity.shapes`. A shape
is a name → its members: `string`, `integer`, `number`, `boolean` or `any`; `#Name` another shape, `[member]` a list,
`{"*": member}` a map, `{"enum": [...]}` one of these words, null what the service fills in and ignores in a request;
beside them `!` lists those that must be there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from azure_local.http import Failure

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}
Shape = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit: a member is `unknown` or `missing`, a value's `type`, a `word` that an enumeration lacks."""

    kind: str
    path: str
    message: str


class Unfit(Exception):
    """The first fault of a body."""

    def __init__(self, kind: str, path: str, message: str) -> None:
        self.fault = Fault(kind, path, message)


@cache
def _shapes(service: str) -> dict[str, Shape]:
    found: dict[str, Shape] = json.loads((Path(__file__).parent / f"{service}.json").read_text())
    return found


def fitted(service: str, name: str, body: Any) -> dict[str, Any]:
    """A copy of `body` without what is null or the service's own, its words spelt as Azure spells them.

    Failure 400 in the service's own words if something does not fit.
    """
    try:
        found: dict[str, Any] = _fit(_shapes(service), f"#{name}", body, "")
    except Unfit as unfit:
        raise (_network(unfit.fault) if service == "network" else _compute(unfit.fault)) from None
    return found


def _fit(shapes: dict[str, Shape], member: Any, value: Any, path: str) -> Any:
    if member == "any":
        return value
    if isinstance(member, list):
        return [_fit(shapes, member[0], one, f"{path}[{number}]") for number, one in enumerate(_list(value, path))]
    if isinstance(member, dict):
        return _word(member["enum"], value, path) if "enum" in member else dict(_map(shapes, member["*"], value, path))
    if member.startswith("#"):
        return dict(_members(shapes, member[1:], value, path))
    if not isinstance(value, TYPES[member]) or (isinstance(value, bool) and member != "boolean"):
        raise Unfit("type", path, f"Error converting value {json.dumps(value)} to type '{member}'. Path '{path}'.")
    return value


def _members(shapes: dict[str, Shape], name: str, value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise Unfit("type", path, f"Error converting value {json.dumps(value)} to type '{name}'. Path '{path}'.")
    shape = {member.lower(): (member, kind) for member, kind in shapes[name].items() if member != "!"}
    present = {given.lower() for given, one in value.items() if one is not None}
    for needed in shapes[name].get("!", ()):
        if needed.lower() not in present:
            inner = f"{path}.{needed}".strip(".")
            raise Unfit("missing", inner, f"Required parameter '{inner}' is missing (null).")
    for given, one in value.items():
        inner = f"{path}.{given}".strip(".")
        if given.lower() not in shape:
            text = f"Could not find member '{given}' on object of type '{name}'. Path '{inner}'."
            raise Unfit("unknown", inner, text)
        member, kind = shape[given.lower()]
        if kind is not None and one is not None:
            yield member, _fit(shapes, kind, one, inner)


def _map(shapes: dict[str, Shape], member: Any, value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        raise Unfit("type", path, f"Error converting value {json.dumps(value)} to a dictionary. Path '{path}'.")
    for name, one in value.items():
        yield name, _fit(shapes, member, one, f"{path}.{name}")


def _list(value: Any, path: str) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit("type", path, f"Error converting value {json.dumps(value)} to a list. Path '{path}'.")
    return value


def _word(words: list[str], value: Any, path: str) -> str:
    for word in words:
        if isinstance(value, str) and value.lower() == word.lower():
            return word
    name = path.rsplit("properties.", 1)[-1]
    allowed = ",".join(words)
    text = f"The value '{value}' of parameter '{name}' is not allowed. Allowed values are {allowed}."
    raise Unfit("word", path, text)


def _compute(fault: Fault) -> Failure:
    if fault.kind == "unknown" and "." not in fault.path:
        text = f"The request content was invalid and could not be deserialized: '{fault.message}'"
        return Failure(400, "InvalidRequestContent", text)
    code = "InvalidParameter" if fault.kind in ("word", "missing") else "BadRequest"
    return Failure(400, code, fault.message, target=fault.path)


def _network(fault: Fault) -> Failure:
    text = "Cannot parse the request."
    code = "MissingRequiredProperty" if fault.kind == "missing" else "InvalidJson"
    return Failure(400, "InvalidRequestFormat", text, details=((code, fault.message),))
