"""The values that a formula computes with, their arithmetic, and their text as Azure prints it."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from itertools import repeat

from batch_autoscale import names
from batch_autoscale.functions import divide
from batch_autoscale.syntax import number
from batch_autoscale.times import Interval, Moment

Value = float | tuple[float, ...] | str | Moment | Interval

_DOUBLES: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divide,
}
_ORDER: dict[str, Callable[[Value, Value], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(sign: str, left: Value, right: Value) -> float | None:
    """1 or 0 for a comparison, None for any other operator."""
    return float(_ORDER[sign](left, right)) if sign in _ORDER else None


def arithmetic(sign: str, left: Value, right: Value) -> Value:
    """`left sign right` for types that the checker accepts. ValueError for vectors of different lengths."""
    apply = _DOUBLES[sign]
    if isinstance(left, tuple):
        return _vectors(apply, left, right)
    result = apply(_seconds(left), _seconds(right))
    moments = isinstance(left, Moment) + isinstance(right, Moment)
    if moments == 1:
        return Moment(result)
    return Interval(result) if moments or isinstance(left, Interval) or isinstance(right, Interval) else result


def _vectors(apply: Callable[[float, float], float], left: tuple[float, ...], right: Value) -> tuple[float, ...]:
    if isinstance(right, tuple):
        if len(left) != len(right):
            raise ValueError(f"a vector of {len(left)} and one of {len(right)} do not go together")
        return tuple(map(apply, left, right))
    return tuple(map(apply, left, repeat(_seconds(right))))


def _seconds(value: Value) -> float:
    if isinstance(value, Moment | Interval):
        return value.seconds
    assert isinstance(value, float)
    return value


def show(value: Value) -> str:
    """A value as Azure's results print it; a timestamp to the millisecond. ValueError for a timestamp out of range."""
    if isinstance(value, float):
        return (
            number(value) if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        )
    return f"[{','.join(map(show, value))}]" if isinstance(value, tuple) else str(value)


def results(dedicated: int, spot: int, option: str, variables: Mapping[str, Value]) -> str:
    """An AutoScaleRun's `results`: the service's variables, then the formula's in the order of their names."""
    service = {names.DEDICATED: str(dedicated), names.SPOT: str(spot), names.OPTION: option}
    shown = service | {name: show(variables[name]) for name in sorted(variables)}
    return ";".join(f"{name}={value}" for name, value in shown.items())


def nodes(name: str, value: Value) -> int:
    """A target as a number of nodes: without its fraction, and never below zero. ValueError if it is not a number."""
    assert isinstance(value, float)
    if not math.isfinite(value):
        raise ValueError(f"{name} would be {show(value)}")
    return max(0, int(value))


def count(value: float) -> int:
    """A value as a number of samples. ValueError if it is no count."""
    if not 0 <= value < 1e9:
        raise ValueError(f"{show(value)} is no number of samples")
    return int(value)
