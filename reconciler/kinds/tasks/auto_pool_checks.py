"""Checks of tasks on pools that are made for a job, whose nodes act as nobody: files come and go as somebody."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec import auto_pools, identities
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_
from reconciler.spec.tasks import Task

ACTING: tuple[Path_, ...] = (
    ("identity",), ("forEach",), ("chunk",), ("pack",), ("files",), ("inputs",), ("outputs",),
    ("multiInstanceSettings", "commonFiles"),
)  # fmt: skip
"""What a task needs an identity for."""


def problems(document: Document, path: Path_, entry: Task, pool: str) -> Iterator[Problem]:
    """What is wrong with an entry whose tasks run on such a pool, pools/NAME."""
    for key in ACTING:
        if document.says((*path, *key)):
            yield document.problem((*path, *key), auto_pools.nobody(pool), at_key=True)
    for where, _ in identities.referring(entry.get("resourceFiles"), (*path, "resourceFiles")):
        yield document.problem(where, auto_pools.nobody(pool))
