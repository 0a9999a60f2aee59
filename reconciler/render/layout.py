"""Where the boxes and lines of a graph go: in columns from left to right, each box right of all that it needs. Pure.

As Sugiyama has it: a column for each rank, bends where a line passes a column, an order within columns that follows
the neighbours (sweeps of barycentres), and heights near those of the neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 14.0
"""Between the boxes of a column."""
APART = 56.0
"""Between columns."""
MARGIN = 8.0
SWEEPS = 8

Point = tuple[float, float]


@dataclass(slots=True)
class Box:
    """A box, or a bend of a line (without height).

    `room` is the width of its column; `before` and `after` are the neighbours in the columns beside it.
    """

    width: float
    height: float
    rank: int
    x: float = 0.0
    y: float = 0.0
    room: float = 0.0
    before: list[Box] = field(default_factory=list)
    after: list[Box] = field(default_factory=list)

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes in the order that was asked for, lines as (from, points, to), and the size of it all."""

    boxes: Sequence[Box]
    lines: Sequence[tuple[int, Sequence[Point], int]]
    width: float
    height: float


def laid_out(sizes: Sequence[tuple[float, float]], needs: Mapping[int, Sequence[int]]) -> Layout:
    """Boxes of these sizes; `needs` says which others, all of a lower number, each must be right of."""
    boxes: list[Box] = []
    for number, (width, height) in enumerate(sizes):
        rank = max((boxes[ref].rank + 1 for ref in needs.get(number, ())), default=0)
        boxes.append(Box(width, height, rank))
    columns: list[list[Box]] = [[] for _ in range(max((box.rank for box in boxes), default=-1) + 1)]
    for box in boxes:
        columns[box.rank].append(box)
    chains = [(ref, _chain(boxes[ref], boxes[number], columns), number) for number in needs for ref in needs[number]]
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            _order(column, forward=sweep % 2 == 0)
    width = _across(columns)
    for column in columns:
        _stack(column)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            _near(column, forward=sweep % 2 == 0)
    top = min((box.y for column in columns for box in column), default=0.0)
    for column in columns:
        for box in column:
            box.y += MARGIN - top
    height = max((box.y + box.height for column in columns for box in column), default=0.0) + MARGIN
    return Layout(boxes, [(ref, _points(chain), number) for ref, chain, number in chains], width, height)


def _chain(start: Box, end: Box, columns: list[list[Box]]) -> list[Box]:
    """The boxes of a line, with a bend in each column that it passes."""
    bends = [Box(0.0, 0.0, rank) for rank in range(start.rank + 1, end.rank)]
    for bend in bends:
        columns[bend.rank].append(bend)
    chain = [start, *bends, end]
    for one, other in pairwise(chain):
        one.after.append(other)
        other.before.append(one)
    return chain


def _order(column: list[Box], *, forward: bool) -> None:
    """Sort a column by where its neighbours are in theirs; `y` is the place in a column meanwhile."""
    for place, box in enumerate(column):
        box.y = float(place)
    keys = {id(box): _mean([one.y for one in (box.before if forward else box.after)], box.y) for box in column}
    column.sort(key=lambda box: keys[id(box)])
    for place, box in enumerate(column):
        box.y = float(place)


def _across(columns: Sequence[Sequence[Box]]) -> float:
    """Give each column its place from left to right; returns the width of all."""
    x = MARGIN
    for column in columns:
        widest = max(box.width for box in column)
        for box in column:
            box.x = x
            box.room = widest
        x += widest + APART
    return max(x - APART, MARGIN) + MARGIN


def _stack(column: Sequence[Box]) -> None:
    y = 0.0
    for box in column:
        box.y = y
        y += box.height + GAP


def _near(column: Sequence[Box], *, forward: bool) -> None:
    """Move the boxes of a column near the middle of their neighbours, as far as their order and gaps let them."""
    wanted = [
        _mean([one.middle for one in (box.before if forward else box.after)], box.middle) - box.height / 2
        for box in column
    ]
    y = float("-inf")
    for box, wish in zip(column, wanted, strict=True):
        box.y = max(wish, y)
        y = box.y + box.height + GAP
    shift = _mean([wish - box.y for box, wish in zip(column, wanted, strict=True)], 0.0)
    for box in column:
        box.y += shift


def _points(chain: Sequence[Box]) -> list[Point]:
    """Where a line goes: from its first box to the end of that column, to and across those that it passes, to its last.

    So every second part, beginning with the first, is level.
    """
    first, *bends, last = chain
    points = [(first.x + first.width, first.middle), (first.x + first.room, first.middle)]
    for bend in bends:
        points += [(bend.x, bend.y), (bend.x + bend.room, bend.y)]
    return [*points, (last.x, last.middle)]


def _mean(numbers: Sequence[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
