"""The range in which each value of a formula stays, whatever the samples are; intervals count in seconds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from batch_autoscale import functions, names, syntax
from batch_autoscale.syntax import Formula, Node

INF = math.inf
_MEMBERS = {
    "year": (1.0, 9999.0),
    "month": (1.0, 12.0),
    "day": (1.0, 31.0),
    "weekday": (0.0, 7.0),
    "hour": (0.0, 23.0),
    "minute": (0.0, 59.0),
    "second": (0.0, 59.0),
}


@dataclass(frozen=True, slots=True)
class Span:
    """All numbers from `low` to `high`."""

    low: float = -INF
    high: float = INF

    def join(self, other: Span) -> Span:
        return Span(min(self.low, other.low), max(self.high, other.high))

    def meet(self, other: Span) -> Span:
        """The intersection of both; this span itself if they have nothing in common."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Span(low, high) if low <= high else self


ANY, COUNT, TRUTH = Span(), Span(0.0), Span(0.0, 1.0)
Known = dict[str, Span]
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


def targets(formula: Formula) -> Known:
    """The span of every variable at the end of the formula, by full name."""
    known: Known = {}
    for statement in formula.statements:
        limits = span(statement.value, known)
        if statement.target is not None:
            known[names.canonical(statement.target)] = limits
    return known


def span(node: Node, known: Known) -> Span:
    """The span of an expression, given those of the variables in it."""
    match node:
        case syntax.Number():
            return Span(node.value, node.value)
        case syntax.Name():
            return _name(node.name, known)
        case syntax.Unary():
            inner = span(node.value, known)
            return Span(-inner.high, -inner.low) if node.operator == "-" else TRUTH
        case syntax.Binary():
            return _binary(node.operator, span(node.left, known), span(node.right, known))
        case syntax.Ternary():
            return _ternary(node, known)
        case syntax.Member():
            return Span(*_MEMBERS.get(node.member, (-INF, INF)))
        case syntax.Method():
            return Span(0.0, 100.0) if node.method == "GetSamplePercent" else COUNT
        case syntax.Call():
            return _call(node.function, [span(argument, known) for argument in node.arguments], node)
        case _:
            return _all(span(item, known) for item in node.items) if isinstance(node, syntax.Vector) else ANY


def _name(name: str, known: Known) -> Span:
    name = names.canonical(name)
    if name in known:
        return known[name]
    if name in names.INTERVALS:
        return Span(names.INTERVALS[name], names.INTERVALS[name])
    if name == "$TaskSlotsPerNode":
        return Span(1.0, 256.0)
    return COUNT if name in names.METRICS or name in names.TARGETS else ANY


def _all(spans: Iterable[Span]) -> Span:
    listed = list(spans)
    return Span(min(s.low for s in listed), max(s.high for s in listed)) if listed else ANY


def _binary(sign: str, left: Span, right: Span) -> Span:
    match sign:
        case "+":
            return _ends(left.low + right.low, left.high + right.high)
        case "-":
            return _ends(left.low - right.high, left.high - right.low)
        case "*":
            return _corners(left, right, _times)
        case "/" if right.low > 0 or right.high < 0:
            return _corners(left, right, lambda a, b: 0.0 if math.isinf(b) else functions.divide(a, b))
        case "/":
            return Span(0.0) if left.low >= 0 and right.low >= 0 else ANY
        case _:
            return TRUTH


def _ends(low: float, high: float) -> Span:
    """A span; an end that is not a number, such as infinity minus infinity, means that there is no limit."""
    return Span(-INF if math.isnan(low) else low, INF if math.isnan(high) else high)


def _times(a: float, b: float) -> float:
    return 0.0 if 0.0 in (a, b) else a * b


def _corners(left: Span, right: Span, apply: Callable[[float, float], float]) -> Span:
    ends = [apply(a, b) for a in (left.low, left.high) for b in (right.low, right.high)]
    return ANY if any(map(math.isnan, ends)) else Span(min(ends), max(ends))


def _call(function: str, spans: list[Span], node: syntax.Call) -> Span:
    if function in ("rand",):
        return TRUTH
    if function in ("len", "norm", "range", "std"):
        return COUNT
    if not spans or function in ("time", "stop"):
        return ANY
    match function:
        case "min":
            return Span(min(s.low for s in spans), min(s.high for s in spans))
        case "max":
            return Span(max(s.low for s in spans), max(s.high for s in spans))
        case "avg":
            return _all(spans)
        case "sum":
            return _sum(spans, node)
        case "val" | "percentile":
            return spans[0]
        case _:
            each = functions.COMPONENTWISE.get(function)
            whole = _all(spans)
            return Span(each(whole.low), each(whole.high)) if each and whole.low > 0 else _rounded(function, whole)


def _rounded(function: str, whole: Span) -> Span:
    each = functions.COMPONENTWISE.get(function)
    return Span(each(whole.low), each(whole.high)) if each and function in ("ceil", "floor", "round") else ANY


def _sum(spans: list[Span], node: syntax.Call) -> Span:
    """Exact for plain numbers; a vector may have any number of elements."""
    if all(isinstance(argument, syntax.Number) for argument in node.arguments):
        return Span(sum(s.low for s in spans), sum(s.high for s in spans))
    return Span(0.0 if all(s.low >= 0 for s in spans) else -INF)


def _ternary(node: syntax.Ternary, known: Known) -> Span:
    condition = span(node.condition, known)
    yes = span(node.yes, _assuming(node.condition, known, holds=True))
    no = span(node.no, _assuming(node.condition, known, holds=False))
    if condition == Span(0.0, 0.0):
        return no
    return yes if condition.low > 0 else yes.join(no)


def _assuming(condition: Node, known: Known, *, holds: bool) -> Known:
    """The spans where the condition holds (or does not): thus `x > 20 ? 20 : x` is at most 20."""
    if not isinstance(condition, syntax.Binary):
        return known
    sign = condition.operator
    if sign == ("&&" if holds else "||"):
        return _assuming(condition.right, _assuming(condition.left, known, holds=holds), holds=holds)
    if not holds:
        sign = _OPPOSITE.get(sign, "")
    narrowed = dict(known)
    for side, other, reads in (
        (condition.left, condition.right, sign),
        (condition.right, condition.left, _MIRRORED.get(sign)),
    ):
        if isinstance(side, syntax.Name) and reads in _MIRRORED:
            limit = span(other, known)
            low = limit.low if reads in (">", ">=", "==") else -INF
            high = limit.high if reads in ("<", "<=", "==") else INF
            name = names.canonical(side.name)
            narrowed[name] = _name(name, known).meet(Span(low, high))
    return narrowed
