"""The course of a job: its tasks, when each came, began and ended and on which node, and what follows from that. Pure.

All of it is known from the tasks themselves, so nothing needs to be recorded while they run. Of a task that ran more
than once Batch knows the last run only: until that began, it counts as waiting.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from statistics import median
from typing import NamedTuple

STATES = ("waiting", "running", "succeeded", "failed")
NODES = "nodes"
"""The name of the steps that tell how many nodes were at work."""
BINS = 10
"""How many bars a histogram has, or a few less."""
SPREAD = 20
"""A longest task that took so many times as long as usual makes a histogram whose bars grow."""
NICE = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""Seconds that bars of a histogram begin with or have as their width."""

Steps = list[tuple[float, int]]
"""From which second after the beginning on there are how many."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A task: `state` is active, preparing, running or completed, `failure` why it has failed, empty if it has not.

    `title` is what people call it, `before` how often it had run before the run that is known.
    """

    id: str
    state: str
    begun: datetime | None = None
    ended: datetime | None = None
    node: str = ""
    failure: str = ""
    made: datetime | None = None
    title: str = ""
    before: int = 0

    def seconds(self, now: datetime) -> float:
        """How long it ran, or has been running."""
        return ((self.ended or now) - self.begun).total_seconds() if self.begun else 0.0

    @property
    def outcome(self) -> str:
        """One of STATES."""
        if self.state == "completed":
            return "failed" if self.failure else "succeeded"
        return "waiting" if self.state == "active" else "running"

    @property
    def came(self) -> datetime | None:
        return self.made or self.begun or self.ended


class Bin(NamedTuple):
    """How many tasks took at least `low` and less than `high` seconds."""

    low: float
    high: float
    number: int


class Entry(NamedTuple):
    """The tasks of an entry of a spec: how many ran, how many of these failed, and seconds that they took."""

    name: str
    tasks: int
    failed: int
    usual: float
    longest: float


@dataclass(frozen=True, slots=True)
class Course:
    """The tasks of a job at a moment. `entry_of` tells the name of a task's entry in a spec by its id."""

    job: str
    tasks: Sequence[Ran]
    now: datetime
    entry_of: Callable[[str], str] = lambda task: ""

    def states(self) -> dict[str, int]:
        """How many tasks there are in each of STATES that any is in."""
        numbers = Counter(task.outcome for task in self.tasks)
        return {state: numbers[state] for state in STATES if numbers[state]}

    def begin(self) -> datetime:
        """When the first task came."""
        return min((task.came for task in self.tasks if task.came), default=self.now)

    def end(self) -> datetime:
        """When the last task ended, or now while some have not."""
        ends = [task.ended for task in self.tasks if task.state == "completed" and task.ended]
        return max(ends, default=self.now) if len(ends) == len(self.tasks) else self.now

    def seconds(self) -> float:
        return max(1.0, (self.end() - self.begin()).total_seconds())

    def steps(self) -> dict[str, Steps]:
        """How many tasks there were in each of STATES, and how many NODES at work."""
        begin = self.begin()
        deltas: dict[str, Counter[float]] = {name: Counter() for name in (*STATES, NODES)}
        for task in self.tasks:
            came, begun, ended = (
                ((moment or other) - begin).total_seconds()
                for moment, other in (
                    (task.came, begin),
                    (task.begun, task.ended or self.now),
                    (task.ended, self.now),
                )
            )
            deltas["waiting"][min(came, begun)] += 1
            if task.outcome == "waiting":
                continue
            deltas["waiting"][begun] -= 1
            deltas["running"][begun] += 1
            if task.state == "completed":
                deltas["running"][ended] -= 1
                deltas[task.outcome][ended] += 1
        for first, last, open_ in self._busy():
            deltas[NODES][(first - begin).total_seconds()] += 1
            deltas[NODES][(last - begin).total_seconds()] -= not open_
        return {name: _summed(delta) for name, delta in deltas.items()}

    def node_hours(self) -> float:
        """For how long nodes ran tasks of the job."""
        return sum((last - first).total_seconds() for first, last, _ in self._busy()) / 3600

    def _busy(self) -> Iterator[tuple[datetime, datetime, bool]]:
        """When a node began and ended to run tasks, and whether it still does; its slots run several at once."""
        spans: defaultdict[str, list[tuple[datetime, datetime, bool]]] = defaultdict(list)
        for task in self.tasks:
            if task.node and task.begun:
                spans[task.node].append((task.begun, task.ended or self.now, task.ended is None))
        for each in spans.values():
            each.sort()
            first, last, open_ = each[0]
            for begun, ended, runs in each[1:]:
                if begun > last and not open_:
                    yield first, last, open_
                    first, last, open_ = begun, ended, runs
                else:
                    last, open_ = max(last, ended), open_ or runs
            yield first, last, open_

    def took(self) -> list[float]:
        """How long each task took that has run and ended."""
        return [task.seconds(self.now) for task in self.tasks if task.begun and task.ended]

    def slowest(self, number: int) -> list[Ran]:
        """Those that ran longest, or have been running."""
        begun = [task for task in self.tasks if task.begun]
        return sorted(begun, key=lambda task: -task.seconds(self.now))[:number]

    def entries(self) -> list[Entry]:
        """The entries whose tasks have run, the one with the longest task first."""
        tasks: defaultdict[str, list[Ran]] = defaultdict(list)
        for task in self.tasks:
            if task.begun:
                tasks[self.entry_of(task.id)].append(task)
        rows = []
        for name, each in tasks.items():
            seconds = [task.seconds(self.now) for task in each]
            failed = sum(task.outcome == "failed" for task in each)
            rows.append(Entry(name, len(each), failed, median(seconds), max(seconds)))
        return sorted(rows, key=lambda entry: (-entry.longest, entry.name))

    def repeated(self) -> int:
        """How many tasks ran more than once."""
        return sum(task.before > 0 for task in self.tasks)


def _summed(delta: Counter[float]) -> Steps:
    moments = sorted(moment for moment in delta if delta[moment])
    return list(zip(moments, accumulate(delta[moment] for moment in moments), strict=True))


def sampled(steps: Steps, seconds: float, number: int) -> list[int]:
    """The most that there were in each of `number` equal parts of the time, so that no short peak is lost."""
    most, current, part = [0] * number, 0, 0
    for moment, value in steps:
        reached = min(number - 1, int(moment / seconds * number))
        for index in range(part + 1, reached + 1):
            most[index] = current
        part, current = reached, value
        most[part] = max(most[part], value)
    for index in range(part + 1, number):
        most[index] = current
    return most


def at_moments(steps: Steps, seconds: float, number: int) -> list[int]:
    """How many there were at each of `number` + 1 moments, the beginning and the end among them."""
    values, current, index = [], 0, 0
    for moment in (seconds * each / number for each in range(number + 1)):
        while index < len(steps) and steps[index][0] <= moment:
            current = steps[index][1]
            index += 1
        values.append(current)
    return values


def spread(seconds: Sequence[float]) -> bool:
    """Whether a few took very much longer than usual."""
    return max(seconds, default=0.0) > SPREAD * max(1.0, median(seconds or [0.0]))


def bins(seconds: Iterable[float]) -> list[Bin]:
    """A histogram of how long tasks took: bars of equal width, or growing ones where a few took very much longer."""
    took = sorted(seconds)
    if not took:
        return []
    if spread(took):
        edges = [0.0, *(edge for edge in map(float, NICE) if edge <= took[-1])]
        edges.append(next((edge for edge in map(float, NICE) if edge > took[-1]), took[-1] + 1))
    else:
        width = next((step for step in NICE if step * (BINS - 1) >= took[-1] - took[0]), took[-1] / BINS)
        first = took[0] // width * width
        edges = [first + width * index for index in range(int((took[-1] - first) // width) + 2)]
    counted = [Bin(low, high, sum(low <= each < high for each in took)) for low, high in pairwise(edges)]
    filled = [index for index, each in enumerate(counted) if each.number]
    return counted[filled[0] : filled[-1] + 1]


@dataclass(frozen=True, slots=True)
class Run:
    """A job that there is or was, by its `key`, whatever is known of it: numbers by state, seconds, node-hours.

    `state` is Batch's, or GONE. `kept` is when that was kept, if it was; `course` reads its tasks, None if it cannot.
    """

    key: str
    job: str
    state: str
    states: Mapping[str, int]
    made: datetime | None = None
    kept: datetime | None = None
    seconds: float | None = None
    node_hours: float | None = None
    course: Callable[[], Course | None] = lambda: None

    @classmethod
    def of(cls, key: str, course: Course, state: str, made: datetime) -> Run:
        """A live job."""
        seconds = course.seconds() if course.tasks else None
        return cls(key, course.job, state, course.states(), made, None, seconds, course.node_hours(), lambda: course)


GONE = "gone"
