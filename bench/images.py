"""The scenario table of the scripts that this replaces: how long image and pools take, in simulated minutes.

Every stage takes as long on the local Azure as it did for them: a VM 3 min, drivers 6, Docker 2, a pull 3, generalising
2, a version 5, a pool 5. What is measured is what reconcile does of it side by side, or not at all.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

import azure_local
from bench import served

SPEED = 60.0
STAGES = {
    "virtualMachine": 180,
    "powerOff": 60,
    "deallocate": 60,
    "imageVersion": 300,
    "nodeCreating": 150,
    "nodeStarting": 150,
}
OLD, NEW_IMAGE, NEW_POOL = 30, 25, 5
"""Minutes: the monolithic script does all for 30; the modular ones need 25 for an image and 5 for a pool."""

LOCATIONS = {"one": "swedencentral", "three": "westeurope", "five": "northeurope", "ten": "uksouth"}
"""Scenario → its region: a subscription has few Batch accounts a region, and all of them stay until the end."""

Spec = dict[str, Any]


def measure() -> Iterator[str]:
    """A line for each scenario, on a local Azure of its own."""
    with served.serving(SPEED) as local:
        azure_local.ask(local.state, "POST", "durations", STAGES)
        yield from _scenarios(local.state)


def _scenarios(folder: Path) -> Iterator[str]:
    yield "scenario                 old method   new method   reconcile (simulated minutes)"
    for name, old, new, run in (
        ("1 deployment", OLD, NEW_IMAGE + NEW_POOL, lambda: _fresh(folder, "one", 1)),
        ("3 pools", 3 * OLD, NEW_IMAGE + 3 * NEW_POOL, lambda: _fresh(folder, "three", 3)),
        ("5 pools", 5 * OLD, NEW_IMAGE + 5 * NEW_POOL, lambda: _fresh(folder, "five", 5)),
        ("1 changed pool of 5", OLD, NEW_POOL, lambda: _changed(folder, "five", 1)),
        ("10 iterations of a pool", 10 * OLD, NEW_IMAGE + 10 * NEW_POOL, lambda: _iterated(folder)),
    ):
        yield f"{name:24} {old:10} {new:12} {_minutes(folder, run):11.1f}"


def _minutes(folder: Path, run: Callable[[], None]) -> float:
    before = _now(folder)
    run()
    return (_now(folder) - before).total_seconds() / 60


def _now(folder: Path) -> datetime:
    return datetime.fromisoformat(azure_local.ask(folder, "GET", "health")["time"][:26] + "+00:00")


def _spec(name: str, pools: int) -> Spec:
    return {
        "apiVersion": "reconciler/v1",
        "name": f"bench-{name}",
        "azure": {"cloud": "local", "location": LOCATIONS[name], "resourceGroup": f"rg-bench-{name}"},
        "images": {
            "image": {
                "gallery": f"gallery{name}",
                "os": "ubuntu-22.04",
                "gpu": True,
                "preload": ["docker.io/library/python:3.12-slim"],
            }
        },
        "batchAccount": {"name": f"babench{name}"},
        "pools": {f"p{n}": {"vmSize": "Standard_D2s_v3", "image": "images/image", "nodes": 1} for n in range(pools)},
    }


def _apply(folder: Path, name: str, spec: Spec) -> None:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(spec))
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", "--format", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr}{[line for line in done.stdout.splitlines() if 'failed' in line][-1:]}")
    assert json.loads(done.stdout.splitlines()[0])


def _fresh(folder: Path, name: str, pools: int) -> None:
    _apply(folder, name, _spec(name, pools))


def _changed(folder: Path, name: str, nodes: int) -> None:
    spec = _spec(name, 5)
    spec["pools"]["p0"]["nodes"] = nodes + 1
    _apply(folder, name, spec)


def _iterated(folder: Path) -> None:
    """An image and its pool, then nine changes of the pool's size."""
    for number in range(10):
        spec = _spec("ten", 1)
        spec["pools"]["p0"]["nodes"] = 1 + number % 2
        _apply(folder, "ten", spec)


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)  # noqa: T201  # this is the program's output
