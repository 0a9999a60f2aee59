"""Splits a formula into tokens. An unknown character is reported and skipped, and the rest is still read."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum

from batch_autoscale.errors import Place, Problem


class Kind(Enum):
    NUMBER = "a number"
    NAME = "a name"
    STRING = "a string"
    MARK = "a mark"
    BROKEN = "something unreadable"
    """Stands for text that could not be read; its problem has been reported."""
    END = "the end of the formula"


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    text: str
    place: Place
    end: Place
    """The place of its last character."""

    def __str__(self) -> str:
        return self.kind.value if self.kind is Kind.END else f"`{self.text}`"


_PATTERN = re.compile(
    r"(?P<space>[ \t\r\f\v\ufeff\xa0]+|//[^\n]*)"
    r"|(?P<line>\n)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)"
    r'|(?P<string>"[^"\n]*")'
    r"|(?P<mark>&&|\|\||<=|>=|==|!=|[-+*<>!?:,.()\[\];=]|/(?!\*))"
)
_KINDS = {"number": Kind.NUMBER, "name": Kind.NAME, "string": Kind.STRING, "mark": Kind.MARK}
_COMMENTS = "comments start with // and end with their line"
_REMEDIES = {
    "'": 'strings stand in double quotes: "..."',
    '"': "close the string with a double quote on the same line",
    "&": "write && for and",
    "|": "write || for or",
    "$": "a dollar sign starts a name, such as $PendingTasks",
    "%": "there is no remainder operator; a percentage is a plain number from 0 to 100",
    "#": "a comment starts with //",
    "^": "there is no power operator; multiply",
    "{": "blocks do not exist; use the ternary: condition ? a : b",
    "}": "blocks do not exist; use the ternary: condition ? a : b",
}


def read(text: str) -> tuple[list[Token], list[Problem]]:
    """Tokens ending with one of kind END, and what could not be read."""
    tokens: list[Token] = []
    problems: list[Problem] = []
    at, line, start = 0, 1, 0
    while at < len(text):
        place = Place(line, at - start + 1)
        match = _PATTERN.match(text, at)
        if match is None:
            begin = at
            at, problem = _unreadable(text, begin, place)
            if lines := text.count("\n", begin, at):  # a comment of several lines
                line, start = line + lines, text.rindex("\n", begin, at) + 1
            problems.append(problem)
            tokens += [] if problem.remedy == _COMMENTS else [Token(Kind.BROKEN, text[at - 1], place, place)]
            continue
        at = match.end()
        group = match.lastgroup or ""
        if group == "line":
            line, start = line + 1, at
        elif group != "space":
            tokens.append(Token(_KINDS[group], match[0], place, Place(line, at - start)))
            problems += _too_large(tokens[-1])
    last = tokens[-1].end if tokens else Place(1, 1)
    return [*tokens, Token(Kind.END, "", last, last)], problems


def _unreadable(text: str, at: int, place: Place) -> tuple[int, Problem]:
    character = text[at]
    remedy = _REMEDIES.get(character, "remove it")
    if character in "\"'":  # the rest of the line belongs to the unclosed string
        closing = text.find(character, at + 1)
        newline = text.find("\n", at)
        newline = len(text) if newline < 0 else newline
        after = closing + 1 if 0 <= closing < newline else newline
        return after, Problem(place, "this string cannot be read", remedy)
    if character == "/":
        after = text.find("*/", at + 2)
        return (after + 2 if after >= 0 else len(text)), Problem(place, "`/*` starts no comment", _COMMENTS)
    return at + 1, Problem(place, f"{character!r} means nothing in a formula", remedy)


def _too_large(token: Token) -> list[Problem]:
    if token.kind is Kind.NUMBER and math.isinf(float(token.text)):
        return [Problem(token.place, f"{token.text[:20]} is too large for a double", "write a smaller number")]
    return []
