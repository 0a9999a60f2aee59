"""The tasks of a job as they are: by their numbers alone where those say enough, else a list of them."""

from __future__ import annotations

import hashlib
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from reconciler import marks
from reconciler.azure import ends
from reconciler.azure.ends import End
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.tasks.effort import Effort
from reconciler.kinds.tasks.group import Group, Member, entry_of
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


class Whole(Past):
    """What is not in the job had succeeded before, as its numbers say."""

    def done(self, group: Group, member: Member) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class State:
    """What is known of the tasks of a job.

    there   ids in lower case
    kept    names of entries whose tasks are not to be submitted: they are held, or come later
    held    ids of single tasks of other entries that are held
    ending  ids of tasks to be ended: they are held, or nobody asks for them any more
    done    ids of tasks that are wanted and not in the job, as they had succeeded before
    own     how many tasks of the job itself have succeeded
    again   ids of tasks that have failed and are to run again
    anew    ids of tasks that are to be deleted and added again, as Batch runs nothing again that ended with 0
    unknown  patterns of tasks that are to run again which match none
    stages  the numbers of each entry, as far as the tasks were gone through
    took    how long tasks took, by the name of their entry in lower case, as far as that was read
    """

    counts: Counts
    there: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    held: frozenset[str] = frozenset()
    ending: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    own: int = 0
    again: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    stages: Mapping[str, Counts] = field(default_factory=dict)
    took: Mapping[str, float] = field(default_factory=dict)
    effort: Effort | None = None


class Digest:
    """A digest of ids that are added one after another, and their number."""

    def __init__(self) -> None:
        self.total, self.number = hashlib.sha256(), 0

    def add(self, name: str) -> None:
        self.total.update(f"{name}\n".encode())
        self.number += 1

    def __str__(self) -> str:
        return self.total.hexdigest()[:32]


def counted(
    cloud: Cloud, job: Mapping[str, Any], wanted: Callable[[], Digest], *, ordered: bool, retried: bool
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
    digest = wanted()
    if str(digest) != submitted:
        return None
    there = batch_jobs.tasks(cloud, job["id"])
    total = there.waiting + there.running + there.ended
    if str(total) != number or (there.failed and (retried or (ordered and there.waiting))):
        return None
    succeeded = there.succeeded + digest.number - total
    counts = Counts(waiting=there.waiting, active=there.running, succeeded=succeeded, failed=there.failed)
    return State(counts, own=there.succeeded)


class Listing(NamedTuple):
    """The tasks of a job by their ids in lower case, and how long those took that have succeeded, by their entries'."""

    tasks: dict[str, Live]
    seconds: dict[str, array[float]]


def listed(cloud: Cloud, job: str, since: datetime | None = None) -> Listing:
    """Every task of a job; `since` is when the command began, if some may run again."""
    select = ["id", "state", "executionInfo", "stateTransitionTime"]
    return noted((task.as_dict() for task in cloud.batch().list_tasks(job, select=select)), since)


def noted(tasks: Iterable[Mapping[str, Any]], since: datetime | None = None) -> Listing:
    """What is to be known of the tasks of a list."""
    plain = {state: Live(state) for state in ("active", "preparing", "running")}
    live: dict[str, Live] = {}
    seconds: dict[str, array[float]] = defaultdict(lambda: array("f"))
    for raw in tasks:
        info = raw.get("executionInfo") or {}
        before = since is not None and datetime.fromisoformat(raw["stateTransitionTime"]) < since
        if raw["state"] != "completed":
            live[raw["id"].lower()] = plain.get(raw["state"]) or Live(raw["state"])
        elif str(info.get("result", "failure")).lower() == "success":
            live[raw["id"].lower()] = BEFORE if before else WELL
            seconds[entry_of(raw["id"].lower())].append(_took(info))
        else:
            live[raw["id"].lower()] = Live("failure", ends.of(info), before)
    return Listing(live, seconds)


def _took(info: Mapping[str, Any]) -> float:
    return (datetime.fromisoformat(info["endTime"]) - datetime.fromisoformat(info["startTime"])).total_seconds()
