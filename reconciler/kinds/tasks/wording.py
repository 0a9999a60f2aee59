"""How far the tasks of a job are, in numbers and in a line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.spec.tasks import Task, chunked
from reconciler.words import count, some


@dataclass(slots=True)
class Counts:
    """How many of the tasks that are asked for are new, changed, waiting, running, succeeded or failed.

    changed   what they are for was done before, in another way
    held      not there, and not to be submitted: what they depend on has failed for good
    stranded  there, and never to begin for that reason
    later     names of entries whose tasks are made when what fills their container has succeeded
    leaving   there and not ended, and nobody asks for them any more; `obsolete` are those that have ended
    """

    new: int = 0
    changed: int = 0
    waiting: int = 0
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    held: int = 0
    stranded: int = 0
    leaving: int = 0
    obsolete: int = 0
    later: tuple[str, ...] = ()

    def count(self, state: str | None, *, changed: bool, held: bool) -> None:
        """Count a task that is wanted; `state` is active, running, success or failure, None if it is not there."""
        if state is None and held:
            self.held += 1
        elif state is None:
            self.changed += changed
            self.new += not changed
        elif state == "success":
            self.succeeded += 1
        elif state == "failure":
            self.failed += 1
        elif state == "active":
            self.waiting += 1
        else:
            self.active += 1

    @property
    def pending(self) -> int:
        """Those that are to be submitted."""
        return self.new + self.changed

    @property
    def ending(self) -> int:
        """Those that are to be ended."""
        return self.stranded + self.leaving

    @property
    def running(self) -> int:
        """Those that have been submitted, have not ended, and may."""
        return self.waiting + self.active - self.stranded

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    @property
    def total(self) -> int:
        return self.pending + self.waiting + self.active + self.ended + self.held


def asked(known: int, places: Sequence[str]) -> str:
    """How many tasks are asked for: `3`, and one for each of `places` (see `each`)."""
    return " and ".join([f"{known:,}"] * bool(known or not places) + [f"1 for each {place}" for place in places])


def each(entry: Task) -> str:
    """What an entry that is made for blobs has a task for."""
    return f"{'chunk of blobs' if chunked(entry) else 'blob'} of {entry['forEach']}"


def leaving(number: int) -> str:
    """What is said before tasks are ended that nobody asks for."""
    verb = "is" if number == 1 else "are"
    return f"{count(number, 'task', ',')} that nobody asks for any more {verb} ended, also those that run"


def describe(counts: Counts) -> str:
    """`3 of 8 tasks to submit (1 changed), 2 running, 3 succeeded, 1 failed`."""
    told = []
    if counts.pending:
        changed = f" ({counts.changed:,} changed)" if counts.changed else ""
        told.append(f"{counts.pending:,} of {count(counts.total, 'task', ',')} to submit{changed}")
    else:
        told.append(count(counts.total, "task", ","))
    numbers = {"waiting": counts.waiting - counts.stranded, "running": counts.active, "succeeded": counts.succeeded}
    told += [f"{number:,} {word}" for word, number in numbers.items() if number]
    told += [f"{counts.failed:,} failed"] if counts.failed else []
    if counts.stranded:
        told.append(f"{counts.stranded:,} to end, as what they depend on has failed")
    told += [f"{counts.held:,} held, as what they depend on has failed"] if counts.held else []
    told += [f"{some(counts.later)} to follow"] if counts.later else []
    told += [f"{counts.leaving:,} to end that nobody asks for any more"] if counts.leaving else []
    told += [f"{counts.obsolete:,} that nobody asks for any more"] if counts.obsolete else []
    return ", ".join(told)
