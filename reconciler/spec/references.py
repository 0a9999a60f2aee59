"""How the names of a document relate: references that must exist, and names that must not clash.

A text refers to `SECTION/NAME`, to `SECTION/NAME/PART` or to a section that is a single thing, as `x-refers` in its
schema says: `storage`, `storage/containers` (the key of the parts), `batchAccount`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_, named, walk


def problems(document: Document) -> Iterator[Problem]:
    """Every text that refers to what is not in the spec, and every name that Azure takes for an earlier one."""
    for path, value, shape in walk(document.value):
        if "x-refers" in shape and isinstance(value, str):
            yield from _dangling(document, path, value, shape["x-refers"])
        elif "x-caseless" in shape and isinstance(value, dict):
            yield from _clashing(document, path, value)


def _dangling(document: Document, path: Path_, text: str, refers: Sequence[str]) -> Iterator[Problem]:
    ref = _missing(document.value, text, refers)
    if ref is not None and "/" in ref:
        close = nearest(ref, _known(document.value, refers))
        yield document.problem(path, f"there is no {ref} in this spec{close}")
    elif ref is not None:
        yield document.problem(path, f"the spec has no {ref}")


def _clashing(document: Document, path: Path_, names: Iterable[str]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in names:
        first = seen.setdefault(name.lower(), name)
        if first != name:
            message = f"differs from {first} in case only, which Azure takes for the same"
            yield document.problem((*path, name), message, at_key=True)


def _missing(value: Mapping[str, Any], text: str, refers: Sequence[str]) -> str | None:
    """What `text` refers to, if that is missing; None if it is there, or if `text` is no reference."""
    head, *names = text.split("/")
    for refer in refers:
        section, _, parts = refer.partition("/")
        if section == head and not named(section):
            return None if section in value else section
        if section == head and names:
            there = _parts(value, section, names[0], parts) if parts else value.get(section, {})
            wanted = names[1 if parts else 0]
            return None if wanted in there else "/".join([head, *names[: 2 if parts else 1]])
    return None


def _parts(value: Mapping[str, Any], section: str, name: str, parts: str) -> Iterable[str]:
    """The names under the key `parts` of an entry, which may be empty or missing."""
    return ((value.get(section, {}).get(name) or {}).get(parts)) or ()


def _known(value: Mapping[str, Any], refers: Sequence[str]) -> Iterator[str]:
    """Everything that a text with these `x-refers` could refer to."""
    for refer in refers:
        section, _, parts = refer.partition("/")
        for name in value.get(section, {}) if named(section) else ():
            if parts:
                yield from (f"{section}/{name}/{part}" for part in _parts(value, section, name, parts))
            else:
                yield f"{section}/{name}"


def nearest(word: Any, known: Iterable[Any]) -> str:
    """` (did you mean X?)`, or nothing."""
    names = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(str(word).lower(), names, n=1, cutoff=0.6)
    return f" (did you mean {names[close[0]]}?)" if close else ""
