"""How long the tasks that are to run will take, by what tasks of the same entries took before. Pure.

Tasks are taken to share all slots of the pool's nodes evenly. Nothing is said where an entry has no such tasks.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.kinds.tasks.wording import Counts
from reconciler.spec.pools import Pool
from reconciler.spec.tasks import Task
from reconciler.words import count, duration

Seconds = Mapping[str, float]
"""Name of an entry, in lower case → how long its tasks took."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """The nodes of a pool: their size, the slots of each, and how many; None: a formula says how many."""

    size: str
    slots: int
    dedicated: int | None
    spot: int | None

    @classmethod
    def of(cls, pool: Pool) -> Nodes:
        nodes, fixed = pool["nodes"], "autoscale" not in pool["nodes"]
        numbers = [nodes[kind] if fixed else None for kind in ("dedicated", "spot")]
        return cls(pool["vmSize"][0], pool["taskSlotsPerNode"], *numbers)

    @property
    def number(self) -> int:
        """How many there are; 1 if that is not known, or if there are none yet."""
        return (self.dedicated or 0) + (self.spot or 0) or 1


@dataclass(frozen=True, slots=True)
class Effort:
    """`seconds` until all has ended on so many `nodes`, and for how many seconds a node is at it in all."""

    seconds: float
    nodes: int
    node_seconds: float

    def __str__(self) -> str:
        return f"about {duration(self.seconds)} on {count(self.nodes, 'node')}"


def usual(took: Mapping[str, Iterable[float]]) -> Seconds:
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def effort(stages: Mapping[str, Counts], entries: Mapping[str, Task], took: Seconds, nodes: Nodes) -> Effort | None:
    """What is to be submitted or to run again; None if it is nothing, or not known."""
    busy = longest = 0.0
    for name, counts in stages.items():
        if number := counts.pending + counts.again:
            if name.lower() not in took or name not in entries:
                return None
            entry, seconds = entries[name], took[name.lower()]
            several = entry.get("multiInstanceSettings", {"numberOfInstances": 1})["numberOfInstances"]
            busy += number * seconds * entry["requiredSlots"] * several
            longest = max(longest, seconds)
    node_seconds = busy / nodes.slots
    return Effort(max(longest, node_seconds / nodes.number), nodes.number, node_seconds) if longest else None
