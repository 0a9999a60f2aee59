"""Ctrl-C while a plan is carried out."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible(stop: threading.Event) -> Iterator[None]:
    """The first Ctrl-C sets `stop`, so that no step starts any more; the second ends the process."""

    def interrupt(number: int, frame: object) -> None:
        if stop.is_set():
            os.write(2, b"\nLeft; what Azure works on goes on. Run apply again to join it.\n")
            os._exit(130)
        stop.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
