"""What pages show: the last look at each spec. Whoever looks puts it here, whoever serves pages reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reconciler.errors import ReconcileError
from reconciler.render.status import Round, Shown, Status
from reconciler.serve.gathering import Looker

LEAST = 1.0
"""Seconds between two looks, however long the first took."""
ROUNDS = 10
"""How many rounds of a watch are kept."""


class Board:
    """By the name of a spec what is shown of it. Each entry is a value that is put in the place of the one before;
    one that is new to the board is added."""

    def __init__(self, names: Iterable[str], every: float) -> None:
        """`every`: how many seconds there are from one look to the next."""
        self.every = every
        self._shown = {name: Shown(name) for name in names}
        self._lock = threading.Lock()

    def shown(self) -> tuple[Shown, ...]:
        with self._lock:
            return tuple(self._shown.values())

    def show(self, name: str, status: Status) -> None:
        """What was seen now."""
        self._put(name, status=status, error="", tried=status.at)

    def fail(self, name: str, error: str) -> None:
        """A look has failed: what was seen last stays, with the reason."""
        self._put(name, error=error, tried=datetime.now(UTC))

    def stand_by(self, name: str, leader: str) -> None:
        """A watch leaves the spec to another one: what was seen last stays."""
        self._put(name, error="", standby=leader)

    def note(self, name: str, made: Round) -> None:
        """A watch that leads has made a round."""
        with self._lock:
            rounds = self._shown[name].rounds if name in self._shown else ()
        self._put(name, rounds=(made, *rounds)[:ROUNDS], standby="")

    def drop(self, name: str) -> None:
        """The spec is not shown any more."""
        with self._lock:
            self._shown.pop(name, None)

    def _put(self, name: str, **changes: Any) -> None:
        with self._lock:
            self._shown[name] = replace(self._shown.get(name) or Shown(name), **changes)


def keep_looking(lookers: Mapping[str, Looker], board: Board, stop: threading.Event) -> None:
    """Look at all specs, one after the other, again and again until `stop`. Nothing that goes wrong ends it."""
    while not stop.is_set():
        begun = time.monotonic()
        for name, looker in lookers.items():
            look(name, looker, board)
        stop.wait(max(LEAST, board.every - (time.monotonic() - begun)))


def look(name: str, looker: Looker, board: Board) -> None:
    """Look at a spec once, and show it."""
    try:
        board.show(name, looker.look())
    except ReconcileError as error:
        board.fail(name, str(error))
    except Exception as error:
        board.fail(name, f"this is a bug in reconcile: {type(error).__name__}: {error}")
