"""`python -m tests.mutants [--seed N] [--count N] [ROOM ...]`: plant faults, run the tests near them, and count.

All tests near the sample run once without a fault, to know which lines each of them runs and how long it takes. For
each fault the quickest tests that run its lines are tried first, then all others near it, as some run it in a process.
Tells each fault on stderr when it has been tried. Prints a line for each that no test near it has noticed, and the
share of those that were noticed. Those that change nothing that anybody could see are listed, with the reason, in
`equivalent.yaml`. A test that fails without a fault is not asked. At the end every test that has noticed a fault must
pass without one: one that fails now and then would notice everything. Exits with 1 if one does not pass, or below 95 %.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from queue import SimpleQueue

from tests.documents import loaded
from tests.mutants import planting
from tests.mutants.lines import Measured, turns
from tests.mutants.planting import Fault
from tests.mutants.running import ROOT, copied, failing, measured, tried

HERE = Path(__file__).parent
NEAR: dict[str, Sequence[str]] = loaded((HERE / "near.yaml").read_text())
"""Room of the code → the tests near it; the longest room counts."""
ENOUGH = 0.95


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


def seen(copy: Path, planted: Planted, without: Measured) -> Seen:
    """What the tests near the fault say with it planted in a copy of the project."""
    path = copy / planted.file
    whole = path.rename(path.with_suffix(".whole"))
    path.write_text(planted.fault.text)
    try:
        for tests in turns(without, near(planted.file), planted.file, planted.fault.lines):
            if tried(copy, tests, _patience(without, tests)).returncode:
                return Seen.FAILED
        return Seen.MISSED
    except subprocess.TimeoutExpired:
        return Seen.ENDLESS
    finally:
        whole.replace(path)  # as old as its bytecode


def _patience(without: Measured, tests: Sequence[str]) -> float:
    """A run that takes longer than these seconds has noticed: the fault made something wait for ever."""
    return 60 + 3 * sum(without.seconds[test] for test in tests)


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.mutants", description="Do the tests notice?")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--count", type=int, default=100)
    arguments.add_argument("rooms", nargs="*", help="Only below these, such as reconciler/engine.")
    given = arguments.parse_args()
    planted = drawn(given.seed, given.count, given.rooms)
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder) / "0")
        without = measured(copy, sorted({test for one in planted for test in near(one.file)}))
        copies = [copy, Path(shutil.copytree(copy, Path(folder) / "1"))]
        results = _results(planted, copies, lambda copy, one: seen(copy, one, without))
        noticed = sorted({test for copy in copies for test in failing(copy)} & without.seconds.keys())
        again = tried(copy, noticed, _patience(without, noticed)) if noticed else None
    for test in sorted(without.failing):
        print(f"{test} fails without a fault, and was not asked")
    share = _told(f"seed {given.seed}", results)
    if again and again.returncode != 0:
        print(
            f"{again.stdout}A test fails without any fault too: what it has noticed says nothing, nor does the share."
        )
        return 1
    return 0 if share >= ENOUGH else 1


def _told(sample: str, results: Sequence[tuple[Planted, Seen]]) -> float:
    """Print what was missed; the share of what was noticed."""
    harmless: dict[str, str] = loaded((HERE / "equivalent.yaml").read_text()) or {}
    missed = [one for one, said in results if said is Seen.MISSED]
    for one in sorted(missed, key=str):
        print(f"{one}{f'  (changes nothing: {harmless[one.name]})' if one.name in harmless else ''}")
    counted = len(results) - sum(one.name in harmless for one in missed)
    caught = len(results) - len(missed)
    share = caught / counted if counted else 1.0
    endless = sum(said is Seen.ENDLESS for _, said in results)
    print(
        f"{sample}: {caught} of {counted} noticed ({share:.0%}), {endless} of them by never ending; "
        f"{len(results) - counted} change nothing"
    )
    return share


def _results(
    planted: Sequence[Planted], copies: Sequence[Path], look: Callable[[Path, Planted], Seen]
) -> list[tuple[Planted, Seen]]:
    """What the tests say of each fault, each tried in one of the copies of the project, which work at once."""
    free: SimpleQueue[Path] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def run(one: Planted) -> Seen:
        copy = free.get()
        try:
            said = look(copy, one)
        finally:
            free.put(copy)
        print(f"{said.value}: {one}", file=sys.stderr, flush=True)
        return said

    with ThreadPoolExecutor(len(copies)) as threads:
        return list(zip(planted, threads.map(run, planted), strict=True))


if __name__ == "__main__":
    sys.exit(main())
