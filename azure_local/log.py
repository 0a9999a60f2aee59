"""What the server says of its own failures, in `server.log` of its folder; a full disk must not make it fail again."""

from __future__ import annotations

import os
import shutil
import traceback
from contextlib import suppress
from pathlib import Path

LARGEST = 4_000_000
"""Bytes of `server.log`, before it begins anew."""


def report() -> None:
    """Print the exception that is being handled."""
    with suppress(OSError):
        traceback.print_exc()


def bound(path: Path, largest: int = LARGEST) -> None:
    """Begin a log anew that is larger; its text so far goes to `<name>.old`. Whoever has it open writes on."""
    with suppress(OSError):
        if path.stat().st_size > largest:
            shutil.copyfile(path, f"{path}.old")
            os.truncate(path, 0)
