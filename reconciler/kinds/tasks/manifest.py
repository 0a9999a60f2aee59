"""The file that tells a task which items it has, under `.reconcile/` in its working directory. Pure.

With `chunk` the command reads it: JSON lines, `{"item": ..., "url": ...}` or the values of a point, so that no name,
not even one with a line break, can be taken for two. With `pack` a shell reads it, a call of `run` for each item.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from reconciler.kinds.tasks.items import Item
from reconciler.spec.tasks import Task

FOLDER = ".reconcile/"
CHUNK, PACK = f"{FOLDER}items.jsonl", f"{FOLDER}items.sh"


class Manifest(NamedTuple):
    """Its path in the working directory, the blob that it is staged as, named after its content, and the content."""

    path: str
    blob: str
    content: bytes


def of(entry: Task, item: Item) -> Manifest | None:
    """The manifest of a task; None if it is for no chunk."""
    if not item.items:
        return None
    path, lines = (PACK, map(_call, item.items)) if "pack" in entry else (CHUNK, map(_json, item.items))
    content = "".join(f"{line}\n" for line in lines).encode()
    return Manifest(path, f"items/{hashlib.sha256(content).hexdigest()[:32]}", content)


def _json(item: Item) -> str:
    return json.dumps(dict(item.values), ensure_ascii=False)


def _call(item: Item) -> str:
    """A call with the values as JSON, as its outcome tells them, and with each value in the order of their names."""
    return " ".join(["run", *map(shlex.quote, _arguments(item))])


def _arguments(item: Item) -> Iterator[str]:
    yield json.dumps(dict(item.values), separators=(",", ":"))
    yield from (item.values[name] for name in sorted(item.values))
