"""Numbers over time as small pictures in a page: areas on top of each other, or lines. Pure.

A picture has no text of its own, so that it may be as wide as there is room; what it shows is said beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from reconciler.course import Steps, at_moments
from reconciler.render.html import folded, table, text
from reconciler.render.status import Chart
from reconciler.words import duration

MOMENTS = 160
"""At how many moments numbers are drawn."""
WIDTH, HEIGHT = 640.0, 100.0
ROWS = 12
"""How many rows the table beside a picture has at most: the last ones."""


def areas(chart: Chart, names: Sequence[str], what: str) -> str:
    """How many there were of each, on top of each other, the first name at the bottom."""
    drawn = {name: values for name in names if any(values := _values(chart, name))}
    top = max([1, *(sum(each) for each in zip(*drawn.values(), strict=True))])
    under, paths = [0] * (MOMENTS + 1), []
    for name, values in drawn.items():
        over = [low + value for low, value in zip(under, values, strict=True)]
        paths.append(_area(name, under, over, top))
        under = over
    return _figure(chart, paths, list(drawn), top, what)


def lines(chart: Chart, below: str, names: Sequence[str], what: str) -> str:
    """An area, and before it a line for each of the other names."""
    drawn = {name: _values(chart, name) for name in (below, *names)}
    top = max([1, *(value for values in drawn.values() for value in values)])
    area = _area(below, [0] * (MOMENTS + 1), drawn[below], top)
    paths = [area, *(f'<path class="{name}" d="M{_steps(drawn[name], top)}"/>' for name in names)]
    return _figure(chart, paths, list(drawn), top, what)


def _area(name: str, under: Sequence[int], over: Sequence[int], top: int) -> str:
    outline = f"M{_steps(over, top)}V{_y(under[-1], top)}{_steps(under, top, back=True)}Z"
    return f'<path class="{name}" d="{outline}"/>'


def _values(chart: Chart, name: str) -> list[int]:
    return at_moments(chart.lines.get(name, []), chart.seconds, MOMENTS)


def _steps(values: Sequence[int], top: int, *, back: bool = False) -> str:
    """The line through values, from left to right after M, or back from the right; only where it changes."""
    if back:
        turns = [(index, low) for index, (low, high) in enumerate(pairwise(values), 1) if low != high][::-1]
        return "".join(f"H{_x(index)}V{_y(value, top)}" for index, value in turns) + "H0"
    path = f"0,{_y(values[0], top)}"
    for index, (before, value) in enumerate(pairwise(values), 1):
        if before != value:
            path += f"H{_x(index)}V{_y(value, top)}"
    return f"{path}H{WIDTH:.0f}"


def _x(index: int) -> str:
    return f"{index / MOMENTS * WIDTH:.0f}"


def _y(value: int, top: int) -> str:
    return f"{HEIGHT - 1 - value / top * (HEIGHT - 3):.1f}"


def _figure(chart: Chart, paths: Sequence[str], names: Sequence[str], top: int, what: str) -> str:
    """The picture with its axes in words, and the numbers behind it."""
    begin, end = chart.begin, chart.begin + timedelta(seconds=chart.seconds)
    form = "%H:%M:%S" if chart.seconds < 600 else "%H:%M" if chart.seconds < 86400 else "%m-%d %H:%M"
    said = f"{what} over {duration(chart.seconds)}, at most {top:,}; the numbers are in the table below"
    keys = "".join(f'<li><span class="key {name}"></span>{name}</li>' for name in names)
    size = f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" preserveAspectRatio="none"'
    axis = f'<div class="axis"><span>{begin:{form}}</span><span>{end:{form}} UTC</span></div>'
    head = f'<div class="over"><span class="dim">{text(what)}, at most {top:,}</span><ul class="keys">{keys}</ul></div>'
    drawn = f'<svg class="curve" role="img" aria-label="{text(said)}" {size}>{"".join(paths)}</svg>'
    return f"<figure>{head}{drawn}{axis}{_numbers(chart, names, what)}</figure>"


def _numbers(chart: Chart, names: Sequence[str], what: str) -> str:
    """The moments at which anything changed, the last ones, as a table to open."""
    moments = sorted({moment for name in names for moment, _ in _changes(chart.lines.get(name, []))})[-ROWS:]
    rows = []
    for moment in moments:
        numbers = (_at(chart.lines.get(name, []), moment) for name in names)
        rows.append((f"{chart.begin + timedelta(seconds=moment):%H:%M:%S}", *(f"{number:,}" for number in numbers)))
    told = table(("UTC", *names), rows, "numbers", f"{text(what)}: the last changes")
    return folded(f"numbers {text(what)}", "Numbers", told)


def _changes(steps: Steps) -> Steps:
    """The steps at which the number changes."""
    return [step for index, step in enumerate(steps) if not index or steps[index - 1][1] != step[1]]


def _at(steps: Steps, moment: float) -> int:
    return next((value for at, value in reversed(steps) if at <= moment), 0)
