"""A few of many: the first, the last, and as even a choice between as there is. The same ones each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def spread(items: Sequence[T], number: int) -> list[T]:
    """`number` of the items in their order, or all if there are no more; one alone is the first."""
    if number >= len(items):
        return list(items)
    if number == 1:
        return [items[0]]
    return [items[index * (len(items) - 1) // (number - 1)] for index in range(number)]
