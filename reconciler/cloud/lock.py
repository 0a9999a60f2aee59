"""A process takes the lock of its spec and keeps it: a thread renews the lease, and each write asks here before.

Where the container of the lock is not there yet, nothing is locked until it is: the thread asks again and again, and
whoever is first has the lock from then on, so that all others stop.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from uuid import uuid4

from reconciler.cloud.lease import Lease, clock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.errors import LockLost, ReconcileError, Unreachable

TICK = 1.0
"""Seconds between looks at the clock, which may have gone on by hours while the machine slept."""


class Lock:
    """The lock as one process has it; `room` may be asked by any thread.

    holder    what others are told of us
    outlived  whether we may delete the container: then there is no lock any more, and that is no loss
    trouble   why the last request for the lease failed, if it did
    """

    def __init__(self, blob: LockBlob, holder: Holder, seconds: int, *, outlived: bool = False) -> None:
        self.blob, self.holder, self.seconds, self.outlived = blob, holder, seconds, outlived
        self.trouble = ""
        self._id = str(uuid4())
        self._lease: Lease | None = None
        self._why_lost = ""
        self._signed = False
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lock", daemon=True)

    def take(self) -> Answer:
        """Ask for the lock once; keep it from then on, or go on asking where it is ABSENT. Raises as Azure does."""
        answer = self._ask()
        if answer is not Answer.DENIED:
            self._thread.start()
        return answer

    @property
    def held(self) -> bool:
        """Whether it was ours when we last heard of it."""
        return self._lease is not None and not self._why_lost

    @property
    def lost(self) -> bool:
        """Whether it was ours, and is not any more."""
        return bool(self._why_lost)

    def room(self) -> float | None:
        """How many seconds a write may take that begins now, None where there is no lock.

        Waits while it is not known whether the lease is still ours, for the time of one. Raises LockLost.
        """
        until = clock() + self.seconds
        with self._changed:
            while not self._why_lost:
                if self._lease is None:
                    return None
                if room := self._lease.room(clock()):
                    return room
                if clock() >= until:
                    why = self.trouble or "no answer"
                    raise LockLost(f"the lock could not be renewed for {self.seconds} s, so nothing is written: {why}")
                self._changed.wait(TICK)
        raise LockLost(self._why_lost)

    def release(self) -> None:
        """Give it back. If that fails, it ends by itself."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self.held:
            with suppress(ReconcileError):
                self.blob.release(self._id)

    def _keep(self) -> None:
        due = self._due()
        while not self._over.wait(max(0.0, min(TICK, due - clock()))):
            if clock() >= due:
                self._beat()
                if self._why_lost:
                    return
                due = self._due()

    def _due(self) -> float:
        return self._lease.due() if self._lease else clock() + self.blob.cloud.endpoints.poll_seconds

    def _beat(self) -> None:
        """One request for the lease, and what its answer means."""
        sent, lease = clock(), self._lease
        try:
            answer = self._ask() if lease is None else self.blob.renew(self._id)
        except ReconcileError as error:
            self.trouble = str(error)
            if lease is not None:
                lease.unanswered(sent)
            if self.outlived and isinstance(error, Unreachable) and self.blob.gone():
                self._set(None)
            return
        self.trouble = ""
        if answer is Answer.DENIED:
            self._lose(lease, self._taken())
        elif answer is Answer.ABSENT and lease is not None and not self.outlived:
            self._lose(lease, f"the lock is lost, because {self.blob.place} is gone; nothing more is written")
        elif answer is Answer.ABSENT:
            self._set(None)
        elif lease is not None:
            with self._changed:
                lease.renewed(sent)
                self._changed.notify_all()
            self._sign()

    def _ask(self) -> Answer:
        sent = clock()
        answer = self.blob.acquire(self._id, self.seconds)
        if answer is Answer.GRANTED:
            self._set(Lease(self.seconds, sent))
            self._sign()
        return answer

    def _sign(self) -> None:
        """Say whose it is. The lock does not depend on it, so it is tried again with the next renewal."""
        if not self._signed:
            with suppress(ReconcileError):
                self.blob.write(self._id, self.holder)
                self._signed = True

    def _set(self, lease: Lease | None) -> None:
        with self._changed:
            self._lease = lease
            self._changed.notify_all()

    def _lose(self, lease: Lease | None, why: str) -> None:
        with self._changed:
            if lease is not None:
                lease.refused()
            self._why_lost = why
            self._changed.notify_all()

    def _taken(self) -> str:
        """Who has the lock now, as far as that can be found out."""
        with suppress(ReconcileError):
            seen = self.blob.look()
            if seen and seen.state == "breaking":
                return "somebody has broken the lock (reconcile unlock); nothing more is written; run it again to go on"
            if seen and seen.held:
                return f"the lock is held by {seen.holder.words()}; nothing more is written here"
        return "the lock is not ours any more, so nothing more is written; run it again to go on"
