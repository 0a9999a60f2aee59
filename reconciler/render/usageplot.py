"""A heat map of a pool: CPU and memory of each node over time, a row a node."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.nodelogs.telemetry import Sample, measured, strip
from reconciler.render.drawing import look, saved, time_axis, unit_of
from reconciler.render.plain import clean
from reconciler.render.usage import ROWS, UsageView
from reconciler.words import count, duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CELLS = 120
"""At how many moments a node is drawn."""
NAMED = 24
"""With more nodes than this, rows have no names."""
COLOURS = "YlOrRd"
EMPTY = "#f4f4f4"
PANELS: tuple[tuple[str, Callable[[Sample], float]], ...] = (
    ("CPU", lambda sample: sample.cpu or 0.0),
    ("memory", lambda sample: sample.memory_share),
)


def plot(view: UsageView, kind: str) -> bytes:
    """The picture as a file: svg, png or html. The busiest nodes come first; more than ROWS are left out."""
    with look():
        from matplotlib.figure import Figure

        told = {node: found.cpu_mean for node, each in view.nodes.items() if (found := measured({node: each}))}
        nodes = sorted(told, key=lambda node: (-told[node], node))[:ROWS]
        height = 1.9 + 2 * min(6.0, 0.22 * max(3, len(nodes)))
        figure = Figure(figsize=(8, height), layout="constrained")
        upper, lower = figure.subplots(2, 1, sharex=True)
        for ax, (name, share) in zip((upper, lower), PANELS, strict=True):
            _map(ax, view, nodes, name, share)
        seconds = (view.end - view.begin).total_seconds()
        time_axis(lower, seconds, unit_of(seconds), f"{view.begin:%A %Y-%m-%d %H:%M}")
        bar = figure.colorbar(
            upper.collections[0], ax=[upper, lower], shrink=0.6, format=lambda share, _: f"{share:.0%}"
        )
        bar.outline.set_visible(False)
        title = f"{clean(view.name)}: {count(len(told), 'node')} in {duration(seconds)}"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        return saved(figure, kind, "How busy the nodes of a pool were")


def _map(ax: Axes, view: UsageView, nodes: list[str], name: str, share: Callable[[Sample], float]) -> None:
    begin, end = view.begin.timestamp(), view.end.timestamp()
    unit = unit_of(end - begin).seconds
    rows = [
        [math.nan if part is None else share(part) for part in strip(view.nodes[node], begin, end, CELLS)]
        for node in nodes
    ] or [[math.nan] * CELLS]
    edges = [(end - begin) / unit * index / CELLS for index in range(CELLS + 1)]
    ax.pcolormesh(edges, range(len(rows) + 1), rows, cmap=COLOURS, vmin=0, vmax=1, rasterized=len(rows) > NAMED)
    ax.set_facecolor(EMPTY)
    ax.invert_yaxis()
    ax.grid(visible=False)
    ax.set_title(name, fontsize=9, loc="left")
    named = nodes if len(nodes) <= NAMED else []
    ax.set_yticks([row + 0.5 for row in range(len(named))], [_short(node) for node in named], fontsize=7)


def _short(node: str) -> str:
    text = clean(node)
    return text if len(text) <= 16 else f"{text[:9]}…{text[-6:]}"
