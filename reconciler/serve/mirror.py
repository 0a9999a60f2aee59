"""The pages of what somebody else reads anyway: a loop gives each reading, and the rest of the look is a thread's own.

No round waits for a page, counts its requests, or fails with it. Of what comes faster than it can be looked at, the
latest of each spec counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from reconciler.cloud.cloud import Cloud
from reconciler.engine.loop import Reading
from reconciler.errors import ReconcileError
from reconciler.model import Address
from reconciler.render.status import Status
from reconciler.serve.board import Board
from reconciler.serve.gathering import Looker


@dataclass(frozen=True, slots=True)
class Given:
    """A reading, if there is one, and why the round failed, if it did. `held` says what is left as it is, and why."""

    reading: Reading | None
    cloud: Cloud | None
    held: Mapping[Address, str]
    why: str = ""


NOTHING = Given(None, None, {})


class Mirror:
    """Shows on a board what it is given; `make` makes the looker of a spec that is new."""

    def __init__(self, board: Board, make: Callable[[], Looker]) -> None:
        self.board, self._make = board, make
        self._lookers: dict[str, Looker] = {}
        self._waiting: dict[str, Given] = {}
        self._changed = threading.Condition()
        self._ended = False

    def seen(self, name: str, reading: Reading, cloud: Cloud, held: Mapping[Address, str]) -> None:
        """A round has read the spec that is called so."""
        self._take(name, Given(reading, _beside(cloud), held))

    def failed(self, name: str, why: str) -> None:
        """A round could not be made, or not to its end; what it has read is shown all the same."""
        with self._changed:
            given = self._waiting.get(name, NOTHING)
        self._take(name, replace(given, why=why))

    def gone(self, name: str) -> None:
        """The spec is not watched any more."""
        with self._changed:
            self._lookers.pop(name, None)
            self._waiting.pop(name, None)
            self.board.drop(name)

    def end(self) -> None:
        """Look no more."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def work(self) -> None:
        """Look at what is given until the end. Nothing that goes wrong ends it."""
        while (next_ := self._next()) is not None:
            self._show(*next_)

    def _take(self, name: str, given: Given) -> None:
        with self._changed:
            if name not in self._lookers:
                self._lookers[name] = self._make()
            self._waiting[name] = given
            self._changed.notify_all()

    def _next(self) -> tuple[str, Looker, Given] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if self._ended:
                return None
            name = next(iter(self._waiting))
            return name, self._lookers[name], self._waiting.pop(name)

    def _show(self, name: str, looker: Looker, given: Given) -> None:
        status, why = None, given.why
        try:
            status = _looked(looker, given)
        except ReconcileError as error:
            why = why or str(error)
        except Exception as error:
            why = why or f"this is a bug in reconcile: {type(error).__name__}: {error}"
        with self._changed:
            if self._lookers.get(name) is not looker:
                return  # it has gone meanwhile
            if status:
                self.board.show(name, status)
            if why:
                self.board.fail(name, why)


def _looked(looker: Looker, given: Given) -> Status | None:
    if given.reading is None or given.cloud is None:
        return None
    status = looker.seen(given.reading.spec, given.cloud, given.reading)
    resources = (replace(one, held=given.held.get(one.address, "")) for one in status.resources)
    return replace(status, resources=tuple(resources))


def _beside(cloud: Cloud) -> Cloud:
    """The same cloud with what it knows of the spec by now, for reads that a round neither counts nor waits for."""
    beside = cloud.unguarded(cloud.account)
    beside.time, beside.pools, beside.jobs = cloud.time, dict(cloud.pools), dict(cloud.jobs)
    return beside
