"""A formula as a tree, and back as text. Trees are equal if they mean the same; places in the text do not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from batch_autoscale.errors import Place


@dataclass(frozen=True, slots=True)
class Node:
    at: Place = field(compare=False, repr=False)

    def children(self) -> tuple[Node, ...]:
        return ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, left to right."""
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class Number(Node):
    value: float


@dataclass(frozen=True, slots=True)
class Text(Node):
    value: str


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable, a TimeInterval constant or a deallocation option."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary(Node):
    operator: str
    value: Node

    def children(self) -> tuple[Node, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`at` is the operator's place."""

    operator: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    """`at` is the question mark's place."""

    condition: Node
    yes: Node
    no: Node

    def children(self) -> tuple[Node, ...]:
        return (self.condition, self.yes, self.no)


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.arguments


@dataclass(frozen=True, slots=True)
class Method(Node):
    """`value.method(arguments)`; `at` is the opening parenthesis, where Azure reports missing samples."""

    value: Node
    method: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return (self.value, *self.arguments)


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`value.hour`; `at` is the member's place."""

    value: Node
    member: str

    def children(self) -> tuple[Node, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class Index(Node):
    value: Node
    index: Node

    def children(self) -> tuple[Node, ...]:
        return (self.value, self.index)


@dataclass(frozen=True, slots=True)
class Vector(Node):
    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """`target = value;`, or a value alone (`stop();`) with no target."""

    target: str | None
    value: Node

    def children(self) -> tuple[Node, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class Formula:
    statements: tuple[Statement, ...]
    source: str = field(compare=False, repr=False, default="")

    def walk(self) -> Iterator[Node]:
        for statement in self.statements:
            yield from statement.walk()


PRECEDENCE = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/"))
"""Binary operators, loosest first, as in C#; all associate to the left."""
LEVEL = {operator: level for level, operators in enumerate(PRECEDENCE, start=1) for operator in operators}
_UNARY, _POSTFIX = len(PRECEDENCE) + 1, len(PRECEDENCE) + 2


def show(formula: Formula) -> str:
    """The formula as text: one statement per line, only the parentheses that it needs, no comments."""
    lines = []
    for statement in formula.statements:
        start = "" if statement.target is None else f"{statement.target} = "
        lines.append(f"{start}{expression(statement.value)};\n")
    return "".join(lines)


def expression(node: Node) -> str:
    """One expression as text."""
    return _show(node, 0)


def number(value: float) -> str:
    """A double as Azure prints it in results: without a point if it is whole."""
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)


def _show(node: Node, around: int) -> str:
    level, text = _text(node)
    return f"({text})" if level < around else text


def _text(node: Node) -> tuple[int, str]:
    """The text of a node, and how tightly it binds."""
    match node:
        case Ternary():
            return 0, f"{_show(node.condition, 1)} ? {_show(node.yes, 0)} : {_show(node.no, 0)}"
        case Binary():
            level = LEVEL[node.operator]
            return level, f"{_show(node.left, level)} {node.operator} {_show(node.right, level + 1)}"
        case Unary():
            return _UNARY, f"{node.operator}{_show(node.value, _UNARY)}"
        case _:
            return _POSTFIX, _primary(node)


def _primary(node: Node) -> str:
    match node:
        case Number():
            return number(node.value)
        case Text():
            return f'"{node.value}"'
        case Name():
            return node.name
        case Call():
            return f"{node.function}({_list(node.arguments)})"
        case Method():
            return f"{_show(node.value, _POSTFIX)}.{node.method}({_list(node.arguments)})"
        case Member():
            return f"{_show(node.value, _POSTFIX)}.{node.member}"
        case Index():
            return f"{_show(node.value, _POSTFIX)}[{_show(node.index, 0)}]"
        case Vector():
            return f"[{_list(node.items)}]"
        case _:
            raise AssertionError(node)


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(_show(node, 0) for node in nodes)
