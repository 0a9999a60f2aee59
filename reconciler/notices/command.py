"""A command that is run on this machine when a job has ended: a list of arguments, which no shell reads.

What is known of the end is in its environment and, as JSON, on its standard input; nothing of it is on its command
line.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from reconciler.words import count

LONGEST = 1 << 16
"""Bytes of a line that it prints; a longer one is told in pieces."""
GRACE = 2.0
"""Seconds to wait for the rest of what it printed, when something that it started still holds its output."""


def fault(command: Sequence[str], folder: Path) -> str:
    """Why a command cannot be run here, and what to do; empty if it can."""
    program = command[0]
    relative = len(Path(program).parts) > 1 or program.startswith(".")
    if shutil.which(str(folder.resolve() / program) if relative else program) is None:
        where = "in the folder of the spec" if relative else "on the PATH"
        return f"there is no program {program} {where} that may be run; correct its name, or make it executable"
    return ""


def run(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    document: str,
    seconds: float,
    say: Callable[[str], None],
) -> str:
    """Run it in the spec's folder; `say` gets each line that it prints. Why it failed, or nothing."""
    with tempfile.TemporaryFile() as given:
        given.write(document.encode())
        given.seek(0)
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **variables},
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return f"cannot be started: {getattr(error, 'strerror', None) or error}"
    assert process.stdout is not None
    reader = threading.Thread(target=_pass_on, args=(process.stdout, say), daemon=True)
    reader.start()
    try:
        code = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"took longer than {count(round(seconds), 'second', ',')}, its maxWallClockTime, and was ended"
    finally:
        _end(process)
        reader.join(GRACE)
    return f"exited with {code}" if code > 0 else f"was killed by signal {-code}" if code else ""


def _pass_on(stream: IO[bytes], say: Callable[[str], None]) -> None:
    with stream:
        while line := stream.readline(LONGEST):
            say(line.decode("utf-8", "backslashreplace").rstrip("\r\n"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with all that it has started, if it has not ended by itself."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
