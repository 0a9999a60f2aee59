"""The size of a pool for tasks, as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from batch_autoscale import Result, Sized
from reconciler.render.autoscale import Rates, priced
from reconciler.words import count, duration

ROWS = 7
"""How many numbers of nodes are shown at most."""


def sized(found: Sized, deadline: float, slots: int, rates: Rates, *, spot: bool = False) -> str:
    """The number of nodes, what others would come to, and how a spec says it."""
    result = found.result
    hours = f"{result.node_hours:.1f} node-hours, {found.ratio:.2f} of the least that is possible ({found.least:.1f})"
    tasks = count(len(result.tasks), "task", ",")
    said = f"{count(found.nodes, 'node', ',')} end {tasks} within {duration(result.makespan)}"
    lines = [
        f"{said} (deadline {duration(deadline)}), for {hours}.",
        "",
        *_tried(found, deadline),
        "",
        priced(result, rates),
        "",
    ]
    return "\n".join([*lines, "In the spec:", "", *(f"    {line}" for line in _spec(found, slots, spot=spot))])


def _tried(found: Sized, deadline: float) -> Iterator[str]:
    near = sorted(found.tried, key=lambda nodes: (abs(nodes - found.nodes), nodes))[:ROWS]
    yield f"  {'NODES':>7} {'ENDS AFTER':>14} {'NODE-HOURS':>12} {'OF THE LEAST':>14} {'COST':>12}"
    for nodes in sorted(near):
        result = found.tried[nodes]
        ends, ratio = duration(result.makespan), result.node_hours / found.least
        row = f"{nodes:>7,} {ends:>14} {result.node_hours:>12.1f} {ratio:>14.2f} {result.cost:>12.2f}"
        yield f"{'→ ' if nodes == found.nodes else '  '}{row}{_late(result, deadline)}"


def _late(result: Result, deadline: float) -> str:
    if result.count("succeeded") < len(result.tasks):
        return "  not all end"
    return "  too late" if result.makespan > deadline else ""


def _spec(found: Sized, slots: int, *, spot: bool) -> Iterator[str]:
    """What is to be written; a scenario takes each task for one slot, so others need the formula itself."""
    if found.per_node == slots:
        kind = ", spot: true" if spot else ""
        yield f"nodes: {{autoscale: {{scenario: pending-tasks, max: {found.nodes}{kind}}}}}"
        return
    yield "nodes:"
    yield "  autoscale:"
    yield "    formula: |"
    yield from (f"      {line}" for line in found.formula.splitlines())
