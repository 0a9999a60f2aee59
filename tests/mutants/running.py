"""Copies of the project, and tests that run in them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutants.lines import Measured, file_of, read

ROOT = Path(__file__).parents[2]
PATIENCE = 30
"""The seconds in which an interrupted test run must have stopped the servers that it started."""
COPIED = ("azure_local", "batch_autoscale", "reconciler", "schemas", "scripts", "specs", "tests", "worker", "docs")
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.plugin")


def copied(to: Path) -> Path:
    """A copy of the project, where faults may be planted."""
    for name in COPIED:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / name, to / name)
    return to


def measured(copy: Path, tests: Iterable[str]) -> Measured:
    """All these tests once, without any fault. They leave bytecode in the copy, for all runs to come."""
    folder = copy / "measured"
    command = [*PYTEST, "-n", "2", "-p", "no:cacheprovider", "-m", "not slow", "--measured", str(folder), *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "COVERAGE_CORE": "ctrace"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run(command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, check=False)
    return read(folder, copy)


def tried(copy: Path, tests: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """The end of a run of tests. TimeoutExpired after so many seconds; the run is interrupted, so that it tidies up."""
    only = copy / "only.json"
    only.write_text(json.dumps(tests))
    command = [*PYTEST, "-x", "--only", str(only), *dict.fromkeys(file_of(test) for test in tests)]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            out, _ = running.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)
            try:
                running.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                running.kill()
            raise
    return subprocess.CompletedProcess(command, running.returncode, out)


def failing(copy: Path) -> list[str]:
    """The tests that have failed in a copy and have not passed there since."""
    path = copy / ".pytest_cache/v/cache/lastfailed"
    return list(json.loads(path.read_text())) if path.exists() else []
