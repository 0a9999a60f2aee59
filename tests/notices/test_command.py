"""A command that is run at the end of a job: a real process, of which everything is told that it does."""

from __future__ import annotations

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from reconciler.notices import command

VARIABLES = {"RECONCILE_JOB": "words", "RECONCILE_FAILED": "0"}


def ran(program: str, folder: Path, seconds: float = 30, document: str = '{"job": "words"}') -> tuple[str, list[str]]:
    said: list[str] = []
    error = command.run([sys.executable, "-c", program], folder, VARIABLES, document, seconds, said.append)
    return error, said


def test_it_gets_the_facts_in_its_environment_and_on_standard_input_and_not_on_its_command_line(tmp_path: Path) -> None:
    program = (
        "import json, os, sys; print(os.environ['RECONCILE_JOB'], json.load(sys.stdin), os.environ['HOME']);"
        "print('to stderr', file=sys.stderr); print(sys.argv, os.getcwd())"
    )
    error, said = ran(program, tmp_path)
    assert error == ""
    assert sorted(said) == sorted(
        [f"words {{'job': 'words'}} {os.environ['HOME']}", "to stderr", f"['-c'] {tmp_path.resolve()}"]
    )


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("import sys; sys.exit(3)", "exited with 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", "was killed by signal 15"),
        ("import sys; sys.stdin.close()", ""),
    ],
)
def test_how_it_ended_is_told(program: str, error: str, tmp_path: Path) -> None:
    assert ran(program, tmp_path, document="x" * 1_000_000) == (error, [])


def test_one_that_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys, time; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    error, (child,) = ran(program, tmp_path, seconds=1)
    assert error == "took longer than 1 second, its maxWallClockTime, and was ended"
    assert not running(int(child))


def running(process: int) -> bool:
    """Whether it goes on; a killed process may be there for a moment, until init has taken it."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.02)
    return True


def test_what_it_leaves_running_holds_nobody_up(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid)"
    )
    begun = time.monotonic()
    error, (child,) = ran(program, tmp_path)
    assert error == ""
    assert time.monotonic() - begun < 20
    os.kill(int(child), 9)


def test_a_program_is_found_beside_the_spec_or_on_the_path(tmp_path: Path) -> None:
    script = tmp_path / "tell.sh"
    script.write_text("#!/bin/sh\necho told $1\n")
    assert command.fault(["./tell.sh"], tmp_path).startswith("there is no program ./tell.sh in the folder of the spec")
    assert command.run(["./tell.sh"], tmp_path, {}, "{}", 9, print) == "cannot be started: Permission denied"
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    assert command.fault(["./tell.sh"], tmp_path) == ""
    said: list[str] = []
    assert command.run(["./tell.sh", "$(touch x) ä"], tmp_path, {}, "{}", 9, said.append) == ""
    assert said == ["told $(touch x) ä"]
    assert not (tmp_path / "x").exists()
    assert command.fault(["sh"], tmp_path) == ""
    assert command.fault(["no-such-program"], tmp_path).startswith("there is no program no-such-program on the PATH")
