"""How far the tasks of a job are: by their numbers alone where those say enough, else task by task.

Batch never starts a task that depends on one that has failed for good, and leaves it waiting for ever. Here such a task
is held: it is not submitted, or ended if it is there. Which tasks there are of an entry whose container others fill is
known when those have succeeded: it comes later, and so does what depends on it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.tasks import ends
from reconciler.kinds.tasks.ends import End
from reconciler.kinds.tasks.group import Group, Member, ours
from reconciler.kinds.tasks.rerun import Rerun
from reconciler.kinds.tasks.wording import Counts

Members = tuple[Group, Iterable[Member]]
"""An entry and its tasks, to be gone through before the next entry."""


class Past:
    """What is known of tasks beside what the job says of them; this one knows nothing."""

    def done(self, group: Group, member: Member) -> bool:
        """Whether a task that is not in the job had succeeded before, and what is required of it stands."""
        return False

    def stands(self, group: Group, member: Member) -> bool:
        """Whether all is there that is required of a task that has succeeded."""
        return True


class Live(NamedTuple):
    """A task that is there: active (it waits), preparing, running, success or failure; and how it ended.

    `before`: it had ended when the command began, so that it may run again.
    """

    state: str
    end: End | None = None
    before: bool = False


WELL = Live("success", ends.WELL)
BEFORE = Live("success", ends.WELL, before=True)


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the tasks of a job.

    there   ids in lower case
    kept    names of entries whose tasks are not to be submitted: they are held, or come later
    ending  ids of tasks to be ended: they are held, or nobody asks for them any more
    done    ids of tasks that are wanted and not in the job, as they had succeeded before
    own     how many tasks of the job itself have succeeded
    again   ids of tasks that have failed and are to run again
    anew    ids of tasks that are to be deleted and added again, as Batch runs nothing again that ended with 0
    unknown  patterns of tasks that are to run again which match none
    """

    counts: Counts
    there: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    ending: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    own: int = 0
    again: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def counted(
    cloud: Cloud, job: Mapping[str, Any], wanted: Iterable[str], *, ordered: bool, retried: bool
) -> State | None:
    """How far the tasks are by their number alone; None if that does not tell it.

    The job keeps a digest of the ids that were wanted when it was submitted to last, and how many of those it has.
    While it has just as many tasks, it has those, and the others had succeeded before it was made. Where some depend on
    others (`ordered`) and one has failed, those that wait may be held; where some are `retried`, one that has failed is
    perhaps to run again.
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
    if str(total) != number or (there.failed and (retried or (ordered and there.waiting))):
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


def listed(cloud: Cloud, job: str, since: datetime | None = None) -> dict[str, Live]:
    """Every task of a job by its id in lower case; `since` is when the command began, if some may run again."""
    plain = {state: Live(state) for state in ("active", "preparing", "running")}
    live = {}
    for task in cloud.batch().list_tasks(job, select=["id", "state", "executionInfo", "stateTransitionTime"]):
        raw = task.as_dict()
        info = raw.get("executionInfo") or {}
        before = since is not None and datetime.fromisoformat(raw["stateTransitionTime"]) < since
        if raw["state"] != "completed":
            live[raw["id"].lower()] = plain.get(raw["state"]) or Live(raw["state"])
        elif str(info.get("result", "failure")).lower() == "success":
            live[raw["id"].lower()] = BEFORE if before else WELL
        else:
            live[raw["id"].lower()] = Live("failure", ends.of(info), before)
    return live


def compared(
    groups: Iterable[Members],
    live: Mapping[str, Live],
    filled: Mapping[str, frozenset[str]],
    past: Past = Past(),  # noqa: B008 (it knows nothing)
    rerun: Rerun = Rerun(),  # noqa: B008 (a frozen value)
) -> State:
    """How far each task is that is wanted, given those that are there. Entries come after what they depend on.

    `filled`: the name of an entry → those before it that fill the container that its tasks are made for. `past` is
    asked for each task that would have to be submitted.
    """
    seen = _Seen(live, filled, past, rerun)
    for group, members in groups:
        seen.begin(group)
        for member in members:
            seen.take(group, member)
    return seen.state()


class _Seen:
    """What is known of the entries whose tasks have been looked at.

    blocking  they keep back for ever what depends on them
    open      some of their tasks have not succeeded
    running   some of their tasks run again
    unknown   patterns that no task has matched yet
    """

    def __init__(
        self, live: Mapping[str, Live], filled: Mapping[str, frozenset[str]], past: Past, rerun: Rerun
    ) -> None:
        self.live, self.filled, self.past, self.rerun, self.counts = live, filled, past, rerun, Counts()
        self.done: set[str] = set()
        self.subjects = {name.rpartition("-")[0] for name in live}
        self.left = {name for name in live if ours(name)}
        self.own = sum(live[name].state == WELL.state for name in self.left)
        self.blocking: set[str] = set()
        self.open: set[str] = set()
        self.held: set[str] = set()
        self.later: set[str] = set()
        self.stranded: list[str] = []
        self.running: set[str] = set()
        self.unknown = set(rerun.patterns)
        self.again: list[str] = []
        self.anew: list[str] = []

    def begin(self, group: Group) -> None:
        """What its needs mean for an entry and for what depends on it, whether it has tasks by now or not."""
        needs = group.entry["dependsOn"]
        self.unknown.difference_update(self.rerun.names(group))
        if not self.blocking.isdisjoint(needs):
            self.held.add(group.name)
            self.blocking.add(group.name)
        elif not self.later.isdisjoint(needs) or not self.open.isdisjoint(self.filled.get(group.name, ())):
            self.later.add(group.name)
            self.open.add(group.name)

    def take(self, group: Group, member: Member) -> None:
        name, conditions = group.name, group.entry.get("exitConditions", {})
        held = name in self.held
        self.unknown.difference_update(self.rerun.names(group, member.id))
        task = self.live.get(member.id) or self._before(group, member)
        self.left.discard(member.id)
        again = task is not None and not held and self._again(group, member, task)
        if again or not task or task.state != "success":
            self.open.add(name)
        if not again and task and task.end and ends.blocks(conditions, task.end):
            self.blocking.add(name)
        if held and task and task.state == "active":
            self.stranded.append(member.id)
        if task or name not in self.later:
            changed = member.id.rpartition("-")[0] in self.subjects
            self.counts.count(task.state if task else None, changed=changed, held=held, again=again)

    def _before(self, group: Group, member: Member) -> Live | None:
        """The task as it was in a job before this one; None if it is to be done, or done again."""
        if self.rerun.runs(group, member.id, failed=False) or not self.past.done(group, member):
            return None
        self.done.add(member.id)
        return WELL

    def _again(self, group: Group, member: Member, task: Live) -> bool:
        """Whether a task that is there runs again; one that never began does so with what it depends on."""
        failed, well = task.state == "failure", task.state == "success"
        never = task.end is not None and not task.end.begun and not self.running.isdisjoint(group.entry["dependsOn"])
        lost = well and task.before and not self.past.stands(group, member)
        if not task.before or not (never or lost or self.rerun.runs(group, member.id, failed=failed)):
            return False
        self.counts.lost += lost
        self.running.add(group.name)
        (self.anew if task.end and task.end.code == 0 else self.again).append(member.id)
        return True

    def state(self) -> State:
        leaving = sorted(name for name in self.left if self.live[name].end is None)
        counts = self.counts
        counts.stranded, counts.leaving = len(self.stranded), len(leaving)
        counts.obsolete, counts.later = len(self.left) - len(leaving), tuple(sorted(self.later))
        there, anew = frozenset(self.live).difference(self.anew), tuple(self.anew)
        kept, done = frozenset(self.held | self.later), frozenset(self.done)
        ending, again = (*leaving, *self.stranded), tuple(self.again)
        return State(counts, there, kept, ending, done, self.own, again, anew, tuple(self.unknown))
