"""Running tasks of `true` on ten nodes of the local Azure with four slots each: submitted, waited for and listed.

python -m bench.running 100000     # as many; `make bench` runs fewer
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.served import Azure, serving

NUMBER = 20_000
NODES, SLOTS = 10, 4


def measure(number: int = NUMBER) -> Iterator[str]:
    """The figures, a line each."""
    with serving(60) as azure:
        azure.apply(1, NODES, taskSlotsPerNode=SLOTS)
        _add(azure, number)
        begun, client = time.perf_counter(), _cpu()
        azure.carry_out()
        took, client = time.perf_counter() - begun, _cpu() - client
        memory, server = _server(azure)
        what = f"{number:,} tasks of true on {NODES} nodes with {SLOTS} slots, submitted and run"
        used = f"{client:.0f} s of the client's CPU, {server:.0f} s and {memory} MB of the server's"
        yield f"{what}: {number / took:,.0f} tasks/s, {used}"
        cloud, planned, asked = azure.unchanged()
        begun = time.perf_counter()
        assert sum(1 for _ in cloud.batch().list_tasks("run", select=["id", "state"])) == number
        listed = time.perf_counter() - begun
        yield f"unchanged plan of them: {planned:.1f} s, {asked} requests; listed in {listed:.1f} s"


def _add(azure: Azure, number: int) -> None:
    """Add a job with so many tasks to the spec, which an apply waits for."""
    text = json.loads(azure.file.read_text())
    sweep = {"sweep": {"n": {"from": 1, "to": number}}, "command": ["true"]}
    text["jobs"] = {"run": {"pool": "pools/pool-0", "wait": True, "tasks": {"each": sweep}}}
    azure.file.write_text(json.dumps(text))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _server(azure: Azure) -> tuple[int, float]:
    """MB that the server has in memory, and the CPU seconds that it and the tasks it has waited for took."""
    place = Path("/proc") / str(azure.pid)
    pages = int((place / "statm").read_text().split()[1])
    used = map(int, (place / "stat").read_text().rpartition(")")[2].split()[11:15])
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20, sum(used) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    for line in measure(*map(int, sys.argv[1:])):
        print(line, flush=True)  # noqa: T201  # this is the program's output
