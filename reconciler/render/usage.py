"""How busy the nodes of a pool were: a line a node with its CPU over time, and one a job. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from reconciler.nodelogs.telemetry import Measured, Sample, measured, strip
from reconciler.render.plain import clean, table
from reconciler.words import count, duration, size

HEAD = ("CPU", "P95", "MEMORY AT MOST", "DISK", "GPU", "KILLED")
COLUMNS = 30
"""Of the strip of a node."""
LEVELS = "▁▂▃▄▅▆▇█"
NONE = "·"
ROWS = 100
"""How many nodes are shown, the busiest first."""


@dataclass(frozen=True, slots=True)
class UsageView:
    """What nodes of the pool `name` measured from `begin` to `end`, and while tasks of each job ran on them.

    unread: how many blobs were too many to read.
    """

    name: str
    begin: datetime
    end: datetime
    nodes: Mapping[str, Sequence[Sample]]
    jobs: Mapping[str, Measured]
    unread: int = 0

    def text(self, *, colour: bool) -> str:
        told = {node: found for node, each in self.nodes.items() if (found := measured({node: each}))}
        whole = measured(self.nodes)
        if whole is None:
            return f"No node of pools/{clean(self.name)} has measured anything in that time."
        ordered = sorted(told, key=lambda node: (-told[node].cpu_mean, node))
        over = f"CPU {self.begin:%Y-%m-%d %H:%M} TO {self.end:%H:%M} (UTC)"
        rows = [(clean(node), *_row(told[node]), self._strip(node)) for node in ordered[:ROWS]]
        rows.append(("all", *_row(whole), ""))
        span = duration((self.end - self.begin).total_seconds())
        parts = [f"{count(whole.nodes, 'node')} of pools/{clean(self.name)} in {span}:", ""]
        parts += [table(("NODE", *HEAD, over), rows)]
        parts += [f"and {count(len(ordered) - ROWS, 'more node')}"] if len(ordered) > ROWS else []
        if self.jobs:
            parts += ["", table(("JOB", *HEAD), [(clean(job), *_row(found)) for job, found in self.jobs.items()])]
        parts += [f"note: {count(self.unread, 'blob')} more; ask for less with --since"] if self.unread else []
        return "\n".join(parts)

    def document(self) -> Any:
        whole = measured(self.nodes)
        nodes = {node: measured({node: each}) for node, each in sorted(self.nodes.items())}
        return {
            "name": self.name,
            "begin": self.begin.isoformat(),
            "end": self.end.isoformat(),
            "whole": _document(whole),
            "nodes": {node: _document(found) for node, found in nodes.items() if found},
            "jobs": {job: _document(found) for job, found in self.jobs.items()},
            "unread": self.unread,
        }

    def _strip(self, node: str) -> str:
        parts = strip(self.nodes[node], self.begin.timestamp(), self.end.timestamp(), COLUMNS)
        return "".join(NONE if part is None else _level(part.cpu or 0.0) for part in parts)


def _level(share: float) -> str:
    return LEVELS[min(len(LEVELS) - 1, int(share * len(LEVELS)))]


def _row(found: Measured) -> tuple[str, ...]:
    memory = f"{size(found.memory_peak)} of {size(found.memory_total)} ({found.memory_share:.0%})"
    gpu = "-" if found.gpu_mean is None else f"{found.gpu_mean:.0%}"
    return (f"{found.cpu_mean:.0%}", f"{found.cpu_p95:.0%}", memory, f"{found.disk_share:.0%}", gpu, str(found.killed))


def _document(found: Measured | None) -> Any:
    if found is None:
        return None
    names = {name: name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]) for name in asdict(found)}
    return {
        names[name]: round(value, 4) if isinstance(value, float) else value for name, value in asdict(found).items()
    }
