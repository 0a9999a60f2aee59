"""What a preview has come to: its work, and its results beside those that are live. Values only.

Results are held together by container and name. Where the id of a task is part of a name, only its beginning counts,
which is the same whatever the task does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reconciler.course import Course


class Verdict(StrEnum):
    """How a result is beside the live one; SAME_SIZE: too large to look at all of it; MISSING: only the live one is."""

    EQUAL = "equal"
    DIFFERS = "differs"
    SAME_SIZE = "same size"
    MISSING = "missing"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Output:
    """A result in a container of the spec: its name (in the preview, or where it is missing there, live), and bytes
    live and in the preview. `partial`: it is made of others, of which the preview has a few only."""

    place: str
    name: str
    verdict: Verdict
    before: int | None
    after: int | None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """The tasks of an entry that have run in the preview, and usual seconds there and live (None: none has run)."""

    job: str
    entry: str
    tasks: int
    failed: int
    seconds: float
    live: float | None


@dataclass(frozen=True, slots=True)
class Failure:
    job: str
    task: str
    reason: str


@dataclass(frozen=True, slots=True)
class Costs:
    """In words: what the preview costs, and what the change does by the month."""

    preview: str
    change: str


@dataclass(frozen=True, slots=True)
class Tried:
    """All of it. `expires` is when any run may delete the preview; `notes` say what it does not tell of."""

    name: str
    spec: str
    expires: str
    ran: tuple[Ran, ...] = ()
    unended: int = 0
    failures: tuple[Failure, ...] = ()
    outputs: tuple[Output, ...] = ()
    costs: Costs | None = None
    notes: tuple[str, ...] = ()

    def of(self, verdict: Verdict) -> list[Output]:
        return [output for output in self.outputs if output.verdict is verdict]

    @property
    def lacking(self) -> int:
        """How much is not as it was to be: tasks that failed or have not ended, results that only the live work has."""
        return len(self.failures) + self.unended + len(self.of(Verdict.MISSING))


@dataclass(frozen=True, slots=True)
class Key:
    """What a result is called whatever its task does: `after` follows the rest of the id of its task, if that is part
    of the name."""

    place: str
    name: str
    after: str | None = None

    def fits(self, name: str) -> bool:
        """Whether a blob of this name is the same result."""
        if self.after is None:
            return name == self.name
        pattern = f"{re.escape(self.name)}[0-9a-f]+{re.escape(self.after)}"
        return re.fullmatch(pattern, name) is not None


def key(place: str, name: str, task: str, stem: str) -> Key:
    """The key of a result that a task with this id, which begins with `stem`, has written."""
    start, found, after = name.partition(task) if task and stem != task else (name, "", "")
    return Key(place, f"{start}{stem}", after) if found else Key(place, name)


def asked(course: Course, tasks: Collection[str], stem_of: Callable[[str], str]) -> Course:
    """Without those tasks of ours that nobody asks for any more, as the spec has changed meanwhile."""
    kept = (task for task in course.tasks if task.id in tasks or stem_of(task.id) == task.id)
    return replace(course, tasks=tuple(kept))


def ran(job: str, course: Course, live: Course | None) -> list[Ran]:
    """How the entries of a job ran, and how they run live."""
    usual = {entry.name: entry.usual for entry in live.entries()} if live else {}
    entries = sorted(course.entries(), key=lambda entry: entry.name)
    return [Ran(job, entry.name, entry.tasks, entry.failed, entry.usual, usual.get(entry.name)) for entry in entries]


def failures(job: str, course: Course) -> list[Failure]:
    return [Failure(job, task.id, task.failure) for task in course.tasks if task.outcome == "failed"]


def sorted_outputs(outputs: Iterable[Output]) -> Sequence[Output]:
    """What needs a look first, then by name."""
    order = (Verdict.MISSING, Verdict.DIFFERS, Verdict.SAME_SIZE, Verdict.NEW, Verdict.EQUAL)
    return sorted(outputs, key=lambda output: (order.index(output.verdict), output.place, output.name))
