"""Traces of tasks: when each is submitted and how long it runs; generated or read from a file."""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import CycleError, TopologicalSorter

from batch_autoscale import times

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
"""The start of traces without dates: a Monday at midnight."""


@dataclass(frozen=True, slots=True, order=True)
class Task:
    """One task: seconds from the trace's start to its submission, seconds that it runs, task slots that it takes.

    It waits for the tasks whose ids are in `after`; ids are needed only for that.
    """

    submitted: float
    duration: float
    slots: int = 1
    id: str = ""
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """Tasks in the order of their submission, and the time from which their seconds count."""

    tasks: tuple[Task, ...]
    start: datetime = MONDAY

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("a trace starts at a time with a zone")
        for number, task in enumerate(self.tasks, start=1):
            fault = _fault(task)
            if fault:
                raise ValueError(f"task {number} {fault}")
        object.__setattr__(self, "tasks", tuple(sorted(self.tasks)))
        _check_order(self.tasks)

    @property
    def work(self) -> float:
        """Slot-seconds of all tasks."""
        return sum(task.duration * task.slots for task in self.tasks)


def _check_order(tasks: tuple[Task, ...]) -> None:
    """ValueError if a task waits for one that is not there, or for itself by way of others."""
    if not any(task.after for task in tasks):
        return
    known = {task.id for task in tasks if task.id}
    if len(known) < sum(bool(task.id) for task in tasks):
        raise ValueError("two tasks have one id")
    for task in tasks:
        for id_ in task.after:
            if id_ not in known:
                raise ValueError(f"a task waits for {id_!r}, which is no task of the trace")
    try:
        TopologicalSorter({task.id: task.after for task in tasks if task.id}).prepare()
    except CycleError as error:
        raise ValueError(f"tasks wait for each other: {' → '.join(error.args[1])}") from None


def _fault(task: Task) -> str:
    if not (math.isfinite(task.submitted) and task.submitted >= 0):
        return f"is submitted at {task.submitted:g}, not at or after the start"
    if not (math.isfinite(task.duration) and task.duration >= 0):
        return f"takes {task.duration:g} seconds"
    return f"takes {task.slots} slots" if task.slots < 1 else ""


def constant(count: int, *, every: float, duration: float, slots: int = 1, start: datetime = MONDAY) -> Trace:
    """One task `every` so many seconds, all alike."""
    return Trace(tuple(Task(every * index, duration, slots) for index in range(count)), start)


def burst(count: int, *, duration: float, at: float = 0.0, slots: int = 1, start: datetime = MONDAY) -> Trace:
    """All tasks at once, `at` seconds after the start."""
    return Trace((Task(at, duration, slots),) * count, start)


def diurnal(
    count: int, *, days: int, duration: float, peak: float = 14.0, seed: int = 0, start: datetime = MONDAY
) -> Trace:
    """`count` tasks over `days`, most of them around the hour `peak` in UTC, of durations around `duration`.

    Arrivals follow 1 + cos, which is 0 twelve hours from the peak; durations are exponential. Equal seeds give
    equal traces. ValueError if the numbers do not describe any tasks.
    """
    if days < 1 or not 0 < duration < math.inf:
        raise ValueError("tasks by day need at least one day, and take some time")
    chance = random.Random(seed)  # noqa: S311 - made-up tasks, no secret
    first = start.astimezone(UTC)
    midnight = first.hour * 3600 + first.minute * 60 + first.second
    tasks: list[Task] = []
    while len(tasks) < count:
        at = chance.uniform(0, days * 86400)
        height = (1 + math.cos(2 * math.pi * ((midnight + at) / 86400 - peak / 24))) / 2
        if chance.random() < height:
            tasks.append(Task(at, chance.expovariate(1 / duration)))
    return Trace(tuple(tasks), start)


def read_csv(text: str, start: datetime = MONDAY) -> Trace:
    """Tasks of a CSV with a header: `submitted` and `duration` in seconds, and `slots` if they differ.

    `id` and `after`, ids with spaces between them, say which tasks wait for which.

    Where `submitted` is an ISO 8601 time with a zone in every row, the trace starts at the first one. ValueError names
    the row and the column.
    """
    rows = csv.DictReader(io.StringIO(text))
    columns = [column.strip() for column in rows.fieldnames or ()]
    for column in ("submitted", "duration"):
        if column not in columns:
            raise ValueError(f"the trace has no column {column!r}; its first line is {','.join(columns)!r}")
    rows.fieldnames = columns
    read = [(number, {key: value for key, value in row.items() if key}) for number, row in enumerate(rows, start=2)]
    dated = bool(read) and not _is_number(read[0][1]["submitted"])
    moments = [_submitted(number, row["submitted"], dated=dated) for number, row in read]
    first = min(moments, default=0.0) if dated else 0.0
    tasks = (
        Task(
            at - first,
            _number(number, row, "duration"),
            int(_number(number, row, "slots")),
            (row.get("id") or "").strip(),
            tuple((row.get("after") or "").split()),
        )
        for at, (number, row) in zip(moments, read, strict=True)
    )
    return Trace(_checked(tasks), times.Moment(first).date if dated else start)


def write_csv(trace: Trace) -> str:
    """The trace in the form that read_csv takes; times are written as Azure does, to the millisecond."""
    zero = times.moment(trace.start).seconds
    ordered = any(task.after for task in trace.tasks)
    lines = ["submitted,duration,slots" + ",id,after" * ordered]
    for task in trace.tasks:
        lasted = f"{task.duration:.3f}".rstrip("0").rstrip(".")
        order = f",{task.id},{' '.join(task.after)}" if ordered else ""
        lines.append(f"{times.Moment(zero + task.submitted)},{lasted},{task.slots}{order}")
    return "\n".join(lines) + "\n"


def _checked(tasks: Iterable[Task]) -> tuple[Task, ...]:
    checked = []
    for number, task in enumerate(tasks, start=2):
        fault = _fault(task)
        if fault:
            raise ValueError(f"row {number}: the task {fault}")
        checked.append(task)
    return tuple(checked)


def _is_number(text: str | None) -> bool:
    try:
        float(text or "")
    except ValueError:
        return False
    return True


def _submitted(number: int, text: str | None, *, dated: bool) -> float:
    text = (text or "").strip()
    try:
        return times.moment(datetime.fromisoformat(text)).seconds if dated else float(text)
    except ValueError:
        expected = "a time with a zone, such as 2026-01-05T08:00:00Z" if dated else "seconds"
        raise ValueError(f"row {number}: submitted is {text!r}, not {expected}") from None


def _number(number: int, row: dict[str, str | None], column: str) -> float:
    text = row.get(column)
    if column == "slots" and not (text or "").strip():
        return 1.0
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (column == "slots" and not value.is_integer()):
        raise ValueError(f"row {number}: {column} is {text!r}, not a number")
    return value
