"""The keeper of a server: waits until the server has ended, however it has, and ends every process that it left.

    python -I -S keeper.py FOLDER

It sees the server's end by the end of its standard input. A process of a folder is known by its environment, which
tasks, whatever they have started, and the blob service have inherited. Until all have ended, the keeper has the
server's lock on the folder. It needs nothing but Python, and so starts in a moment.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

SERVED = "RECONCILE_LOCAL_FOLDER"
"""The variable that names the folder, in the environment of processes that serve it."""


def end(folder: Path) -> None:
    """Kill all processes of the folder, and wait until there are none."""
    while left := _left(folder):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _left(folder: Path) -> list[int]:
    marks = (f"\0{SERVED}={folder}\0".encode(), f"\0AZ_BATCH_NODE_ROOT_DIR={folder}/nodes/".encode())
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = b"\0" + (process / "environ").read_bytes()
            if any(mark in environment for mark in marks) and int(process.name) != os.getpid():
                left.append(int(process.name))
    return left


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end(Path(sys.argv[1]))
