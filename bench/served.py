"""A local Azure for a measurement: brought up for it, with specs of so many pools, and its requests counted."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import azure_local
from azure_local import holding
from reconciler.cloud.cloud import Cloud, connect
from reconciler.engine import loop
from reconciler.engine.loop import Reading
from reconciler.kinds import KINDS, load
from reconciler.model import Action, Status

LATENCY = 0.05
"""Seconds that each answer takes more, where that is asked for: about what Azure takes."""


@dataclass(frozen=True)
class Azure:
    """`state` is the server's folder, `file` the spec that is written anew for each number of pools."""

    state: Path
    file: Path

    @property
    def pid(self) -> int | None:
        """The server's process."""
        return holding.holder(self.state)

    def write(self, pools: int, nodes: int = 0, **more: Any) -> None:
        """The spec of a Batch account with so many pools of so many nodes, with `more` properties."""
        pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": nodes, **more}
        text = {
            "apiVersion": "reconciler/v1",
            "name": "bench",
            "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-bench"},
            "batchAccount": {"name": "babench"},
            "pools": {f"pool-{number}": pool for number in range(pools)},
        }
        self.file.write_text(json.dumps(text))

    def read(self) -> tuple[Cloud, Reading]:
        spec = load(self.file, os.environ)
        cloud = connect(spec, os.environ)
        return cloud, loop.read(spec, cloud, KINDS)

    def apply(self, pools: int, nodes: int = 0, **more: Any) -> float:
        """Bring about so many pools; seconds of the apply without the plan."""
        self.write(pools, nodes, **more)
        return self.carry_out()

    def carry_out(self) -> float:
        """Apply the spec as it stands; seconds of that without the plan."""
        cloud, reading = self.read()
        begun = time.perf_counter()
        outcomes = loop.carry_out(reading, cloud, KINDS, listen=lambda event: None, stop=threading.Event())
        refused = [decision.reason for decision in reading.plan.of(Action.REFUSE)]
        failed = refused + [outcome.error for outcome in outcomes if outcome.status is not Status.DONE]
        assert not failed, failed[:3]
        return time.perf_counter() - begun

    def unchanged(self) -> tuple[Cloud, float, int]:
        """Plan with nothing to do: the cloud that was planned on, the seconds, and the requests."""
        with self.counted() as requests:
            begun = time.perf_counter()
            cloud, reading = self.read()
            took = time.perf_counter() - begun
        assert not reading.plan.steps, reading.plan.steps
        return cloud, took, requests[0]

    @contextmanager
    def counted(self, latency: float = 0.0) -> Iterator[list[int]]:
        """A list that has the number of ARM and Batch requests once the block has ended."""
        requests: list[int] = []
        log, switch = self.state / "wire.jsonl", self.state / "wire.on"
        log.unlink(missing_ok=True)
        switch.touch()
        if latency:
            fault = {"match": {}, "times": 1_000_000, "action": {"delay": latency}}
            azure_local.ask(self.state, "POST", "faults", fault)
        yield requests
        if latency:
            azure_local.ask(self.state, "DELETE", "faults")
        switch.unlink()
        requests.append(len(log.read_text().splitlines()))


@contextmanager
def serving(speed: float) -> Iterator[Azure]:
    """A local Azure of its own; while it is up, this process and its children find it."""
    with TemporaryDirectory() as folder:
        state, before = Path(folder) / "azure", dict(os.environ)
        azure_local.up(state, speed=speed)
        os.environ.update(azure_local.env(state))
        try:
            yield Azure(state, Path(folder) / "spec.yaml")
        finally:
            azure_local.down(state)
            os.environ.clear()
            os.environ.update(before)
