"""How close the sizing of pools comes to the least node-hours that are possible, on made-up and on recorded workloads.

Durations of `synthetic-*.csv` are made up; `recorded-*.csv` are what `bench.recording` has seen of specs of this
repository. `reconcile autoscale trace JOB` writes the same of a live job.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batch_autoscale import Setting, Sized, Trace, read_csv, size, times

FOLDER = Path(__file__).parent / "workloads"


@dataclass(frozen=True, slots=True)
class Workload:
    """Tasks in a file, the task slots of the nodes that they run on, and when they are to have ended.

    ratio: node-hours are at most so many times the least. Small work has more: a node that is not full to the end.
    """

    file: str
    slots: int
    deadline: str
    most: int = 100
    ratio: float = 1.1

    @property
    def trace(self) -> Trace:
        return read_csv((FOLDER / f"{self.file}.csv").read_text())

    @property
    def setting(self) -> Setting:
        return Setting(interval="PT5M", slots=self.slots, boot="PT5M")

    def sized(self) -> Sized:
        return size(self.trace, self.setting, times.duration(self.deadline), self.most)


WORKLOADS = (
    Workload("synthetic-conversion", 4, "PT2H"),
    Workload("synthetic-rendering", 1, "PT4H"),
    Workload("synthetic-sweep", 4, "PT4H"),
    Workload("synthetic-stages", 2, "PT4H"),
    Workload("synthetic-arrivals", 2, "PT4H"),
    Workload("recorded-sweep", 4, "PT4H"),
    Workload("recorded-conversion", 1, "PT4H"),
    Workload("recorded-montecarlo", 4, "PT4H", ratio=1.12),
    Workload("recorded-povray", 4, "PT4H", ratio=1.18),
    Workload("recorded-genomics", 4, "PT4H", ratio=1.31),
    Workload("recorded-nightly", 1, "PT24H", ratio=3.7),
)


def measure() -> Iterator[str]:
    """A line for each workload."""
    for workload in WORKLOADS:
        begun = time.perf_counter()
        sized = workload.sized()
        took = time.perf_counter() - begun
        numbers = f"{sized.result.node_hours:.1f} node-hours, {sized.ratio:.3f} of the least that is possible"
        what = f"{len(workload.trace.tasks)} tasks of {workload.file} within {workload.deadline}"
        yield f"{what}: {sized.nodes} nodes, {numbers}, in {took:.1f} s"


if __name__ == "__main__":
    for line in measure():
        print(line, flush=True)  # noqa: T201  # this is the program's output
