"""The ways in of one run to what its spec closes: opened before it reads data, taken back when all else has ended.

They are opened before the lock is taken, which may itself be in a closed account, so by a cloud that no lock guards.
What the run makes or changes is opened when that step has ended, before those that follow it begin. A thread puts their
end off for as long as the run lives.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import uuid4

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated
from reconciler.engine.passing import passing
from reconciler.errors import AzureError, ReconcileError, Refused, Unreachable
from reconciler.events import Event, Listener, StepFinished
from reconciler.kind import Kinds
from reconciler.kind.ways import LASTS, Way, Ways
from reconciler.model import Action, Desired, Status
from reconciler.spec.spec import Spec

PATIENCE = 180.0
"""Seconds until a way in must work. That rules may take a minute is documented for storage; thrice that is enough."""
TRIES = 20
"""How often a step is tried that others undo, or that Azure takes not now."""
CHECK = 1.0
"""Seconds between looks at whether an end is to be put off."""


def shut(spec: Spec, kinds: Kinds, address: str) -> list[Desired]:
    """What the spec asks for that keeps an address out; an empty address is none that anything lets in. Pure."""
    return [
        want
        for kind in kinds.values()
        if kind.ways
        for want in kind.expand(spec)
        if kind.ways.shuts(want, address or "0.0.0.0")  # noqa: S104  # nobody's address
    ]


@dataclass
class Entry:
    """The ways in of this run. `cloud` is the one that the run works with, whose time is Azure's."""

    cloud: Cloud
    kinds: Kinds
    shut: list[Desired]
    address: str
    way: Way = field(init=False)
    _beside: Cloud = field(init=False)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.way = Way(uuid4().hex[:8], self.address)
        self._beside = self.cloud.unguarded(self.cloud.account)
        self._thread = threading.Thread(target=self._keep, name="ways", daemon=True)

    def open(self) -> None:
        """Open all that is there, and wait until it works. Refused if that may not be, AzureError if it cannot."""
        self._thread.start()
        for want in [want for want in self.shut if self._step(want, self._ways(want).open)]:
            self._await(want)

    def listening(self, listen: Listener) -> Listener:
        """`listen`, and what a step has made or changed is opened before anything follows it."""
        ours = {want.address: want for want in self.shut}

        def heard(event: Event) -> None:
            if isinstance(event, StepFinished) and event.outcome.status is Status.DONE:
                want = ours.get(event.outcome.step.address)
                if want and event.outcome.step.action is not Action.DELETE:
                    with suppress(ReconcileError):  # what needs it is refused, and tells why
                        if self._step(want, self._ways(want).open):
                            self._await(want)
            listen(event)

        return heard

    def close(self) -> list[str]:
        """Take all back; returns why that could not be done, if so."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        reasons = []
        for want in self.shut:
            try:
                self._step(want, self._ways(want).close)
            except ReconcileError as error:
                reasons.append(f"the way in to {want.address} stays open to {self.address} for now: {error}")
        return reasons

    def _ways(self, want: Desired) -> Ways:
        ways = self.kinds[want.address.kind].ways
        assert ways is not None
        return ways

    def _step(self, want: Desired, step: Callable[[Cloud, Desired, Way], bool]) -> int:
        """Do a step until nothing is left of it; returns how often something was."""
        for number in range(TRIES):
            try:
                with translated():
                    if step(self._beside, want, self.way):
                        return number
            except (AzureError, Unreachable) as error:
                if not passing(error) or number == TRIES - 1:
                    raise
                time.sleep(self.cloud.endpoints.poll_seconds)
        raise Refused(f"{want.address} does not take the way in of this run: something else changes it all the time")

    def _await(self, want: Desired) -> None:
        until = time.monotonic() + PATIENCE
        while not self._works(want):
            if time.monotonic() > until:
                text = f"{want.address} does not let in {self.address}, {PATIENCE:.0f} s after a rule was made for it"
                remedy = "is that the public address of this machine? Machines in the account's own region have none"
                raise Refused(f"{text}; {remedy} that rules can see: run elsewhere, or in the network")
            time.sleep(self.cloud.endpoints.poll_seconds)

    def _works(self, want: Desired) -> bool:
        """Whether whoever asks comes in, also where there is nothing yet to come in to."""
        try:
            with translated():
                return self._ways(want).works(self._beside, want)
        except (AzureError, Unreachable) as error:
            if isinstance(error, AzureError) and error.status == 404:
                return True
            if not passing(error):
                raise
            return False

    def _keep(self) -> None:
        due = self.cloud.time + LASTS / 2
        while not self._over.wait(CHECK):
            if self.cloud.time >= due:
                due = self.cloud.time + LASTS / 2
                for want in self.shut:
                    with suppress(ReconcileError):  # it ends by itself, and others may take it back then
                        self._step(want, self._ways(want).open)


def left(cloud: Cloud, kinds: Kinds, asked: Iterable[Desired]) -> list[tuple[Desired, Way]]:
    """The ways in that are left over of what a spec asks for."""
    return [(want, way) for want in asked if (ways := kinds[want.address.kind].ways) for way in ways.left(cloud, want)]


def take_back(cloud: Cloud, kinds: Kinds, over: Iterable[tuple[Desired, Way]]) -> None:
    """Take ways in back that are left over. Raises as Azure does."""
    for want, way in over:
        entry = Entry(cloud, kinds, [want], way.address)
        entry.way = way
        if reasons := entry.close():
            raise Refused("; ".join(reasons))
