"""The expressions of GitHub's workflows, as far as ours use them; anything else is an error.

Source: docs.github.com/actions/reference/workflows-and-actions/expressions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_WITHIN = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([A-Za-z_][\w.*-]*)|(==|!=|&&|\|\||[!(),]))")
STATUS = ("success", "failure", "cancelled", "always")
_BINARY = ({"||"}, {"&&"}, {"==", "!="})


class Unknown(Exception):
    """An expression that is not known here."""


def text(value: Any, contexts: Mapping[str, Any]) -> str:
    """A value of a workflow with its expressions replaced."""
    return _WITHIN.sub(lambda match: shown(evaluate(match[1], contexts)), str(value))


def value(value: Any, contexts: Mapping[str, Any]) -> Any:
    """The value of a text that is one expression and nothing else."""
    match = _WITHIN.fullmatch(str(value).strip())
    if not match:
        raise Unknown(str(value))
    return evaluate(match[1], contexts)


def condition(given: Any, contexts: Mapping[str, Any]) -> bool:
    """Whether an `if` holds; one without a function of the status needs success."""
    source = str(given).strip()
    match = _WITHIN.fullmatch(source)
    source = match[1] if match else source
    holds = bool(evaluate(source, contexts))
    asks = any(re.search(rf"\b{name}\(", source) for name in STATUS)
    return holds and (asks or contexts["status"] == "success")


def shown(value: Any) -> str:
    if value is None:
        return ""
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def evaluate(source: str, contexts: Mapping[str, Any]) -> Any:
    reader = _Reader(source, contexts)
    result = reader.binary(0)
    if reader.tokens:
        raise Unknown(source)
    return result


class _Reader:
    def __init__(self, source: str, contexts: Mapping[str, Any]) -> None:
        self.source, self.contexts = source, contexts
        self.tokens: list[str] = []
        at = 0
        while source[at:].strip():
            match = _TOKEN.match(source, at)
            if not match:
                raise Unknown(source)
            self.tokens.append(match[0].strip())
            at = match.end()

    def next(self) -> str:
        if not self.tokens:
            raise Unknown(self.source)
        return self.tokens.pop(0)

    def binary(self, level: int) -> Any:
        if level == len(_BINARY):
            return self.unary()
        left = self.binary(level + 1)
        while self.tokens and self.tokens[0] in _BINARY[level]:
            sign, right = self.next(), self.binary(level + 1)
            if sign == "||":
                left = left or right
            elif sign == "&&":
                left = left and right
            else:
                left = (shown(left).lower() == shown(right).lower()) is (sign == "==")
        return left

    def unary(self) -> Any:
        token = self.next()
        if token == "!":
            return not self.unary()
        if token == "(":
            inside = self.binary(0)
            self.expect(")")
            return inside
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self.tokens and self.tokens[0] == "(":
            return self.call(token)
        return self.looked_up(token)

    def expect(self, token: str) -> None:
        if self.next() != token:
            raise Unknown(self.source)

    def call(self, name: str) -> Any:
        self.expect("(")
        if name in STATUS:
            self.expect(")")
            return name == "always" or name == {"success": "success", "failure": "failure"}.get(self.contexts["status"])
        if name not in ("fromJSON", "contains"):
            raise Unknown(name)
        inside = self.binary(0)
        if name == "contains":
            self.expect(",")
            held = self.binary(0) in (inside or [])
        self.expect(")")
        return held if name == "contains" else json.loads(inside)

    def looked_up(self, path: str) -> Any:
        """What a path names. What a run may lack is nothing, as on GitHub; a context that is not there is an error."""
        context, *rest = path.split(".")
        if context not in self.contexts or context == "status":
            raise Unknown(path)
        found = self.contexts[context]
        for part in rest:
            if part == "*":
                continue
            if isinstance(found, list):
                found = [each.get(part) for each in found]
            else:
                found = found.get(part) if isinstance(found, Mapping) else None
        return found
