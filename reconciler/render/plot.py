"""A plot of a simulation: nodes, waiting tasks and money over time, of the scaled pool and of the fixed one."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from batch_autoscale import Result
from reconciler.render.autoscale import Rates, costs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KINDS = ("svg", "png", "html")
DAY = 86400
UNITS = ((DAY, "days", (0.5, 1, 2, 7)), (3600, "hours", (0.5, 1, 2, 3, 6)), (60, "minutes", (1, 2, 5, 10, 15, 30)))
"""Seconds of a unit of time, its name, and how many of it marks may be apart."""
STYLES: dict[str, dict[str, Any]] = {
    "scaled": {"color": "#1f6fb4", "linewidth": 1.6, "zorder": 3},
    "fixed": {"color": "#8a8a8a", "linewidth": 1.3, "linestyle": "--", "zorder": 2},
}
SETTINGS: Any = {
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b0b0b0",
    "svg.fonttype": "none",  # text stays text, to be searched and copied
    "svg.hashsalt": "reconcile",  # equal simulations give equal files
}
Measure = Callable[[Result], Sequence[float]]


def plot(scaled: Result, fixed: Result, nodes: int, rates: Rates, kind: str) -> bytes:
    """The picture as a file of one of KINDS; in an SVG each line's id is its panel and its pool, as `nodes-scaled`."""
    import matplotlib as mpl  # slow to load, and needed for pictures only
    from matplotlib.figure import Figure
    from matplotlib.ticker import MultipleLocator

    money = f"cost so far, {rates.currency}" if rates.currency else "cost so far"
    panels: tuple[tuple[str, str, Measure], ...] = (
        ("nodes", "nodes", lambda result: [point.dedicated + point.spot for point in result.points]),
        ("waiting", "tasks waiting", lambda result: [point.queued for point in result.points]),
        ("cost", money, lambda result: costs(result, rates)),
    )
    unit, word, apart = next(entry for entry in UNITS if scaled.seconds > 3 * entry[0] or entry is UNITS[-1])
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(8, 6.4), layout="constrained")
        axes = figure.subplots(3, 1, sharex=True)
        for ax, (name, label, measure) in zip(axes, panels, strict=True):
            _line(ax, f"{name}-fixed", f"fixed at {nodes:,}", fixed, measure, unit)
            _line(ax, f"{name}-scaled", "scaled by the formula", scaled, measure, unit)
            ax.set_ylabel(label)
            ax.set_ylim(bottom=0)
            _ticks(ax, whole=name != "cost")
        last = max(scaled.seconds, fixed.seconds) / unit
        axes[-1].set_xlim(0, last)
        axes[-1].xaxis.set_major_locator(MultipleLocator(next((gap for gap in apart if gap * 12 >= last), last / 10)))
        axes[-1].set_xlabel(f"{word} since {scaled.start:%A %Y-%m-%d %H:%M} UTC")
        figure.align_ylabels()
        axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, reverse=True)
        out = io.BytesIO()
        if kind == "png":
            figure.savefig(out, format="png", dpi=150)
            return out.getvalue()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue() if kind == "svg" else _page(out.getvalue().decode())


def _ticks(ax: Axes, *, whole: bool) -> None:
    """Format the numbers of the y axis; `whole` keeps its marks at whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=whole))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.2f}".removesuffix(".00")))


def _line(ax: Axes, name: str, label: str, result: Result, measure: Measure, unit: int) -> None:
    values = measure(result)
    kept = _kept(values)
    times = [result.points[index].at / unit for index in kept]
    style = {**STYLES[name.rsplit("-", 1)[-1]], "drawstyle": "default" if name.startswith("cost") else "steps-post"}
    (line,) = ax.plot(times, [values[index] for index in kept], label=label, **style)
    line.set_gid(name)


def _kept(values: Sequence[float]) -> list[int]:
    """The indices of the points that a line needs; those between two equal points are left out."""
    last = len(values) - 1
    return [i for i in range(len(values)) if i in (0, last) or not values[i - 1] == values[i] == values[i + 1]]


def _page(svg: str) -> bytes:
    head = '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Autoscale simulation</title>\n'
    head += "<style>body {margin: 2em auto; max-width: 60em} svg {width: 100%; height: auto}</style>\n<body>\n"
    return f"{head}{svg[svg.index('<svg') :]}</body></html>\n".encode()
