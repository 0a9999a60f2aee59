"""A change on its way through a pipeline: planned on the pull request, and applied as reviewed on the merge."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from bench import served

POOLS = 20
PROGRAM = [sys.executable, "-m", "reconciler"]


def measure() -> Iterator[str]:
    """The figures, a line each. Seconds are the machine's too; the requests are what counts."""
    with served.serving(speed=600) as azure:
        azure.apply(POOLS)
        yield _life(azure, "nothing to do")
        azure.write(POOLS, taskSlotsPerNode=2)
        yield _life(azure, f"{POOLS} pools to change")


def _life(azure: served.Azure, what: str) -> str:
    spec, saved = str(azure.file), str(azure.file.with_name("plan.json"))
    asked = _timed(azure, ["validate", spec], ["plan", spec, "--out", saved, "--format", "markdown"])
    merged = _timed(azure, ["apply", spec, "--reviewed", saved, "--yes"])
    return f"a pull request and its merge, {what}: {asked} to plan; {merged} to apply"


def _timed(azure: served.Azure, *commands: list[str]) -> str:
    with azure.counted() as requests:
        begun = time.perf_counter()
        for command in commands:
            subprocess.run([*PROGRAM, *command], check=True, stdout=subprocess.DEVNULL)
        took = time.perf_counter() - begun
    return f"{took:.1f} s and {requests[0]} requests"


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)  # noqa: T201  # this is the program's output
