"""Which tasks a spec asks for, entry by entry, each after those that it depends on.

Where a task depends on more tasks than Batch takes, gates stand between: tasks that do nothing, each after some.
"""

from __future__ import annotations

import hashlib
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
    """Every entry with its tasks, after those that it depends on.

    Where tasks of other jobs come before, others of those make others of these.
    """
    followed = [digest(cloud, other) for other in desired.data["before"]]
    entries: Mapping[str, Task] = desired.data["tasks"]
    ids: dict[str, list[str]] = {name: [] for entry in entries.values() for name in entry["dependsOn"]}
    for name in TopologicalSorter({name: entry["dependsOn"] for name, entry in entries.items()}).static_order():
        needs = [task for need in entries[name]["dependsOn"] for task in ids[need]]
        gates = _gates(name, entries[name], needs)
        for gate in gates:
            yield gate, gate.members([Item({})])
        group = _group(desired, name, gates, needs, followed)
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


def digest(cloud: Cloud, desired: Desired) -> str:
    """A digest of the ids of all tasks."""
    total = hashlib.sha256()
    for _, members in groups(cloud, desired):
        for member in members:
            total.update(f"{member.id}\n".encode())
    return total.hexdigest()


def _group(desired: Desired, name: str, gates: list[Group], needs: list[str], followed: list[str]) -> Group:
    entry: Task = desired.data["tasks"][name]
    if gates:
        entry = {**entry, "dependsOn": [*entry["dependsOn"], *(gate.name for gate in gates)]}
        needs = [member.id for gate in gates for member in gate.members([Item({})])]
    files = blobs.digests(Path(desired.data["folder"]), entry)
    return Group(name, entry, files, [desired.data["identity"], desired.data["staging"], *followed], tuple(needs))


def _gates(name: str, entry: Task, needs: list[str]) -> list[Group]:
    """The gates before the tasks of an entry, if they depend on too many for one list."""
    if sum(map(len, needs)) <= NEEDED:
        return []
    bare: Task = {
        "command": ["true"],
        "limit": 1,
        "dependsOn": entry["dependsOn"],
        "environmentSettings": {},
        "files": (),
        "inputs": (),
        "outputs": (),
        "elevationLevel": entry["elevationLevel"],
        "maxTaskRetryCount": 0,
        "requiredSlots": 1,
        "rerun": entry["rerun"],
    }
    if "containerSettings" in entry:
        bare["containerSettings"] = entry["containerSettings"]
    parts = _parts(needs)
    return [Group(f"{name}-gate{number}", bare, {}, [], part, stage=name) for number, part in enumerate(parts, 1)]


def _parts(needs: list[str]) -> Iterator[tuple[str, ...]]:
    """The ids, as many at a time as one task may depend on."""
    part: list[str] = []
    size = 0
    for task in needs:
        if size + len(task) > NEEDED:
            yield tuple(part)
            part, size = [], 0
        part.append(task)
        size += len(task)
    yield tuple(part)


def _items(cloud: Cloud, desired: Desired, entry: Task) -> Iterator[Item]:
    if "forEach" in entry:
        return blobs.items(cloud, entry)
    if "sweep" in entry:
        return map(Item, sweep.points(entry["sweep"], Path(desired.data["folder"])))
    return iter((Item({}),))
