"""Parses tokens to a tree. After an error it goes on with the next statement, so that one run finds all errors."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from batch_autoscale import tokens
from batch_autoscale.errors import FormulaError, Place, Problem
from batch_autoscale.syntax import (
    LEVEL,
    Binary,
    Call,
    Formula,
    Index,
    Member,
    Method,
    Name,
    Node,
    Number,
    Statement,
    Ternary,
    Text,
    Unary,
    Vector,
)
from batch_autoscale.tokens import Kind, Token

NESTING = 32
"""How deep parentheses and ternaries may be nested."""
DEPTH = 100
"""How deep a statement's tree may be. Microsoft names neither limit; these protect Python's stack."""


def parse(text: str) -> Formula:
    """Read a formula. FormulaError holds every syntax error with its place."""
    formula, problems = read(text)
    if problems:
        raise FormulaError(problems)
    return formula


def read(text: str) -> tuple[Formula, list[Problem]]:
    """The statements that can be read, and the problems of those that cannot."""
    scanned, problems = tokens.read(text)
    reader = _Reader(scanned)
    statements = reader.statements()
    return Formula(tuple(statements), text), problems + reader.problems


def assigned(text: str) -> set[str]:
    """Every name that is given a value, also in statements that cannot be read."""
    scanned, _ = tokens.read(text)
    return {a.text for a, b in itertools.pairwise(scanned) if a.kind is Kind.NAME and b.text == "="}


class _Unreadable(Exception):
    def __init__(self, *problems: Problem) -> None:
        super().__init__(problems)
        self.problems = problems


class _Reader:
    """Recursive descent; the level of nesting is counted because Python's stack is limited."""

    def __init__(self, scanned: list[Token]) -> None:
        self.tokens = scanned
        self.at = 0
        self.depth = 0
        self.problems: list[Problem] = []

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def statements(self) -> list[Statement]:
        statements = []
        while self.token.kind is not Kind.END:
            if self.skip(";"):
                continue
            try:
                self.depth = 0
                statements.append(self.statement())
            except _Unreadable as error:
                self.problems += error.problems
                self.recover()
        return statements

    def statement(self) -> Statement:
        place, target = self.token.place, None
        if self.token.kind is Kind.NAME and self.tokens[self.at + 1].text == "=":
            target = self.token.text
            self.at += 2
        statement = Statement(place, target, self.expression())
        if _depth(statement) > DEPTH:
            raise self.wrong("this statement has too many terms", "split it into statements", place)
        if self.token.kind is not Kind.END and not self.skip(";"):
            self.unended()
        return statement

    def unended(self) -> None:
        """Report that after an expression neither its statement nor the formula ends."""
        before, here = self.tokens[self.at - 1], self.token
        if here.text == "=":
            raise self.wrong("only a name can be given a value", "write name = value; or == to compare")
        if here.text in (")", "]"):
            raise self.wrong(f"{here} closes nothing", "remove it")
        if here.text == ":":
            raise self.wrong("`:` without a `?` before it", "write condition ? a : b")
        problem = Problem(before.end, f"a semicolon is missing after {before}", "end every statement with ;")
        if here.kind is not Kind.NAME:
            raise self.wrong(problem.message, problem.remedy, problem.place)
        self.problems.append(problem)

    def recover(self) -> None:
        while self.token.kind is not Kind.END and not self.skip(";"):
            self.at += 1

    def skip(self, mark: str) -> bool:
        if self.token.kind is Kind.MARK and self.token.text == mark:
            self.at += 1
            return True
        return False

    def expect(self, mark: str, opened: Token) -> None:
        if not self.skip(mark):
            raise self.wrong(f"`{mark}` is missing before {self.token}", f"close the {opened} of {opened.place}")

    def wrong(self, message: str, remedy: str, place: Place | None = None) -> _Unreadable:
        """The error to raise; it holds no problem where the tokens are broken, because that has been reported."""
        if self.token.kind is Kind.BROKEN:
            return _Unreadable()
        return _Unreadable(Problem(place or self.token.place, message, remedy))

    def nested(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > NESTING:
            raise self.wrong("this expression is nested too deeply", "split it into statements with names of their own")
        node = read()
        self.depth -= 1
        return node

    def expression(self) -> Node:
        return self.nested(self.ternary)

    def ternary(self) -> Node:
        condition = self.binary(1)
        mark = self.token
        if not self.skip("?"):
            return condition
        yes = self.expression()
        if not self.skip(":"):
            raise self.wrong(f"`:` is missing before {self.token}", f"the ? of {mark.place} needs condition ? a : b")
        return Ternary(mark.place, condition, yes, self.expression())

    def binary(self, level: int) -> Node:
        """Operators of this level and tighter, by precedence climbing."""
        left = self.unary()
        while self.token.kind is Kind.MARK and LEVEL.get(self.token.text, 0) >= level:
            mark = self.token
            self.at += 1
            left = Binary(mark.place, mark.text, left, self.binary(LEVEL[mark.text] + 1))
        return left

    def unary(self) -> Node:
        mark = self.token
        for operator in ("-", "!"):
            if self.skip(operator):
                return Unary(mark.place, operator, self.nested(self.unary))
        return self.postfix()

    def postfix(self) -> Node:
        value = self.primary()
        for _ in range(NESTING):
            mark = self.token
            if self.skip("."):
                value = self.member(value)
            elif self.skip("["):
                value = Index(mark.place, value, self.expression())
                self.expect("]", mark)
            else:
                return value
        raise self.wrong("this expression is nested too deeply", "split it into statements")

    def member(self, value: Node) -> Node:
        name = self.token
        if name.kind is not Kind.NAME or name.text.startswith("$"):
            raise self.wrong(f"a method or a member is missing before {name}", "such as .GetSample(1) or .hour")
        self.at += 1
        opening = self.token
        if not self.skip("("):
            return Member(name.place, value, name.text)
        return Method(opening.place, value, name.text, self.arguments(opening, ")"))

    def arguments(self, opened: Token, closing: str) -> tuple[Node, ...]:
        arguments: list[Node] = []
        if self.skip(closing):
            return ()
        while True:
            arguments.append(self.expression())
            if not self.skip(","):
                self.expect(closing, opened)
                return tuple(arguments)

    def primary(self) -> Node:
        token = self.token
        self.at += token.kind is not Kind.END
        match token.kind:
            case Kind.NUMBER:
                return Number(token.place, float(token.text))
            case Kind.STRING:
                return Text(token.place, token.text[1:-1])
            case Kind.NAME:
                return self.named(token)
            case _:
                return self.bracketed(token)

    def named(self, token: Token) -> Node:
        opening = self.token
        if self.skip("("):
            return Call(token.place, token.text, self.arguments(opening, ")"))
        return Name(token.place, token.text)

    def bracketed(self, token: Token) -> Node:
        if token.text == "(":
            inner = self.expression()
            self.expect(")", token)
            return inner
        if token.text == "[":
            return Vector(token.place, self.arguments(token, "]"))
        if token.kind is not Kind.END:
            self.at -= 1
        raise self.wrong(f"a value is missing before {token}", "write a number, a name or a function there")


def _depth(node: Node) -> int:
    """Levels of a tree, without recursion: the tree may be deeper than Python's stack."""
    depth, row = 0, [node]
    while row:
        depth += 1
        row = [child for parent in row for child in parent.children()]
    return depth
