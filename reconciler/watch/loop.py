"""The loop itself: polls the source, begins rounds that are due, and puts down what has become of them.

One thread calls `tick`; polls and rounds run in others, a spec's rounds one after another, those of different specs
beside each other, so that no spec waits for another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.watch import schedule
from reconciler.watch.result import End, Result
from reconciler.watch.rounds import Around, Watched, summary
from reconciler.watch.schedule import Due
from reconciler.watch.sources import Place, Poll, Source, SourceError, Version
from reconciler.watch.told import Said, What
from reconciler.words import count

TICK = 0.5
"""Seconds between two looks at what is due, at most."""


@dataclass
class Spec:
    """One spec in the loop. `file` is that of the round that runs, `leave` ends it early; `end` is that of the last."""

    watched: Watched
    due: Due
    file: Path | None = None
    leave: threading.Event = field(default_factory=threading.Event)
    future: Future[Result] | None = None
    end: End | None = None


@dataclass
class Loop:
    """`part` gives numbers from 0 to 1 for the jitter, `record` is told of each round, `polled` of each poll, and
    `gone` of each spec that is not watched any more."""

    source: Source
    around: Around
    threads: Executor
    stop: threading.Event
    part: Callable[[], float]
    poll_every: float
    record: Callable[[Result], None] = lambda result: None
    polled: Callable[[Poll], None] = lambda poll: None
    gone: Callable[[str], None] = lambda spec: None
    specs: dict[str, Spec] = field(default_factory=dict)
    version: Version | None = None
    ticked: float = 0.0
    """When `tick` was called last."""
    _poll: Future[Version] | None = None
    _poll_at: float = 0.0
    _trouble: str = ""

    def tick(self) -> None:
        """Do what is due, and wait for nothing."""
        self.ticked = now = self.around.clock()
        self._ask(now)
        for name, spec in list(self.specs.items()):
            place = self.version.specs.get(name) if self.version else None
            if spec.future and spec.future.done():
                self._ended(spec, now)
            if place is None:
                self._without(name, spec)
            elif schedule.ready(spec.due, place.stamp, now) and not self.stop.is_set():
                self._begin(spec, place, now)
            elif schedule.overtaken(spec.due, place.stamp, now, self.around.interval):
                spec.leave.set()

    def wait(self, seconds: float = TICK) -> bool:
        """Wait until it is time for the next tick; whether the loop goes on."""
        return not self.stop.wait(seconds)

    def end(self) -> None:
        """Bring what runs to its end, once `stop` is set, and let others lead."""
        for spec in self.specs.values():
            spec.leave.set()
        for spec in self.specs.values():
            if spec.future:
                self.record(spec.future.result())
            spec.watched.release()

    @property
    def ready(self) -> bool:
        """Whether the specs are known and each has been looked at, or is led by another."""
        return self.version is not None and all(spec.watched.last for spec in self.specs.values())

    def _ask(self, now: float) -> None:
        """Begin a poll that is due, and take over what one has found."""
        if self._poll is None and self._poll_at <= now and not self.stop.is_set():
            self._poll = self.threads.submit(self.source.poll)
        if self._poll is None or not self._poll.done():
            return
        poll, self._poll, self._poll_at = self._poll, None, now + self.poll_every
        try:
            found = poll.result()
        except SourceError as error:
            self.polled(Poll.FAILED)
            if str(error) != self._trouble:
                self._trouble = str(error)
                rest = "what was had last is gone on with" if self.version else "nothing can be done until then"
                self.around.say(Said(What.SOURCE_UNREACHABLE, f"{error}; {rest}"))
            return
        self._trouble = ""
        changed = found != self.version
        self.polled(Poll.CHANGED if changed else Poll.SAME)
        if changed:
            self._take(found)

    def _take(self, found: Version) -> None:
        label = f" {found.label}" if found.label else ""
        text = f"takes {count(len(found.specs), 'spec')} from {self.source.name}{label}"
        self.around.say(Said(What.SOURCE_CHANGED, text, more={"version": found.label, "specs": sorted(found.specs)}))
        self.version = found
        for name in found.specs:
            if name not in self.specs:
                self.specs[name] = Spec(Watched(name, self.around), Due(0.0))
        self.source.forget(list(self._used()))

    def _used(self) -> Iterable[Path]:
        return (spec.file for spec in self.specs.values() if spec.file)

    def _begin(self, spec: Spec, place: Place, now: float) -> None:
        spec.due = schedule.begun(spec.due, place.stamp, now)
        spec.file, spec.leave = place.file, threading.Event()
        spec.future = self.threads.submit(spec.watched.round, place.file, self.stop, spec.leave)

    def _ended(self, spec: Spec, now: float) -> None:
        assert spec.future is not None
        result, spec.future, spec.file = spec.future.result(), None, None
        soon, spec.end = schedule.soon(result.end, spec.end), result.end
        spec.due = schedule.ended(spec.due, now, self.around.interval, self.part(), soon=soon)
        self.record(result)
        if result.leads:
            self.around.say(summary(result))

    def _without(self, name: str, spec: Spec) -> None:
        """The source has the spec no more: its resources stay as they are."""
        spec.leave.set()
        if spec.future is None:
            spec.watched.release()
            del self.specs[name]
            self.gone(name)
            self.around.say(Said(What.SPEC_GONE, "is not there any more; its resources stay as they are", name))
