"""Plans of many pools where each answer of Azure takes 50 ms more, and an apply of many new ones beside that of one.

The local Azure is another process: CPU seconds are the client's alone. What counts are requests and ratios.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import azure_local
from bench.served import LATENCY, Azure, serving
from reconciler.words import count

SPEED = 60
QUOTA = {"poolQuota": 2000, "dedicatedCoreQuota": 10000, "families": {"standardDSv3Family": 10000}}


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with serving(SPEED) as azure:
        azure.apply(0)
        azure_local.ask(azure.state, "POST", "batch-quotas", {"account": "babench", **QUOTA})
        one = azure.apply(1, nodes=1)
        azure.apply(0)
        hundred = azure.apply(100, nodes=1)
        yield f"apply of 100 new pools of one node beside 1: {hundred:.0f} s and {one:.0f} s, {hundred / one:.2f} times"
        for number in (1, 100, 1000):
            azure.apply(number)
            what = f"unchanged plan of {count(number, 'pool', ',')}, {LATENCY * 1000:.0f} ms latency"
            yield f"{what}: {_unchanged(azure)}"


def _unchanged(azure: Azure) -> str:
    with azure.counted(LATENCY) as requests:
        begun, cpu = time.perf_counter(), time.process_time()
        _, reading = azure.read()
        took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert not reading.plan.steps, reading.plan.steps[:3]
    pools = sum(address.kind == "pool" for address in reading.desired)
    return f"{took:.2f} s, {requests[0]} requests, {cpu:.2f} s CPU, {pools / cpu:,.0f} pools a CPU second"


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)  # noqa: T201  # this is the program's output
