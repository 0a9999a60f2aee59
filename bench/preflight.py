"""How long preflight takes for twenty new pools where each answer of Azure takes 50 ms more, and how many it asks."""

from __future__ import annotations

import time

from bench import served
from reconciler.kinds import KINDS
from reconciler.preflight import reading

POOLS = 20


def measure() -> str:
    """The figure in words. Seconds are the machine's too; the requests are what counts."""
    with served.serving(speed=600) as local:
        local.apply(0)
        local.write(POOLS, nodes=1)
        cloud, read = local.read()
        with local.counted(served.LATENCY) as requests:
            begun = time.perf_counter()
            reading.read(cloud, KINDS, read.plan, read.desired, read.observed, read.spec.azure.location)
            took = time.perf_counter() - begun
        return f"{took:.2f} s, {requests[0]} requests"


if __name__ == "__main__":
    print(measure())  # noqa: T201  # this is the program's output
