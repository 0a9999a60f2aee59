"""Which tasks a spec asks for, entry by entry, each after those that it depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError
from reconciler.kinds.tasks import blobs, sweep
from reconciler.kinds.tasks.group import Group, Item, Member
from reconciler.kinds.tasks.live import Members
from reconciler.model import Desired
from reconciler.spec.tasks import Task

NEEDED = 64_000
"""The most characters of ids that a task may depend on. Source: BatchTaskDependencies, taskIds."""


def groups(cloud: Cloud, desired: Desired) -> Iterator[Members]:
    """Every entry with its tasks, after those that it depends on."""
    entries: Mapping[str, Task] = desired.data["tasks"]
    ids: dict[str, list[str]] = {name: [] for entry in entries.values() for name in entry["dependsOn"]}
    for name in TopologicalSorter({name: entry["dependsOn"] for name, entry in entries.items()}).static_order():
        group = _group(desired, name, tuple(task for need in entries[name]["dependsOn"] for task in ids[need]))
        yield group, _members(cloud, desired, group, ids.get(name))


def _members(cloud: Cloud, desired: Desired, group: Group, ids: list[str] | None) -> Iterator[Member]:
    """The tasks of an entry; their ids are added to `ids`."""
    limit = group.entry["limit"]
    for number, member in enumerate(group.members(_items(cloud, desired, group.entry)), 1):
        if number > limit:
            many = f"{desired.address}: {group.name} makes more than {limit:,} tasks"
            raise ReconcileError(f"{many}; raise its limit: if that many are meant")
        if ids is not None:
            ids.append(member.id)
        yield member


def _group(desired: Desired, name: str, needs: tuple[str, ...]) -> Group:
    if sum(map(len, needs)) > NEEDED:
        few = f"{desired.address}: {name} depends on {len(needs):,} tasks, more than Batch takes"
        raise ReconcileError(
            f"{few} ({NEEDED:,} characters of ids); let it depend on fewer, such as tasks that merge some"
        )
    entry = desired.data["tasks"][name]
    files = blobs.digests(Path(desired.data["folder"]), entry)
    return Group(name, entry, files, [desired.data["identity"], desired.data["staging"]], needs)


def _items(cloud: Cloud, desired: Desired, entry: Task) -> Iterator[Item]:
    if "forEach" in entry:
        return blobs.items(cloud, entry)
    if "sweep" in entry:
        return map(Item, sweep.points(entry["sweep"], Path(desired.data["folder"])))
    return iter((Item({}),))
