"""Simulated time: what the local Azure's operations, boots and delays take. User processes run in real time.

Whatever waits for simulated time says so here, by asking whether its moment has come; so the clock knows which moments
are due, and whoever works in the background sleeps until the next of them. How they are asked for says who waits:

    past      a request: its client asks again until it is so
    due       the background, in every round, as long as it waits
    recurs    the background, for what comes again and again and for what is only kept until then

Time runs `speed` times as fast as the clock on the wall. While the clock *jumps*, it also goes to the next due moment
by itself whenever nothing real is left to happen: no request is being answered, no work is going on (tasks of users
are work), and the background has nothing to do. What recurs alone never makes it jump, or it would never rest.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta


class Clock:
    """Simulated time, which never runs backwards, and the moments that are waited for."""

    def __init__(self, speed: float, start: datetime | None = None) -> None:
        self.speed = speed
        self.jumps = False
        """Whether time goes to the next due moment by itself while nothing real happens."""
        self.moved: Callable[[], None] = lambda: None
        """Called when time has not only run, but has been set forward."""
        self._start = start or datetime.now(UTC)
        self._at = time.monotonic()
        self._requested: set[str] = set()
        self._due: set[str] = set()
        self._recurring: set[str] = set()
        self._real: float | None = None
        self._work = 0
        self._changed = asyncio.Event()
        self._resting = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._at) * self.speed)

    def run(self, speed: float) -> None:
        """From now on so many times as fast as the wall clock."""
        self._start, self._at, self.speed = self.now(), time.monotonic(), speed
        self.wake()

    def advance(self, seconds: float) -> None:
        self._start += timedelta(seconds=seconds)
        self.moved()
        self.wake()

    def after(self, seconds: float) -> str:
        """The moment `seconds` from now, as text that sorts by time."""
        return stamp(self.now() + timedelta(seconds=seconds))

    def passed(self, moment: str) -> bool:
        """Whether the moment has come; nobody waits for it."""
        return stamp(self.now()) >= _whole(moment)

    def past(self, moment: str) -> bool:
        """Whether the moment has come, for a request whose client will ask again."""
        return self._asked(moment, self._requested)

    def due(self, moment: str) -> bool:
        """Whether the moment has come at which the background goes on."""
        return self._asked(moment, self._due)

    def recurs(self, moment: str) -> bool:
        """Whether the moment has come, of something that comes again and again or is kept until then."""
        return self._asked(moment, self._recurring)

    def _asked(self, moment: str, waiting: set[str]) -> bool:
        if self.passed(moment):
            return True
        waiting.add(_whole(moment))
        return False

    def elapsed(self, since: float, seconds: float) -> bool:
        """Whether so many real seconds have passed since a moment of `time.time()`; the background goes on then."""
        left = since + seconds - time.time()
        if left <= 0:
            return True
        self._real = left if self._real is None else min(left, self._real)
        return False

    def wake(self) -> None:
        """Something has changed: the background has a look."""
        self._resting.clear()
        self._changed.set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """While this lasts something real happens, and the clock does not jump."""
        self._work += 1
        try:
            yield
        finally:
            self._work -= 1
            if self._idle():
                self.wake()

    def begin_round(self) -> None:
        """The background looks at everything now, and says anew what it waits for."""
        self._changed.clear()
        self._due.clear()
        self._recurring.clear()
        self._real = None

    async def end_round(self) -> None:
        """Wait until there is something to look at: a change, a due moment, or one that the clock has jumped to."""
        if self._changed.is_set():
            return
        if self._idle() and self._awaited():
            self.to_next()
            await asyncio.sleep(0)  # requests that have arrived come first
            return
        self._resting.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), self._pause())
        self._resting.clear()

    async def rest(self) -> None:
        """Until the background has done all that there is to do now."""
        await self._resting.wait()

    def next(self) -> str | None:
        """The next moment that anything waits for."""
        return min(self._awaited() | self._recurring, default=None)

    def to_next(self) -> None:
        """Go to the next moment that anything waits for."""
        moment = self.next()
        if moment is not None and not self.passed(moment):
            self._start, self._at = max(self.now(), parsed(moment)), time.monotonic()
            self.moved()
            self.wake()

    def _idle(self) -> bool:
        return self.jumps and not self._work

    def _awaited(self) -> set[str]:
        now = stamp(self.now())
        self._requested = {moment for moment in self._requested if moment > now}
        return self._requested | self._due

    def _pause(self) -> float | None:
        """Real seconds until the background is to look again by itself; None for never."""
        moment = min(self._due | self._recurring, default=None)
        pauses = [] if self._real is None else [self._real]
        if moment is not None:
            pauses.append(max(0.0, (parsed(moment) - self.now()).total_seconds() / self.speed))
        return min(pauses, default=None)


def stamp(moment: datetime) -> str:
    """ISO 8601 with seven digits, as Azure prints times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _whole(moment: str) -> str:
    """A moment as `stamp` spells it, so that moments compare as text; "" is always past."""
    return moment if (moment.endswith("0Z") and len(moment) == 28) or not moment else stamp(parsed(moment))


def parsed(text: str) -> datetime:
    """A moment, with as many digits as Azure or a client writes."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(rest + '000000')[:6]}+00:00")
