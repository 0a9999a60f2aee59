"""A plan is carried out: steps run in parallel, each as soon as those before it are done; one scheduler waits for all.

A failed or stopped step skips what comes after it and nothing else; a deferred one leaves its resource usable. Work
that is not done skips what follows it. When `stop` is set, or a look has raised what is no error of Azure, nothing new
starts; what is in flight is brought to its end.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import threading
import time
from collections.abc import Callable, Container, Iterable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from reconciler.cloud.cloud import Cloud
from reconciler.engine.converge import Convergence
from reconciler.engine.looks import Ended, Look, Waiting, failed
from reconciler.engine.resolve import later
from reconciler.errors import LockLost
from reconciler.events import (
    Event,
    Interrupted,
    Listener,
    RunFinished,
    RunStarted,
    StepFinished,
    StepLogged,
    StepStarted,
)
from reconciler.events import StepWaiting as StepWaits
from reconciler.kind import Kinds
from reconciler.model import Address, Desired, Outcome, Plan, Status, Step

STOP_CHECK = 0.2
"""Seconds between looks at `stop` while nothing else happens."""

LEFT = "left while Azure works on it; a later run joins it"
PASSABLE = frozenset({Status.DONE, Status.DEFERRED})


def apply(
    plan: Plan,
    desired: Mapping[Address, Desired],
    cloud: Cloud,
    kinds: Kinds,
    *,
    listen: Listener,
    stop: threading.Event,
    leave: threading.Event | None = None,
    adopt: Container[Address] = frozenset(),
    poll_seconds: float | None = None,
    workers: int = 12,
) -> tuple[Outcome, ...]:
    """Carry out every step of `plan`; outcomes come in the plan's order. Azure's errors become outcomes.

    When `leave` is set, nothing new starts either, and steps that only wait for Azure are stopped: a later run joins
    them.
    """
    poll = cloud.endpoints.poll_seconds if poll_seconds is None else poll_seconds
    begun = time.monotonic()
    wanted = dict(desired)
    resolved = later(cloud, kinds, wanted)
    listen(RunStarted(plan))

    def start(step: Step) -> Convergence:
        address = step.address
        kind, want, shown = kinds[address.kind], wanted.get(address), plan.fingerprints.get(address)
        keep = partial(_keep, cloud, kinds, address, wanted)
        return Convergence(step, kind, cloud, plan.spec, want, shown, adopt, poll, resolve=resolved, keep=keep)

    def turn(address: Address) -> tuple[str, str] | None:
        of = kinds[address.kind].turn
        return (address.kind, of(address)) if of else None

    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="apply") as pool:
        outcomes = _Run(plan, wanted, start, turn, pool, listen, stop, leave or threading.Event()).until_done()
    listen(RunFinished(outcomes, time.monotonic() - begun))
    return outcomes


def _keep(cloud: Cloud, kinds: Kinds, address: Address, wanted: Mapping[Address, Desired]) -> None:
    """Save what would go with a resource that is to be deleted and made anew."""
    for want in wanted.values():
        keep = kinds[want.address.kind].keep
        if keep and address in want.refs:
            keep(cloud, want)


@dataclass
class _Run:
    """The state of one apply; only the thread that calls `until_done` touches it."""

    plan: Plan
    wanted: Mapping[Address, Desired]
    begin: Callable[[Step], Convergence]
    turn: Callable[[Address], tuple[str, str] | None]
    """What two steps must not both be at work on; None: nothing."""
    pool: Executor
    listen: Callable[[Event], None]
    stop: threading.Event
    leave: threading.Event
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    running: dict[str, tuple[Convergence, float]] = field(default_factory=dict)
    looks: queue.SimpleQueue[tuple[str, Look | BaseException]] = field(default_factory=queue.SimpleQueue)
    waits: list[tuple[float, int, str]] = field(default_factory=list)
    order: itertools.count[int] = field(default_factory=itertools.count)
    interrupted: bool = False
    fault: Exception | None = None
    """A fault of our own, to be raised once the other steps have ended."""
    logged: dict[tuple[str, str], int] = field(default_factory=dict)

    def until_done(self) -> tuple[Outcome, ...]:
        self._start_ready()
        while self.running:
            self._interrupt()
            if self.leave.is_set():
                self._leave()
            self._look_again()
            for name, seen in self._arrivals():
                self._take(name, seen)
        if self.fault is not None:
            raise self.fault
        return tuple(self.outcomes[step.id] for step in self.plan.steps)

    def _start_ready(self) -> None:
        """Start every step whose predecessors are done; skip those that can no longer start."""
        moved = True
        while moved:
            moved = False
            for step in self.plan.steps:
                if step.id in self.outcomes or step.id in self.running:
                    continue
                ended = [self.outcomes[before] for before in step.after if before in self.outcomes]
                if because := self._because(step, ended):
                    moved = self._finish(Outcome(step, Status.SKIPPED, 0.0, because))
                elif self.stop.is_set() or self.leave.is_set() or self.fault is not None:
                    moved = self._finish(Outcome(step, Status.STOPPED, 0.0, "interrupted before it started"))
                elif len(ended) == len(step.after) and not self._taken(step):
                    self._start(step)

    def _taken(self, step: Step) -> bool:
        """Whether another step is at work on what this one has to take turns at."""
        turn = self.turn(step.address)
        return turn is not None and any(self.turn(other.step.address) == turn for other, _ in self.running.values())

    def _because(self, step: Step, before: Iterable[Outcome]) -> str:
        """Why a step can no longer start, given how those before it have ended; empty if it can."""
        wanted = self.wanted.get(step.address)
        for outcome in before:
            if outcome.status not in PASSABLE:
                return f"{outcome.step.address} was {outcome.status}"
            if outcome.lacks and wanted and outcome.step.address in wanted.follows:
                return f"{outcome.step.address} {outcome.lacks}"
        return ""

    def _start(self, step: Step) -> None:
        self.running[step.id] = (self.begin(step), time.monotonic())
        self.listen(StepStarted(step))
        self._look(step.id)

    def _look(self, name: str) -> None:
        convergence, _ = self.running[name]

        def look() -> None:
            try:
                self.looks.put((name, convergence.look()))
            except BaseException as error:
                self.looks.put((name, error))

        self.pool.submit(look)

    def _look_again(self) -> None:
        while self.waits and self.waits[0][0] <= time.monotonic():
            self._look(heapq.heappop(self.waits)[2])

    def _arrivals(self) -> list[tuple[str, Look | BaseException]]:
        """Wait for a look to end, until the next is due at most; what has ended."""
        due = self.waits[0][0] - time.monotonic() if self.waits else STOP_CHECK
        try:
            return [self.looks.get(timeout=max(0.0, min(due, STOP_CHECK)))]
        except queue.Empty:
            return []

    def _take(self, name: str, seen: Look | BaseException) -> None:
        convergence, begun = self.running[name]
        step, seconds = convergence.step, time.monotonic() - begun
        if isinstance(seen, LockLost):  # while it cleared away what a failure leaves
            seen = failed(seen)
        if isinstance(seen, Exception):
            self.fault = self.fault or seen
            seen = Ended(Status.FAILED, f"cannot {step.action} {step.address}: {type(seen).__name__}: {seen}")
        if isinstance(seen, BaseException):
            raise seen
        self._log(step, seen.logs)
        if isinstance(seen, Waiting):
            heapq.heappush(self.waits, (time.monotonic() + seen.seconds, next(self.order), name))
            self.listen(StepWaits(step, seen.detail, seen.progress))
            return
        assert isinstance(seen, Ended)
        del self.running[name]
        self._finish(Outcome(step, seen.status, seconds, seen.error, seen.detail, seen.lacks))
        self._start_ready()

    def _leave(self) -> None:
        """Leave to Azure what it works on."""
        while self.waits:
            name = self.waits.pop()[2]
            convergence, begun = self.running.pop(name)
            self._finish(Outcome(convergence.step, Status.STOPPED, time.monotonic() - begun, LEFT))
        self._start_ready()

    def _log(self, step: Step, logs: Mapping[str, str]) -> None:
        for name, text in logs.items():
            if self.logged.get((step.id, name)) != len(text):
                self.logged[step.id, name] = len(text)
                self.listen(StepLogged(step, name, text))

    def _finish(self, outcome: Outcome) -> bool:
        self.outcomes[outcome.step.id] = outcome
        self.listen(StepFinished(outcome))
        return True

    def _interrupt(self) -> None:
        if self.stop.is_set() and not self.interrupted:
            self.interrupted = True
            self.listen(Interrupted(tuple(convergence.step for convergence, _ in self.running.values())))
