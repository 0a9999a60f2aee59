"""Records what tasks of specs of this repository took, as workloads for `bench.sizing`.

    python -m bench.recording [NAME ...]

Their real programs run on nodes of a local Azure, below .reconcile/recording, and `reconcile autoscale trace` tells
when each task came and how long it ran, as for any job on Azure. A second of this machine is ten minutes there, so that
tasks of a small example take as long as those of work for which one sizes a pool.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batch_autoscale import Trace, read_csv, write_csv
from demo import photos

CHECKOUT = Path(__file__).parents[1]
HOME = CHECKOUT / ".reconcile/recording"
WORKLOADS = Path(__file__).parent / "workloads"
RECONCILE = str(Path(sys.executable).parent / "reconcile")
SPEED = "600"
PHOTOS = 240
LACKING = 5
"""The exit code of an apply that has done what can be done: some photographs are broken on purpose."""
PATIENCE = 120
"""Seconds that a job of a schedule may take to come and to end."""


@dataclass(frozen=True)
class Source:
    """Jobs of a spec, below specs/; `inputs` is the container of its inputs, as ACCOUNT/NAME, that are to be there."""

    spec: str
    jobs: tuple[str, ...]
    inputs: str = ""


SOURCES: Mapping[str, Source] = {
    "sweep": Source("sweep.yaml", ("pi",)),
    "montecarlo": Source("examples/montecarlo/spec.yaml", ("option",)),
    "genomics": Source("examples/genomics/spec.yaml", ("genomics",), "reconcilegenomics01/inputs"),
    "povray": Source("examples/povray/spec.yaml", ("film",)),
    "conversion": Source("local.yaml", ("image-conversion-job",), "saitalynorthbatch01/images"),
    "nightly": Source("nightly.yaml", ("simulate", "merge", "report:job-1")),
}


def main(names: Sequence[str]) -> None:
    if unknown := sorted(set(names) - set(SOURCES)):
        sys.exit(f"nothing is recorded as {', '.join(unknown)}; there are {', '.join(SOURCES)}")
    HOME.mkdir(parents=True, exist_ok=True)
    os.chdir(HOME)
    _reconcile("local", "reset", "--yes")
    _reconcile("local", "up", "--speed", SPEED)
    try:
        for name in names or SOURCES:
            trace = _recorded(SOURCES[name])
            (WORKLOADS / f"recorded-{name}.csv").write_text(write_csv(trace))
            sys.stdout.write(f"recorded-{name}.csv: {len(trace.tasks)} tasks, {trace.work / 3600:.1f} slot-hours\n")
    finally:
        _reconcile("local", "reset", "--yes")


def _recorded(source: Source) -> Trace:
    spec = os.path.relpath(CHECKOUT / "specs" / source.spec)
    if source.inputs:
        _reconcile("apply", spec, "--yes", "--target", f"container/{source.inputs}")
        _reconcile("upload", str(_inputs(source)), "--to", f"storage/{source.inputs}", "--spec", spec)
    _reconcile("apply", spec, "--yes", codes=(0, LACKING))
    told = {job: read_csv(_trace(job, spec)) for job in source.jobs}
    _reconcile("destroy", spec, "--yes")
    return _joined(told) if len(told) > 1 else told[source.jobs[0]]


def _inputs(source: Source) -> Path:
    """A folder with what the tasks take: as the script of the example makes it, or photographs to convert."""
    folder = HOME / "inputs"
    shutil.rmtree(folder, ignore_errors=True)
    script = CHECKOUT / "specs" / Path(source.spec).parent / "inputs.py"
    if script.exists():
        subprocess.run([sys.executable, str(script), str(folder)], check=True)
    else:
        photos.make(folder, PHOTOS)
    return folder


def _trace(job: str, spec: str) -> str:
    """The CSV of a job, once its tasks have ended: a schedule's comes in its own time."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return _reconcile("autoscale", "trace", job, "--spec", spec)
        except SystemExit:
            if time.monotonic() > end:
                raise
        time.sleep(1)


def _joined(told: Mapping[str, Trace]) -> Trace:
    """The tasks of several jobs, each at its time, with the job in their ids."""
    start = min(trace.start for trace in told.values())
    tasks = []
    for job, trace in told.items():
        later = (trace.start - start).total_seconds()
        for task in trace.tasks:
            id_, after = f"{job}/{task.id}" if task.id else "", tuple(f"{job}/{before}" for before in task.after)
            tasks.append(replace(task, submitted=task.submitted + later, id=id_, after=after))
    return Trace(tuple(tasks), start)


def _reconcile(*arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a command; what it prints. Exits with its words if its code is another than is expected."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "RECONCILE_"))}
    environment = {**kept, "RECONCILE_CLOUD": "local"}
    ended = subprocess.run([RECONCILE, *arguments], env=environment, capture_output=True, text=True, check=False)
    if ended.returncode not in codes:
        sys.exit(f"reconcile {' '.join(arguments)} ended with {ended.returncode}: {ended.stdout}{ended.stderr}")
    return ended.stdout


if __name__ == "__main__":
    main(sys.argv[1:])
