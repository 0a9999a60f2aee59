"""One server a folder: it holds a lock on the folder for its life, and so does its keeper, until all is ended with it.

The kernel releases the lock when the last of the two has ended, however it has ended.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

PATIENCE = 1.0
"""Seconds in which a lock is asked for again, because others look at it for a moment."""


class Taken(Exception):
    """Another process serves the folder."""


def hold(folder: Path) -> int:
    """Lock the folder; the file descriptor whose end releases it. Taken if another process has it."""
    deadline = time.monotonic() + PATIENCE
    path = folder / "lock"
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if _locked(descriptor) and _same(descriptor, path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
            return descriptor
        os.close(descriptor)
        if time.monotonic() > deadline:
            raise Taken
        time.sleep(0.02)


def holder(folder: Path) -> int | None:
    """The process that serves the folder, None if there is none."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        if _locked(descriptor):
            return None
        return int(os.read(descriptor, 20) or 0)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same(descriptor: int, path: Path) -> bool:
    """Whether the file is still the one at the path, and not one that was deleted with the folder."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
