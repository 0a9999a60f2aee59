"""When a rule's condition is met, and for how long it must not be until an alert is over. Pure.

Documented: an alert over metrics is over after three evaluations without its condition; one over logs after ten minutes
if it looks each minute, else after three, two or one evaluations, the longer they are apart the fewer. The band of a
dynamic threshold is simple, and not Azure's, which is not published: the mean of what was in windows of the same
length, in the days before, and so many standard deviations around it. It needs three days and thirty samples
(documented).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

STATIC: dict[str, Callable[[float, float], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqual": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqual": operator.le,
}
WIDTH = {"High": 2.0, "Medium": 3.0, "Low": 4.0}
"""Sensitivity of a dynamic threshold → standard deviations."""
DAYS, SAMPLES = 3, 30
"""What a dynamic threshold must have seen."""
AFTER = 3
"""Evaluations without its condition after which an alert over metrics is over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an evaluation has found of one resource, or of one combination of dimensions of it.

    target  the id of the resource
    labels  dimension → value
    parts   each criterion as an alert tells of it, with the value that was found
    """

    target: str
    met: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    parts: tuple[dict[str, Any], ...] = ()

    @property
    def key(self) -> str:
        """What tells it from other findings of its rule."""
        return "|".join([self.target.lower(), *(f"{name}={value}" for name, value in sorted(self.labels.items()))])


def exceeds(value: float, sign: str, threshold: float) -> bool:
    return STATIC[sign](value, threshold)


def band(history: Sequence[float], sensitivity: str) -> tuple[float, float] | None:
    """The least and the most that is usual; None if too little has been seen."""
    if len(history) < SAMPLES:
        return None
    mean = math.fsum(history) / len(history)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in history) / len(history)) * WIDTH[sensitivity]
    return mean - spread, mean + spread


def outside(value: float, sign: str, usual: tuple[float, float]) -> bool:
    above, below = value > usual[1], value < usual[0]
    return {"GreaterThan": above, "LessThan": below, "GreaterOrLessThan": above or below}[sign]


def healthy_logs(every: float) -> int:
    """Evaluations without its condition after which an alert over logs is over; they are `every` seconds apart."""
    minutes = every / 60
    if minutes < 5:
        return math.ceil(10 / minutes)
    return 3 if minutes < 15 else 2 if minutes < 660 else 1
