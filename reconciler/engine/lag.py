"""Reads that lag behind writes: for a while Azure may show a resource as it was before our last write, or not at all.

Such a picture is told from a new one by being the same as one from before a write: the write would have changed the
owner mark, the ETag or the fields. It is waited out within a bound, and believed after that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reconciler.engine.looks import Waiting
from reconciler.errors import AzureError, ReconcileError
from reconciler.model import Observed

LOOKS = 6
"""How many looks in a row may show an old picture."""
DOUBTS = 2
"""How many times more a step looks before it believes that others have changed the world."""
CLASHES = 5
"""The same, where Azure refuses a write because of another one, which takes its time to end."""
LONGEST = 30.0
"""Seconds between two such looks at most."""
OURSELVES = re.compile(r"exists|taken|inuse|conflict|inprogress|being|updatenotallowed", re.IGNORECASE)
"""Azure codes of a 409 that we may have brought about ourselves, by a request whose answer was lost: the name is in
use, or the resource is being made or changed. What is there tells."""


@dataclass(slots=True)
class Lag:
    """What one step has seen before its writes, and how often it has seen that again since the last one."""

    poll_seconds: float
    before: list[Observed] = field(default_factory=list)
    looks: int = 0
    doubts: int = 0

    def wrote(self, observed: Observed | None) -> None:
        """A write is about to happen; `observed` is what it changes, None if it makes something."""
        self.looks = 0
        if observed is not None:
            self.before.append(observed)

    def taken(self) -> None:
        """Azure has taken a write."""
        self.doubts = 0

    def old(self, observed: Observed | None) -> Waiting | None:
        """The wait for a new picture; None if this is one, or if the bound is reached. None is: it does not exist."""
        if self.looks >= LOOKS or (observed is not None and not any(_same(observed, old) for old in self.before)):
            return None
        self.looks += 1
        return self._wait(self.looks, "not visible yet" if observed is None else "the change is not visible yet")

    def doubted(self, detail: str, most: int = DOUBTS) -> Waiting | None:
        """The wait before another look at what would end the step; None if there were enough of them."""
        if self.doubts >= most:
            return None
        self.doubts += 1
        return self._wait(self.doubts, detail)

    def ourselves(self, error: ReconcileError) -> Waiting | None:
        """The wait before a look at whether a write was refused because of ourselves; None if it was not."""
        if not isinstance(error, AzureError) or error.status != 409 or not OURSELVES.search(error.code):
            return None
        return self.doubted(f"looking again: {error}", CLASHES)

    def _wait(self, times: int, detail: str) -> Waiting:
        return Waiting(min(self.poll_seconds * 2 ** (times - 1), LONGEST), detail)


def _same(observed: Observed, old: Observed) -> bool:
    return (observed.id, observed.etag, observed.mark, observed.health, observed.body) == (
        old.id,
        old.etag,
        old.mark,
        old.health,
        old.body,
    )
