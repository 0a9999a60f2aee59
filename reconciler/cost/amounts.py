"""Numbers of which only bounds may be known: the nodes of a pool with autoscale, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, and what to expect: `low <= expected <= high`."""

    low: Decimal = ZERO
    expected: Decimal = ZERO
    high: Decimal = ZERO

    @classmethod
    def exactly(cls, number: Decimal | int) -> Range:
        return cls(*(Decimal(number),) * 3)

    @classmethod
    def between(cls, low: int, high: int, expected: Decimal | int | None = None) -> Range:
        """The range with `expected` limited to its bounds; without `expected`, it is the middle."""
        middle = Decimal(low + high) / 2 if expected is None else Decimal(min(max(expected, low), high))
        return cls(Decimal(low), middle, Decimal(high))

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def times(self, factor: Decimal) -> Range:
        return Range(self.low * factor, self.expected * factor, self.high * factor)


NONE = Range()
