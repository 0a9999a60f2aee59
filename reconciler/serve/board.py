"""What pages show: the last look at each spec. One thread looks, whoever serves pages reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from reconciler.errors import ReconcileError
from reconciler.render.status import Shown, Status
from reconciler.serve.gathering import Looker

LEAST = 1.0
"""Seconds between two looks, however long the first took."""


class Board:
    """By the name of a spec what is shown of it. Each entry is a value that is put in the place of the one before."""

    def __init__(self, names: Iterable[str], every: float) -> None:
        """`every`: how many seconds there are from one look to the next."""
        self.every = every
        self._shown = {name: Shown(name) for name in names}

    def shown(self) -> tuple[Shown, ...]:
        return tuple(self._shown.values())

    def show(self, name: str, status: Status) -> None:
        """What was seen now."""
        self._shown[name] = Shown(name, status, "", status.at)

    def fail(self, name: str, error: str) -> None:
        """A look has failed: what was seen last stays, with the reason."""
        self._shown[name] = Shown(name, self._shown[name].status, error, datetime.now(UTC))


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
