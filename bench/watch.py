"""Rounds of a watch of 100 pools with nothing to do, one after another without the waiting between them.

python -m bench.watch 1000     # so many rounds; `make bench` makes fewer
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import azure_local
from bench.pools import QUOTA
from bench.served import Azure, serving
from reconciler.cloud.cloud import connect
from reconciler.kinds import KINDS, load
from reconciler.watch.result import End
from reconciler.watch.rounds import Around, Watched

ROUNDS, POOLS = 30, 100
SETTLED = 10
"""After how many rounds all that is made once has been made."""


def measure(rounds: int = ROUNDS) -> Iterator[str]:
    """The figures, a line each."""
    with serving(60) as azure:
        azure.apply(0)
        azure_local.ask(azure.state, "POST", "batch-quotas", {"account": "babench", **QUOTA})
        azure.write(POOLS)
        _lock(azure)
        azure.carry_out()
        watched = Watched("bench", _around())
        memory, took, used, requests = [], 0.0, 0.0, 0
        for _ in range(rounds):
            begun, cpu = time.perf_counter(), time.process_time()
            result = watched.round(azure.file, threading.Event(), threading.Event())
            took, used = took + time.perf_counter() - begun, used + time.process_time() - cpu
            requests += result.requests
            memory.append(_resident())
            assert result.end is End.UNCHANGED, result
        watched.release()
    each = f"{requests / rounds:.1f} requests, {used / rounds:.2f} s CPU, {took / rounds:.2f} s each"
    settled = min(SETTLED, rounds)
    first, half, last = (f"{memory[number]:.1f} MB" for number in (settled - 1, rounds // 2, -1))
    kept = f"{first} after {settled}, {half} half-way, {last} at the end"
    yield f"{rounds:,} rounds of watch with {POOLS} pools: {each}; {kept}"


def _around() -> Around:
    return Around(
        load=lambda file: load(file, os.environ),
        connect=lambda spec: connect(spec, os.environ),
        kinds=KINDS,
        say=lambda said: None,
        who="bench",
        run="",
        interval=300,
        clock=time.monotonic,
    )


def _lock(azure: Azure) -> None:
    """Add a lock to the spec, as one that is watched has."""
    text = json.loads(azure.file.read_text())
    text |= {"lock": "storage/sabenchlock/locks", "storage": {"sabenchlock": {"containers": ["locks"]}}}
    azure.file.write_text(json.dumps(text))


def _resident() -> float:
    """MB that this process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    for line in measure(*map(int, sys.argv[1:])):
        print(line, flush=True)  # noqa: T201  # this is the program's output
