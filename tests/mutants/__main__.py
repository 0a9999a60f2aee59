"""`python -m tests.mutants [--seed N] [--count N] [ROOM ...]`: plant faults, run the tests near them, and count.

Prints a line for each fault that no test near it has noticed, and the share of those that were noticed. Those that
change nothing that anybody could see are listed, with the reason, in `equivalent.yaml`. At the end every test that has
noticed a fault must pass without one: a test that fails anyhow would notice everything. Exits with 1 if one does not
pass, or below 95 %.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import SimpleQueue

import yaml

from tests.mutants import planting
from tests.mutants.planting import Fault

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NEAR: dict[str, Sequence[str]] = yaml.safe_load((HERE / "near.yaml").read_text())
"""Room of the code → the tests near it; the longest room counts."""
ENOUGH = 0.95
SECONDS = 300
"""A test run that takes longer has noticed: the fault made something wait for ever."""
PATIENCE = 30
"""The seconds in which an interrupted test run must have stopped the servers that it started."""
COPIED = ("azure_local", "batch_autoscale", "reconciler", "schemas", "scripts", "specs", "tests", "worker", "docs")


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault in a file of the project."""

    file: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.file}:{self.fault.line}: {self.fault.what}"

    @property
    def name(self) -> str:
        """What `equivalent.yaml` calls it, whatever line it is in."""
        return f"{self.file}: {self.fault.what}"


def near(file: str) -> Sequence[str]:
    """The tests of the room that a file is in; empty if it has none."""
    rooms = [room for room in NEAR if file == room or file.startswith(f"{room}/")]
    return NEAR[max(rooms, key=len)] if rooms else ()


def drawn(seed: int, count: int, rooms: Sequence[str]) -> list[Planted]:
    """So many faults, the same for the same seed and code."""
    files = (path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "reconciler").rglob("*.py")))
    chosen = [file for file in files if near(file) and (not rooms or file.startswith(tuple(rooms)))]
    texts = {file: (ROOT / file).read_text() for file in chosen}
    every = [(file, number) for file, text in texts.items() for number in range(planting.count(text))]
    sample = random.Random(seed).sample(every, min(count, len(every)))
    return [Planted(file, planting.fault(texts[file], number)) for file, number in sample]


class Seen(Enum):
    """What the tests near a fault say of it: that it is there, by failing or by never ending, or nothing."""

    FAILED = "failed"
    ENDLESS = "endless"
    MISSED = "missed"


def seen(copy: Path, planted: Planted) -> Seen:
    """What the tests near the fault say with it planted in a copy of the project."""
    path = copy / planted.file
    path.write_text(planted.fault.text)
    try:
        return Seen.FAILED if _tried(copy, near(planted.file), SECONDS).returncode else Seen.MISSED
    except subprocess.TimeoutExpired:
        return Seen.ENDLESS
    finally:
        shutil.copy(ROOT / planted.file, path)


def _tried(copy: Path, tests: Iterable[str], seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """The end of a run of tests. TimeoutExpired after so many seconds; the run is interrupted, so that it tidies up."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
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


def _failing(copy: Path) -> list[str]:
    """The tests that have failed in a copy and have not passed there since."""
    path = copy / ".pytest_cache/v/cache/lastfailed"
    return list(json.loads(path.read_text())) if path.exists() else []


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.mutants", description="Do the tests notice?")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=100)
    arguments.add_argument("rooms", nargs="*", help="Only below these, such as reconciler/engine.")
    given = arguments.parse_args()
    planted = drawn(given.seed, given.count, given.rooms)
    harmless: dict[str, str] = yaml.safe_load((HERE / "equivalent.yaml").read_text()) or {}
    with tempfile.TemporaryDirectory() as folder:
        copies = [_copy(Path(folder) / str(number)) for number in range(2)]
        results = _results(planted, copies)
        tests = sorted({test for copy in copies for test in _failing(copy)})
        without = _tried(copies[0], tests) if tests else None
    missed = [one for one, said in results if said is Seen.MISSED]
    for one in sorted(missed, key=str):
        print(f"{one}{f'  (changes nothing: {harmless[one.name]})' if one.name in harmless else ''}")
    counted = len(planted) - sum(one.name in harmless for one in missed)
    caught = len(planted) - len(missed)
    share = caught / counted if counted else 1.0
    endless = sum(said is Seen.ENDLESS for _, said in results)
    print(
        f"seed {given.seed}: {caught} of {counted} noticed ({share:.0%}), {endless} of them by never ending; "
        f"{len(planted) - counted} change nothing"
    )
    if without and without.returncode != 0:
        print(
            f"{without.stdout}A test fails without any fault too: what it has noticed says nothing, nor does the share."
        )
        return 1
    return 0 if share >= ENOUGH else 1


def _results(planted: Sequence[Planted], copies: Sequence[Path]) -> list[tuple[Planted, Seen]]:
    """What the tests say of each fault, each tried in one of the copies of the project, which work at once."""
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def run(one: Planted) -> Seen:
        copy = free.get()
        try:
            return seen(copy, one)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as threads:
        return list(zip(planted, threads.map(run, planted), strict=True))


def _copy(to: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile"):
        shutil.copy(ROOT / name, to / name)
    return to


if __name__ == "__main__":
    sys.exit(main())
