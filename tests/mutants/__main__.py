"""`python -m tests.mutants [--seed N] [--count N] [ROOM ...]`: plant faults, run the tests near them, and count.

Prints a line for each fault that no test near it has noticed, and the share of those that were noticed. Those that
change nothing that anybody could see are listed, with the reason, in `equivalent.yaml`. Exits with 1 below 95 %.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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


def noticed(copy: Path, planted: Planted) -> bool:
    """Whether a test near the fault fails with it."""
    path = copy / planted.file
    path.write_text(planted.fault.text)
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *near(planted.file)]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False, timeout=SECONDS)
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        return True
    finally:
        shutil.copy(ROOT / planted.file, path)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.mutants", description="Do the tests notice?")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=100)
    arguments.add_argument("rooms", nargs="*", help="Only below these, such as reconciler/engine.")
    given = arguments.parse_args()
    planted = drawn(given.seed, given.count, given.rooms)
    harmless: dict[str, str] = yaml.safe_load((HERE / "equivalent.yaml").read_text()) or {}
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(2):
            copies.put(_copy(Path(folder) / str(number)))

        def run(one: Planted) -> bool:
            copy = copies.get()
            try:
                return noticed(copy, one)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(2) as threads:
            results = list(zip(planted, threads.map(run, planted), strict=True))
    missed = [one for one, seen in results if not seen]
    for one in sorted(missed, key=str):
        print(f"{one}{f'  (changes nothing: {harmless[one.name]})' if one.name in harmless else ''}")
    counted = len(results) - sum(one.name in harmless for one in missed)
    caught = len(results) - len(missed)
    share = caught / counted if counted else 1.0
    print(f"seed {given.seed}: {caught} of {counted} noticed ({share:.0%}), {len(results) - counted} change nothing")
    return 0 if share >= ENOUGH else 1


def _copy(to: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile"):
        shutil.copy(ROOT / name, to / name)
    return to


if __name__ == "__main__":
    sys.exit(main())
