"""Batch's refusals of bodies that do not fit, on both planes, and kinds of rules that go beyond its schema."""

from __future__ import annotations

import re
from typing import Any

from azure_local.http import Failure
from azure_local.shapes import Fault, Rule, Unfit, unfit

PLAIN = {
    "string": "a string",
    "duration": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
}


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


def refusal(fault: Fault) -> Failure:
    """A fault in Batch's words, whose paths have no indices of lists."""
    path = re.sub(r"\[\d+\]", "", fault.path)
    if fault.kind == "missing":
        return missing(path)
    if fault.kind == "unknown":
        return malformed(f"Could not find member '{fault.member}' on object of type '{fault.shape}'.")
    if fault.kind == "type":
        return malformed(f"The property '{path}' must be {PLAIN.get(fault.wanted, 'an object')}.")
    if fault.kind == "word":
        return invalid(path, fault.value, f"It must be one of {fault.wanted.replace(',', ', ')}.")
    return invalid(path, fault.value, fault.wanted)


def seconds(text: Any) -> float | None:
    """The seconds of an ISO 8601 duration, or None for any other text."""
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


def between(low: int, high: int = 2**31 - 1) -> Rule:
    def rule(value: int, path: str) -> int:
        if not low <= value <= high:
            raise unfit(path, value, f"It must be from {low} to {high}.")
        return value

    return rule


def text(shortest: int = 0, longest: int = 32768, pattern: str = "", *, secret: bool = False) -> Rule:
    """A rule for a text's length and pattern, which must match the whole; an error never shows a secret."""

    def rule(value: str, path: str) -> str:
        shown = "" if secret else value
        if not shortest <= len(value) <= longest:
            raise unfit(path, shown, f"Its length must be from {shortest} to {longest}.")
        if pattern and not re.fullmatch(pattern, value):
            raise unfit(path, shown, f"It must match {pattern}.")
        return value

    return rule


def interval(low: float = 0, high: float = float("inf")) -> Rule:
    """A rule for a duration between `low` and `high` seconds; `PT06M00S` is kept as `PT6M`."""

    def rule(value: str, path: str) -> str:
        total = seconds(value) or 0.0
        if not low <= total <= high:
            raise unfit(path, value, f"It must be at least {spelled(low)}.")
        return spelled(total)

    return rule


def one_of(*words: str) -> Rule:
    """A rule for one of these words, in any letter case, where the schema allows any text."""

    def rule(value: str, path: str) -> str:
        spelt = next((word for word in words if word.lower() == value.lower()), None)
        if spelt is None:
            raise unfit(path, value, f"It must be one of {', '.join(words)}.")
        return spelt

    return rule


def lower(value: str, path: str) -> str:
    """Text that Azure shows in lower case, however it was written."""
    return value.lower()


def at_most(most: int) -> Rule:
    def rule(value: list[Any], path: str) -> list[Any]:
        if len(value) > most:
            raise unfit(path, len(value), f"It can have at most {most} items.")
        return value

    return rule


def having(*names: str) -> Rule:
    """A rule for members that Batch requires although its schema does not."""

    def rule(value: dict[str, Any], path: str) -> dict[str, Any]:
        for name in names:
            if name not in value:
                raise Unfit(Fault("missing", f"{path}.{name}"))
        return value

    return rule
