"""Simulated time: what the local Azure's operations, boots and delays take. User processes run in real time.

Code that waits for simulated time asks here whether its moment has come. So the clock knows all moments that are
waited for, and the background sleeps until the next of them. The method that is asked says who waits:

    past      a request: its client asks again until the moment has come
    due       the background, in every round, as long as it waits
    recurs    the background, for what happens periodically and for what is kept until a moment

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
        self._work = 0
        self._changed = asyncio.Event()
        self._resting = asyncio.Event()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._at) * self.speed)

    def run(self, speed: float) -> None:
        """Let time run `speed` times as fast as the wall clock from now on."""
        self._start, self._at, self.speed = self.now(), time.monotonic(), speed
        self.wake()

    def advance(self, seconds: float) -> None:
        self._set(self.now() + timedelta(seconds=seconds))

    def _set(self, moment: datetime) -> None:
        """Let it be that moment; the time stays what it was if `moved` fails."""
        before = self._start, self._at
        self._start, self._at = moment, time.monotonic()
        try:
            self.moved()
        except BaseException:
            self._start, self._at = before
            raise
        self.wake()

    def after(self, seconds: float) -> str:
        """The moment `seconds` from now, as text that sorts by time."""
        return stamp(self.now() + timedelta(seconds=seconds))

    def passed(self, moment: str) -> bool:
        """Whether the moment has come, without waiting for it."""
        return stamp(self.now()) >= _whole(moment)

    def past(self, moment: str) -> bool:
        """Whether the moment has come, for a request whose client will ask again."""
        return self._asked(moment, self._requested)

    def due(self, moment: str) -> bool:
        """Whether the moment has come at which the background goes on."""
        return self._asked(moment, self._due)

    def recurs(self, moment: str) -> bool:
        """Whether the moment has come, of something that happens periodically or is kept until then."""
        return self._asked(moment, self._recurring)

    def _asked(self, moment: str, waiting: set[str]) -> bool:
        if self.passed(moment):
            return True
        waiting.add(_whole(moment))
        return False

    def wake(self) -> None:
        """Start a round of the background, because something has changed."""
        self._resting.clear()
        self._changed.set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """The clock does not jump during this context, because real work is going on."""
        self._work += 1
        try:
            yield
        finally:
            self._work -= 1
            if self._idle():
                self.wake()

    def begin_round(self) -> None:
        """Forget what the background waits for: it looks at everything now, and asks again."""
        self._changed.clear()
        self._due.clear()
        self._recurring.clear()

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
        """Wait until the background has done all that there is to do now."""
        await self._resting.wait()

    def next(self) -> str | None:
        """The next moment that anything waits for."""
        return min(self._awaited() | self._recurring, default=None)

    def to_next(self) -> None:
        """Go to the next moment that anything waits for."""
        moment = self.next()
        if moment is not None and not self.passed(moment):
            self._set(max(self.now(), parsed(moment)))

    def _idle(self) -> bool:
        return self.jumps and not self._work

    def _awaited(self) -> set[str]:
        now = stamp(self.now())
        self._requested = {moment for moment in self._requested if moment > now}
        return self._requested | self._due

    def _pause(self) -> float | None:
        """Real seconds until the background is to look again by itself; None for never."""
        moment = min(self._due | self._recurring, default=None)
        if moment is None:
            return None
        return max(0.0, (parsed(moment) - self.now()).total_seconds() / self.speed)


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
