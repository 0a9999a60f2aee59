"""Charts of text: columns over time, and bars; they need no colour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

EIGHTHS = " ▁▂▃▄▅▆▇█"
PARTS = " ▏▎▍▌▋▊▉█"
GAPS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""How many seconds marks of time may be apart."""
ROOM = 14
"""Columns from one mark of time to the next, at least."""


def columns(values: Sequence[int], height: int) -> list[str]:
    """Lines of columns, the highest of them `height` lines; what is not 0 is seen."""
    top = max([1, *values])
    eighths = [max(value > 0, round(value / top * height * 8)) for value in values]
    return [
        "".join(EIGHTHS[min(8, max(0, each - line * 8))] for each in eighths).rstrip()
        for line in reversed(range(height))
    ]


def bar(value: float, most: float, width: int) -> str:
    """A bar that is `width` long for the `most`; what is not 0 is seen."""
    eighths = max(int(value > 0), round(value / most * width * 8)) if most else 0
    return "█" * (eighths // 8) + PARTS[eighths % 8].strip()


def times(begin: datetime, seconds: float, width: int) -> list[str]:
    """Marks of time, and below each which it is, in UTC; whole minutes and hours where there is room."""
    gap = next((gap for gap in GAPS if gap / seconds * width >= ROOM), int(seconds) + 1)
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    number = int((begin - midnight).total_seconds() // gap)
    marks, words = [" "] * width, [" "] * width
    form = "%H:%M:%S" if gap < 60 else "%H:%M" if gap < 86400 and seconds < 86400 else "%m-%d %H:%M"
    while (offset := ((moment := midnight + timedelta(seconds=gap * number)) - begin).total_seconds()) < seconds:
        number += 1
        if offset >= 0:
            column = int(offset / seconds * width)
            marks[column] = "│"
            word = moment.strftime(form)
            if column + len(word) <= width:
                words[column : column + len(word)] = word
    return ["".join(marks).rstrip(), "".join(words).rstrip()]
