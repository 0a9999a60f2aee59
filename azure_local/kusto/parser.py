"""Reads a query: a table, and operators behind bars. What else the language has is refused by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from azure_local.kusto import lexer, syntax
from azure_local.kusto.errors import QueryError, unoffered, unreadable
from azure_local.kusto.lexer import Token, words
from azure_local.kusto.syntax import Binary, Called, Expression, Literal, Name, Named, Ordered, Part, Query, Star, Step

COMPARISONS = ("==", "!=", "<>", "=~", "!~", "<", "<=", ">", ">=")
TEXTUAL = ("has", "contains", "startswith", "endswith", "has_cs", "contains_cs", "startswith_cs", "endswith_cs")
OTHERS = (
    "join", "union", "lookup", "mv-expand", "mvexpand", "make-series", "render", "parse", "evaluate", "invoke", "let",
    "project-rename", "project-keep", "project-reorder", "sample", "serialize", "search", "find", "externaldata",
    "range", "print", "datatable", "as", "facet", "fork", "partition", "reduce", "scan", "top-nested", "top-hitters",
    "mv-apply",
)  # fmt: skip
"""Operators and statements of the language that are not offered."""
DEEPEST = 60
"""Brackets and negations inside of one another."""


def parse(text: str) -> Query:
    """QueryError if it cannot be read, or is not offered."""
    return _Parser(text).query()


def moment(text: str) -> datetime | None:
    """What stands in `datetime(…)`."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text.strip().strip("\"'")))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def span(text: str) -> timedelta | None:
    """What stands in `timespan(…)`: `[days.]hours:minutes[:seconds]`, or `5m`."""
    match = re.fullmatch(r"\s*(?:(\d+)\.)?(\d+):(\d+)(?::(\d+(?:\.\d+)?))?\s*", text.strip("\"'"))
    if match:
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return lexer.span(((days * 24 + hours) * 60 + minutes) * 60 + seconds, "s")
    try:
        tokens = list(words(text))
    except QueryError:
        return None
    return tokens[0].value if [token.kind for token in tokens] == ["span", "end"] else None


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(words(text))
        self.next = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.next]

    def took(self, *texts: str) -> bool:
        """Whether the next word was one of these, and is taken."""
        if self.token.kind in ("sign", "name") and self.token.text in texts:
            self.next += 1
            return True
        return False

    def need(self, text: str) -> None:
        if not self.took(text):
            raise unreadable(self.token.at, self.token.text)

    def name(self) -> Token:
        token = self.token
        if token.kind != "name":
            raise unreadable(token.at, token.text)
        self.next += 1
        return token

    def query(self) -> Query:
        table = self.name()
        if table.text in OTHERS:
            raise unoffered(f"The statement '{table.text}'", table.at)
        steps = []
        while self.took("|"):
            steps.append(self.step())
        self.took(";")
        if self.token.kind != "end":
            raise unreadable(self.token.at, self.token.text)
        return Query(table.text, table.at, tuple(steps))

    def step(self) -> Step:
        word = self.name()
        readers: dict[str, Callable[[Token], Step]] = {
            "where": self._where,
            "filter": self._where,
            "extend": lambda at: Step("extend", at.at, self.named()),
            "project": lambda at: Step("project", at.at, self.named()),
            "project-away": lambda at: Step("project-away", at.at, self.named()),
            "summarize": self._summarize,
            "distinct": lambda at: Step("distinct", at.at, by=self.named()),
            "order": self._order,
            "sort": self._order,
            "take": lambda at: Step("take", at.at, number=self._number()),
            "limit": lambda at: Step("take", at.at, number=self._number()),
            "top": self._top,
            "count": lambda at: Step("count", at.at),
        }
        if word.text in OTHERS:
            raise unoffered(f"The operator '{word.text}'", word.at)
        if word.text not in readers:
            raise unreadable(word.at, word.text)
        return readers[word.text](word)

    def _where(self, word: Token) -> Step:
        return Step("where", word.at, (Named("", self.expression()),))

    def _summarize(self, word: Token) -> Step:
        items: tuple[Named, ...] = ()
        if not (self.token.kind == "name" and self.token.text == "by"):
            items = self.named()
        return Step("summarize", word.at, items, self.named() if self.took("by") else ())

    def _order(self, word: Token) -> Step:
        self.need("by")
        order = [self._ordered()]
        while self.took(","):
            order.append(self._ordered())
        return Step("order", word.at, order=tuple(order))

    def _top(self, word: Token) -> Step:
        number = self._number()
        self.need("by")
        return Step("top", word.at, order=(self._ordered(),), number=number)

    def _ordered(self) -> Ordered:
        expression = self.expression()
        descending = not self.took("asc")
        if descending:
            self.took("desc")
        first = not descending
        if self.took("nulls"):
            first = self.took("first")
            if not first:
                self.need("last")
        return Ordered(expression, descending, first)

    def _number(self) -> int:
        token = self.token
        if token.kind != "long":
            raise unreadable(token.at, token.text)
        self.next += 1
        return int(token.value)

    def named(self) -> tuple[Named, ...]:
        found = [self._one_named()]
        while self.took(","):
            found.append(self._one_named())
        return tuple(found)

    def _one_named(self) -> Named:
        following = self.tokens[self.next + 1] if self.next + 1 < len(self.tokens) else self.token
        if self.token.kind == "name" and following.text == "=":
            name = self.name().text
            self.next += 1
            return Named(name, self.expression())
        return Named("", self.expression())

    def expression(self) -> Expression:
        self.depth += 1
        if self.depth > DEEPEST:
            raise unreadable(self.token.at, self.token.text)
        left = self._both()
        while self.token.kind == "name" and self.token.text == "or":
            at = self.name().at
            left = Binary("or", left, self._both(), at)
        self.depth -= 1
        return left

    def _both(self) -> Expression:
        left = self._compared()
        while self.token.kind == "name" and self.token.text == "and":
            at = self.name().at
            left = Binary("and", left, self._compared(), at)
        return left

    def _compared(self) -> Expression:
        left, token = self._added(), self.token
        if token.kind == "sign" and token.text in COMPARISONS:
            self.next += 1
            return Binary("!=" if token.text == "<>" else token.text, left, self._added(), token.at)
        no = "!" if token.text == "!" else ""
        word = self.tokens[self.next + 1] if no else token
        if word.kind != "name" or word.text not in (*TEXTUAL, "in", "between", "matches"):
            return left
        self.next += 2 if no else 1
        if word.text == "in":
            fold = "~" if self.took("~") else ""
            return syntax.Among(left, self._arguments(), f"{no}in{fold}", token.at)
        if word.text == "between":
            return self._between(left, no, token.at)
        if word.text == "matches":
            self.need("regex")
            return Binary("matches regex", left, self._added(), token.at)
        return Binary(f"{no}{word.text}", left, self._added(), token.at)

    def _between(self, left: Expression, no: str, at: int) -> syntax.Between:
        self.need("(")
        low = self._added()
        self.need("..")
        high = self._added()
        self.need(")")
        return syntax.Between(left, low, high, f"{no}between", at)

    def _added(self) -> Expression:
        left = self._multiplied()
        while self.token.kind == "sign" and self.token.text in ("+", "-"):
            token = self.token
            self.next += 1
            left = Binary(token.text, left, self._multiplied(), token.at)
        return left

    def _multiplied(self) -> Expression:
        left = self._signed()
        while self.token.kind == "sign" and self.token.text in ("*", "/", "%"):
            token = self.token
            self.next += 1
            left = Binary(token.text, left, self._signed(), token.at)
        return left

    def _signed(self) -> Expression:
        token = self.token
        if self.took("-"):
            return Called("-", (self._parts(),), token.at)
        return self._parts()

    def _parts(self) -> Expression:
        value = self._primary()
        while self.token.text in (".", "["):
            at = self.token.at
            if self.took("."):
                key = self.name()
                value = Part(value, Literal(key.text, "string", key.at), at)
            else:
                self.need("[")
                value = Part(value, self.expression(), at)
                self.need("]")
        return value

    def _primary(self) -> Expression:
        token = self.token
        if token.kind in ("long", "real", "text", "span"):
            self.next += 1
            types = {"text": "string", "span": "timespan"}
            return Literal(token.value, types.get(token.kind, token.kind), token.at)
        if self.took("*"):
            return Star(token.at)
        if self.took("("):
            inner = self.expression()
            self.need(")")
            return inner
        word = self.name()
        if word.text in ("true", "false"):
            return Literal(word.text == "true", "bool", word.at)
        if self.token.text != "(":
            return Name(word.text, word.at)
        if word.text in ("datetime", "timespan", "time", "dynamic"):
            return self._literal(word)
        return Called(word.text, self._arguments(), word.at)

    def _literal(self, word: Token) -> Literal:
        """What stands in brackets behind a type's name, as it is written."""
        self.need("(")
        begin, depth = self.token.at, 1
        while self.token.kind != "end":
            depth += {"(": 1, ")": -1}.get(self.token.text, 0) if self.token.kind == "sign" else 0
            if not depth:
                break
            self.next += 1
        inner = self.text[begin : self.token.at].strip()
        self.need(")")
        kind = "timespan" if word.text == "time" else word.text
        if inner == "null":
            return Literal(None, kind, word.at)
        value: Any = {"datetime": moment, "timespan": span, "dynamic": _json}[kind](inner)
        if value is None:
            raise unreadable(begin, inner)
        return Literal(value, kind, word.at)

    def _arguments(self) -> tuple[Expression, ...]:
        self.need("(")
        found: list[Expression] = []
        while not self.took(")"):
            if found:
                self.need(",")
            found.append(self.expression())
        return tuple(found)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
