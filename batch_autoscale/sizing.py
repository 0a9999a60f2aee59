"""How many nodes tasks need to end in time: the fewest, found by simulating, beside the least that is possible at all.

A formula sees how many tasks wait and run, and neither how long they take nor what they wait for. Here all of that is
known, so the most nodes that the formula may ask for are tried out. The formula lets nodes go as tasks become fewer
than there is room for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from batch_autoscale import scenarios, times
from batch_autoscale.report import Result
from batch_autoscale.simulator import Setting, simulate
from batch_autoscale.traces import Trace

SCENARIO = "pending-tasks"
LONGEST = "the longest task, or tasks that wait for each other, take"


@dataclass(frozen=True, slots=True)
class Sized:
    """The most nodes of a formula with which all tasks end within the deadline, and what became of them.

    least: the node-hours below which nothing ends in time. `tried`: other numbers of nodes → their results.
    """

    nodes: int
    formula: str
    result: Result
    least: float
    per_node: int
    tried: Mapping[int, Result]

    @property
    def ratio(self) -> float:
        """Node-hours as a multiple of the least that is possible."""
        return self.result.node_hours / self.least


def optimum(trace: Trace, setting: Setting, deadline: float) -> float:
    """Node-hours that any way to end the tasks within `deadline` seconds of the first submission takes at least.

    None is asked for before the first task comes. A node is paid for from when it is asked for, so that its boot is,
    and can work for what is left of the deadline after that at most; the work of all tasks takes so many node-seconds,
    whoever does it.
    ValueError where no number of nodes suffices.
    """
    boot = times.duration(setting.boot)
    room = deadline - boot
    if (chain := longest(trace)) > room or room <= 0:
        raise ValueError(
            f"no number of nodes ends the tasks within {times.Interval(deadline)}: a node boots for"
            f" {times.Interval(boot)}, and {LONGEST} {times.Interval(chain)}"
        )
    nodes = max(1, math.ceil(trace.work / setting.slots / room - 1e-9))
    return (trace.work / setting.slots + boot * nodes) / 3600


def longest(trace: Trace) -> float:
    """Seconds of the tasks that have to run one after another, at most."""
    by_id = {task.id: task for task in trace.tasks if task.after or task.id}
    ends: dict[str, float] = {}
    for id_ in TopologicalSorter({id_: task.after for id_, task in by_id.items()}).static_order():
        ends[id_] = by_id[id_].duration + max((ends[before] for before in by_id[id_].after), default=0.0)
    return max([*ends.values(), *(task.duration for task in trace.tasks)], default=0.0)


def size(trace: Trace, setting: Setting, deadline: float, most: int, *, spot: bool = False) -> Sized:
    """The fewest nodes with which the tasks end in time. ValueError says why there is none; TooLong as simulations."""
    if not trace.tasks:
        raise ValueError("there are no tasks")
    if (widest := max(task.slots for task in trace.tasks)) > setting.slots:
        raise ValueError(f"a task takes {widest} slots, and a node has {setting.slots}")
    least = optimum(trace, setting, deadline)
    mean = sum(task.slots for task in trace.tasks) / len(trace.tasks)
    per_node = max(1, math.floor(setting.slots / mean + 1e-9))
    tried: dict[int, Result] = {}

    def fits(nodes: int) -> bool:
        if nodes not in tried:
            tried[nodes] = simulate(trace, formula(nodes, per_node, spot=spot), setting)
        done = tried[nodes]
        return done.count("succeeded") == len(trace.tasks) and done.makespan <= deadline

    low = max(1, math.ceil(trace.work / setting.slots / (deadline - times.duration(setting.boot)) - 1e-9))
    if low > most or not fits(most):
        raise ValueError(
            f"{most} nodes do not end the tasks within {times.Interval(deadline)}: {_why(low, most, tried)}"
        )
    high = most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return Sized(high, formula(high, per_node, spot=spot), tried[high], least, per_node, tried)


def _why(low: int, most: int, tried: Mapping[int, Result]) -> str:
    if most not in tried:
        return f"{low} are needed at least"
    return f"they take {times.Interval(round(tried[most].makespan))}"


def formula(nodes: int, per_node: int, *, spot: bool = False) -> str:
    return scenarios.formula(SCENARIO, max=nodes, perNode=per_node, spot=spot)
