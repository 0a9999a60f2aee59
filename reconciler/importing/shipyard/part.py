"""A map of a Batch Shipyard file. What is asked of it is taken, if it has the right type; the rest is told.

So no key is lost in silence: what nobody asked for is left out with a reason, from `reasons`, or because no spec has a
word for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from reconciler.importing.shipyard import reasons
from reconciler.spec.document import Document, dotted
from reconciler.spec.schema import Path_

NOTHING: tuple[Any, ...] = (None, False, [], {})
"""What loses nothing where it is not taken over."""


class Note(NamedTuple):
    """Something to know about a place in a file of Batch Shipyard."""

    file: str
    line: int
    path: str
    words: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.path}: {self.words}"


@dataclass(slots=True)
class Told:
    """What people are told beside the spec.

    open     the path in the spec → what a person has to fill in there
    changed  what the spec says in another way
    left     what is not in it
    """

    open: dict[str, str] = field(default_factory=dict)
    changed: list[Note] = field(default_factory=list)
    left: list[Note] = field(default_factory=list)


class Part:
    """A map in a document, at a path. One that is not there is an empty map."""

    def __init__(self, document: Document, told: Told, path: Path_ = (), value: Any = None) -> None:
        self.document, self.told, self.path = document, told, path
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.taken: set[str] = set()
        self.inside: dict[Path_, Part] = {}

    def at(self, *more: str | int, words: str = "") -> Note:
        """A note about a place in it."""
        path = (*self.path, *more)
        problem = self.document.problem(path, words, at_key=True)
        return Note(problem.file, problem.line, dotted(path), words)

    def change(self, *where: str | int, words: str) -> None:
        self.told.changed.append(self.at(*where, words=words))

    def leave(self, *where: str | int, why: str) -> None:
        self.told.left.append(self.at(*where, words=f"left out, because {why}"))

    def has(self, key: str) -> bool:
        """Whether it says something at the key, and not null."""
        return self.value.get(key) is not None

    def _take(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        """The value of a key if it is there and of that type; else None, and told."""
        self.taken.add(key)
        value = self.value.get(key)
        if value is None or (isinstance(value, kind) and (not isinstance(value, bool) or kind is bool)):
            return value
        self.leave(key, why=f"it is no {what}")
        return None

    def text(self, key: str) -> str:
        """The text of a key, also where it is written as a number; empty if it is not there."""
        value = self._take(key, (str, int, float), "text")
        return "" if value is None else self._text((key,), value).strip()

    def _text(self, where: Path_, value: Any) -> str:
        """A scalar as it is written."""
        if isinstance(value, str):
            return value
        return self.document.texts.get((*self.path, *where), str(value))

    def number(self, key: str) -> int | None:
        number: int | None = self._take(key, int, "whole number")
        if number is not None and abs(number) > 10**9:
            self.leave(key, why="no such number can be meant")
            return None
        return number

    def flag(self, key: str) -> bool | None:
        flag: bool | None = self._take(key, bool, "true or false")
        return flag

    def texts(self, key: str) -> list[str]:
        """The texts of a list; what in it is none is told. A single text is a list of one."""
        values = self._take(key, (list, str), "list of texts") or []
        values = [values] if isinstance(values, str) else values
        for index, value in enumerate(values):
            if isinstance(value, (dict, list)) or value is None:
                self.leave(key, index, why="it is no text")
        return [self._text((key, i), v) for i, v in enumerate(values) if not isinstance(v, (dict, list, type(None)))]

    def pairs(self, key: str) -> dict[str, str]:
        """The names and texts of a map; what in it is no text is told."""
        values = self._take(key, dict, "map of names to texts") or {}
        for name, value in values.items():
            if isinstance(value, (dict, list)):
                self.leave(key, name, why="it is no text")
        kept = {name: value for name, value in values.items() if not isinstance(value, (dict, list))}
        return {name: "" if value is None else self._text((key, name), value) for name, value in kept.items()}

    def part(self, key: str) -> Part:
        """The map at a key."""
        return self._part((key,), self._take(key, dict, "map"))

    def parts(self, key: str) -> list[Part]:
        """The maps of a list; what in it is none is told."""
        values = self._take(key, list, "list") or []
        for index, value in enumerate(values):
            if not isinstance(value, dict):
                self.leave(key, index, why="it is no map")
        return [self._part((key, index), value) for index, value in enumerate(values) if isinstance(value, dict)]

    def named(self, key: str) -> dict[str, Part]:
        """The maps of a map, by name; what in it is none is told."""
        whole = self.part(key)
        return {name: whole.part(name) for name in whole.value}

    def raw(self, key: str) -> Any:
        """The value of a key, whatever it is."""
        self.taken.add(key)
        return self.value.get(key)

    def _part(self, where: Path_, value: Any) -> Part:
        if where not in self.inside:
            self.inside[where] = Part(self.document, self.told, (*self.path, *where), value)
        return self.inside[where]

    def rest(self) -> None:
        """Tell of what nobody has asked for, in it and all that was asked of it."""
        for key in self.value:
            if key not in self.taken and self.value[key] not in NOTHING:
                self.leave(key, why=reasons.why(self.path, key, self.taken))
        for part in self.inside.values():
            part.rest()

    def ignore(self) -> None:
        """Tell nothing of what is in it: all of it is left out as a whole."""
        self.taken.update(self.value)
        self.inside.clear()
