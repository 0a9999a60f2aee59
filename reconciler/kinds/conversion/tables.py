"""The results of a conversion as tables for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.kinds.conversion.records import Failed, Result
from reconciler.report import Table

LONGEST_REASON = 100
"""How many characters of a reason are shown."""
HEAD = ("TASK", "CONVERTED", "SKIPPED", "FAILED", "SECONDS", "IMAGES/S", "MB IN", "MB OUT")


def results(tasks: Sequence[Result]) -> Table:
    """A line for each task, and a total over all attempts at the same inputs.

    Tasks of one attempt run in parallel, so that an attempt takes as long as its longest task.
    """
    rows = [_row(task.task, [task], len(task.failed), task.seconds) for task in tasks]
    if len(tasks) > 1:
        attempts = {task.attempt for task in tasks}
        seconds = sum(max(task.seconds for task in tasks if task.attempt == attempt) for attempt in attempts)
        rows.append(_row("total", tasks, _failed(tasks), seconds))
    return Table(HEAD, tuple(rows), "last run")


def _failed(tasks: Sequence[Result]) -> int:
    """How many inputs failed in the end: a later attempt only has inputs that failed before."""
    names = {failure.name for task in tasks for failure in task.failed}
    first = min(task.attempt for task in tasks)
    later = sum(task.converted + task.skipped for task in tasks if task.attempt > first)
    return max(0, len(names) - later)


def _row(name: str, tasks: Sequence[Result], failed: int, seconds: float) -> tuple[str, ...]:
    converted = sum(task.converted for task in tasks)
    rate = converted / seconds if seconds else 0.0
    counts = (str(converted), str(sum(task.skipped for task in tasks)), str(failed))
    sizes = [sum(task.bytes_in for task in tasks), sum(task.bytes_out for task in tasks)]
    return (name, *counts, f"{seconds:.1f}", f"{rate:.1f}", *(f"{size / 1e6:.1f}" for size in sizes))


def failures(inputs: Iterable[Failed]) -> Table:
    """The inputs that were not converted, with their reasons."""
    rows = sorted((failure.name, failure.code, failure.reason[:LONGEST_REASON]) for failure in inputs)
    return Table(("INPUT", "CODE", "REASON"), tuple(rows))
