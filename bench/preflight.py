"""How long preflight takes for twenty new pools where each answer of Azure takes 50 ms more, and how many it asks."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import azure_local

POOLS, LATENCY = 20, 0.05


def measure() -> str:
    """The figure in words. Seconds are the machine's too; the requests are what counts."""
    with TemporaryDirectory() as folder:
        state = Path(folder) / "azure"
        azure_local.up(state, speed=600)
        before = dict(os.environ)
        os.environ.update(azure_local.env(state))
        try:
            return _measured(state, Path(folder) / "spec.yaml")
        finally:
            azure_local.down(state)
            os.environ.clear()
            os.environ.update(before)


def _measured(state: Path, path: Path) -> str:
    from reconciler.cloud.cloud import connect
    from reconciler.engine import loop
    from reconciler.kinds import KINDS, load
    from reconciler.preflight import reading

    _write(path, 0)
    spec = load(path, os.environ)
    cloud = connect(spec, os.environ)
    loop.carry_out(loop.read(spec, cloud, KINDS), cloud, KINDS, listen=lambda event: None, stop=threading.Event())
    _write(path, POOLS)
    found = loop.read(load(path, os.environ), cloud, KINDS)
    (state / "wire.jsonl").unlink(missing_ok=True)
    (state / "wire.on").touch()
    azure_local.ask(state, "POST", "faults", {"match": {}, "times": 1_000_000, "action": {"delay": LATENCY}})
    begun = time.perf_counter()
    reading.read(cloud, found.plan, found.desired, found.observed, spec.azure.location)
    took = time.perf_counter() - begun
    azure_local.ask(state, "DELETE", "faults")
    asked = len((state / "wire.jsonl").read_text().splitlines())
    return f"{took:.2f} s, {asked} requests"


def _write(path: Path, number: int) -> None:
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 1}
    text = {
        "apiVersion": "reconciler/v1",
        "name": "bench",
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-bench"},
        "batchAccount": {"name": "babench"},
        "pools": {f"pool-{one}": pool for one in range(number)},
    }
    path.write_text(json.dumps(text))


if __name__ == "__main__":
    print(measure())  # noqa: T201  # this is the program's output
