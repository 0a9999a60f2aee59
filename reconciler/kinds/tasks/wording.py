"""How far the tasks of a job are, in numbers and in a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from reconciler.report import End
from reconciler.spec.tasks import Task, chunked
from reconciler.words import count, some

SHOWN = 10
"""How many entries of a job have a line of their own."""


@dataclass(slots=True)
class Counts:
    """How many of the tasks that are asked for are new, changed, waiting, running, succeeded or failed.

    changed   what they are for was done before, in another way
    held      not there, and not to be submitted: what they depend on has failed for good
    stranded  there, and never to begin for that reason
    later     names of entries whose tasks are made when what fills their container has succeeded
    leaving   there and not ended, and nobody asks for them any more; `obsolete` are those that have ended
    retried   they have failed and are to run again; `repeated` are those that have succeeded and are; of these,
    what is required of `lost` is gone
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
    retried: int = 0
    repeated: int = 0
    lost: int = 0
    later: tuple[str, ...] = ()

    def count(self, state: str | None, *, changed: bool, held: bool, again: bool) -> None:
        """Count a task that is wanted; `state` is active, running, success or failure, None if it is not there."""
        if again:
            self.retried += state == "failure"
            self.repeated += state == "success"
        elif state is None and held:
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
    def again(self) -> int:
        """Those that are to run again."""
        return self.retried + self.repeated

    @property
    def running(self) -> int:
        """Those that have been submitted, have not ended, and may."""
        return self.waiting + self.active - self.stranded

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    @property
    def total(self) -> int:
        return self.pending + self.again + self.waiting + self.active + self.ended + self.held


def total(parts: Iterable[Counts]) -> Counts:
    """The numbers of several entries in all."""
    added = Counts()
    for part in parts:
        for number in fields(Counts):
            setattr(added, number.name, getattr(added, number.name) + getattr(part, number.name))
    return added


def stages(parts: Mapping[str, Counts]) -> tuple[str, ...]:
    """A line for each of several entries in which something is left to do, and one for the others."""
    left = {name: counts for name, counts in parts.items() if counts.total != counts.succeeded or counts.leaving}
    if len(parts) < 2 or not left:
        return ()
    told = [f"{name}: {describe(counts)}" for name, counts in left.items()]
    told[SHOWN:] = [f"{count(len(told) - SHOWN, 'more entry')} in which something is left to do"] * (len(told) > SHOWN)
    done = total(counts for name, counts in parts.items() if name not in left)
    return (*told, *[f"others: {describe(done)}"] * bool(done.total))


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


def repeated(number: int) -> str:
    """What is said before tasks run again that have succeeded."""
    verb, whose = ("runs", "its") if number == 1 else ("run", "their")
    return f"{count(number, 'task', ',')} that succeeded {verb} again, and {whose} record and what was printed go"


def lacking(counts: Counts) -> str:
    """Why what follows these tasks may not begin: `has 2 failed tasks`; empty when all have succeeded."""
    if counts.failed:
        return f"has {count(counts.failed, 'failed task', ',')}"
    if counts.running:
        verbs = "waits or runs" if counts.running == 1 else "wait or run"
        return f"has {count(counts.running, 'task', ',')} that {verbs}"
    if left := counts.pending + counts.held + counts.again:
        return f"has {count(left, 'task', ',')} to submit"
    return f"has tasks to follow ({some(counts.later)})" if counts.later else ""


def end(counts: Counts) -> End | None:
    """How all of them have ended; None while some may run or are to come. Those to run again have ended, too."""
    if counts.pending or counts.running or counts.leaving or counts.later:
        return None
    failed, never = counts.failed + counts.retried, counts.held + counts.stranded
    return End(counts.succeeded + counts.repeated, failed, never)


def describe(counts: Counts) -> str:
    """`3 of 8 tasks to submit (1 changed), 2 running, 3 succeeded, 1 failed`."""
    told = []
    if counts.pending:
        changed = f" ({counts.changed:,} changed)" if counts.changed else ""
        told.append(f"{counts.pending:,} of {count(counts.total, 'task', ',')} to submit{changed}")
    else:
        told.append(count(counts.total, "task", ","))
    if counts.again:
        parts = [f"{counts.retried:,} failed"] if counts.retried else []
        parts += [f"{counts.lost:,} whose output is gone or was overwritten"] if counts.lost else []
        told.append(f"{counts.again:,} to run again" + (f" ({', '.join(parts)})" if parts else ""))
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
