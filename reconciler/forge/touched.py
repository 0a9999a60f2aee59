"""Which specs a change touches, and in which order they depend on one another. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from reconciler.spec import existing
from reconciler.spec.family import Sections
from reconciler.spec.spec import Spec


@dataclass(frozen=True, slots=True)
class Candidate:
    """A spec that may be touched.

    path   as it was given
    files  absolute paths of all files and folders that it is made of
    owns, uses  ids, in lower case, of what it makes and of what it uses that others make
    unread  why it could not be read, if so: it counts as touched
    """

    path: Path
    files: frozenset[Path]
    owns: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    unread: str = ""


def candidate(path: Path, layers: Iterable[Path], spec: Spec, sections: Sections) -> Candidate:
    """A spec that could be read; `layers` are its file and those that it extends."""
    azure, group = spec.azure, spec.group_id.lower()
    owns = {f"{group}/providers/{place}" for place in existing.owned(spec.sections)}
    uses = {f"{where}/providers/{place}".lower() for place, where in azure.existing.items()}
    (uses if spec.sections["azure"]["existing"] else owns).add(group)
    beside = [spec.folder / name for section in sections for name in section.files(spec)]
    return Candidate(path, files([*layers, *beside]), frozenset(owns), frozenset(uses))


def files(paths: Iterable[Path]) -> frozenset[Path]:
    """Absolute paths, both of links and of what they lead to."""
    return frozenset(found for path in paths for found in (path.resolve(), path.parent.resolve() / path.name))


def touched(candidates: Iterable[Candidate], changed: Collection[Path]) -> set[Path]:
    """The paths of those that one of the changed files is a part of, and of those that could not be read."""
    parts = {part for path in changed for part in (path, *path.parents)}
    return {one.path for one in candidates if one.unread or one.files & parts}


def needs(candidates: Sequence[Candidate]) -> dict[Path, set[Path]]:
    """The path of each → those of the others that own what it uses."""
    return {
        one.path: {other.path for other in candidates if other is not one and one.uses & other.owns}
        for one in candidates
    }


def dependents(needed: Mapping[Path, set[Path]], of: Collection[Path]) -> set[Path]:
    """Those that need one of `of`, or need one that does."""
    found: set[Path] = set()
    while more := {path for path, others in needed.items() if others & ({*of} | found)} - found:
        found |= more
    return found


def ordered(needed: Mapping[Path, set[Path]]) -> tuple[list[Path], list[list[Path]]]:
    """All of them, each after what it needs, else by path; and each circle, whose last need does not count."""
    left = {path: sorted(needed[path]) for path in sorted(needed)}
    circles = []
    while True:
        try:
            sorter = TopologicalSorter(left)
            sorter.prepare()
            break
        except CycleError as error:
            circle = list(error.args[1])
            circles.append(circle)
            left[circle[1]].remove(circle[0])
    order = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order += ready
        sorter.done(*ready)
    return order, circles
