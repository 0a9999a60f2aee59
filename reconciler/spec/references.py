"""References within a spec: `storage/NAME`, `storage/NAME/CONTAINER`, `pools/NAME`, `images/NAME`, ..."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.spec.document import Document, Path_

SECTIONS = ("storage", "identities", "registries", "images", "pools")


def absent(value: Mapping[str, Any], ref: str) -> bool:
    """Whether `ref` names nothing in this spec."""
    section, name, *rest = ref.split("/")
    body = value.get(section, {}).get(name, ...)
    if body is ...:
        return True
    return bool(rest) and rest[0] not in ((body or {}).get("containers") or [])


def dangling(document: Document, value: Mapping[str, Any], path: Path_, ref: str) -> Iterator[Problem]:
    """A problem if `ref` names nothing in this spec."""
    if not absent(value, ref):
        return
    known = [f"{section}/{name}" for section in SECTIONS for name in value.get(section, {})]
    for account, body in value.get("storage", {}).items():
        known += [f"storage/{account}/{container}" for container in (body or {}).get("containers", [])]
    yield document.problem(path, f"there is no {ref} in this spec{nearest(ref, known)}")


def nearest(word: Any, known: Iterable[Any]) -> str:
    """` (did you mean X?)`, or nothing."""
    names = {str(name).lower(): str(name) for name in known}
    close = difflib.get_close_matches(str(word).lower(), names, n=1, cutoff=0.6)
    return f" (did you mean {names[close[0]]}?)" if close else ""
