"""Services of nodes: programs that `systemd-run` has begun. They run until their machine goes down."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def folder(root: Path) -> Path:
    """Where a node keeps the pids and logs of its services."""
    return root / "services"


def stop(root: Path) -> None:
    """Ask all services of a node to end, as a shutdown does; one that has ended long ago has left its pid to others."""
    for file in folder(root).glob("*.pid"):
        with suppress(OSError, ValueError):
            pid = int(file.read_text())
            if Path(f"/proc/{pid}/cwd").resolve() == folder(root).resolve():
                os.killpg(pid, signal.SIGTERM)
        file.unlink(missing_ok=True)
