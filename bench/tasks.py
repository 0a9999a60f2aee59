"""Submitting tasks and planning them again, at no latency and where each answer of Azure takes 50 ms more.

The local Azure is another process: CPU seconds and memory are the client's alone, in a process for each submission.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench import memory
from bench.served import LATENCY, Azure, serving
from reconciler.engine import loop
from reconciler.kinds import KINDS
from reconciler.model import Status

NUMBER = 100_000
MOST = 100
"""Tasks of a collection, at most."""


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with serving(60) as azure:
        azure.apply(1)
        for latency in (0.0, LATENCY):
            yield f"submission of {NUMBER:,} tasks, {latency * 1000:.0f} ms latency: {_submitted(azure, latency)}"
        _, took, asked = azure.unchanged()
        yield f"unchanged plan of {2 * NUMBER:,} tasks: {took:.1f} s, {asked} requests"


def _submitted(azure: Azure, latency: float) -> str:
    name = f"wait{latency * 1000:.0f}"
    with azure.counted(latency) as requests:
        done = subprocess.run(
            [sys.executable, "-m", "bench.tasks", str(azure.file), str(azure.state), name],
            capture_output=True,
            text=True,
            check=True,
            env=dict(os.environ),
        )
    took, cpu, most = map(float, done.stdout.split())
    sent = f"{requests[0]} requests for {NUMBER // MOST:,} collections"
    return f"{NUMBER / took:,.0f} tasks/s, {sent}, {cpu:.1f} s CPU, peak memory {most:.0f} MB"


def _submit(file: str, state: str, name: str) -> None:
    """Add a job with so many tasks to the spec and apply it; seconds, CPU seconds and MB to stdout."""
    azure = Azure(Path(state), Path(file))
    text = json.loads(azure.file.read_text())
    sweep = {"sweep": {"n": {"from": 1, "to": NUMBER}}, "command": "echo {{n}}"}
    text.setdefault("jobs", {})[name] = {"pool": "pools/pool-0", "tasks": {"echo": sweep}}
    azure.file.write_text(json.dumps(text))
    cloud, reading = azure.read()
    begun, cpu = time.perf_counter(), time.process_time()
    outcomes = loop.carry_out(reading, cloud, KINDS, listen=lambda event: None, stop=threading.Event())
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert {outcome.status for outcome in outcomes} == {Status.DONE}, [outcome.error for outcome in outcomes]
    sys.stdout.write(f"{took} {cpu} {memory.peak()}\n")


if __name__ == "__main__":
    if sys.argv[1:]:
        _submit(*sys.argv[1:])
    else:
        for line in measure():
            print(line, flush=True)  # noqa: T201  # this is the program's output
