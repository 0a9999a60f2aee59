"""Findings about a formula, and simulations, as text. Pure: values in, lines out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from reconciler.autoscale import Finding, Result
from reconciler.render.as_text import duration

PERIOD = 30
"""Seconds between two points of a simulation."""
ROWS = 12
"""Lines of the table over time."""
LABELS = (
    ("succeeded", "tasks done", "count"),
    ("unfinished", "tasks not done", "count"),
    ("terminated", "tasks broken off for good", "count"),
    ("meanQueue", "mean wait", "time"),
    ("p95Queue", "95 % wait at most", "time"),
    ("maxQueue", "longest wait", "time"),
    ("makespan", "first task in to last out", "time"),
    ("maxNodes", "most nodes", "count"),
    ("nodeHours", "node-hours", "number"),
    ("wastedHours", "node-hours of broken-off runs", "number"),
    ("used", "used of what is paid", "share"),
    ("cost", "cost", "number"),
    ("evaluations", "evaluations", "count"),
    ("failedEvaluations", "evaluations that failed", "count"),
)
"""The numbers of a summary, what they are called, and how they are written."""


def findings(name: str, found: Sequence[Finding]) -> str:
    """A line for each finding, as editors jump to, and how many there are."""
    lines = [f"{name}:{one}" for one in found]
    words = [_counted(found, severity) for severity in ("error", "warning", "note")]
    told = ", ".join(word for word in words if word)
    wrong = any(one.severity == "error" for one in found)
    return "\n".join([*lines, f"{name} is {'not valid' if wrong else 'valid'}{': ' + told if told else ''}."])


def _counted(found: Iterable[Finding], severity: str) -> str:
    number = sum(one.severity == severity for one in found)
    return f"{number} {severity}{'s' * (number > 1)}" if number else ""


def simulation(scaled: Result, fixed: Result, nodes: int, prices: tuple[float, float]) -> str:
    """The formula's pool beside one of so many nodes: what came of it, and how it went over time."""
    ours, theirs = scaled.summary(), fixed.summary()
    rows = [("", "scaled", f"fixed at {nodes}")]
    rows += [(label, _written(ours[name], how), _written(theirs[name], how)) for name, label, how in LABELS]
    lines = [*_table(rows), "", *_table(_over_time(scaled, fixed, prices))]
    return "\n".join([*lines, *_failures(scaled)])


def _written(value: float, how: str) -> str:
    if how == "time":
        return duration(value)
    if how == "share":
        return f"{value:.0%}"
    return f"{value:,.0f}" if how == "count" else f"{value:,.2f}"


def _over_time(scaled: Result, fixed: Result, prices: tuple[float, float]) -> list[tuple[str, ...]]:
    """The pools at about a dozen moments, evenly apart: nodes there are, tasks that wait and run, money so far."""
    last = max(len(scaled.points), len(fixed.points)) - 1
    ours, theirs = _moments(scaled, prices), _moments(fixed, prices)
    rows: list[tuple[str, ...]] = [
        ("after", "nodes", "waiting", "running", "cost", "fixed: waiting", "running", "cost")
    ]
    for index in sorted({round(last * row / (ROWS - 1)) for row in range(ROWS)}):
        rows.append((duration(index * PERIOD), *ours(index), *theirs(index)[1:]))
    return rows


def _moments(result: Result, prices: tuple[float, float]) -> Callable[[int], tuple[str, ...]]:
    """Nodes, waiting and running tasks and the cost at a point; dashes where the simulation has ended before."""
    paid = costs(result, prices)

    def cells(index: int) -> tuple[str, ...]:
        if index >= len(paid):
            return ("-",) * 4
        point = result.points[index]
        nodes, tasks = f"{point.dedicated + point.spot:,}", (f"{point.queued:,}", f"{point.running:,}")
        return (nodes, *tasks, f"{paid[index]:,.2f}")

    return cells


def costs(result: Result, prices: tuple[float, float]) -> list[float]:
    """The money that is spent by each point: `prices` are those of a dedicated and of a Spot node's hour."""
    spent = [0.0]
    for point, after in pairwise(result.points):
        rate = point.dedicated * prices[0] + point.spot * prices[1]
        spent.append(spent[-1] + rate * (after.at - point.at) / 3600)
    return spent


def _failures(scaled: Result) -> list[str]:
    """Where and why evaluations failed, how often, and the words of the first."""
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
