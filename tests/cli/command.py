"""The command line, run in this process: starting an interpreter for each command would take most of the time."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from reconciler.cli import main

CHECKOUT = Path(__file__).parents[2]


def reconcile(*arguments: str, cwd: Path = CHECKOUT, **environ: str) -> subprocess.CompletedProcess[str]:
    """What `reconcile ARGUMENTS` prints and how it ends; there is nothing to read for it."""
    out, err = _file(), _file()
    code: int | str | None = 0
    with chdir(cwd), _set(arguments, environ), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as done:
            code = done.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))


def process(*arguments: str, cwd: Path = CHECKOUT, **environ: str) -> subprocess.CompletedProcess[str]:
    """As `reconcile`, in a process of its own."""
    command = [sys.executable, "-m", "reconciler", *arguments]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT), **environ}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=False, timeout=100
    )


@contextmanager
def _set(arguments: tuple[str, ...], environ: dict[str, str]) -> Iterator[None]:
    """The arguments, the variables and the empty input of a command, for its time."""
    before = sys.argv, sys.stdin, dict(os.environ)
    sys.argv, sys.stdin = ["reconcile", *arguments], io.StringIO()
    os.environ.update(environ)
    try:
        yield
    finally:
        sys.argv, sys.stdin = before[:2]
        os.environ.clear()
        os.environ.update(before[2])


def _file() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)


def _text(file: io.TextIOWrapper) -> str:
    assert isinstance(file.buffer, io.BytesIO)
    return file.buffer.getvalue().decode()
