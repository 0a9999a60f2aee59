"""Shapes of Batch's request bodies: their members, types and limits, what is write-only, and each plane's spelling.

A table of shapes is read in ARM's spelling. `read` checks and canonicalises a value, an explicit null being the same
as no value; `shown` leaves out what is write-only; `told` and `heard` translate to and from the data plane, which
spells most choices in lower case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from azure_local.http import Failure

NOTHING = object()
"""What is left of a write-only value when it is shown."""


def invalid(name: str, value: Any, reason: str) -> Failure:
    """400 InvalidPropertyValue, as both planes word it; `name` may be a path of names."""
    values = {"PropertyName": name.rsplit(".", 1)[-1], "PropertyValue": str(value), "Reason": reason}
    text = f"The value provided for one of the properties in the request body is invalid: {name}: {reason}"
    return Failure(400, "InvalidPropertyValue", text, values)


def malformed(reason: str) -> Failure:
    text = f"The specified Request Body is not syntactically valid. {reason}"
    return Failure(400, "InvalidRequestBody", text, {"Reason": reason})


def missing(name: str) -> Failure:
    text = f"A required property was not specified in the request body: {name}"
    return Failure(400, "MissingRequiredProperty", text, {"PropertyName": name})


@dataclass(frozen=True)
class Shape:
    """Anything."""

    secret: bool = field(default=False, kw_only=True)

    def read(self, value: Any, name: str) -> Any:
        return value

    def shown(self, value: Any) -> Any:
        return NOTHING if self.secret else value

    def told(self, value: Any) -> Any:
        return value

    def heard(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Text(Shape):
    longest: int = 32768
    pattern: str = ""
    shortest: int = 0

    def read(self, value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise malformed(f"The property '{name}' must be a string.")
        told = "" if self.secret else value
        if not self.shortest <= len(value) <= self.longest:
            raise invalid(name, told, f"Its length must be from {self.shortest} to {self.longest}.")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise invalid(name, told, f"It must match {self.pattern}.")
        return value


@dataclass(frozen=True)
class Lower(Text):
    """Text that Azure shows in lower case, however it was written."""

    def read(self, value: Any, name: str) -> str:
        return super().read(value, name).lower()


@dataclass(frozen=True)
class Number(Shape):
    low: int = -(2**31)
    high: int = 2**31 - 1

    def read(self, value: Any, name: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise malformed(f"The property '{name}' must be an integer.")
        if not self.low <= value <= self.high:
            raise invalid(name, value, f"It must be from {self.low} to {self.high}.")
        return value


@dataclass(frozen=True)
class Flag(Shape):
    def read(self, value: Any, name: str) -> bool:
        if not isinstance(value, bool):
            raise malformed(f"The property '{name}' must be true or false.")
        return value


@dataclass(frozen=True)
class Choice(Shape):
    """One of some words, in any letter case; `data` is how the data plane spells them: lower, camel or same."""

    words: tuple[str, ...]
    data: str = "lower"

    def read(self, value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise malformed(f"The property '{name}' must be a string.")
        found = next((word for word in self.words if word.lower() == value.lower()), None)
        if found is None:
            raise invalid(name, value, f"It must be one of {', '.join(self.words)}.")
        return found

    def told(self, value: str) -> str:
        return {"lower": value.lower(), "camel": value[:1].lower() + value[1:]}.get(self.data, value)


@dataclass(frozen=True)
class Duration(Shape):
    """An ISO 8601 duration, from `low` to `high` seconds; `PT06M00S` is kept as `PT6M`."""

    low: float = 0
    high: float = float("inf")

    def read(self, value: Any, name: str) -> str:
        total = seconds(value)
        if total is None:
            raise invalid(name, value, "It is not a duration.")
        if not self.low <= total <= self.high:
            raise invalid(name, value, f"It must be at least {spelled(self.low)}.")
        return spelled(total)


def seconds(text: Any) -> float | None:
    """The seconds of an ISO 8601 duration, or None if it is none."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", str(text))
    if not match or not any(match.groups()):
        return None
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def spelled(total: float) -> str:
    """The shortest spelling of a duration."""
    days, rest = divmod(total, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    clock = "".join(
        f"{_digits(number)}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if number
    )
    return f"P{f'{_digits(days)}D' if days else ''}{f'T{clock}' if clock else ''}" if days or clock else "PT0S"


def _digits(number: float) -> str:
    return f"{number:.7f}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Span(Shape):
    """An ISO 8601 duration that is kept as it was written."""

    def read(self, value: Any, name: str) -> str:
        if seconds(value) is None:
            raise invalid(name, value, "It is not a duration.")
        return str(value)


@dataclass(frozen=True)
class Many(Shape):
    of: Shape
    most: int = 10**6

    def read(self, value: Any, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise malformed(f"The property '{name}' must be an array.")
        if len(value) > self.most:
            raise invalid(name, len(value), f"It can have at most {self.most} items.")
        return [self.of.read(item, name) for item in value]

    def shown(self, value: list[Any]) -> list[Any]:
        return [self.of.shown(item) for item in value]

    def told(self, value: list[Any]) -> list[Any]:
        return [self.of.told(item) for item in value]

    def heard(self, value: Any) -> Any:
        return [self.of.heard(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Record(Shape):
    """An object; `data` are members that the data plane calls otherwise, `readonly` those that Azure alone fills in."""

    name: str
    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    data: Mapping[str, str] = field(default_factory=dict)
    readonly: tuple[str, ...] = ()

    def read(self, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise malformed(f"The property '{name}' must be an object.")
        for member in value:
            if member not in self.members and member not in self.readonly:
                raise self._unknown(member)
        given = {key: item for key, item in value.items() if item is not None and key not in self.readonly}
        for member in self.required:
            if member not in given:
                raise missing(f"{name}.{member}")
        return {member: self.members[member].read(item, f"{name}.{member}") for member, item in given.items()}

    def _unknown(self, member: str) -> Failure:
        return malformed(f"Could not find member '{member}' on object of type '{self.name}'.")

    def shown(self, value: dict[str, Any]) -> dict[str, Any]:
        found = {name: self.members[name].shown(item) if name in self.members else item for name, item in value.items()}
        return {name: item for name, item in found.items() if item is not NOTHING}

    def told(self, value: dict[str, Any]) -> dict[str, Any]:
        return {self.data.get(name, name): self.members[name].told(item) for name, item in value.items()}

    def heard(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        back: dict[str, str] = {other: name for name, other in self.data.items()}
        found = {}
        for name, item in value.items():
            own = back.get(str(name), str(name))
            if own not in self.members or (name in self.data and name not in back):
                raise self._unknown(name)
            found[own] = self.members[own].heard(item)
        return found
