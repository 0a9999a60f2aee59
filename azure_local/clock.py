"""Simulated time: what the local Azure's operations, boots and delays take. User processes run in real time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Runs `speed` times as fast as the wall clock, and can be advanced."""

    def __init__(self, speed: float, start: datetime | None = None) -> None:
        self.speed = speed
        self._start = start or datetime.now(UTC)
        self._at = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._at) * self.speed)

    def run(self, speed: float) -> None:
        """From now on so many times as fast as the wall clock."""
        self._start, self._at, self.speed = self.now(), time.monotonic(), speed

    def advance(self, seconds: float) -> None:
        self._start += timedelta(seconds=seconds)

    def after(self, seconds: float) -> str:
        """The moment `seconds` from now, as text that sorts by time."""
        return stamp(self.now() + timedelta(seconds=seconds))

    def past(self, moment: str) -> bool:
        return stamp(self.now()) >= moment

    async def tick(self) -> None:
        """Give other work a turn: a short real time."""
        await asyncio.sleep(0.05)


def stamp(moment: datetime) -> str:
    """ISO 8601 with seven digits, as Azure prints times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
