"""How far the tasks of a job are: by their numbers alone where those say enough, else task by task.

Batch never starts a task that depends on one that has failed for good, and leaves it waiting for ever. Here such a task
is held: it is not submitted, or ended if it is there. Which tasks there are of an entry whose container others fill is
known when those have succeeded: it comes later, and so does what depends on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError
from reconciler.kinds.tasks import ends
from reconciler.kinds.tasks.ends import End
from reconciler.kinds.tasks.group import Group, Member, ours
from reconciler.kinds.tasks.wording import Counts

Members = tuple[Group, Iterable[Member]]
"""An entry and its tasks, to be gone through before the next entry."""
Done = Callable[[], frozenset[str]]


class Live(NamedTuple):
    """A task that is there: active (it waits), preparing, running, success or failure; and how it ended."""

    state: str
    end: End | None = None


WELL = Live("success", ends.WELL)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the tasks of a job.

    there   ids in lower case
    kept    names of entries whose tasks are not to be submitted: they are held, or come later
    held    ids of single tasks of other entries that are held
    ending  ids of tasks to be ended: they are held, or nobody asks for them any more
    done    ids of tasks that had succeeded in a job before this one
    own     how many tasks of the job itself have succeeded
    """

    counts: Counts
    there: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    ending: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    own: int = 0


def counted(cloud: Cloud, job: Mapping[str, Any], wanted: Iterable[str], *, ordered: bool) -> State | None:
    """How far the tasks are by their number alone; None if that does not tell it.

    The job keeps a digest of the ids that were wanted when it was submitted to last, and how many of those it has.
    While it has just as many tasks, it has those, and the others had succeeded before it was made. Where some depend on
    others (`ordered`) and one has failed, those that wait may be held.
    """
    submitted, _, number = pairs.mapped(job.get("metadata")).get(marks.SUBMITTED, "").partition(":")
    if not number:
        return None
    digest = Digest()
    for name in wanted:
        digest.add(name)
    if str(digest) != submitted:
        return None
    there = batch_jobs.tasks(cloud, job["id"])
    total = there.waiting + there.running + there.ended
    if str(total) != number or (ordered and there.failed and there.waiting):
        return None
    succeeded = there.succeeded + digest.number - total
    counts = Counts(waiting=there.waiting, active=there.running, succeeded=succeeded, failed=there.failed)
    return State(counts, own=there.succeeded)


class Digest:
    """A digest of ids that are added one after another, and their number."""

    def __init__(self) -> None:
        self.total, self.number = hashlib.sha256(), 0

    def add(self, name: str) -> None:
        self.total.update(f"{name}\n".encode())
        self.number += 1

    def __str__(self) -> str:
        return self.total.hexdigest()[:32]


def listed(cloud: Cloud, job: str) -> dict[str, Live]:
    """Every task of a job by its id in lower case."""
    plain = {state: Live(state) for state in ("active", "preparing", "running")}
    live = {}
    for task in cloud.batch().list_tasks(job, select=["id", "state", "executionInfo"]):
        raw = task.as_dict()
        info = raw.get("executionInfo") or {}
        if raw["state"] != "completed":
            live[raw["id"].lower()] = plain.get(raw["state"]) or Live(raw["state"])
        elif str(info.get("result", "failure")).lower() == "success":
            live[raw["id"].lower()] = WELL
        else:
            live[raw["id"].lower()] = Live("failure", ends.of(info))
    return live


def compared(
    groups: Iterable[Members],
    live: Mapping[str, Live],
    filled: Mapping[str, frozenset[str]],
    done: Done = frozenset,
) -> State:
    """How far each task is that is wanted, given those that are there. Entries come after what they depend on.

    `filled`: the name of an entry → those before it that fill the container that its tasks are made for. `done` gives
    the ids of those that had succeeded before, and is asked at the first task that would have to be submitted.
    """
    seen = _Seen(live, filled, done)
    for group, members in groups:
        seen.begin(group)
        for member in members:
            seen.take(group, member)
    return seen.state()


class _Seen:
    """What is known of the entries whose tasks have been looked at.

    blocked  ids of tasks that keep back for ever what depends on them
    open     some of their tasks have not succeeded
    held     they are held as a whole; `single` are ids of tasks of other entries
    """

    def __init__(self, live: Mapping[str, Live], filled: Mapping[str, frozenset[str]], ask: Done) -> None:
        self.live, self.filled, self.ask, self.counts = live, filled, ask, Counts()
        self.done: frozenset[str] | None = None
        self.subjects = {name.rpartition("-")[0] for name in live}
        self.left = {name for name in live if ours(name)}
        self.own = sum(live[name].state == WELL.state for name in self.left)
        self.blocked: set[str] = set()
        self.open: set[str] = set()
        self.held: set[str] = set()
        self.single: set[str] = set()
        self.later: set[str] = set()
        self.stranded: list[str] = []

    def begin(self, group: Group) -> None:
        """What its needs mean for an entry and for what depends on it, whether it has tasks by now or not."""
        needs = [choice.name for choice in group.choices]
        if not self.held.isdisjoint(needs) or not self.blocked.isdisjoint(group.needs):
            self.held.add(group.name)
        elif not self.later.isdisjoint(needs) or not self.open.isdisjoint(self.filled.get(group.name, ())):
            self.later.add(group.name)
            self.open.add(group.name)

    def take(self, group: Group, member: Member) -> None:
        name = group.name
        held = name in self.held or not self.blocked.isdisjoint(member.needs)
        if member.lacks and not held and name not in self.later:
            title = " ".join(filter(None, (name, member.item.title)))
            message = f"the task {title} depends on what is not there: {member.lacks}"
            raise ReconcileError(f"{message}; add it there, or change where: of its dependsOn")
        task = self.live.get(member.id) or self._before(member, asked=not held and name not in self.later)
        self.left.discard(member.id)
        if not task or task.state != "success":
            self.open.add(name)
        self._block(group, member, task, held=held)
        if task or name not in self.later:
            changed = member.id.rpartition("-")[0] in self.subjects
            self.counts.count(task.state if task else None, changed=changed, held=held)

    def _block(self, group: Group, member: Member, task: Live | None, *, held: bool) -> None:
        """Note whether a task is held, and whether it keeps back what depends on it."""
        if held and task and task.state == "active":
            self.stranded.append(member.id)
        if held and not task and group.name not in self.held:
            self.single.add(member.id)
        conditions = group.entry.get("exitConditions", {})
        if ends.blocks(conditions, task.end) if task and task.end else held:
            self.blocked.add(member.id)

    def _before(self, member: Member, *, asked: bool) -> Live | None:
        """The task as it was in a job before this one."""
        if self.done is None and asked:
            self.done = self.ask()
        return WELL if member.id in (self.done or ()) else None

    def state(self) -> State:
        leaving = sorted(name for name in self.left if self.live[name].end is None)
        counts = self.counts
        counts.stranded, counts.leaving = len(self.stranded), len(leaving)
        counts.obsolete, counts.later = len(self.left) - len(leaving), tuple(sorted(self.later))
        kept, done = frozenset(self.held | self.later), (self.done or frozenset()) - set(self.live)
        return State(
            counts, frozenset(self.live), kept, frozenset(self.single), (*leaving, *self.stranded), done, self.own
        )
