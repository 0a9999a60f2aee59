"""Which tests run the lines of a fault: those that are tried first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from tests.mutants import plugin

AT_FIRST = 60.0
"""The seconds that the tests tried first may take together."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A run of tests without any fault."""

    seconds: Mapping[str, float]
    """How long each test took that has passed."""
    running: Mapping[tuple[str, int], AbstractSet[str]]
    """A file and a line of it → the tests that run it in their own process."""
    failing: AbstractSet[str] = frozenset()
    """What they would notice says nothing."""


def read(folder: Path, root: Path) -> Measured:
    """What the processes of a run below a root have recorded in a folder."""
    tests: dict[str, tuple[float, bool]] = {}
    running: dict[tuple[str, int], set[str]] = {}
    for recorded in folder.iterdir():
        tests |= json.loads((recorded / plugin.TESTS).read_text())
        data = CoverageData(str(recorded / plugin.DATA))
        data.read()
        for file in data.measured_files():
            name = Path(file).relative_to(root).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                running.setdefault((name, line), set()).update(contexts)
    seconds = {test: took for test, (took, passed) in tests.items() if passed}
    return Measured(seconds, running, tests.keys() - seconds.keys())


def turns(
    measured: Measured, near: Sequence[str], file: str, lines: Iterable[int], at_first: float = AT_FIRST
) -> list[list[str]]:
    """The tests near a fault that are tried one after the other: the quickest that run its lines, then all others."""
    all_near = {test for test in measured.seconds if is_near(test, near)}
    run_it = {test for line in lines for test in measured.running.get((file, line), ())} & all_near
    first: set[str] = set()
    left = at_first
    for test in sorted(run_it, key=lambda test: (measured.seconds[test], test)):
        left -= measured.seconds[test]
        if first and left < 0:
            break
        first.add(test)
    return [_in_order(measured, tests) for tests in (first, all_near - first) if tests]


def is_near(test: str, near: Sequence[str]) -> bool:
    """Is a test in one of these files and folders?"""
    file = file_of(test)
    return any(file == path or file.startswith(f"{path}/") for path in near)


def file_of(test: str) -> str:
    return test.partition("::")[0]


def _in_order(measured: Measured, tests: Iterable[str]) -> list[str]:
    """File by file, which share what they prepare, the quickest file and in it the quickest test first."""
    files: dict[str, list[str]] = {}
    for test in sorted(tests, key=lambda test: (measured.seconds[test], test)):
        files.setdefault(file_of(test), []).append(test)
    together = sorted(files.values(), key=lambda some: sum(measured.seconds[test] for test in some))
    return [test for some in together for test in some]
