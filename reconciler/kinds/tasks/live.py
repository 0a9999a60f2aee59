"""How far the tasks of a job are: by their numbers alone where those say enough, else task by task.

Batch never starts a task that depends on one that has failed for good, and leaves it waiting for ever. Here such a task
is held: it is not submitted, or ended if it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.tasks import ends
from reconciler.kinds.tasks.ends import End
from reconciler.kinds.tasks.group import ID, Group, Member
from reconciler.kinds.tasks.wording import Counts


class Live(NamedTuple):
    """A task that is there: active (it waits), preparing, running, success or failure; and how it ended."""

    state: str
    end: End | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the tasks of a job.

    there   ids in lower case
    held    names of entries whose tasks cannot begin, as what they depend on has failed for good
    ending  ids of tasks to be ended: they are held, or nobody asks for them any more
    """

    counts: Counts
    there: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    ending: tuple[str, ...] = ()


def counted(cloud: Cloud, job: Mapping[str, Any], wanted: Sequence[str], *, ordered: bool) -> State | None:
    """How far the tasks are by their number alone; None if that does not tell it.

    The job keeps a digest of the ids that were submitted to it last. While it has just as many tasks, it has those.
    Where some depend on others (`ordered`) and one has failed, those that wait may be held.
    """
    if pairs.mapped(job.get("metadata")).get(marks.SUBMITTED) != digest(wanted):
        return None
    there = batch_jobs.tasks(cloud, job["id"])
    total = there.waiting + there.running + there.ended
    if total != len(wanted) or (ordered and there.failed and there.waiting):
        return None
    counts = Counts(waiting=there.waiting, active=there.running, succeeded=there.succeeded, failed=there.failed)
    return State(counts)


def digest(ids: Iterable[str]) -> str:
    total = hashlib.sha256()
    for name in ids:
        total.update(f"{name}\n".encode())
    return total.hexdigest()[:32]


def listed(cloud: Cloud, job: str) -> dict[str, Live]:
    """Every task of a job by its id in lower case."""
    plain = {state: Live(state) for state in ("active", "preparing", "running")}
    live, well = {}, Live("success", ends.WELL)
    for task in cloud.batch().list_tasks(job, select=["id", "state", "executionInfo"]):
        raw = task.as_dict()
        info = raw.get("executionInfo") or {}
        if raw["state"] != "completed":
            live[raw["id"].lower()] = plain.get(raw["state"]) or Live(raw["state"])
        elif str(info.get("result", "failure")).lower() == "success":
            live[raw["id"].lower()] = well
        else:
            live[raw["id"].lower()] = Live("failure", ends.of(info))
    return live


def compared(wanted: Iterable[tuple[Group, Member]], live: Mapping[str, Live]) -> State:
    """How far each task is that is wanted, given those that are there. Those come after what they depend on."""
    counts, subjects = Counts(), {name.rpartition("-")[0] for name in live}
    blocking: set[str] = set()
    held: set[str] = set()
    left = {name for name in live if ID.fullmatch(name)}
    stranded = []
    for group, member in wanted:
        task = live.get(member.id)
        left.discard(member.id)
        kept = not blocking.isdisjoint(group.entry["dependsOn"])
        waits = task is None or task.state == "active"
        if kept:
            held.add(group.name)
        if (kept and waits) or (task and task.end and ends.blocks(group.entry.get("exitConditions", {}), task.end)):
            blocking.add(group.name)
        if kept and task and waits:
            stranded.append(member.id)
        changed = member.id.rpartition("-")[0] in subjects
        counts.count(task.state if task else None, changed=changed, held=kept)
    leaving = sorted(name for name in left if live[name].end is None)
    counts.stranded, counts.leaving, counts.obsolete = len(stranded), len(leaving), len(left) - len(leaving)
    return State(counts, frozenset(live), frozenset(held), (*leaving, *stranded))
