"""Evaluates a formula over samples, as Batch's evaluate operation does."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from batch_autoscale import checker, functions, names, parser, samples, syntax, times, values
from batch_autoscale.errors import INSUFFICIENT, EvaluationError, Place
from batch_autoscale.samples import Given, Samples, Series
from batch_autoscale.syntax import Formula, Node
from batch_autoscale.times import Interval, Moment
from batch_autoscale.values import Value

PERCENT = 70.0
"""The percentage of a window's samples that GetSample needs if none is named (docs/decisions/0006-autoscale.md)."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What Batch knows of a pool when it evaluates: its nodes, its target numbers, the slots of a node."""

    dedicated: int = 0
    spot: int = 0
    target_dedicated: int = 0
    target_spot: int = 0
    option: str = "requeue"
    slots: int = 1

    @property
    def results(self) -> str:
        """The `results` that remain when an evaluation fails, in Azure's form."""
        return values.results(self.target_dedicated, self.target_spot, self.option, {})


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a formula gives: target numbers of nodes, the deallocation option, and the formula's own variables."""

    dedicated: int
    spot: int
    option: str
    variables: Mapping[str, Value] = field(default_factory=dict)
    stopped: bool = False
    """Whether stop() ended it."""

    @property
    def results(self) -> str:
        """`$TargetDedicatedNodes=2;...;$x=1`, the service's variables first, then the formula's by name."""
        return values.results(self.dedicated, self.spot, self.option, self.variables)


def evaluate(
    formula: str, given: Given | None = None, *, now: datetime, pool: Pool | None = None, seed: int = 0
) -> Evaluation:
    """Evaluate a formula at `now` (a time with a zone) over samples; those later than `now` are ignored.

    FormulaError when the formula is wrong; EvaluationError when it has no value now. `seed` makes rand() repeatable.
    """
    tree = prepare(formula)
    chance = random.Random(seed).random  # noqa: S311 - rand() of a formula, no secret
    return run(tree, samples.take(given or {}), times.moment(now).seconds, pool or Pool(), chance)


def prepare(formula: str) -> Formula:
    """A formula that has passed the type checker, to be run many times."""
    checker.typecheck(formula)
    return parser.parse(formula)


def run(tree: Formula, recorded: Samples, now: float, pool: Pool, chance: Callable[[], float]) -> Evaluation:
    """Evaluate a tree of `prepare`; `now` is seconds since 1970."""
    return _Run(recorded, now, pool, chance).statements(tree)


N = TypeVar("N", bound=Node)


class _Stop(Exception):
    pass


class _Run:
    """One evaluation. The type checker has passed the formula, so operators check no types here."""

    def __init__(self, recorded: Samples, now: float, pool: Pool, chance: Callable[[], float]) -> None:
        self.recorded, self.now, self.pool, self.chance = recorded, now, pool, chance
        self.values: dict[str, Value] = {}
        self.aliased: dict[str, Value] = {}

    def statements(self, tree: Formula) -> Evaluation:
        stopped, place = False, Place(1, 1)
        for statement in tree.statements:
            try:
                value = self.value(statement.value)
            except _Stop:
                stopped = True
                break
            if statement.target is not None:
                self.assign(statement.target, value)
        try:
            return self.finish(stopped=stopped)
        except ValueError as error:
            place = next(
                (s.at for s in tree.statements if s.target and names.canonical(s.target) in names.TARGETS), place
            )
            raise self.failure(place, str(error)) from None

    def assign(self, target: str, value: Value) -> None:
        name = names.canonical(target)
        (self.values if name == target else self.aliased)[name] = value

    def finish(self, *, stopped: bool) -> Evaluation:
        dedicated, spot = (values.nodes(name, self.writable(name)) for name in names.TARGETS)
        variables = {name: value for name, value in self.values.items() if name not in names.WRITABLE}
        evaluation = Evaluation(dedicated, spot, str(self.writable(names.OPTION)), variables, stopped)
        _ = evaluation.results  # a timestamp out of range cannot be printed
        return evaluation

    def failure(self, place: Place, message: str, code: str = "") -> EvaluationError:
        details = {"code": code} if code else {}
        return EvaluationError(place, message, results=self.pool.results, **details)

    def writable(self, name: str) -> Value:
        held: dict[str, Value] = {
            names.DEDICATED: float(self.pool.target_dedicated),
            names.SPOT: float(self.pool.target_spot),
            names.OPTION: "requeue",
        }
        return self.values.get(name, self.aliased.get(name, held[name]))

    def value(self, node: Node) -> Value:
        match node:
            case syntax.Number() | syntax.Text():
                return node.value
            case syntax.Name():
                return self.name(node)
            case syntax.Binary():
                return self.binary(node)
            case syntax.Ternary():
                return self.value(node.yes if self.value(node.condition) else node.no)
            case syntax.Call():
                return self.guarded(node, self.call)
            case syntax.Method():
                return self.guarded(node, self.method)
            case _:
                return self.guarded(node, self.other)

    def guarded(self, node: N, compute: Callable[[N], Value]) -> Value:
        """The value of a node; an error in computing it becomes an EvaluationError at its place."""
        try:
            return compute(node)
        except ValueError as error:
            raise self.failure(node.at, str(error)) from None

    def other(self, node: Node) -> Value:
        match node:
            case syntax.Unary():
                return self.unary(node)
            case syntax.Member():
                return self.moment(node.value).member(node.member)
            case syntax.Index():
                return functions.element(self.vector(node.value), self.double(node.index))
            case syntax.Vector():
                return self.flat(node.items)
            case _:
                raise AssertionError(node)

    def double(self, node: Node) -> float:
        value = self.value(node)
        assert isinstance(value, float)
        return value

    def vector(self, node: Node) -> tuple[float, ...]:
        value = self.value(node)
        assert isinstance(value, tuple)
        return value

    def moment(self, node: Node) -> Moment:
        value = self.value(node)
        assert isinstance(value, Moment)
        return value

    def flat(self, nodes: tuple[Node, ...]) -> tuple[float, ...]:
        """The elements of a doubleVecList, flattened to one vector."""
        elements: list[float] = []
        for node in nodes:
            value = self.value(node)
            if isinstance(value, tuple):
                elements.extend(value)
            else:
                assert isinstance(value, float)
                elements.append(value)
        return tuple(elements)

    def name(self, node: syntax.Name) -> Value:
        name = names.canonical(node.name)
        if name in names.WRITABLE:
            return self.writable(name)
        if name in self.values:
            return self.values[name]
        if name in names.INTERVALS:
            return Interval(names.INTERVALS[name])
        return name if name in names.OPTIONS else self.current(name, node.at)

    def current(self, name: str, place: Place) -> float:
        """A service variable as a number: its newest sample, or what is known of the pool."""
        if name == "$TaskSlotsPerNode":
            return float(self.pool.slots)
        latest = self.recorded.get(name, Series()).latest(1, self.now)
        known = {"$CurrentDedicatedNodes": self.pool.dedicated, "$CurrentLowPriorityNodes": self.pool.spot}
        if latest:
            return latest[0]
        if name in known:
            return float(known[name])
        raise self.insufficient(name, place, 100.0, 0.0)

    def insufficient(self, name: str, place: Place, percent: float, received: float) -> EvaluationError:
        message = f"Insufficient data from data set: {name} wanted {percent:.0f}%, received {received:.0f}%"
        return self.failure(place, message, INSUFFICIENT)

    def unary(self, node: syntax.Unary) -> Value:
        value = self.value(node.value)
        if isinstance(value, Interval):
            return Interval(-value.seconds)
        assert isinstance(value, float)
        return -value if node.operator == "-" else float(not value)

    def binary(self, node: syntax.Binary) -> Value:
        left = self.value(node.left)
        if node.operator in ("&&", "||"):
            decided = bool(left) is (node.operator == "||")
            return float(bool(left)) if decided else float(bool(self.value(node.right)))
        right = self.value(node.right)
        compared = values.compare(node.operator, left, right)
        if compared is not None:
            return compared
        try:
            return values.arithmetic(node.operator, left, right)
        except ValueError as error:
            raise self.failure(node.at, str(error)) from None

    def call(self, node: syntax.Call) -> Value:
        name = node.function
        if name in functions.REDUCERS:
            return functions.REDUCERS[name](self.flat(node.arguments))
        if name in functions.COMPONENTWISE:
            each = functions.COMPONENTWISE[name]
            only = self.value(node.arguments[0]) if len(node.arguments) == 1 else None
            return each(only) if isinstance(only, float) else tuple(map(each, self.flat(node.arguments)))
        match name:
            case "stop":
                raise _Stop
            case "rand":
                return self.chance()
            case "time":
                text = str(self.value(node.arguments[0])) if node.arguments else ""
                return times.read(text) if text else Moment(self.now)
        function = functions.percentile if name == "percentile" else functions.element
        return function(self.vector(node.arguments[0]), self.double(node.arguments[1]))

    def method(self, node: syntax.Method) -> Value:
        assert isinstance(node.value, syntax.Name)
        name = names.canonical(node.value.name)
        series = self.recorded.get(name, Series())
        match node.method:
            case "GetSamplePeriod":
                return Interval(names.PERIOD)
            case "Count":
                return float(series.until(self.now))
            case "HistoryBeginTime":
                if not series.until(self.now):
                    raise self.insufficient(name, node.at, 100.0, 0.0)
                return Moment(series.times[0])
        arguments = [self.value(argument) for argument in node.arguments]
        if node.method == "GetSample" and len(arguments) == 1 and isinstance(arguments[0], float):
            return tuple(series.latest(values.count(arguments[0]), self.now))
        start, end = self.frame([value for value in arguments if not isinstance(value, float)])
        received = series.percent(start, end)
        if node.method == "GetSamplePercent":
            return received
        percent = arguments[-1] if isinstance(arguments[-1], float) else PERCENT
        if not received >= percent:
            raise self.insufficient(name, node.at, percent, received)
        return tuple(series.window(start, end))

    def frame(self, ends: list[Value]) -> tuple[float, float]:
        """A time frame in either order; an interval looks back from now."""
        edges = [value.seconds if isinstance(value, Moment) else self.now - _back(value) for value in ends]
        if not all(map(math.isfinite, edges)):
            raise ValueError("a time frame that never ends")
        edges = [*edges, self.now] if len(edges) == 1 else edges
        return min(edges), min(max(edges), self.now)


def _back(value: Value) -> float:
    assert isinstance(value, Interval)
    return value.seconds
