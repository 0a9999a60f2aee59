"""The result of a simulation: every task, the pool over time, node-hours and money."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from batch_autoscale import functions
from batch_autoscale.cluster import Cluster, Life
from batch_autoscale.errors import EvaluationError
from batch_autoscale.traces import Task, Trace


@dataclass(frozen=True, slots=True)
class Point:
    """The pool at a moment, in seconds from the start: nodes by kind, usable nodes, tasks by state."""

    at: float
    dedicated: int
    spot: int
    usable: int
    queued: int
    running: int


@dataclass(frozen=True, slots=True)
class Run:
    """One evaluation: the targets after it, Azure's `results`, and the error if it failed."""

    at: float
    dedicated: int
    spot: int
    results: str
    error: EvaluationError | None


@dataclass(frozen=True, slots=True)
class Done:
    """One task's story. `queue` is the seconds from submission to its first start, or to the end without one."""

    task: Task
    outcome: str
    """succeeded, terminated (by scaling in), running or queued (both at the end)."""
    queue: float
    started: float | None
    finished: float | None
    runs: int


@dataclass(frozen=True, slots=True)
class Result:
    """A simulation's outcome; times are seconds from `start`, money is in the currency of the prices."""

    start: datetime
    seconds: float
    tasks: tuple[Done, ...]
    points: tuple[Point, ...]
    """Every 30 seconds."""
    evaluations: tuple[Run, ...]
    dedicated_hours: float
    spot_hours: float
    work_hours: float
    """Node-hours of the runs that succeeded: a node's slots all busy for an hour."""
    wasted_hours: float
    """Node-hours of runs that were interrupted when nodes left."""
    cost: float
    max_nodes: int

    @property
    def node_hours(self) -> float:
        return self.dedicated_hours + self.spot_hours

    @property
    def used(self) -> float:
        """The share of the paid slots that worked for runs that succeeded, 0 to 1."""
        return self.work_hours / self.node_hours if self.node_hours else 0.0

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    @property
    def makespan(self) -> float:
        """Seconds from the first submission to the last end of a task."""
        ends = [done.finished for done in self.tasks if done.finished is not None]
        return max(ends) - self.tasks[0].task.submitted if ends else 0.0

    @property
    def failures(self) -> tuple[Run, ...]:
        """Evaluations that failed."""
        return tuple(run for run in self.evaluations if run.error is not None)

    def count(self, outcome: str) -> int:
        """The number of tasks with this outcome."""
        return sum(done.outcome == outcome for done in self.tasks)

    def queue(self, percent: float = 100.0) -> float:
        """The seconds within which `percent` of the tasks have their first start; 0 without tasks."""
        return functions.percentile(tuple(done.queue for done in self.tasks), percent) if self.tasks else 0.0

    def summary(self) -> dict[str, float]:
        """The numbers that matter, by the names that expectations use; durations in seconds."""
        waits = [done.queue for done in self.tasks]
        return {
            "tasks": len(self.tasks),
            "succeeded": self.count("succeeded"),
            "unfinished": len(self.tasks) - self.count("succeeded"),
            "terminated": self.count("terminated"),
            "meanQueue": sum(waits) / len(waits) if waits else 0.0,
            "p95Queue": self.queue(95),
            "maxQueue": self.queue(),
            "makespan": self.makespan,
            "maxNodes": self.max_nodes,
            "nodeHours": self.node_hours,
            "workHours": self.work_hours,
            "wastedHours": self.wasted_hours,
            "used": self.used,
            "cost": self.cost,
            "evaluations": len(self.evaluations),
            "failedEvaluations": len(self.failures),
        }


def report(
    trace: Trace,
    slots: int,
    prices: Mapping[bool, float],
    cluster: Cluster,
    end: float,
    points: Sequence[Point],
    runs: Sequence[Run],
) -> Result:
    """The result of a simulation that ended at `end`."""
    hours = {spot: cluster.node_seconds(end, spot=spot) / 3600 for spot in (False, True)}
    done = tuple(_done(task, life, end) for task, life in zip(trace.tasks, cluster.lives, strict=True))
    work = sum(record.task.duration * record.task.slots for record in done if record.outcome == "succeeded")
    return Result(
        start=trace.start,
        seconds=end,
        tasks=done,
        points=tuple(points),
        evaluations=tuple(runs),
        dedicated_hours=hours[False],
        spot_hours=hours[True],
        work_hours=work / slots / 3600,
        wasted_hours=cluster.wasted / slots / 3600,
        cost=sum(hours[spot] * prices[spot] for spot in hours),
        max_nodes=cluster.peak,
    )


def _done(task: Task, life: Life, end: float) -> Done:
    waited = (end if life.started is None else life.started) - task.submitted
    return Done(task, life.outcome, max(0.0, waited), life.started, life.finished, life.runs)
