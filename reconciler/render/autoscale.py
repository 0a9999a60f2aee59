"""Findings about a formula, and simulations, as text. Pure: values in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from batch_autoscale import Finding, Result
from reconciler.words import count, duration

PERIOD = 30
"""Seconds between two points of a simulation."""
ROWS = 12
"""The most lines of the table over time."""
STEPS = tuple(60 * minutes for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 4320, 10080, 20160))
"""How many seconds lines of that table may be apart."""
LABELS = (
    ("succeeded", "tasks done", "count"),
    ("unfinished", "tasks not done", "count"),
    ("terminated", "tasks broken off for good", "count"),
    ("meanQueue", "mean wait", "time"),
    ("p95Queue", "95 % wait at most", "time"),
    ("maxQueue", "longest wait", "time"),
    ("makespan", "first task in to last out", "time"),
    ("maxNodes", "most nodes, with leaving ones", "count"),
    ("nodeHours", "node-hours", "number"),
    ("wastedHours", "node-hours of broken-off runs", "number"),
    ("used", "used of what is paid", "share"),
    ("cost", "cost", "number"),
    ("evaluations", "evaluations", "count"),
    ("failedEvaluations", "evaluations that failed", "count"),
)
"""Each number of a summary: its key, its label and its format."""


class Rates(NamedTuple):
    """The price of a dedicated and of a Spot node-hour; `currency` is empty if unknown, `note` explains it."""

    dedicated: float
    spot: float
    currency: str = ""
    note: str = ""


def findings(name: str, problems: Sequence[Finding]) -> str:
    """A line for each finding, in the form that editors can jump to, and the number of each severity."""
    lines = [f"{name}:{problem}" for problem in problems]
    words = [_counted(problems, severity) for severity in ("error", "warning", "note")]
    counts = ", ".join(word for word in words if word)
    wrong = any(problem.severity == "error" for problem in problems)
    return "\n".join([*lines, f"{name} is {'not valid' if wrong else 'valid'}{': ' + counts if counts else ''}."])


def _counted(problems: Iterable[Finding], severity: str) -> str:
    number = sum(problem.severity == severity for problem in problems)
    return count(number, severity) if number else ""


def simulation(scaled: Result, fixed: Result, nodes: int, rates: Rates) -> str:
    """The scaled pool beside one of `nodes` nodes: the results, and both over time."""
    ours, theirs = scaled.summary(), fixed.summary()
    rows = [("", "scaled", f"fixed at {nodes:,}")]
    rows += [(label, _written(ours[name], how), _written(theirs[name], how)) for name, label, how in LABELS]
    lines = [*_table(rows), "", *_table(_over_time(scaled, fixed, rates)), "", priced(scaled, rates)]
    return "\n".join([*lines, *_failures(scaled)])


def priced(scaled: Result, rates: Rates) -> str:
    """The prices that the costs were computed with."""
    unit = f" {rates.currency}" if rates.currency else ""
    spot = f", a Spot node-hour {rates.spot:g}{unit}" if scaled.spot_hours else ""
    note = f" ({rates.note})" if rates.note else ""
    return f"A node-hour costs {rates.dedicated:g}{unit}{spot}{note}."


def _written(value: float, how: str) -> str:
    if how == "time":
        return duration(value)
    if how == "share":
        return f"{value:.0%}"
    return f"{value:,.0f}" if how == "count" else f"{value:,.2f}"


def _over_time(scaled: Result, fixed: Result, rates: Rates) -> list[tuple[str, ...]]:
    """Nodes, waiting and running tasks, and money so far of both pools, at up to a dozen moments and at the end."""
    last = max(len(scaled.points), len(fixed.points)) - 1
    ours, theirs = _moments(scaled, rates), _moments(fixed, rates)
    rows: list[tuple[str, ...]] = [
        ("after", "nodes", "waiting", "running", "cost", "fixed: waiting", "running", "cost")
    ]
    step = next((seconds for seconds in STEPS if seconds * (ROWS - 1) >= last * PERIOD), last * PERIOD) // PERIOD
    for index in sorted({*range(0, last, max(1, step)), last}):
        rows.append((_clock(index * PERIOD), *ours(index), *theirs(index)[1:]))
    return rows


def _clock(seconds: float) -> str:
    """Hours and minutes since the start, after days: `0:30`, `3 d 12:00`."""
    days, rest = divmod(round(seconds / 60), 1440)
    clock = f"{rest // 60:d}:{rest % 60:02d}"
    return f"{days} d {clock:>5}" if days else clock


def _moments(result: Result, rates: Rates) -> Callable[[int], tuple[str, ...]]:
    """Nodes, waiting and running tasks and the cost at a point; dashes where the simulation has ended before."""
    paid = costs(result, rates)

    def cells(index: int) -> tuple[str, ...]:
        if index >= len(paid):
            return ("-",) * 4
        point = result.points[index]
        nodes, tasks = f"{point.dedicated + point.spot:,}", (f"{point.queued:,}", f"{point.running:,}")
        return (nodes, *tasks, f"{paid[index]:,.2f}")

    return cells


def costs(result: Result, rates: Rates) -> list[float]:
    """The money that has been spent at each point."""
    spent = [0.0]
    for point, after in pairwise(result.points):
        rate = point.dedicated * rates.dedicated + point.spot * rates.spot
        spent.append(spent[-1] + rate * (after.at - point.at) / 3600)
    return spent


def _failures(scaled: Result) -> list[str]:
    """A line for each error of evaluations: how often it came up, and its first message."""
    errors = [run.error for run in scaled.failures if run.error is not None]
    first: dict[tuple[str, str], str] = {}
    for error in reversed(errors):
        first[str(error.place), error.code] = str(error)
    counts = Counter((str(error.place), error.code) for error in errors)
    lines = [f"{number} failed with {key[1]}, first at {first[key]}" for key, number in counts.items()]
    return ["", *lines] if lines else []


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
        lines.append("  ".join(cells).rstrip())
    return lines
