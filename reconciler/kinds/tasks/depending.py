"""What live tasks depend on, as `dependsOn` of their entry. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.kind.inverse import Section
from reconciler.kind.words import Unsayable
from reconciler.kinds.tasks import folding
from reconciler.kinds.tasks.folding import Folded

MOST = 10_000
"""The most ids of a range that are looked at."""


def ids(task: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the tasks that a task depends on. Raises Unsayable for a range that cannot be meant."""
    asked = task.get("dependsOn") or {}
    yield from asked.get("taskIds") or ()
    for span in asked.get("taskIdRanges") or ():
        if span["end"] - span["start"] >= MOST:
            raise Unsayable(f"it depends on more than {MOST:,} tasks by taskIdRanges")
        yield from map(str, range(span["start"], span["end"] + 1))


def through(needs: Iterable[str], gates: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The tasks that are meant, where gates stand between."""
    return tuple(dict.fromkeys(task for need in needs for task in gates.get(need.lower(), (need,))))


def homes(entries: Mapping[str, Folded]) -> dict[str, str]:
    """The id of each task in lower case → the name of its entry."""
    return {task.lower(): name for name, folded in entries.items() for task in folded.ids}


def said(
    folded: Folded, needs: Mapping[str, tuple[str, ...]], entries: Mapping[str, Folded], homes: Mapping[str, str]
) -> Section:
    """`dependsOn` of an entry, where `homes` has the entry of each task. Raises Unsayable if no spec can say it."""
    asked = [{need.lower() for need in needs[name]} for name in folded.ids]
    made: dict[str, Any] = {}
    for need in dict.fromkeys(need.lower() for name in folded.ids for need in needs[name]):
        name = homes.get(need, "")
        if not name:
            raise Unsayable(f"it depends on the task {need}, which is not in the spec")
        if name not in made:
            there = [task.lower() for task in entries[name].ids]
            made[name] = _choice(name, folded, entries[name], there, [some.intersection(there) for some in asked])
    return {"dependsOn": list(made.values())} if made else {}


def _choice(name: str, folded: Folded, other: Folded, there: Sequence[str], chosen: Sequence[set[str]]) -> Any:
    """All tasks of an entry, those of some values, or those of the same values as the task that depends on them."""
    if all(len(some) == len(there) for some in chosen):
        return name
    points = dict(zip(there, other.points, strict=True))
    if all(some == chosen[0] for some in chosen):
        for value in other.names:
            texts = {points[task][value] for task in chosen[0]}
            if {task for task in there if points[task][value] in texts} == chosen[0]:
                return {"task": name, "where": {value: [folding.value(text) for text in sorted(texts)]}}
    common = [value for value in other.names if value in folded.names]
    for point, some in zip(folded.points, chosen, strict=True):
        if not common or some != {task for task in there if all(points[task][v] == point[v] for v in common)}:
            raise Unsayable(f"no spec can say which tasks of {name} each of its tasks depends on")
    return {"task": name, "where": {value: f"{{{{{value}}}}}" for value in common}}
