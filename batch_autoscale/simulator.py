"""Simulates a pool that a formula scales and a trace of tasks runs on, event by event and without a clock.

Samples are taken every 30 seconds and arrive `lag` later; the formula is evaluated at the start and every `interval`
after; nodes boot, take tasks in the order of submission and leave as the deallocation option says. Spot nodes are
never preempted here, and quotas and allocation failures do not exist.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from batch_autoscale import evaluator, names, times
from batch_autoscale.cluster import Cluster
from batch_autoscale.errors import EvaluationError
from batch_autoscale.evaluator import Pool
from batch_autoscale.report import Point, Result, Run, report
from batch_autoscale.samples import Series
from batch_autoscale.syntax import Formula, Name
from batch_autoscale.traces import Trace

PATIENCE = 8 * 86400.0
"""Seconds without a submission or an end of a task, beyond the longest task, after which the simulation ends.

Longer than any week, for formulas that wait for the weekend.
"""
_ORDER = {"done": 0, "gone": 1, "ready": 2, "submit": 3, "sample": 4, "evaluate": 5}


SHORTER = "take a shorter trace, such as its busiest day, or limit the nodes of the formula"


class TooLong(ValueError):
    """A simulation takes more steps than its setting allows."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A pool to be simulated; durations are ISO 8601 or seconds, prices are for a node hour."""

    interval: str | float = "PT15M"
    slots: int = 1
    boot: str | float = "PT5M"
    price: float = 0.0
    spot_price: float = 0.0
    lag: str | float = "PT30S"
    """How late samples arrive."""
    tail: str | float = "PT1H"
    """How long the simulation goes on after the last task, so that scaling in is paid for too."""
    retention: str | float = "P7D"
    """How long `retaineddata` keeps a node after its last task; Batch's default."""
    limit: str | float = "P30D"
    """How long the simulation goes on at most after the last submission; later tasks are reported as not ended."""
    dedicated: int = 0
    spot: int = 0
    """Nodes that are ready at the start."""
    seed: int = 0
    """For rand()."""
    steps: int = 5_000_000
    """Events, evaluations and nodes after which it raises TooLong; about 60,000 take a second."""

    def __post_init__(self) -> None:
        for field in ("interval", "boot", "lag", "tail", "retention", "limit"):
            if not 0 <= times.duration(getattr(self, field)) < math.inf:
                raise ValueError(f"{field} is not a time that passes: {getattr(self, field)}")
        if not names.SHORTEST <= times.duration(self.interval) <= names.LONGEST:
            raise ValueError("Batch takes an interval from 5 minutes (PT5M) to 168 hours (P7D)")
        numbers = (self.dedicated, self.spot, self.price, self.spot_price)
        if not 1 <= self.slots <= 256 or not all(0 <= number < math.inf for number in numbers):
            raise ValueError("a node has 1 to 256 slots; nodes and prices are not negative")


def simulate(trace: Trace, formula: str, setting: Setting | None = None) -> Result:
    """Run the trace on a pool that scales by the formula. FormulaError when the formula is wrong; TooLong."""
    return _Simulation(trace, setting or Setting(), evaluator.prepare(formula)).run(0.0)


def fixed(trace: Trace, nodes: int, setting: Setting | None = None, *, until: float = 0.0) -> Result:
    """Run the trace on `nodes` dedicated nodes, ready at the start and paid for to the end, or to a later `until`."""
    simulation = _Simulation(trace, setting or Setting(), None)
    simulation.cluster.add(nodes, 0.0, spot=False, boot=0.0)
    return simulation.run(until)


def compare(trace: Trace, formula: str, nodes: int, setting: Setting | None = None) -> tuple[Result, Result]:
    """Results of the formula's pool and of `nodes` fixed nodes, which are paid for at least as long."""
    scaled = simulate(trace, formula, setting)
    return scaled, fixed(trace, nodes, setting, until=scaled.seconds)


class _Simulation:
    def __init__(self, trace: Trace, setting: Setting, tree: Formula | None) -> None:
        self.trace, self.setting, self.tree = trace, setting, tree
        self.epoch = times.moment(trace.start).seconds
        self.interval, self.lag = times.duration(setting.interval), times.duration(setting.lag)
        self.events: list[tuple[float, int, int, str, int, int]] = []
        self.count = 0
        boot, retention = times.duration(setting.boot), times.duration(setting.retention)
        self.cluster = Cluster(trace.tasks, setting.slots, boot, retention, self.schedule)
        self.chance: Callable[[], float] = random.Random(setting.seed).random  # noqa: S311 - rand(), no secret
        self.target = {False: setting.dedicated, True: setting.spot}
        read = {names.canonical(node.name) for node in tree.walk() if isinstance(node, Name)} if tree else set()
        self.series = {name: Series() for name in _MEASURED if name in read}
        self.late: deque[tuple[float, dict[str, float]]] = deque()
        self.points: list[Point] = []
        self.runs: list[Run] = []
        self.moved = 0.0
        self.taken = 0
        self.latest = (trace.tasks[-1].submitted if trace.tasks else 0.0) + times.duration(setting.limit)
        self.longest = max((task.duration for task in trace.tasks), default=0.0)

    def schedule(self, at: float, what: str, subject: int, run: int) -> None:
        self.count += 1
        heapq.heappush(self.events, (at, _ORDER[what], self.count, what, subject, run))

    def run(self, until: float) -> Result:
        """Handle events in the order of time until tasks are done and the tail is over, or nothing happens any more."""
        if self.tree is not None:
            self.cluster.add(self.setting.dedicated, 0.0, spot=False, boot=0.0)
            self.cluster.add(self.setting.spot, 0.0, spot=True, boot=0.0)
            self.schedule(0.0, "evaluate", 0, 0)
        for index, task in enumerate(self.trace.tasks):
            self.schedule(task.submitted, "submit", index, 0)
        self.schedule(0.0, "sample", 0, 0)
        tail = times.duration(self.setting.tail)
        while True:
            self.take(1)
            at = self.events[0][0]
            end = self.end(tail, until)
            if at > end:
                break
            self.step(*heapq.heappop(self.events))
        return report(self.trace, self.setting.slots, self.prices, self.cluster, end, self.points, self.runs)

    def take(self, steps: int) -> None:
        """Count the steps about to be done. TooLong if they are too many."""
        self.taken += steps
        if self.taken > self.setting.steps:
            raise TooLong(f"the simulation takes more than {self.setting.steps:,} steps (events, nodes); {SHORTER}")

    @property
    def read(self) -> int:
        """Samples that the formula has taken so far."""
        return sum(series.taken for series in self.series.values())

    @property
    def prices(self) -> dict[bool, float]:
        return {False: self.setting.price, True: self.setting.spot_price}

    def end(self, tail: float, until: float) -> float:
        """The time at which to stop, as far as it is known now."""
        cluster = self.cluster
        finished = cluster.succeeded + cluster.terminated + len(cluster.misfits)
        if finished == len(cluster.tasks):
            return max(self.moved + tail, until)
        return max(min(self.moved + self.longest + PATIENCE, self.latest), until)

    def step(self, at: float, _order: int, _count: int, what: str, subject: int, run: int) -> None:
        cluster = self.cluster
        match what:
            case "done":
                cluster.done(subject, run, at)
            case "gone":
                cluster.gone(subject, at)
            case "ready":
                cluster.ready(subject, at)
            case "submit":
                cluster.submit(subject, at)
            case "sample":
                self.sample(at)
                self.schedule(at + names.PERIOD, "sample", 0, 0)
            case _:
                self.evaluate(at)
                self.schedule(at + self.interval, "evaluate", 0, 0)
        if what in ("done", "submit"):
            self.moved = at

    def sample(self, now: float) -> None:
        cluster = self.cluster
        dedicated, spot = cluster.current[False], cluster.current[True]
        self.points.append(Point(now, dedicated, spot, cluster.usable, cluster.active, cluster.running))
        if self.series:
            self.late.append((now, self.measure()))

    def measure(self) -> dict[str, float]:
        """The service's variables now. CPU is the share of busy slots, 0 to 1, as the page's formulas use it."""
        cluster, slots = self.cluster, self.cluster.usable * self.setting.slots
        return {
            "$ActiveTasks": cluster.active,
            "$RunningTasks": cluster.running,
            "$PendingTasks": cluster.active + cluster.running,
            "$SucceededTasks": cluster.succeeded,
            "$FailedTasks": cluster.terminated,
            "$CurrentDedicatedNodes": cluster.current[False],
            "$CurrentLowPriorityNodes": cluster.current[True],
            "$TaskSlotsPerNode": self.setting.slots,
            "$UsableNodeCount": cluster.usable,
            "$PreemptedNodeCount": 0,
            "$CPUPercent": cluster.busy / slots if slots else 0.0,
        }

    def evaluate(self, now: float) -> None:
        assert self.tree is not None
        while self.late and self.late[0][0] <= now - self.lag:
            at, row = self.late.popleft()
            for name, series in self.series.items():
                series.add(self.epoch + at, float(row[name]))
        cluster = self.cluster
        pool = Pool(
            dedicated=cluster.current[False],
            spot=cluster.current[True],
            target_dedicated=self.target[False],
            target_spot=self.target[True],
            slots=self.setting.slots,
        )
        before = self.read
        try:
            evaluation = evaluator.run(self.tree, self.series, self.epoch + now, pool, self.chance)
        except EvaluationError as error:
            self.runs.append(Run(now, self.target[False], self.target[True], error.results, error))
            self.take((self.read - before) // 500)
            return
        self.runs.append(Run(now, evaluation.dedicated, evaluation.spot, evaluation.results, None))
        more = evaluation.dedicated + evaluation.spot - cluster.current[False] - cluster.current[True]
        self.take(max(0, more) + (len(cluster.nodes) + self.read - before) // 500)
        for spot, target in ((False, evaluation.dedicated), (True, evaluation.spot)):
            self.target[spot] = target
            cluster.resize(target, evaluation.option, now, spot=spot)


_MEASURED = (*names.TASKS, *names.NODES, "$CPUPercent")
"""The variables that are sampled."""
