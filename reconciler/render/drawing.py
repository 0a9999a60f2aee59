"""What all pictures have in common: their look, the axes of time and of numbers, and the files that they become."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DAY = 86400
UNITS = (
    (DAY, "days", (0.5, 1, 2, 7)),
    (3600, "hours", (0.5, 1, 2, 3, 6)),
    (60, "minutes", (1, 2, 5, 10, 15, 30)),
    (1, "seconds", (1, 2, 5, 10, 15, 30)),
)
"""Seconds of a unit of time, its name, and how many of it marks may be apart."""
SETTINGS: Any = {
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#b0b0b0",
    "text.parse_math": False,  # a name with $ in it is no formula
    "svg.fonttype": "none",  # text stays text, to be searched and copied
    "svg.hashsalt": "reconcile",  # equal values give equal files
}


class Unit(NamedTuple):
    """A unit of time, as an axis has it."""

    seconds: int
    word: str
    apart: Sequence[float]


def look() -> AbstractContextManager[None]:
    """The look of every picture, while it is drawn and saved."""
    import matplotlib as mpl  # slow to load, and needed for pictures only

    settings: AbstractContextManager[None] = mpl.rc_context(SETTINGS)
    return settings


def unit_of(seconds: float) -> Unit:
    """The unit of time in which so many seconds are a few."""
    return Unit(*next(entry for entry in UNITS if seconds > 3 * entry[0] or entry is UNITS[-1]))


def time_axis(ax: Axes, last: float, unit: Unit, since: str) -> None:
    """Time from 0 to `last` seconds, with a dozen marks at most."""
    from matplotlib.ticker import MultipleLocator

    end = last / unit.seconds
    ax.set_xlim(0, end)
    ax.xaxis.set_major_locator(MultipleLocator(next((gap for gap in unit.apart if gap * 12 >= end), end / 10)))
    ax.set_xlabel(f"{unit.word} since {since} UTC")


def number_axis(ax: Axes, label: str, *, whole: bool) -> None:
    """Numbers from 0 on the y axis; `whole` keeps its marks at whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    ax.set_ylabel(label)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=whole))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.2f}".removesuffix(".00")))


def saved(figure: Figure, kind: str, title: str) -> bytes:
    """The picture as a file: svg, png, or html, a page of this title."""
    out = io.BytesIO()
    if kind == "png":
        figure.savefig(out, format="png", dpi=150)
        return out.getvalue()
    figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue() if kind == "svg" else _page(out.getvalue().decode(), title)


def _page(svg: str, title: str) -> bytes:
    head = f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
    head += "<style>body {margin: 2em auto; max-width: 60em} svg {width: 100%; height: auto}</style>\n<body>\n"
    return f"{head}{svg[svg.index('<svg') :]}</body></html>\n".encode()
