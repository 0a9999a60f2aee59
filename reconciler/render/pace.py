"""How far a job is, for people and programs: tasks by state, their pace, failures by reason, which are slow. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from reconciler.course import Course, Ran
from reconciler.render.plain import clean
from reconciler.words import count, duration

WINDOW = timedelta(minutes=10)
"""What counts for the pace: the tasks that have ended within it."""
SHOWN = 5
"""How many of the slowest tasks, and of the reasons of failures, are shown."""
STUCK = 5
"""A task that has run so many times as long as those that have succeeded usually took may be stuck."""
LEAST = 60.0
"""Seconds that a task may run in any case."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A live job at a moment. `nodes` are those of its pool by state."""

    course: Course
    state: str
    nodes: str = ""

    def states(self) -> dict[str, int]:
        """Tasks by state: waiting, running, succeeded, failed."""
        return self.course.states()

    def pace(self) -> float:
        """Tasks a minute that have ended lately; 0 if none has."""
        now = self.course.now
        ends = [task.ended for task in self.course.tasks if task.ended and now - task.ended <= WINDOW]
        if not ends:
            return 0.0
        first = min([*(task.begun for task in self.course.tasks if task.begun), *ends])
        return len(ends) / max(1.0, min(WINDOW, now - first).total_seconds()) * 60

    def left(self) -> float | None:
        """Seconds until all have ended at this pace; None if that is not known, or nothing is left."""
        states, pace = self.states(), self.pace()
        open_ = states.get("waiting", 0) + states.get("running", 0)
        return open_ / pace * 60 if open_ and pace else None

    def failures(self) -> list[tuple[str, int, str]]:
        """Why tasks have failed: reason, how many, one of them; the most frequent first."""
        reasons = Counter(task.failure for task in self.course.tasks if task.failure)
        first = {task.failure: task.id for task in reversed(self.course.tasks)}
        return [(reason, number, first[reason]) for reason, number in reasons.most_common()]

    def stuck(self) -> list[Ran]:
        """Those that run much longer than those that have succeeded usually took."""
        took = [task.seconds(self.course.now) for task in self.course.tasks if task.outcome == "succeeded"]
        limit = max(LEAST, STUCK * median(took)) if took else float("inf")
        return [task for task in self.course.tasks if task.state == "running" and task.seconds(self.course.now) > limit]

    def news(self) -> Hashable:
        """What is worth telling when it has changed; seconds go on all the time."""
        reasons = tuple((reason, number) for reason, number, _ in self.failures())
        return self.state, self.nodes, tuple(self.states().items()), reasons, tuple(task.id for task in self.stuck())

    def tempo(self) -> str:
        """Its pace and how long it goes on in words; empty if there is none."""
        pace, left = self.pace(), self.left()
        return f"{pace:,.1f} tasks a minute{f', about {duration(left)} left' if left else ''}" if pace else ""

    def failed(self) -> list[str]:
        """The most frequent reasons of failures, a line each."""
        return [
            f"{number:,} failed: {clean(reason)} (such as {clean(example)})"
            for reason, number, example in self.failures()[:SHOWN]
        ]

    def text(self, *, colour: bool) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        states = ", ".join(f"{number:,} {state}" for state, number in self.states().items()) or "no tasks"
        yield f"{clean(self.course.job)} is {self.state}: {count(len(self.course.tasks), 'task', ',')} ({states})"
        if tempo := self.tempo():
            yield tempo
        if self.nodes:
            yield f"nodes: {self.nodes}"
        yield from self.failed()
        for task in self.stuck()[:SHOWN]:
            where = f" on {clean(task.node)}" if task.node else ""
            yield f"perhaps stuck: {clean(task.id)}, for {duration(task.seconds(self.course.now))}{where}"
        if slowest := self.course.slowest(SHOWN):
            named = ", ".join(f"{clean(task.id)} {duration(task.seconds(self.course.now))}" for task in slowest)
            yield f"slowest: {named}"

    def document(self) -> Any:
        return {
            "id": self.course.job,
            "state": self.state,
            "states": self.states(),
            "perMinute": round(self.pace(), 3),
            "secondsLeft": self.left(),
            "nodes": self.nodes,
            "failures": [
                {"reason": reason, "number": number, "example": task} for reason, number, task in self.failures()
            ],
            "slowest": [self._seconds(task) for task in self.course.slowest(SHOWN)],
            "stuck": [self._seconds(task) for task in self.stuck()],
        }

    def _seconds(self, task: Ran) -> dict[str, Any]:
        return {"id": task.id, "seconds": task.seconds(self.course.now)}
