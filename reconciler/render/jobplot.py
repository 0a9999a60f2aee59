"""A plot of a job: its tasks by state and the nodes at work over time, how long tasks took, and which were slow."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from reconciler.course import NODES, STATES, Course, at_moments, bins, spread
from reconciler.render.courses import exact
from reconciler.render.drawing import Unit, look, number_axis, saved, time_axis, unit_of
from reconciler.render.plain import clean
from reconciler.words import count, duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"waiting": "#d9d9d9", "running": "#1f6fb4", "succeeded": "#5aa469", "failed": "#d1495b"}
ORDER = ("succeeded", "failed", "running", "waiting")
"""The states from the bottom: what is done grows upwards."""
MOMENTS = 600
"""At how many moments numbers are drawn at most: more than a picture has room for."""
DOTS = 2000
"""More tasks than this are drawn as an image within an SVG, which browsers could not show otherwise."""
SLOWEST = 10
LEAST = 0.1
"""Seconds below which one dot is as high as another."""
NAME = 32
"""The slowest tasks are named, each in so many characters at most."""


def plot(course: Course, kind: str) -> bytes:
    """The picture as a file: svg, png or html; in an SVG the ids of areas and lines are the states, and `nodes`."""
    with look(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a name in a script that the font has not is drawn as boxes
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 9.2), layout="constrained")
        grid = figure.add_gridspec(4, 2, height_ratios=(3, 1.2, 2, 2.4))
        states = figure.add_subplot(grid[0, :])
        nodes, dots = (figure.add_subplot(grid[row, :], sharex=states) for row in (1, 2))
        unit = unit_of(course.seconds())
        _over_time(states, nodes, course, unit)
        _dots(dots, course, unit)
        time_axis(dots, course.seconds(), unit, f"{course.begin():%A %Y-%m-%d %H:%M}")
        for ax in (states, nodes):
            ax.tick_params(labelbottom=False)
        _took(figure.add_subplot(grid[3, 0]), course)
        _slowest(figure.add_subplot(grid[3, 1]), course)
        _title(figure, course)
        figure.align_ylabels([states, nodes, dots])
        return saved(figure, kind, "The course of a job")


def _title(figure: Figure, course: Course) -> None:
    hours = f", {course.node_hours():,.2f} node-hours" if course.node_hours() else ""
    whole = f"{clean(course.job)}: {count(len(course.tasks), 'task', ',')} in {duration(course.seconds())}{hours}"
    figure.suptitle(whole, x=0.01, ha="left", fontsize=11)


def _over_time(states: Axes, nodes: Axes, course: Course, unit: Unit) -> None:
    seconds, steps = course.seconds(), course.steps()
    every = [at_moments(each, seconds, MOMENTS) for each in steps.values()]
    kept = _changing(list(zip(*every, strict=True)))
    times = [seconds * index / MOMENTS / unit.seconds for index in kept]
    values = {name: [each[index] for index in kept] for name, each in zip(steps, every, strict=True)}
    drawn = [name for name in ORDER if any(values[name])]
    under = [0] * len(kept)
    for name in drawn:
        over = [low + value for low, value in zip(under, values[name], strict=True)]
        area = states.fill_between(
            times, under, over, step="post", color=COLOURS[name], linewidth=0, label=_label(course, name)
        )
        area.set_gid(name)
        under = over
    number_axis(states, "number of tasks", whole=True)
    if drawn:
        states.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(STATES), frameon=False)
    (line,) = nodes.plot(times, values[NODES], color="#555555", linewidth=1.3, drawstyle="steps-post")
    line.set_gid(NODES)
    number_axis(nodes, "nodes at work", whole=True)


def _changing(values: list[tuple[int, ...]]) -> list[int]:
    """The moments at which anything changes, and the last."""
    return [i for i in range(len(values)) if i in (0, len(values) - 1) or values[i] != values[i - 1]]


def _label(course: Course, state: str) -> str:
    number = course.states().get(state, 0)
    return f"{number:,} {state}" if number else state


def _dots(ax: Axes, course: Course, unit: Unit) -> None:
    """Each task at when it began, as high as it took long."""
    began = [task for task in course.tasks if task.begun]
    every = [task.seconds(course.now) for task in began]
    begin, scale = course.begin(), unit_of(max(every, default=1.0))
    for state in ("succeeded", "failed", "running"):
        tasks = [task for task in began if task.outcome == state]
        times = [(task.begun - begin).total_seconds() / unit.seconds for task in tasks if task.begun]
        seconds = [max(LEAST, task.seconds(course.now)) / scale.seconds for task in tasks]
        style: dict[str, Any] = {"s": 9, "color": COLOURS[state], "alpha": 0.7, "linewidths": 0}
        ax.scatter(times, seconds, rasterized=len(course.tasks) > DOTS, **style)
    number_axis(ax, f"a task took, {scale.word}", whole=False)
    if spread(every):
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
        ax.set_ylim(bottom=max(LEAST, min(every)) / scale.seconds / 2)


def _took(ax: Axes, course: Course) -> None:
    counted = bins(course.took())
    places = range(len(counted))
    ax.bar(places, [each.number for each in counted], width=0.9, color=COLOURS["running"])
    edges = [counted[0].low, *(each.high for each in counted)] if counted else []
    each = max(1, len(edges) // 6)
    marks = range(0, len(edges), each)
    ax.set_xticks([mark - 0.5 for mark in marks], [exact(edges[mark]) for mark in marks], fontsize=7)
    ax.grid(visible=False, axis="x")
    ax.set_title("tasks by how long they took", fontsize=9, loc="left")
    number_axis(ax, "number of tasks", whole=True)


def _slowest(ax: Axes, course: Course) -> None:
    slow = course.slowest(SLOWEST)[::-1]
    seconds = [task.seconds(course.now) for task in slow]
    ax.barh(range(len(slow)), seconds, color=[COLOURS[task.outcome] for task in slow], height=0.8, alpha=0.4)
    names = [_short(task.title or task.id) for task in slow]
    for place, (name, took) in enumerate(zip(names, seconds, strict=True)):
        ax.annotate(f"{name}  {exact(took)}", (0, place), (4, 0), textcoords="offset points", va="center", fontsize=7)
    ax.set_yticks([])
    ax.set_xticks([])
    ax.grid(visible=False)
    ax.spines["bottom"].set_visible(False)
    ax.set_title("the slowest", fontsize=9, loc="left")


def _short(text: str) -> str:
    text = clean(text)
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"
