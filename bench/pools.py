"""Plans of many pools where each answer of Azure takes 50 ms more, and an apply of many new ones beside that of one.

The local Azure is another process: CPU seconds are the client's alone. What counts are requests and ratios.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import azure_local
from reconciler.cloud.cloud import Cloud, connect
from reconciler.engine import loop
from reconciler.engine.loop import Reading
from reconciler.kinds import KINDS, load
from reconciler.model import Action, Status

LATENCY = 0.05
SPEED = 60
QUOTA = {"poolQuota": 2000, "dedicatedCoreQuota": 10000, "families": {"standardDSv3Family": 10000}}


def measure() -> Iterator[str]:
    """The figures, a line each."""
    with TemporaryDirectory() as folder:
        state = Path(folder) / "azure"
        azure_local.up(state, speed=SPEED)
        before = dict(os.environ)
        os.environ.update(azure_local.env(state))
        try:
            yield from _measured(state, Path(folder) / "spec.yaml")
        finally:
            azure_local.down(state)
            os.environ.clear()
            os.environ.update(before)


def _measured(state: Path, path: Path) -> Iterator[str]:
    _apply(path, 0)
    azure_local.ask(state, "POST", "batch-quotas", {"account": "babench", **QUOTA})
    one = _apply(path, 1, nodes=1)
    _apply(path, 0)
    hundred = _apply(path, 100, nodes=1)
    yield f"apply of 100 new pools of one node beside 1: {hundred:.0f} s and {one:.0f} s, {hundred / one:.2f} times"
    for number in (1, 100, 1000):
        _apply(path, number)
        what = f"unchanged plan of {number:,} pool{'s' * (number > 1)}, {LATENCY * 1000:.0f} ms latency"
        yield f"{what}: {_unchanged(state, path)}"


def _unchanged(state: Path, path: Path) -> str:
    (state / "wire.jsonl").unlink(missing_ok=True)
    (state / "wire.on").touch()
    azure_local.ask(state, "POST", "faults", {"match": {}, "times": 1_000_000, "action": {"delay": LATENCY}})
    begun, cpu = time.perf_counter(), time.process_time()
    _, reading = _read(path)
    took, cpu = time.perf_counter() - begun, time.process_time() - cpu
    azure_local.ask(state, "DELETE", "faults")
    (state / "wire.on").unlink()
    assert not reading.plan.steps, reading.plan.steps[:3]
    asked = len((state / "wire.jsonl").read_text().splitlines())
    pools = sum(address.kind == "pool" for address in reading.desired)
    return f"{took:.2f} s, {asked} requests, {cpu:.2f} s CPU, {pools / cpu:,.0f} pools a CPU second"


def _apply(path: Path, number: int, nodes: int = 0) -> float:
    """Bring about so many pools; seconds of the apply without the plan."""
    _write(path, number, nodes)
    cloud, reading = _read(path)
    begun = time.perf_counter()
    outcomes = loop.carry_out(reading, cloud, KINDS, listen=lambda event: None, stop=threading.Event())
    refused = [one.reason for one in reading.plan.of(Action.REFUSE)]
    failed = refused + [one.error for one in outcomes if one.status is not Status.DONE]
    assert not failed, failed[:3]
    return time.perf_counter() - begun


def _read(path: Path) -> tuple[Cloud, Reading]:
    spec = load(path, os.environ)
    cloud = connect(spec, os.environ)
    return cloud, loop.read(spec, cloud, KINDS)


def _write(path: Path, number: int, nodes: int) -> None:
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": nodes}
    text: dict[str, Any] = {
        "apiVersion": "reconciler/v1",
        "name": "bench",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-bench"},
        "batchAccount": {"name": "babench"},
        "pools": {f"pool-{one}": pool for one in range(number)},
    }
    path.write_text(json.dumps(text))


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)  # noqa: T201  # this is the program's output
