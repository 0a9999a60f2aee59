"""Spans of time and moments as people write them on a command line: 90s, 5m, 2h, 1d; 2026-11-28T08:00."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST = 366 * UNITS["d"]


def seconds(text: str) -> float | None:
    """The seconds of `90s`, `5m`, `2h` or `1d`; None if it is no such text."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    return float(int(found[1]) * UNITS[found[2]]) if found else None


def _written(seconds: float) -> str:
    """`90s`, `5m`, `3h`."""
    unit = next(unit for unit in "dhms" if seconds % UNITS[unit] == 0 or unit == "s")
    return f"{seconds / UNITS[unit]:g}{unit}"


def moment(text: str, now: datetime) -> datetime | None:
    """The moment that is so much later than `now`, or that of an ISO 8601 text, UTC where that has no zone."""
    span = seconds(text)
    try:
        if span is not None:
            return now + timedelta(seconds=min(span, LONGEST))
        there = datetime.fromisoformat(text)
    except ValueError:
        return None
    return there.replace(tzinfo=UTC) if there.tzinfo is None else there.astimezone(UTC)


class Span(click.ParamType[float]):
    """An option that is a span of time, in seconds, of at least `least`."""

    name = "span"

    def __init__(self, least: float) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = seconds(value) if isinstance(value, str) else float(value)
        if found is None:
            self.fail(f"{value!r} is no span of time; write 90s, 5m or 2h", param, ctx)
        if not self.least <= found <= LONGEST:
            self.fail(f"must be {_written(self.least)} or more, and a year at most", param, ctx)
        return found
