"""How far each task is that is wanted, given those that are there: gone through entry by entry.

Batch never starts a task that depends on one that has failed for good, and leaves it waiting for ever. Here such a task
is held: it is not submitted, or ended if it is there. Which tasks there are of an entry whose container others fill is
known when those have succeeded: it comes later, and so does what depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.azure import ends
from reconciler.errors import ReconcileError
from reconciler.kinds.tasks import wording
from reconciler.kinds.tasks.group import Group, Member, entry_of, ours
from reconciler.kinds.tasks.live import WELL, Live, Members, Past, State
from reconciler.kinds.tasks.rerun import Rerun
from reconciler.kinds.tasks.wording import Counts


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

    blocked   ids of tasks that keep back for ever what depends on them
    open      some of their tasks have not succeeded
    held      they are held as a whole; `single` are ids of tasks of other entries
    running   some of their tasks run again
    unknown   patterns that no task has matched yet
    """

    def __init__(
        self, live: Mapping[str, Live], filled: Mapping[str, frozenset[str]], past: Past, rerun: Rerun
    ) -> None:
        self.live, self.filled, self.past, self.rerun = live, filled, past, rerun
        self.stages: dict[str, Counts] = {}
        self.done: set[str] = set()
        self.subjects = {name.rpartition("-")[0] for name in live}
        self.left = {name for name in live if ours(name)}
        self.own = sum(live[name].state == WELL.state for name in self.left)
        self.blocked: set[str] = set()
        self.open: set[str] = set()
        self.held: set[str] = set()
        self.single: set[str] = set()
        self.later: set[str] = set()
        self.stranded: list[str] = []
        self.running: set[str] = set()
        self.unknown = set(rerun.patterns)
        self.again: list[str] = []
        self.anew: list[str] = []

    def begin(self, group: Group) -> None:
        """What its needs mean for an entry and for what depends on it, whether it has tasks by now or not."""
        needs = group.needed
        self.unknown.difference_update(self.rerun.names(group))
        self._counts(group)
        if not self.held.isdisjoint(needs) or not self.blocked.isdisjoint(group.needs):
            self.held.add(group.name)
        elif not self.later.isdisjoint(needs) or not self.open.isdisjoint(self.filled.get(group.name, ())):
            self.later.add(group.name)
            self.open.add(group.name)

    def _counts(self, group: Group) -> Counts:
        """The numbers of its entry, or of that which it stands before."""
        return self.stages.setdefault(group.stage or group.name, Counts())

    def take(self, group: Group, member: Member) -> None:
        name, counts = group.name, self._counts(group)
        held = name in self.held or not self.blocked.isdisjoint(member.needs)
        if member.lacks and not held and name not in self.later:
            title = " ".join(filter(None, (name, member.item.title)))
            message = f"the task {title} depends on what is not there: {member.lacks}"
            raise ReconcileError(f"{message}; add it there, or change where: of its dependsOn")
        self.unknown.difference_update(self.rerun.names(group, member.id))
        task = self.live.get(member.id) or self._before(group, member)
        self.left.discard(member.id)
        again = task is not None and not held and self._again(group, member, task)
        if again or not task or task.state != "success":
            self.open.add(name)
        if not again:
            self._block(group, member, task, held=held)
        if task or name not in self.later:
            changed = member.id.rpartition("-")[0] in self.subjects
            counts.count(task.state if task else None, changed=changed, held=held, again=again)

    def _block(self, group: Group, member: Member, task: Live | None, *, held: bool) -> None:
        """Note whether a task is held, and whether it keeps back what depends on it."""
        if held and task and task.state == "active":
            self.stranded.append(member.id)
            self._counts(group).stranded += 1
        if held and not task and group.name not in self.held:
            self.single.add(member.id)
        conditions = group.entry.get("exitConditions", {})
        if ends.blocks(conditions, task.end) if task and task.end else held:
            self.blocked.add(member.id)

    def _before(self, group: Group, member: Member) -> Live | None:
        """The task as it was in a job before this one; None if it is to be done, or done again."""
        if self.rerun.runs(group, member.id, failed=False) or not self.past.done(group, member):
            return None
        self.done.add(member.id)
        return WELL

    def _again(self, group: Group, member: Member, task: Live) -> bool:
        """Whether a task that is there runs again; one that never began does so with what it depends on."""
        if not task.before:
            return False
        failed, well = task.state == "failure", task.state == "success"
        never = task.end is not None and not task.end.begun and not self.running.isdisjoint(group.needed)
        lost = well and not self.past.stands(group, member)
        if not (never or lost or self.rerun.runs(group, member.id, failed=failed)):
            return False
        self._counts(group).lost += lost
        self.running.add(group.name)
        (self.anew if task.end and task.end.code == 0 else self.again).append(member.id)
        return True

    def state(self) -> State:
        leaving = sorted(name for name in self.left if self.live[name].end is None)
        names = {name.lower(): name for name in self.stages}
        for task in self.left:
            entry = entry_of(task)
            stage = self.stages.setdefault(names.get(entry, entry), Counts())
            stage.leaving += self.live[task].end is None
            stage.obsolete += self.live[task].end is not None
        counts = wording.total(self.stages.values())
        counts.later = tuple(sorted(self.later))
        return State(
            counts,
            there=frozenset(self.live).difference(self.anew),
            kept=frozenset(self.held | self.later),
            held=frozenset(self.single),
            ending=(*leaving, *self.stranded),
            done=frozenset(self.done),
            own=self.own,
            again=tuple(self.again),
            anew=tuple(self.anew),
            unknown=tuple(self.unknown),
            stages=self.stages,
        )
