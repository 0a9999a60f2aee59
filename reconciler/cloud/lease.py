"""What a process may conclude about its own lease, by its own clock: pure, without threads or requests.

A lease counts from when the last request that got or renewed it was *sent*: the service counts from when that arrived,
which is later, so ours always ends first, however long the answer takes and whatever the clocks say. A write begins
only while more than half of the lease is left, and may take what is left and no more.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

RENEWALS = 4
"""How often in the time of a lease it is renewed."""
SPARE = 12
"""A write must have ended this part of the lease before its end: clocks may run at different speeds."""
AGAIN = 3
"""How much sooner than the next renewal one that failed is tried again, as a divisor."""


def clock() -> float:
    """Seconds by a clock that nobody sets, and that goes on while the machine sleeps, as `time.monotonic` does not."""
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC)
    return time.monotonic()


@dataclass(slots=True)
class Lease:
    """One holder's knowledge of its lease of so many `seconds`. All moments are by the holder's own clock.

    sent   when the last request was sent that got the lease or renewed it
    asked  when the last one was sent, whatever became of it
    lost   whether the service has said that the lease is no longer ours; then it never is again
    """

    seconds: float
    sent: float
    asked: float = 0.0
    failed: bool = False
    lost: bool = False

    def renewed(self, sent: float) -> None:
        """A renewal that was sent then was granted. Also after our own time was over: the service grants none to a
        lease that another has had in between."""
        self.sent, self.asked, self.failed = max(self.sent, sent), sent, False

    def unanswered(self, sent: float) -> None:
        """Nobody knows what became of a renewal that was sent then."""
        self.asked, self.failed = sent, True

    def refused(self) -> None:
        """The service has said that the lease is not ours."""
        self.lost = True

    def room(self, now: float) -> float:
        """How many seconds a write may take that begins now; 0 if none may begin."""
        left = 0.0 if self.lost else self.sent + self.seconds - now
        return left - self.seconds / SPARE if left > self.seconds / 2 else 0.0

    def due(self) -> float:
        """When the next renewal is to be sent."""
        every = self.seconds / RENEWALS
        return max(self.asked, self.sent) + (every / AGAIN if self.failed else every)
