"""The values of a spec file, or of several laid over each other, with the place of each, before anything is checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.errors import Problem
from reconciler.spec.schema import Path_


class Place(NamedTuple):
    """A 1-based position in a file."""

    file: str
    line: int
    column: int


@dataclass(slots=True)
class Document:
    """The values of one or more merged files. `values` and `keys` map a path to where its value and key stand.

    texts     how plain scalars that are no text are written, such as `1e3`
    problems  what was wrong on the way from text to values
    unread    where a value is not known because of that; None stands there
    partial   maps that lack some of their keys because of that
    """

    file: str
    value: Any = None
    values: dict[Path_, Place] = field(default_factory=dict)
    keys: dict[Path_, Place] = field(default_factory=dict)
    texts: dict[Path_, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: set[Path_] = field(default_factory=set)
    partial: set[Path_] = field(default_factory=set)

    def problem(self, path: Path_, message: str, *, at_key: bool = False) -> Problem:
        """A problem at `path`, or at the nearest parent that stands in a file."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        for end in range(len(path), -1, -1):
            place = first.get(path[:end]) or second.get(path[:end])
            if place:
                return Problem(*place, dotted(path), message)
        return Problem(self.file, 1, 1, dotted(path), message)

    def says(self, path: Path_) -> bool:
        """Whether the document itself has a key at `path` of maps, rather than a default or a short form of it."""
        value = self.value
        for key in path:
            if not isinstance(value, dict) or key not in value:
                return False
            value = value[key]
        return True


def dotted(path: Path_) -> str:
    """`pools.prod.nodes`, `identities.id.roles[0]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
