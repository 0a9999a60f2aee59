"""The record that an apply or destroy leaves, if the spec says where. It never changes how the run ends."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler import __version__
from reconciler.cli import announcing, codes, commit, locking
from reconciler.cli.common import Selection
from reconciler.errors import ReconcileError
from reconciler.events import Event, Interrupted, Listener, RunFinished, StepFinished

if TYPE_CHECKING:
    from reconciler.audit.keeping import Book
    from reconciler.audit.record import Record, Source
    from reconciler.cloud.cloud import Cloud
    from reconciler.engine.loop import Reading
    from reconciler.model import Outcome
    from reconciler.spec import Spec


@dataclass
class Recorder:
    """What is heard of a run, for its record. Without a `book` nothing is kept."""

    record: Record
    book: Book | None
    code: int = codes.FAILED
    error: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    interrupted: bool = False
    trouble: str = ""
    started: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """The plan is about to be carried out. That is kept now, as the run may die on the way; where the container is
        made by this very run, it is kept at the end only."""
        from reconciler.cloud.lock_blob import absent
        from reconciler.errors import AzureError

        if self.book:
            try:
                self.book.begin(self.record)
            except ReconcileError as error:
                if not (isinstance(error, AzureError) and absent(error)):
                    self._warn(error)

    def listening(self, listen: Listener) -> Listener:
        """A listener that passes events on, and remembers how each step ended."""

        def heard(event: Event) -> None:
            if isinstance(event, StepFinished):
                self.outcomes.append(event.outcome)
            elif isinstance(event, RunFinished):  # with those that never began
                self.outcomes = list(event.outcomes)
            self.interrupted = self.interrupted or isinstance(event, Interrupted)
            listen(event)

        return heard

    def ended(self, code: int) -> int:
        """The exit code that the run is about to end with, if all else goes well."""
        self.code = code
        return code

    def finish(self, cloud: Cloud) -> None:
        """Keep how the run ended."""
        from reconciler.audit import record as records

        lock = cloud.guarding.lock
        result = records.RESULTS.get(self.code, records.FAILED)
        result = records.INTERRUPTED if self.interrupted else records.LOCK_LOST if lock and lock.lost else result
        steps = tuple(map(records.done, self.outcomes))
        seconds = round(time.monotonic() - self.started, 1)
        self.record = replace(self.record, end=records.End(cloud.time, seconds, result, self.code, self.error, steps))
        try:
            if self.book:
                self.book.end(self.record)
        except ReconcileError as error:
            self._warn(error)

    def _warn(self, error: ReconcileError) -> None:
        from reconciler.render import plain

        assert self.book is not None
        text = plain.lines(str(error), 2)
        if text != self.trouble:
            click.echo(f"warning: this run leaves no whole record in {self.book.place}: {text}", err=True)
        self.trouble = text


@contextmanager
def recording(
    verb: str, reading: Reading, cloud: Cloud, selection: Selection, rerun: tuple[str, ...] = (), saved: str = ""
) -> Iterator[Recorder]:
    """While it lasts, a plan is carried out; at its end that is kept, however it ended. `saved` is the digest of the
    saved plan."""
    spec = reading.spec
    recorder = Recorder(planned(verb, reading, cloud, selection, rerun, saved), book(spec, cloud))
    try:
        yield recorder
    except BaseException as error:
        recorder.code = codes.of(error)
        told = isinstance(error, (ReconcileError, OSError))
        recorder.error = str(error) if told else type(error).__name__
        raise
    finally:
        recorder.finish(cloud)
        announcing.of_run(spec, cloud, recorder.record)


def planned(
    verb: str, reading: Reading, cloud: Cloud, selection: Selection, rerun: tuple[str, ...] = (), saved: str = ""
) -> Record:
    """The record of a run that has its plan."""
    from reconciler.audit import record as records

    spec = reading.spec
    place = records.Place(spec.azure.cloud, spec.azure.subscription, spec.azure.resource_group)
    return records.begun(verb, reading.plan, place, _source(spec, selection, rerun), cloud.time, saved)


def book(spec: Spec, cloud: Cloud) -> Book | None:
    """The records of a spec; None if it keeps none."""
    from reconciler.audit.keeping import Book

    return Book(cloud.unguarded(), spec.audit) if spec.audit else None


def _source(spec: Spec, selection: Selection, rerun: tuple[str, ...]) -> Source:
    from reconciler.audit.record import Source

    sha, dirty = commit.found(Path(spec.file), os.environ) if spec.audit or spec.notify else ("", None)
    who, run = locking.who(os.environ), locking.run(os.environ)
    limits = selection.target, selection.exclude, rerun
    return Source(who, socket.gethostname(), run, sha, dirty, __version__, spec.file, *limits)
