"""`make bench`: the figures that matter, measured in one run. Compare ratios; the machine is what it is."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench import (
    convert,
    images,
    listing,
    merging,
    pools,
    preflight,
    running,
    served,
    sizing,
    tasks,
    telemetry,
    watch,
)
from demo import photos
from reconciler.words import count

CHECKOUT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-m", "reconciler"]


def main() -> None:
    os.chdir(CHECKOUT)
    for arguments in (["--help"], ["validate", "specs/local.yaml"]):
        _line(f"reconcile {' '.join(arguments)}", f"{_cpu([*PROGRAM, *arguments]):.2f} s CPU")
    _line("requests of an unchanged plan", _requests())
    _line(f"preflight of {preflight.POOLS} new pools, {served.LATENCY * 1000:.0f} ms latency", preflight.measure())
    _lines(pools.measure())
    _lines(tasks.measure())
    _lines(running.measure())
    _lines(merging.measure())
    _lines(watch.measure())
    _lines(sizing.measure())
    _lines(telemetry.measure())
    for what, number in listing.NUMBERS.items():
        _line(f"peak memory of listing and comparing {number:,} inputs of {what}", _memory(what))
    with tempfile.TemporaryDirectory() as folder:
        photos.make(Path(folder), 120)
        _lines(convert.measure(Path(folder), 1).lines())
    _lines(images.measure())


def _line(what: str, figure: str) -> None:
    sys.stdout.write(f"{what}: {figure}\n")
    sys.stdout.flush()


def _lines(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _cpu(command: list[str]) -> float:
    """The least CPU seconds of five runs."""
    best = 9e9
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def _requests() -> str:
    """ARM and Batch requests of a plan with nothing to do, for 1 and for 20 pools."""
    told = []
    with served.serving(speed=600) as local:
        for number in (1, 20):
            local.apply(number)
            _, _, requests = local.unchanged()
            told.append(f"{requests} with {count(number, 'pool')}")
    return ", ".join(told)


def _memory(what: str) -> str:
    """Peak memory and CPU of a process that lists blobs through the SDK and compares them."""
    with listing.serving() as url:
        command = [sys.executable, "-m", "bench.listing", url, what]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
