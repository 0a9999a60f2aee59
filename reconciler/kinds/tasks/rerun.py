"""Which tasks that have ended are run again: those that a command names, and those that the spec says.

Only what had ended when the command began counts: so each is run again once, however it ends then. The moment is
Azure's own, as the ends of tasks are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.tasks.group import Group
from reconciler.model import Address, Desired
from reconciler.spec.tasks import Task, proving, required


@dataclass(frozen=True, slots=True)
class Rerun:
    """`patterns` choose tasks by their ids or by the names of their entries; `since` is None if none runs again."""

    patterns: tuple[str, ...] = ()
    since: datetime | None = None

    def names(self, group: Group, task: str = "") -> list[str]:
        """The patterns that mean a task of an entry, or all of the entry."""
        return [pattern for pattern in self.patterns if pattern == group.name or fnmatchcase(task, pattern)]

    def runs(self, group: Group, task: str, *, failed: bool) -> bool:
        """Whether a task runs again that has ended before."""
        if self.since is None:
            return False
        said = group.entry["rerun"]
        return said == "all" or (failed and said == "failed") or bool(self.names(group, task))


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """The tasks of a job, with the moment that those must have ended before which run again, if some may."""
    entries: Iterable[Task] = desired.data["tasks"].values()
    moves = any(entry["rerun"] != "changed" or required(entry) or proving(entry) for entry in entries)
    return _since(cloud, desired, ()) if moves else desired


def chosen(cloud: Cloud, desired: Desired, patterns: tuple[str, ...]) -> Desired:
    return _since(cloud, desired, patterns)


def _since(cloud: Cloud, desired: Desired, patterns: tuple[str, ...]) -> Desired:
    arm.get(cloud, cloud.group_id)  # for its Date
    return replace(desired, data={**desired.data, "rerun": Rerun(patterns, cloud.time)})


def of(desired: Desired) -> Rerun:
    rerun = desired.data["rerun"]
    assert isinstance(rerun, Rerun)
    return rerun


def counted(desired: Desired) -> bool:
    """Whether numbers of tasks may say enough: none that has succeeded is to run again, nor because of its outputs."""
    entries: Iterable[Task] = desired.data["tasks"].values()
    return not of(desired).patterns and not any(entry["rerun"] == "all" or required(entry) for entry in entries)


def retries(desired: Desired) -> bool:
    """Whether some run again that have failed."""
    entries: Iterable[Task] = desired.data["tasks"].values()
    return any(entry["rerun"] == "failed" for entry in entries)
