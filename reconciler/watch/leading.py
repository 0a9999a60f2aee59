"""Of several watchers of a spec one leads: it holds a lease beside the lock of the spec for as long as it watches.

The lease only says who makes rounds. What changes something asks the lock of the spec besides, as each apply does, so
a leader that has lost its lease without knowing writes nothing beside the next one.
"""

from __future__ import annotations

from contextlib import suppress

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.errors import LockLost, ReconcileError

ROOM = "watch"
SECONDS = 30
"""How long the lease of a leader lasts that has died; storage takes 15 to 60."""


class Leadership:
    """That of one spec. Without a place nothing keeps others from leading too, and we lead."""

    def __init__(self, cloud: Cloud, place: str, holder: Holder) -> None:
        self.cloud, self.place, self.holder = cloud, place, holder
        self.lost = ""
        """Why we led and do not any more, until we ask again."""
        self._lock: Lock | None = None

    def leads(self) -> bool:
        """Whether a round may begin: asks for the lease if it is not ours. Raises as Azure does."""
        self.lost = ""
        if not self.place:
            return True
        if self._lock is not None:
            try:
                self._lock.room()
                return True
            except LockLost as error:
                self.lost = str(error)
                self.release()
        lock = Lock(LockBlob(self.cloud, self.place, ROOM), self.holder, self._seconds)
        if lock.take() is Answer.DENIED:
            return False
        self._lock = lock
        return True

    def leader(self) -> str:
        """Who leads, in his own words; empty if nobody knows."""
        with suppress(ReconcileError):
            seen = LockBlob(self.cloud, self.place, ROOM).look()
            if seen and seen.held:
                return seen.holder.words()
        return ""

    def release(self) -> None:
        """Let another lead, at once."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def _seconds(self) -> int:
        return min(SECONDS, self.cloud.endpoints.lease_seconds)
