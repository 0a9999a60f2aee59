"""Bodies of the control API: which members one may have, and what is wrong with a body that has others.

A check says what a value must be, or "" if it is that. Whoever asks for nonsense hears which member is wrong, and
nothing has happened.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any], str]


class Wrong(Exception):
    """The body asks for something that there is not; the message names the member."""


def text(value: Any) -> str:
    return "" if isinstance(value, str) and value else "a text"


def flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "true or false"


def texts(value: Any) -> str:
    return "" if isinstance(value, list) and not any(text(item) for item in value) else "a list of texts"


def pattern(value: Any) -> str:
    try:
        re.compile(value)
    except (TypeError, re.error):
        return "a regular expression"
    return ""


def number(least: float = 0, most: float = 1e9) -> Check:
    def check(value: Any) -> str:
        right = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        return "" if right and least <= value <= most else f"a number between {least:g} and {most:g}"

    return check


def whole(least: int = 0, most: int = 1_000_000_000) -> Check:
    def check(value: Any) -> str:
        right = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return "" if right else f"a whole number between {least} and {most}"

    return check


def word(*words: str) -> Check:
    def check(value: Any) -> str:
        return "" if value in words else f"one of {', '.join(words)}"

    return check


def mapping(value_check: Check) -> Check:
    """A mapping from texts to values that pass the check."""

    def check(value: Any) -> str:
        if not isinstance(value, dict):
            return "a mapping"
        return next((f"a mapping to {wrong}" for item in value.values() if (wrong := value_check(item))), "")

    return check


def members(known: Mapping[str, Check], *needed: str, at: str = "") -> Callable[[Any], dict[str, Any]]:
    """What reads a body that may have the `known` members and must have the `needed` ones; it raises Wrong.

    `at` is the path of the body, if it is part of another.
    """

    def read(body: Any) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise Wrong(f"{at or 'the body'} must be a mapping of {', '.join(known)}")
        for name, value in body.items():
            if name not in known:
                raise Wrong(f"there is no member {at}{'.' if at else ''}{name}; there are {', '.join(known)}")
            if must := known[name](value):
                raise Wrong(f"{at}{'.' if at else ''}{name} must be {must}")
        for name in needed:
            if name not in body:
                raise Wrong(f"{at}{'.' if at else ''}{name} is missing")
        return body

    return read
