"""A plot of a simulation: nodes, waiting tasks and money over time, of the scaled pool and of the fixed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from batch_autoscale import Result
from reconciler.render.autoscale import Rates, costs
from reconciler.render.drawing import look, number_axis, saved, time_axis, unit_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STYLES: dict[str, dict[str, Any]] = {
    "scaled": {"color": "#1f6fb4", "linewidth": 1.6, "zorder": 3},
    "fixed": {"color": "#8a8a8a", "linewidth": 1.3, "linestyle": "--", "zorder": 2},
}
Measure = Callable[[Result], Sequence[float]]


def plot(scaled: Result, fixed: Result, nodes: int, rates: Rates, kind: str) -> bytes:
    """The picture as svg, png or html; in an SVG each line's id is its panel and its pool, as `nodes-scaled`."""
    money = f"cost so far, {rates.currency}" if rates.currency else "cost so far"
    panels: tuple[tuple[str, str, Measure], ...] = (
        ("nodes", "nodes", lambda result: [point.dedicated + point.spot for point in result.points]),
        ("waiting", "tasks waiting", lambda result: [point.queued for point in result.points]),
        ("cost", money, lambda result: costs(result, rates)),
    )
    last = max(scaled.seconds, fixed.seconds)
    unit = unit_of(scaled.seconds)
    with look():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 6.4), layout="constrained")
        axes = figure.subplots(3, 1, sharex=True)
        for ax, (name, label, measure) in zip(axes, panels, strict=True):
            _line(ax, f"{name}-fixed", f"fixed at {nodes:,}", fixed, measure, unit.seconds)
            _line(ax, f"{name}-scaled", "scaled by the formula", scaled, measure, unit.seconds)
            number_axis(ax, label, whole=name != "cost")
        time_axis(axes[-1], last, unit, f"{scaled.start:%A %Y-%m-%d %H:%M}")
        figure.align_ylabels()
        axes[0].legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, reverse=True)
        return saved(figure, kind, "Autoscale simulation")


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
