"""How the names of a document relate: references that must exist, and names that must not clash.

A text refers to `SECTION/NAME`, to `SECTION/NAME/PART` or to a section that is a single thing, as `x-refers` in its
schema says: `storage`, `storage/containers` (the key of the parts), `batchAccount`.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_, named, walk


def problems(document: Document, unknown: Collection[Path_] = ()) -> Iterator[Problem]:
    """Every text that refers to what is not in the spec, and every name that Azure takes for an earlier one.

    Nothing is said of references to what may be at one of the paths `unknown`, nor of texts there.
    """
    for path, value, shape in walk(document.value):
        if "x-refers" in shape and isinstance(value, str):
            if path not in unknown and not _hidden(value, shape["x-refers"], unknown):
                yield from _dangling(document, path, value, shape["x-refers"])
        elif "x-caseless" in shape and isinstance(value, dict):
            yield from _clashing(document, path, value)


def _hidden(text: str, refers: Sequence[str], unknown: Collection[Path_]) -> bool:
    """Whether what a text refers to may be at an unknown path."""
    parts = [refer.partition("/")[2] for refer in refers]
    section, _, name = text.partition("/")
    name = name.partition("/")[0]
    places: list[Path_] = [(), (section,), (section, name), *((section, name, part) for part in parts if part)]
    return any(place in unknown for place in places)


def _dangling(document: Document, path: Path_, text: str, refers: Sequence[str]) -> Iterator[Problem]:
    ref = _missing(document.value, text, refers)
    if ref is not None and "/" in ref:
        close = nearest(ref, known(document.value, refers))
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


def known(value: Mapping[str, Any], refers: Sequence[str]) -> Iterator[str]:
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
    close = like(word, known)
    return f" (did you mean {close}?)" if close else ""


def like(word: Any, known: Iterable[Any]) -> str:
    """The known word that `word` was most likely meant to be, whatever its case; empty if it is like none."""
    names = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(str(word).lower(), names, n=1, cutoff=0.6)
    return names[close[0]] if close else ""
