"""Samples of the service's variables: what Batch has recorded, and what of that a formula can see at a given time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from batch_autoscale import names, times


@dataclass(slots=True)
class Series:
    """One variable's samples, oldest first; times are seconds since 1970, values doubles."""

    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    taken: int = field(default=0, compare=False)
    """How many samples formulas have read from it: the cost of an evaluation."""

    def add(self, at: float, value: float) -> None:
        """Add a sample that is newer than all others."""
        self.times.append(at)
        self.values.append(value)

    def until(self, now: float) -> int:
        """How many samples there are up to `now`."""
        return bisect_right(self.times, now)

    def latest(self, count: int, now: float) -> list[float]:
        """The newest samples, as many as there are up to `count`, oldest first."""
        end = self.until(now)
        return self._took(self.values[max(0, end - count) : end])

    def window(self, start: float, end: float) -> list[float]:
        """Samples after `start`, up to and including `end`: ten minutes hold twenty."""
        return self._took(self.values[bisect_right(self.times, start) : bisect_right(self.times, end)])

    def _took(self, values: list[float]) -> list[float]:
        self.taken += len(values)
        return values

    def percent(self, start: float, end: float) -> float:
        """The percentage of the samples which the window could hold that are there."""
        possible = max(1, round((end - start) / names.PERIOD))
        return min(100.0, 100.0 * len(self.window(start, end)) / possible)


Samples = Mapping[str, Series]
Given = Mapping[str, "Series | Iterable[tuple[datetime, float]]"]
"""Samples as a caller has them: by variable, with or without the dollar sign."""


def take(recorded: Given) -> dict[str, Series]:
    """Samples by full variable name, each sorted by time. ValueError for an unknown variable."""
    taken = {}
    for key, series in recorded.items():
        name = names.canonical(key if key.startswith("$") else f"${key}")
        if name not in names.METRICS:
            hint = names.closest(name, names.METRICS)
            raise ValueError(f"there are no samples of {name}" + (f"; {hint}" if hint else ""))
        taken[name] = series if isinstance(series, Series) else _sorted(series)
    return taken


def _sorted(pairs: Iterable[tuple[datetime, float]]) -> Series:
    ordered = sorted((times.moment(at).seconds, float(value)) for at, value in pairs)
    return Series([at for at, _ in ordered], [value for _, value in ordered])


def every(values: Sequence[float], until: datetime) -> Series:
    """Samples 30 seconds apart, oldest first, the last of them at `until`."""
    end = times.moment(until).seconds
    count = len(values)
    return Series([end - names.PERIOD * (count - 1 - i) for i in range(count)], [float(value) for value in values])
