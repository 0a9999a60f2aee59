"""The `$filter` of lists on the Batch data plane: comparisons and startswith, joined by `and` and `or`.

Source: learn.microsoft.com, OData filters in Azure Batch. States and results are equal or not, times are written
DateTime'...' and compare as moments, and words compare whatever their case: Microsoft's samples say 'Failure'.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from azure_local.clock import parsed
from azure_local.http import Failure

Test = Callable[[dict[str, Any]], bool]
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
EQUAL_OR_NOT = ("state", "result")
"""Properties that no operator orders."""
_TOKEN = re.compile(
    r"\s*(?:(?P<sign>[(),])|(?P<time>datetime'[^']*')|(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+)|(?P<word>[\w/]+))",
    re.IGNORECASE,
)


def condition(text: str | None) -> Test:
    """Whether an item fits the filter. Failure 400 if the filter cannot be read."""
    if not (text or "").strip():
        return lambda item: True
    return _Reader(str(text)).read()


class _Reader:
    """Reads a filter from its beginning; `and` binds closer than `or`."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, end = text, [], 0
        while end < len(text.rstrip()):
            match = _TOKEN.match(text, end)
            if match is None:
                raise self.wrong()
            self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            end = match.end()
        self.tokens.append(("end", ""))

    def read(self) -> Test:
        test = self.either()
        self.take("end")
        return test

    def either(self) -> Test:
        tests = [self.both()]
        while self.next_is("or"):
            tests.append(self.both())
        return lambda item: any(test(item) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.next_is("and"):
            tests.append(self.one())
        return lambda item: all(test(item) for test in tests)

    def one(self) -> Test:
        if self.next_is("("):
            test = self.either()
            self.take("sign", ")")
            return test
        name = self.take("word")
        if name.lower() == "startswith":
            return self.beginning()
        compared = self.take("word").lower()
        kind, literal = self.tokens.pop(0)
        last = name.rpartition("/")[2]
        is_time = last.endswith("Time") or last == "lastModified"
        unordered = last in EQUAL_OR_NOT and compared not in ("eq", "ne")
        if compared not in COMPARED or unordered or is_time != (kind == "time"):
            raise self.wrong()
        if kind not in ("time", "text", "number", "word"):
            raise self.wrong()
        value, compare = self.literal(kind, literal), COMPARED[compared]
        return lambda item: _compared(_field(item, name), compare, value)

    def beginning(self) -> Test:
        self.take("sign", "(")
        name = self.take("word")
        self.take("sign", ",")
        start = str(self.literal("text", self.take("text")))
        self.take("sign", ")")
        return lambda item: str(_field(item, name) or "").lower().startswith(start)

    def literal(self, kind: str, text: str) -> Any:
        if kind == "number":
            return int(text)
        if kind != "time":
            return (text[1:-1].replace("''", "'") if kind == "text" else text).lower()
        try:
            moment = datetime.fromisoformat(text[len("datetime'") : -1])
        except ValueError:
            raise self.wrong() from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def next_is(self, text: str) -> bool:
        if self.tokens[0][1].lower() != text or self.tokens[0][0] not in ("word", "sign"):
            return False
        self.tokens.pop(0)
        return True

    def take(self, kind: str, text: str = "") -> str:
        found, value = self.tokens.pop(0)
        if found != kind or (text and value != text):
            raise self.wrong()
        return value

    def wrong(self) -> Failure:
        return Failure(400, "InvalidQueryParameterValue", f"The $filter clause {self.text!r} is not valid.")


def _field(item: dict[str, Any], name: str) -> Any:
    value: Any = item
    for part in name.split("/"):
        value = (value or {}).get(part)
    return value


def _compared(value: Any, compare: Callable[[Any, Any], bool], other: Any) -> bool:
    """What an item does not have differs from everything, and stands before and after nothing."""
    if value is None:
        return compare is operator.ne
    if isinstance(other, datetime):
        return compare(parsed(str(value)), other)
    if isinstance(other, int) and isinstance(value, int):
        return compare(value, other)
    return compare(str(value).lower(), str(other))
