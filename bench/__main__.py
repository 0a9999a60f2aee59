"""`make bench`: the figures that matter, measured in one run. Compare ratios; the machine is what it is."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import azure_local
from bench import convert, images, listing, pools, preflight
from demo import photos

CHECKOUT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-m", "reconciler"]


def main() -> None:
    os.chdir(CHECKOUT)
    for arguments in (["--help"], ["validate", "specs/local.yaml"]):
        _line(f"reconcile {' '.join(arguments)}", f"{_cpu([*PROGRAM, *arguments]):.2f} s CPU")
    _line("requests of an unchanged plan", _requests())
    _line(f"preflight of {preflight.POOLS} new pools, {preflight.LATENCY * 1000:.0f} ms latency", preflight.measure())
    for line in pools.measure():
        sys.stdout.write(f"{line}\n")
    _line(f"peak memory of listing and comparing {listing.INPUTS:,} inputs", _memory())
    with tempfile.TemporaryDirectory() as folder:
        photos.make(Path(folder), 120)
        for line in convert.measure(Path(folder), 1).lines():
            sys.stdout.write(f"{line}\n")
    with tempfile.TemporaryDirectory() as folder:
        for line in images.measure(Path(folder) / "azure"):
            sys.stdout.write(f"{line}\n")


def _line(what: str, figure: str) -> None:
    sys.stdout.write(f"{what}: {figure}\n")
    sys.stdout.flush()


def _cpu(command: list[str]) -> float:
    """The least CPU seconds of five runs."""
    best = 9e9
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best


def _requests() -> str:
    """ARM and Batch requests of a plan with nothing to do, for 1 and for 20 pools."""
    from reconciler.cloud.cloud import connect
    from reconciler.engine import loop
    from reconciler.kinds import KINDS, load

    told = []
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "azure"
        azure_local.up(state, speed=600)
        os.environ.update(azure_local.env(state))
        try:
            for number in (1, 20):
                pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0}
                text = {
                    "apiVersion": "reconciler/v1",
                    "name": "bench",
                    "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": "rg-bench"},
                    "batchAccount": {"name": "babench"},
                    "pools": {f"pool-{one}": pool for one in range(number)},
                }
                path = Path(folder) / "spec.yaml"
                path.write_text(json.dumps(text))
                spec = load(path, os.environ)
                cloud = connect(spec, os.environ)
                reading = loop.read(spec, cloud, KINDS)
                loop.carry_out(reading, cloud, KINDS, listen=lambda event: None, stop=threading.Event())
                (state / "wire.jsonl").unlink(missing_ok=True)
                (state / "wire.on").touch()
                assert not loop.read(spec, connect(spec, os.environ), KINDS).plan.steps
                (state / "wire.on").unlink()
                told.append(f"{len((state / 'wire.jsonl').read_text().splitlines())} with {number} pools")
        finally:
            azure_local.down(state)
    return ", ".join(told)


def _memory() -> str:
    """Peak memory of a process that lists inputs and outputs through the SDK and compares them."""
    with listing.serving() as url:
        command = [sys.executable, "-m", "bench.listing", url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return f"{done.stdout.strip()} MB"


if __name__ == "__main__":
    main()
