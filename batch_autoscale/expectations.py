"""The limits that a simulation is expected to keep, and those that it did not keep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from batch_autoscale import names, times
from batch_autoscale.report import Result

LIMITS = {
    "maxQueue": ("the longest wait for a node", "duration"),
    "p95Queue": ("the wait that 95 % of the tasks keep below", "duration"),
    "meanQueue": ("the mean wait for a node", "duration"),
    "makespan": ("the time from the first submission to the last end", "duration"),
    "maxNodes": ("the most nodes at once", "number"),
    "maxCost": ("the cost", "number"),
    "maxNodeHours": ("the node-hours", "number"),
    "maxWastedHours": ("the node-hours lost to broken-off runs", "number"),
    "maxUnfinished": ("the tasks that did not succeed", "number"),
    "maxFailedEvaluations": ("the evaluations that failed", "number"),
}
"""Every expectation is an upper limit: an ISO 8601 duration (or seconds) or a number."""
_MANY = ("the most nodes", "the node-hours", "the tasks", "the evaluations")
_MEASURES = {
    "maxCost": "cost",
    "maxNodeHours": "nodeHours",
    "maxWastedHours": "wastedHours",
    "maxUnfinished": "unfinished",
    "maxFailedEvaluations": "failedEvaluations",
}


@dataclass(frozen=True, slots=True)
class Miss:
    """An expectation that was not kept; `words` say the value and the limit."""

    name: str
    words: str


def check(result: Result, expected: Mapping[str, str | float]) -> list[str]:
    """The expectations that were not kept, in words. ValueError for an unknown one."""
    return [f"{miss.name}: {miss.words}" for miss in missed(result, expected)]


def missed(result: Result, expected: Mapping[str, str | float]) -> list[Miss]:
    """The expectations that were not kept, in their order. ValueError for an unknown one."""
    summary = result.summary()
    misses = []
    for name, limit in expected.items():
        if name not in LIMITS:
            hint = names.closest(name, LIMITS) or f"there are {', '.join(LIMITS)}"
            raise ValueError(f"there is no expectation {name!r}; {hint}")
        what, kind = LIMITS[name]
        verb = "are" if what.startswith(_MANY) else "is"
        allowed = _limit(name, limit, kind)
        value = summary[_MEASURES.get(name, name)]
        if value > allowed:
            misses.append(Miss(name, f"{what} {verb} {_show(value, kind)}, more than {_show(allowed, kind)}"))
    return misses


def _limit(name: str, limit: str | float, kind: str) -> float:
    if kind == "number" and isinstance(limit, str):
        raise ValueError(f"{name} is a number, not {limit!r}")
    value = times.duration(limit)
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is an upper limit, not {value:g}")
    return value


def _show(value: float, kind: str) -> str:
    return times.spell(value) if kind == "duration" else f"{value:.2f}".rstrip("0").rstrip(".")
