"""The shapes of request bodies as Microsoft publishes them: which members there are, of which type, with which words.

The JSON files are taken from Microsoft's OpenAPI documents, types of ARM resources and SDK (MIT) by
`tests.validity.shapes`, and never edited by hand. A shape is a name → its members:

    "string", "integer", "number", "boolean", "duration" (ISO 8601), "any"
    {"type": "string", "min": 1, "max": 64, "pattern": "...", "secret": true}    with limits; a secret is never shown
    "#Name" another shape, [member] a list, {"*": member} a map, {"enum": [...]} one of these words in any letter case
    {"by": "type", "is": {"A": "#NameA", "B": "#NameB"}}    the shape that the member `type` of the value names
    null    what the service fills in and ignores in a request

Beside them `!` lists the members that must be there. `$types` names the version of Microsoft's types for a file without
an OpenAPI document: to add a type, write its line there and let `tests.validity.shapes` write the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from azure_local.http import Failure

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "duration": (str,),
}
DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
Shape = Mapping[str, Any]
Rule = Callable[[Any, str], Any]
"""What a service checks beyond its schema: a value and its path → the value to keep. It raises `Unfit` to refuse."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a body that does not fit.

    kind    a member is `unknown` or `missing`; a value has another `type`, is no `word` of an enumeration, or breaks a
            `limit`
    wanted  the type, the words or the limit, in words
    shape   the shape that lacks an unknown member
    """

    kind: str
    path: str
    value: Any = None
    wanted: str = ""
    shape: str = ""

    @property
    def member(self) -> str:
        return self.path.rsplit(".", 1)[-1]

    @property
    def text(self) -> str:
        """In the words of ARM's own deserializer."""
        if self.kind == "unknown":
            return f"Could not find member '{self.member}' on object of type '{self.shape}'. Path '{self.path}'."
        if self.kind == "missing":
            return f"Required parameter '{self.path}' is missing (null)."
        if self.kind == "type":
            return f"Error converting value {json.dumps(self.value)} to type '{self.wanted}'. Path '{self.path}'."
        name = self.path.rsplit("properties.", 1)[-1]
        if self.kind == "word":
            return f"The value '{self.value}' of parameter '{name}' is not allowed. Allowed values are {self.wanted}."
        return f"The value '{self.value}' of parameter '{name}' is out of range. {self.wanted}"


def malformed(fault: Fault) -> Failure:
    """The refusal of a service that has no wording of its own."""
    text = f"The request content was invalid and could not be deserialized: '{fault.text}'"
    return Failure(400, "InvalidRequestContent", text)


class Unfit(Exception):
    """The first fault of a body."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault


def unfit(path: str, value: Any, wanted: str) -> Unfit:
    """The error that a rule raises."""
    return Unfit(Fault("limit", path, value, wanted))


@cache
def load(service: str) -> dict[str, Shape]:
    """The shapes of a file."""
    table: dict[str, Shape] = json.loads((Path(__file__).parent / f"{service}.json").read_text())
    return {name: shape for name, shape in table.items() if not name.startswith("$")}


@dataclass(frozen=True)
class Shapes:
    """The shapes of a service, and its refusal of what does not fit.

    rules  `Shape.member` or `Shape` → what is checked of it beyond the schema
    exact  whether the letter case of members matters
    """

    table: Mapping[str, Shape]
    refusal: Callable[[Fault], Failure]
    rules: Mapping[str, Rule] = field(default_factory=dict)
    exact: bool = False

    def fitted(self, name: str, body: Any, path: str = "") -> dict[str, Any]:
        """A copy of `body` without null members and those that the service fills in; words spelt as Azure does.

        Failure 400 in the service's own words if something does not fit.
        """
        try:
            fit: dict[str, Any] = self._fit(f"#{name}", body, path)
        except Unfit as error:
            raise self.refusal(error.fault) from None
        return fit

    def shown(self, name: str, value: Any) -> Any:
        """A fitted value without its secrets."""
        return self._shown(f"#{name}", value)

    def _fit(self, member: Any, value: Any, path: str) -> Any:
        if member == "any":
            return value
        if isinstance(member, list):
            items = _typed(list, value, path, "array")
            return [self._fit(member[0], item, f"{path}[{number}]") for number, item in enumerate(items)]
        if isinstance(member, str):
            return dict(self._members(member[1:], value, path)) if member[0] == "#" else _scalar(member, value, path)
        if "enum" in member:
            return _word(member["enum"], value, path)
        if "by" in member:
            return dict(self._members(self._named(member, value, path), value, path))
        if "*" in member:
            items = _typed(dict, value, path, "dictionary")
            given = {name: item for name, item in items.items() if item is not None}
            return {name: self._fit(member["*"], item, f"{path}.{name}") for name, item in given.items()}
        return _limited(member, _scalar(member["type"], value, path), path)

    def _members(self, name: str, value: Any, path: str) -> Iterator[tuple[str, Any]]:
        body = _typed(dict, value, path, name)
        known = {self._case(member): (member, kind) for member, kind in self.table[name].items() if member != "!"}
        items = {self._case(member): item for member, item in body.items()}
        for member in body:
            if self._case(member) not in known:
                raise Unfit(Fault("unknown", f"{path}.{member}".strip("."), shape=name))
        for needed in self.table[name].get("!", ()):
            if items.get(self._case(needed)) is None:
                raise Unfit(Fault("missing", f"{path}.{needed}".strip(".")))
        fit = {}
        for written, item in items.items():
            member, kind = known[written]
            if kind is not None and item is not None:
                inner = f"{path}.{member}".strip(".")
                fit[member] = self._ruled(f"{name}.{member}", self._fit(kind, item, inner), inner)
        yield from self._ruled(name, fit, path).items()

    def _named(self, member: Mapping[str, Any], value: Any, path: str) -> str:
        """The shape that one member of a value names."""
        items = {self._case(name): item for name, item in _typed(dict, value, path, "object").items()}
        inner, word = f"{path}.{member['by']}".strip("."), items.get(self._case(member["by"]))
        if word is None:
            raise Unfit(Fault("missing", inner))
        return str(member["is"][_word(list(member["is"]), word, inner)][1:])

    def _case(self, member: str) -> str:
        return member if self.exact else member.lower()

    def _ruled(self, name: str, value: Any, path: str) -> Any:
        return self.rules[name](value, path) if name in self.rules else value

    def _shown(self, member: Any, value: Any) -> Any:
        if isinstance(member, list):
            return [self._shown(member[0], item) for item in value]
        if isinstance(member, str) and member.startswith("#"):
            members = self.table[member[1:]]
            kinds = {name: members.get(name, "any") for name in value}
            return {name: self._shown(kind, value[name]) for name, kind in kinds.items() if not _secret(kind)}
        return value


def _secret(member: Any) -> bool:
    return isinstance(member, dict) and member.get("secret", False)


def _typed(kind: type, value: Any, path: str, words: str) -> Any:
    if not isinstance(value, kind):
        raise Unfit(Fault("type", path, value, words))
    return value


def _scalar(kind: str, value: Any, path: str) -> Any:
    if kind == "any":
        return value
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise Unfit(Fault("type", path, value, kind))
    if kind == "duration" and not DURATION.fullmatch(str(value)):
        raise unfit(path, value, "It is not a duration.")
    return value


def _limited(member: Mapping[str, Any], value: Any, path: str) -> Any:
    shown = "" if member.get("secret") else value
    size = len(value) if isinstance(value, str) else value
    low, high = member.get("min"), member.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        what = "Its length must" if isinstance(value, str) else "It must"
        raise unfit(path, shown, f"{what} be from {low} to {high}.")
    if "pattern" in member and not re.search(member["pattern"], value):
        raise unfit(path, shown, f"It must match {member['pattern']}.")
    return value


def _word(words: list[str], value: Any, path: str) -> str:
    for word in words:
        if isinstance(value, str) and value.lower() == word.lower():
            return word
    raise Unfit(Fault("word", path, value, ",".join(words)))
