"""Where a formula reads samples, and whether it checks first that there are enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from batch_autoscale import bounds, checker, names, syntax
from batch_autoscale.bounds import Span
from batch_autoscale.errors import Place
from batch_autoscale.names import Type
from batch_autoscale.syntax import Formula, Node

LATE = 60.0
"""Seconds that samples may take to arrive. Source: the page, "approximately one minute"."""


@dataclass(frozen=True, slots=True)
class Use:
    """One GetSample or GetSamplePercent."""

    metric: str
    method: str
    place: Place
    guarded: bool
    """It is evaluated only after a condition that reads GetSamplePercent."""
    window: Span | None
    """How many seconds it looks back, or None if it counts samples."""
    percent: bool
    """It names a percentage, so its failure for too few samples is intended."""
    single: bool
    """It is GetSample(1)."""


def uses(tree: Formula, types: dict[str, Type]) -> Iterator[Use]:
    """Every use of samples, in the order of the text."""
    asked: set[str] = set()
    known: bounds.Known = {}
    for statement in tree.statements:
        yield from _Reader(asked, known, types).read(statement.value, guarded=False)
        if statement.target is not None:
            known[names.canonical(statement.target)] = bounds.span(statement.value, known)
            if _asks(statement.value, asked):
                asked.add(statement.target)


def _asks(node: Node, asked: set[str]) -> bool:
    return any(
        (isinstance(inner, syntax.Method) and inner.method == "GetSamplePercent")
        or (isinstance(inner, syntax.Name) and inner.name in asked)
        for inner in node.walk()
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    asked: set[str]
    known: bounds.Known
    types: dict[str, Type]

    def read(self, node: Node, *, guarded: bool) -> Iterator[Use]:
        if isinstance(node, syntax.Ternary):
            yield from self.read(node.condition, guarded=guarded)
            behind = guarded or _asks(node.condition, self.asked)
            yield from self.read(node.yes, guarded=behind)
            yield from self.read(node.no, guarded=behind)
            return
        if isinstance(node, syntax.Binary) and node.operator in ("&&", "||"):
            yield from self.read(node.left, guarded=guarded)
            yield from self.read(node.right, guarded=guarded or _asks(node.left, self.asked))
            return
        if isinstance(node, syntax.Method) and node.method in ("GetSample", "GetSamplePercent"):
            yield self.use(node, guarded=guarded)
        for child in node.children():
            yield from self.read(child, guarded=guarded)

    def use(self, node: syntax.Method, *, guarded: bool) -> Use:
        kinds = [checker.type_of(argument, self.types) for argument in node.arguments]
        first = node.arguments[0]
        counted = kinds == [Type.DOUBLE]
        return Use(
            metric=syntax.expression(node.value),
            method=node.method,
            place=node.at,
            guarded=guarded,
            window=None if counted else self.window(node, kinds),
            percent=len(kinds) > 1 and kinds[-1] is Type.DOUBLE,
            single=counted and isinstance(first, syntax.Number) and first.value == 1,
        )

    def window(self, node: syntax.Method, kinds: list[Type]) -> Span:
        back = [
            bounds.span(argument, self.known) if kind is Type.INTERVAL else bounds.ANY
            for argument, kind in zip(node.arguments, kinds, strict=True)
            if kind in (Type.INTERVAL, Type.TIMESTAMP)
        ]
        return Span(max(span.low for span in back), max(span.high for span in back))
