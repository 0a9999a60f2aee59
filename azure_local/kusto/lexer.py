"""The words of a query: names, numbers, spans of time, texts and signs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from azure_local.kusto.errors import unreadable

UNITS = {
    "d": 86400.0, "day": 86400.0, "days": 86400.0, "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0, "s": 1.0, "sec": 1.0, "second": 1.0,
    "seconds": 1.0, "ms": 0.001, "milliseconds": 0.001, "millisecond": 0.001,
}  # fmt: skip
WORDS = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<text>@"(?:[^"]|"")*"|@'(?:[^']|'')*'|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<span>\d+(?:\.\d+)?(?:milliseconds?|seconds?|minutes?|hours?|days?|min|sec|hr|ms|d|h|m|s)(?![\w]))
  | (?P<real>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
  | (?P<long>\d+)
  | (?P<name>(?:project-(?:away|rename|keep|reorder)|mv-(?:expand|apply)|make-series|top-(?:nested|hitters))(?![\w-])
            |[A-Za-z_]\w*)
  | (?P<sign>==|!=|=~|!~|<=|>=|<>|\.\.|[|,()\[\]{}=<>+\-*/%.;:!~])
    """,
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the query; `value` is what a literal stands for."""

    kind: str
    text: str
    at: int
    value: Any = None


def words(text: str) -> Iterator[Token]:
    """The words of the text, the last of which is empty and of the kind `end`. QueryError."""
    at = 0
    while at < len(text):
        match = WORDS.match(text, at)
        if match is None:
            raise unreadable(at, text[at])
        kind, word = str(match.lastgroup), match.group()
        if kind != "space":
            yield Token(kind, word, at, _value(kind, word))
        at = match.end()
    yield Token("end", "", at)


def _value(kind: str, word: str) -> Any:
    if kind == "long":
        return int(word)
    if kind == "real":
        return float(word)
    if kind == "span":
        number = re.match(r"[\d.]+", word)
        assert number is not None
        return span(float(number.group()), word[number.end() :])
    if kind == "text":
        return _unquoted(word)
    return None


def span(number: float, unit: str) -> timedelta:
    """So many of a unit; the longest span there is, if that is longer."""
    try:
        return timedelta(seconds=number * UNITS[unit])
    except OverflowError:
        return timedelta.max


def _unquoted(word: str) -> str:
    if word[0] == "@":
        return word[2:-1].replace(word[1] * 2, word[1])
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[0]), word[1:-1])
