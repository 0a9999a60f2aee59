"""The faults: a comparison turned round, a branch never taken, `and` for `or`, a condition without its `not`.

A fault is a place in a syntax tree and another node for it. What is never run by design has none: `if TYPE_CHECKING`,
assertions, and what raises AssertionError.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is changed in which line, the lines that a test must run to notice it, and the file's whole text with it."""

    line: int
    what: str
    lines: frozenset[int]
    text: str


def count(source: str) -> int:
    """How many faults can be planted in a module."""
    return sum(1 for _ in _places(ast.parse(source)))


def fault(source: str, number: int) -> Fault:
    """The fault of this number, from 0 on, of a module."""
    tree = ast.parse(source)
    node = next(islice(_places(tree), number, None))
    before, lines = ast.unparse(node), _lines(node)
    what = f"{_change(node)}: {_short(before)} -> {_short(ast.unparse(node))}"
    return Fault(node.lineno, what, lines, ast.unparse(tree))


Place = ast.Compare | ast.BoolOp | ast.If | ast.IfExp


def _places(tree: ast.AST) -> Iterator[Place]:
    for node in _running(tree):
        single = isinstance(node, ast.Compare) and len(node.ops) == 1
        if single or isinstance(node, (ast.BoolOp, ast.If, ast.IfExp)):
            assert isinstance(node, (ast.Compare, ast.BoolOp, ast.If, ast.IfExp))
            yield node


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below, without those that are never run by design."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Assert) or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            continue
        yield child
        yield from _running(child)


def _lines(node: Place) -> frozenset[int]:
    """Those of a condition; of a branch that will not be taken its first statement's."""
    told = node.body[0] if isinstance(node, ast.If) else node
    return frozenset(range(told.lineno, (told.end_lineno or told.lineno) + 1))


def _change(node: Place) -> str:
    """Plant the fault; what it is called."""
    if isinstance(node, ast.Compare):
        node.ops = [TURNED[type(node.ops[0])]()]
        return "turned round"
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return "and for or"
    node.test = ast.Constant(value=False)
    return "never taken"


def _short(text: str) -> str:
    line = text.splitlines()[0]
    return line if len(line) <= 60 else f"{line[:59]}…"
