"""The results of a conversion as tables for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model import Table

LONGEST_REASON = 100
"""How many characters of a reason are shown."""
HEAD = ("TASK", "CONVERTED", "SKIPPED", "FAILED", "SECONDS", "IMAGES/S", "MB IN", "MB OUT")


def results(tasks: Sequence[Mapping[str, Any]]) -> Table:
    """A line for each task of a run, and a total; its seconds are those of the longest task, as all run in parallel."""
    rows = [_row(task) for task in tasks]
    if len(tasks) > 1:
        total: dict[str, Any] = {
            key: sum(task[key] for task in tasks) for key in ("converted", "skipped", "bytesIn", "bytesOut")
        }
        failed = [failure for task in tasks for failure in task["failed"]]
        rows.append(_row({**total, "task": "total", "failed": failed, "seconds": max(t["seconds"] for t in tasks)}))
    return Table(HEAD, tuple(rows), "last run")


def _row(task: Mapping[str, Any]) -> tuple[str, ...]:
    rate = task["converted"] / task["seconds"] if task["seconds"] else 0.0
    counts = (str(task["converted"]), str(task["skipped"]), str(len(task["failed"])))
    sizes = (f"{task['bytesIn'] / 1e6:.1f}", f"{task['bytesOut'] / 1e6:.1f}")
    return (task["task"], *counts, f"{task['seconds']:.1f}", f"{rate:.1f}", *sizes)


def failures(inputs: Sequence[Mapping[str, str]]) -> Table:
    """The inputs that cannot be converted, with their reasons."""
    rows = sorted((failure["name"], failure["code"], failure["reason"][:LONGEST_REASON]) for failure in inputs)
    return Table(("INPUT", "CODE", "REASON"), tuple(rows))
