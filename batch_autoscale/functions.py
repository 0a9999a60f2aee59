"""The functions of a formula over doubles. Arithmetic is IEEE's, as in .NET; the only exception is ValueError."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Vector = tuple[float, ...]


def divide(a: float, b: float) -> float:
    if b:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)


def _avg(values: Vector) -> float:
    return sum(_some(values, "avg")) / len(values)


def _std(values: Vector) -> float:
    """The sample standard deviation, which divides by the count less one; 0 for a single value."""
    mean = _avg(_some(values, "std"))
    return math.sqrt(sum((value - mean) * (value - mean) for value in values) / max(1, len(values) - 1))


def _range(values: Vector) -> float:
    return max(_some(values, "range")) - min(values)


def _some(values: Vector, function: str) -> Vector:
    if not values:
        raise ValueError(f"{function}() of no values")
    return values


REDUCERS: dict[str, Callable[[Vector], float]] = {
    "avg": _avg,
    "len": lambda values: float(len(values)),
    "max": lambda values: max(_some(values, "max")),
    "min": lambda values: min(_some(values, "min")),
    "norm": lambda values: math.hypot(*values),
    "range": _range,
    "std": _std,
    "sum": lambda values: float(sum(values)),
}


def _log(value: float, logarithm: Callable[[float], float]) -> float:
    if value > 0:
        return logarithm(value)
    return -math.inf if value == 0 else math.nan


def _whole(value: float, rounding: Callable[[float], float]) -> float:
    return float(rounding(value)) if math.isfinite(value) else value


def _round(value: float) -> float:
    return math.copysign(math.floor(abs(value) + 0.5), value)


COMPONENTWISE: dict[str, Callable[[float], float]] = {
    "ceil": lambda value: _whole(value, math.ceil),
    "floor": lambda value: _whole(value, math.floor),
    "round": lambda value: _whole(value, _round),
    "lg": lambda value: _log(value, math.log2),
    "ln": lambda value: _log(value, math.log),
    "log": lambda value: _log(value, math.log10),
}


def percentile(values: Vector, percent: float) -> float:
    """The smallest element such that `percent` of the elements are not greater."""
    if not 0 <= percent <= 100:
        raise ValueError(f"percentile() takes 0 to 100, not {percent:g}")
    ordered = sorted(_some(values, "percentile"))
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def element(values: Sequence[float], index: float) -> float:
    if not (math.isfinite(index) and 0 <= int(index) < len(values) and index >= 0):
        raise ValueError(f"there is no element {index:g} in a vector of {len(values)}")
    return values[int(index)]
