"""Which tasks a spec asks for, entry by entry, each after those that it depends on.

Where a task depends on more tasks than Batch takes, gates stand between: tasks that do nothing, each after some.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path

from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError
from reconciler.kind.sampling import spread
from reconciler.kinds.tasks import blobs, chunks, sweep
from reconciler.kinds.tasks.group import Group, Member
from reconciler.kinds.tasks.items import Item
from reconciler.kinds.tasks.live import Digest, Members
from reconciler.kinds.tasks.needs import Choice
from reconciler.model import Desired
from reconciler.spec.tasks import Task, needs

NEEDED = 64_000
"""The most characters of ids that a task may depend on. Source: BatchTaskDependencies, taskIds."""


def groups(cloud: Cloud, desired: Desired) -> Iterator[Members]:
    """Every entry with its tasks, after those that it depends on.

    Where tasks of other jobs come before, others of those make others of these.
    """
    followed = [str(digest(cloud, other)) for other in desired.data["before"]]
    entries: Mapping[str, Task] = desired.data["tasks"]
    choices = {name: tuple(map(Choice, needs(entries, name))) for name in entries}
    order = {name: [choice.name for choice in chosen] for name, chosen in choices.items()}
    for name in TopologicalSorter(order).static_order():
        gates = _gates(name, entries[name], choices[name])
        for gate in gates:
            yield gate, gate.members([Item({})])
        group = _group(desired, name, gates, choices[name], followed)
        heirs = [choice for chosen in choices.values() for choice in chosen if choice.name == name]
        yield group, _members(cloud, desired, group, heirs)


def _members(cloud: Cloud, desired: Desired, group: Group, heirs: Sequence[Choice]) -> Iterator[Member]:
    """The tasks of an entry; what depends on it is told of each."""
    limit, common = group.entry["limit"], sum(map(len, group.needs))
    few = any("sample" in entry for entry in desired.data["tasks"].values())
    for number, member in enumerate(group.members(chunks.cut(_items(cloud, desired, group.entry), group.entry)), 1):
        if number > limit:
            many = f"{desired.address}: {group.name} makes more than {limit:,} tasks"
            raise ReconcileError(f"{many}; raise its limit: if that many are meant")
        if common + sum(map(len, member.needs)) > NEEDED:
            many = f"{desired.address}: a task of {group.name} depends on {len(member.needs):,} tasks by where:"
            raise ReconcileError(f"{many}, and Batch takes some 2,000 at once; let it depend on the whole entry")
        if few and member.lacks:  # what it is to follow is not among the few
            continue
        for choice in heirs:
            choice.add(member.id, member.item.values)
        yield member


class Known:
    """What a run keeps of the ids that a job's tasks have, once they were gone through: nothing by now."""

    def __init__(self) -> None:
        self.digest: Digest | None = None


def digest(cloud: Cloud, desired: Desired) -> Digest:
    """A digest of the ids of all tasks. Where no container is listed for them, they are the same all the run."""
    known = desired.data["known"]
    assert isinstance(known, Known)
    if known.digest is None or _listed(desired) or any(map(_listed, desired.data["before"])):
        total = Digest()
        for _, members in groups(cloud, desired):
            for member in members:
                total.add(member.id)
        known.digest = total
    return known.digest


def _listed(desired: Desired) -> bool:
    entries: Mapping[str, Task] = desired.data["tasks"]
    return any("forEach" in entry for entry in entries.values())


def _group(desired: Desired, name: str, gates: list[Group], choices: tuple[Choice, ...], followed: list[str]) -> Group:
    entry: Task = desired.data["tasks"][name]
    ids = [member.id for gate in gates for member in gate.members([Item({})])] if gates else _common(choices)
    files = blobs.digests(Path(desired.data["folder"]), entry)
    variables = desired.data["variables"]
    acts = [desired.data["identities"][name], desired.data["staging"], *([variables] if variables else []), *followed]
    return Group(name, entry, files, acts, tuple(ids), choices)


def _common(choices: Iterable[Choice]) -> list[str]:
    """The ids of those that all tasks of an entry depend on."""
    return list(dict.fromkeys(task for choice in choices if not choice.asked for task in choice.of({})))


def _gates(name: str, entry: Task, choices: tuple[Choice, ...]) -> list[Group]:
    """The gates before the tasks of an entry, if they depend on too many for one list.

    Half of the list is left to tasks that depend on others of their own beside.
    """
    shared = tuple(choice for choice in choices if not choice.asked)
    ids = _common(shared)
    if sum(map(len, ids)) <= (NEEDED if len(shared) == len(choices) else NEEDED // 2):
        return []
    bare: Task = {
        "command": ["true"],
        "limit": 1,
        "dependsOn": (),
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
    parts = enumerate(_parts(ids), 1)
    return [Group(f"{name}-gate{number}", bare, {}, [], part, shared, name) for number, part in parts]


def _parts(ids: list[str]) -> Iterator[tuple[str, ...]]:
    """The ids, as many at a time as one task may depend on."""
    part: list[str] = []
    size = 0
    for task in ids:
        if size + len(task) > NEEDED:
            yield tuple(part)
            part, size = [], 0
        part.append(task)
        size += len(task)
    yield tuple(part)


def _items(cloud: Cloud, desired: Desired, entry: Task) -> Iterator[Item]:
    items = _every(cloud, desired, entry)
    return iter(spread(list(items), entry["sample"])) if "sample" in entry else items


def _every(cloud: Cloud, desired: Desired, entry: Task) -> Iterator[Item]:
    if "forEach" in entry:
        return blobs.items(cloud, entry)
    if "sweep" in entry:
        return map(Item, sweep.points(entry["sweep"], Path(desired.data["folder"])))
    return iter((Item({}),))
