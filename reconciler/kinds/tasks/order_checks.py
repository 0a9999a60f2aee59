"""Checks of the order of a job's tasks: what they depend on, circles, and containers that others fill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.errors import Problem
from reconciler.kinds.tasks import command, sweep
from reconciler.kinds.tasks.needs import Choice
from reconciler.spec import order
from reconciler.spec.document import Document
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.tasks import Need, Task, before, chunked, fillers, meant, needs

TRIED = 10_000
"""Points of a sweep up to which it is tried whether each has the points that it depends on; of more, the plan says."""


def problems(document: Document, path: Path_, tasks: Mapping[str, Task], folder: Path) -> Iterator[Problem]:
    """What is wrong with the order of one entry at `path`, among all of a job."""
    name = str(path[-1])
    for index, need in enumerate(tasks[name]["dependsOn"]):
        here = (*path, "dependsOn", index)
        text, where = (need, {}) if isinstance(need, str) else (need["task"], need["where"])
        place = here if isinstance(need, str) else (*here, "task")
        if others := meant(tasks, name, text):
            for other in others if where else ():
                yield from _where(document, (*here, "where"), tasks, Need(other, where), folder)
        elif text not in tasks:
            yield document.problem(place, _unknown(text, [other for other in tasks if other != name]))
    yield from _filled(document, path, tasks)


def _unknown(text: str, names: list[str]) -> str:
    close = nearest(text, names)
    pattern = any(character in text for character in "*?[")
    return f"matches no other task of this job{close}" if pattern else f"there is no task {text} in this job{close}"


def _where(document: Document, here: Path_, tasks: Mapping[str, Task], need: Need, folder: Path) -> Iterator[Problem]:
    """Values that tasks of another entry are chosen by: both sides must have them."""
    name, known = str(here[-4]), _values(tasks[need.name], folder)
    own = _values(tasks[name], folder)
    sound = True
    for value, what in need.where.items():
        place = (*here, value)
        if value not in known:
            there = f"which has {', '.join(known)}" if known else "whose tasks have none; write its name alone"
            message = f"is no value of {need.name}{nearest(value, known)}, {there}"
            yield document.problem(place, message, at_key=True)
            sound = False
        for asked in command.names(what) if isinstance(what, str) else ():
            if asked not in own:
                yield document.problem(place, command.unknown(asked, own))
                sound = False
    if sound and (reason := _lacking(tasks[need.name], tasks[name], need, folder)):
        yield document.problem(here, f"{reason}; add it there, or take it out here", at_key=True)


def _values(entry: Task, folder: Path) -> tuple[str, ...]:
    """The names of the values of each task of an entry; a chunk has none."""
    return () if chunked(entry) else sweep.given(entry, folder)


def _lacking(other: Task, entry: Task, need: Need, folder: Path) -> str:
    """Why some point of a sweep depends on no point of another; empty if each does, or that cannot be told here."""
    if not (_known(other, folder) and _known(entry, folder)):
        return ""
    choice = Choice(need)
    for point in sweep.points(other["sweep"], folder):
        choice.add("there", point)
    points: Iterator[Any] = sweep.points(entry["sweep"], folder) if "sweep" in entry else iter([{}])
    return next(filter(None, map(choice.lacking, points)), "")


def _known(entry: Task, folder: Path) -> bool:
    if "sweep" not in entry:
        return "forEach" not in entry
    return not sweep.fault(entry["sweep"], folder) and sweep.count(entry["sweep"], folder) <= TRIED


def _filled(document: Document, path: Path_, tasks: Mapping[str, Task]) -> Iterator[Problem]:
    """A container that tasks are made for and that others fill, or they themselves."""
    name, entry = str(path[-1]), tasks[str(path[-1])]
    for other in fillers(tasks, name):
        if other == name and "prefix" not in entry and "patterns" not in entry:
            message = "is filled by these tasks themselves, which would make more each time; choose blobs by patterns:"
            yield document.problem((*path, "forEach"), message)
        elif other != name and other not in before(tasks, name):
            message = f"is filled by {other}, so that its blobs are not there yet; write dependsOn: [{other}]"
            yield document.problem((*path, "forEach"), message)


def circle(document: Document, path: Path_, tasks: Mapping[str, Task]) -> Iterator[Problem]:
    """Entries that depend on each other."""
    if names := order.circle({name: [need.name for need in needs(tasks, name)] for name in tasks}):
        message = f"depend on each other in a circle: {' → '.join(names)}; take one of these out"
        yield document.problem((*path, names[0], "dependsOn"), message)
