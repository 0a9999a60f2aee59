"""A misshapen document with stand-ins for what is wrong, so that everything else in it can be judged all the same.

A key that is like a known one is taken for that; any other unknown key goes. A wrong value goes, or, where one is
required, becomes the first that its schema allows. What was so changed is `tainted`: nothing is said of it, nor
anything that names it.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from reconciler.errors import Problem
from reconciler.spec import references, shape
from reconciler.spec.document import Document, dotted
from reconciler.spec.schema import Path_, Shape, inside, named, schema

ROUNDS = 8
"""How often a document is mended and looked at again: what stands in may be wrong where it stands."""
HARMLESS = ("maxItems", "maxProperties", "uniqueItems", "propertyNames")
"""Faults that keep nothing else from being judged."""


@dataclass(frozen=True, slots=True)
class Mended:
    """A document of the right shape, and the paths in it that are not as they were written."""

    document: Document
    tainted: set[Path_] = field(default_factory=set)

    def judged(self, problems: list[Problem]) -> list[Problem]:
        """Those problems that are not, or may not be, about a stand-in: it is where they are, or they name it."""
        names = [re.compile(rf"\b{re.escape(name)}\b") for name in self._names()]
        return [
            problem
            for problem in problems
            if not self._concerns(problem.path) and not any(name.search(problem.message) for name in names)
        ]

    def _names(self) -> Iterator[str]:
        """How messages call what is tainted: by its key, by its entry, by its value."""
        for path in self.tainted:
            holder = entry(path)
            yield from (str(path[-1]), "/".join(map(str, holder)), dotted(holder)) if path else ()
            value = _at(self.document.value, path)
            if isinstance(value, str) and "/" not in value:  # a reference is a value in many right places
                yield value

    def _concerns(self, place: str) -> bool:
        """Whether a path is at or below a tainted one, refers to its entry, or is a part of an entry that holds it."""
        path = next((path for path in self.document.values if dotted(path) == place), ())
        text = _at(self.document.value, path) if path else None
        entries = {"/".join(map(str, entry(path))) for path in self.tainted}
        if isinstance(text, str) and any(f"{text}/".startswith(f"{name}/") for name in entries):
            return True
        below = any(f"{place}.".startswith((f"{dotted(path)}.", f"{dotted(path)}[")) for path in self.tainted)
        return below or any(path == bad[: len(path)] and len(path) > len(entry(bad)) for bad in self.tainted if path)


def entry(path: Path_) -> Path_:
    """The entry of a section that a path is in: `pools.p`, `batchAccount`."""
    return path[:2] if path and isinstance(path[0], str) and named(path[0]) else path[:1]


def mended(document: Document) -> Mended | None:
    """The document with stand-ins; None if nothing can stand in for what is wrong."""
    mending = Mended(_copy(document), {*document.unread, *document.partial})
    for _ in range(ROUNDS):
        faults = [fault for fault in shape.faults(mending.document.value) if not _harmless(fault)]
        if not faults:
            return mending
        for fault in faults:
            if not _mend(mending, fault):
                return None
    return None


def _copy(document: Document) -> Document:
    keys, values = dict(document.keys), dict(document.values)
    return Document(document.file, copy.deepcopy(document.value), values, keys, unread=document.unread)


def _harmless(fault: Any) -> bool:
    return fault.validator in HARMLESS or "propertyNames" in fault.absolute_schema_path


def _mend(mending: Mended, fault: Any) -> bool:
    """Put something valid in place of one fault; False if nothing can be."""
    path: Path_ = tuple(fault.absolute_path)
    holder = _at(mending.document.value, path)
    if holder is not fault.instance:
        return True  # it went with another fault
    if fault.validator == "additionalProperties":
        known, others = fault.schema.get("properties", {}), fault.schema.get("x-elsewhere", {})
        for key in [key for key in holder if key not in known]:
            _rename(mending.document, path, key, "" if key in others else references.like(key, known))
        return True
    if fault.validator == "required":
        missing = [key for key in fault.validator_value if key not in holder]
        return all(_set(mending, (*path, key)) for key in missing)
    if fault.validator in ("oneOf", "minProperties"):
        return _drop(mending, path)
    return _set(mending, path)


def _rename(document: Document, path: Path_, key: str, known: str) -> None:
    """Take a mistyped key for the known one, unless that is there too."""
    holder = _at(document.value, path)
    value = holder.pop(key)
    if not known or known in holder:
        return
    holder[known] = value
    old, new = (*path, key), (*path, known)
    for places in (document.keys, document.values):
        moved = {(*new, *here[len(old) :]): place for here, place in places.items() if here[: len(old)] == old}
        places.update(moved)


def _set(mending: Mended, path: Path_) -> bool:
    """Let the value at `path` be what its schema allows, or go if it may be missing."""
    if not path:
        return False
    parent, holder = _form(path[:-1]), _at(mending.document.value, path[:-1])
    if holder is None:
        return True  # it went with another fault
    if (
        isinstance(holder, dict)
        and path[-1] in parent.get("properties", {})
        and path[-1] not in parent.get("required", ())
    ):
        return _drop(mending, path)
    value = stand_in(_form(path), mending.document.value)
    if value is None:
        return _drop(mending, path[:-1])
    mending.tainted.add(path)
    holder[path[-1]] = value
    return True


def _drop(mending: Mended, path: Path_) -> bool:
    """Take a value out of its map; where it must be there, or is in a list, its holder goes."""
    if not path:
        return False
    parent, holder = _form(path[:-1]), _at(mending.document.value, path[:-1])
    if not isinstance(holder, dict) or path[-1] in parent.get("required", ()):
        return _drop(mending, path[:-1])
    holder.pop(path[-1], None)
    mending.tainted.add(path)
    return True


def stand_in(form: Shape, value: Any) -> Any:
    """A value that `form` allows; None if the schema does not tell one. `value` is the document, for references."""
    for key in ("default", "const"):
        if key in form:
            return copy.deepcopy(form[key])
    for key in ("enum", "examples"):
        if form.get(key):
            return form[key][0]
    reference = next(iter(references.known(value, form.get("x-refers", ()))), None)
    return _plain(form, value) if reference is None else reference


def _plain(form: Shape, value: Any) -> Any:
    types = form.get("type", ())
    first = types if isinstance(types, str) else types[0] if types else ""
    if first == "object":
        parts = {key: stand_in(form["properties"][key], value) for key in form.get("required", ())}
        return None if None in parts.values() else parts
    if first == "string":
        return None if "pattern" in form else "x" * max(1, form.get("minLength", 1))
    simple: dict[str, Any] = {"array": [], "boolean": False, "integer": form.get("minimum", 0)}
    return simple.get(first, form.get("minimum", 0) if first == "number" else None)


def _form(path: Path_) -> Shape:
    form = schema()
    for key in path:
        form = inside(form, key)
    return form


def _at(value: Any, path: Path_) -> Any:
    """What stands at `path`; None where that has gone."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value
