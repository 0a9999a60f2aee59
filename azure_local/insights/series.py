"""Metrics as numbers: what was measured in a minute, and what that comes to in longer grains. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

AGGREGATIONS = ("Average", "Count", "Maximum", "Minimum", "Total")


class Cell(NamedTuple):
    """All that was measured in some time: how often, the sum, the least and the most."""

    number: float
    total: float
    least: float
    most: float

    @classmethod
    def of(cls, value: float) -> Cell:
        return cls(1, value, value, value)

    def plus(self, other: Cell) -> Cell:
        return Cell(
            self.number + other.number,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )

    def value(self, aggregation: str) -> float:
        """`aggregation` is one of AGGREGATIONS."""
        if aggregation == "Average":
            return self.total / self.number
        values = {"Count": self.number, "Maximum": self.most, "Minimum": self.least, "Total": self.total}
        return values[aggregation]


Series = Mapping[int, Cell]
"""Minute since 1970 → what was measured in it."""


def together(cells: Iterable[Cell]) -> Cell | None:
    """All cells as one; None if there are none."""
    found: Cell | None = None
    for cell in cells:
        found = cell if found is None else found.plus(cell)
    return found


def summed(series: Iterable[Series]) -> Series:
    """Several series as one."""
    found: dict[int, Cell] = {}
    for one in series:
        for minute, cell in one.items():
            found[minute] = found[minute].plus(cell) if minute in found else cell
    return found


def grains(series: Series, start: int, end: int, length: int) -> Iterator[tuple[int, Cell | None]]:
    """The minutes from `start` to before `end` in grains of `length` minutes: where each begins, and what is in it."""
    for at in range(start, end, length):
        yield at, together(series[minute] for minute in range(at, min(at + length, end)) if minute in series)
