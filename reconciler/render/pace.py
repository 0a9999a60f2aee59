"""How far a job is, for people and programs: tasks by state, their pace, failures by reason, which are slow. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

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
class Ran:
    """A task: `state` is active, preparing, running or completed, `failure` why it has failed, empty if it has not."""

    id: str
    state: str
    begun: datetime | None = None
    ended: datetime | None = None
    node: str = ""
    failure: str = ""

    def seconds(self, now: datetime) -> float:
        """How long it ran, or has been running."""
        return ((self.ended or now) - self.begun).total_seconds() if self.begun else 0.0


@dataclass(frozen=True, slots=True)
class JobView:
    """A live job at a moment. `nodes` are those of its pool by state."""

    job: str
    state: str
    tasks: Sequence[Ran]
    now: datetime
    nodes: str = ""

    def states(self) -> dict[str, int]:
        """Tasks by state: waiting, running, succeeded, failed."""
        return dict(Counter(map(_state, self.tasks)))

    def pace(self) -> float:
        """Tasks a minute that have ended lately; 0 if none has."""
        ends = [task.ended for task in self.tasks if task.ended and self.now - task.ended <= WINDOW]
        if not ends:
            return 0.0
        first = min(task.begun for task in self.tasks if task.begun)
        return len(ends) / max(1.0, min(WINDOW, self.now - first).total_seconds()) * 60

    def left(self) -> float | None:
        """Seconds until all have ended at this pace; None if that is not known, or nothing is left."""
        states, pace = self.states(), self.pace()
        open_ = states.get("waiting", 0) + states.get("running", 0)
        return open_ / pace * 60 if open_ and pace else None

    def failures(self) -> list[tuple[str, int, str]]:
        """Why tasks have failed: reason, how many, one of them; the most frequent first."""
        reasons = Counter(task.failure for task in self.tasks if task.failure)
        first = {task.failure: task.id for task in reversed(self.tasks)}
        return [(reason, number, first[reason]) for reason, number in reasons.most_common()]

    def slowest(self) -> list[Ran]:
        """Those that ran longest, or have been running."""
        begun = [task for task in self.tasks if task.begun]
        return sorted(begun, key=lambda task: -task.seconds(self.now))[:SHOWN]

    def stuck(self) -> list[Ran]:
        """Those that run much longer than those that have succeeded usually took."""
        took = [task.seconds(self.now) for task in self.tasks if _state(task) == "succeeded"]
        limit = max(LEAST, STUCK * median(took)) if took else float("inf")
        return [task for task in self.tasks if task.state == "running" and task.seconds(self.now) > limit]

    def text(self, *, colour: bool) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        states = ", ".join(f"{number:,} {state}" for state, number in self.states().items()) or "no tasks"
        yield f"{clean(self.job)} is {self.state}: {count(len(self.tasks), 'task', ',')} ({states})"
        if pace := self.pace():
            left = self.left()
            yield f"{pace:,.1f} tasks a minute{f', about {duration(left)} left' if left else ''}"
        if self.nodes:
            yield f"nodes: {self.nodes}"
        for reason, number, example in self.failures()[:SHOWN]:
            yield f"{number:,} failed: {clean(reason)} (such as {clean(example)})"
        for task in self.stuck()[:SHOWN]:
            where = f" on {clean(task.node)}" if task.node else ""
            yield f"perhaps stuck: {clean(task.id)}, for {duration(task.seconds(self.now))}{where}"
        if slowest := self.slowest():
            named = ", ".join(f"{clean(task.id)} {duration(task.seconds(self.now))}" for task in slowest)
            yield f"slowest: {named}"

    def document(self) -> Any:
        return {
            "id": self.job,
            "state": self.state,
            "states": self.states(),
            "perMinute": round(self.pace(), 3),
            "secondsLeft": self.left(),
            "nodes": self.nodes,
            "failures": [
                {"reason": reason, "number": number, "example": task} for reason, number, task in self.failures()
            ],
            "slowest": [{"id": task.id, "seconds": task.seconds(self.now)} for task in self.slowest()],
            "stuck": [{"id": task.id, "seconds": task.seconds(self.now)} for task in self.stuck()],
        }


def _state(task: Ran) -> str:
    if task.state == "completed":
        return "failed" if task.failure else "succeeded"
    return "waiting" if task.state == "active" else "running"
