"""Texts that no spec may have, whatever stands in the schema: NUL characters, and the names of our own marks."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler import marks
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.schema import walk

MAPS = ("tags", "metadata")


def nuls(document: Document) -> Iterator[Problem]:
    """Texts that neither Azure takes nor a file can be named after."""
    for path, value, _ in walk(document.value):
        if isinstance(value, str) and "\0" in value:
            yield document.problem(path, "holds a NUL character, which no text in Azure can")


def problems(document: Document) -> Iterator[Problem]:
    """Keys of tags and metadata that are marks of ours: in a spec they would fight with those for ever."""
    for path, value, _ in walk(document.value):
        if path and path[-1] in MAPS and isinstance(value, dict):
            for key in value:
                if str(key).lower().startswith(marks.PREFIX):  # ARM compares the names of tags without case
                    message = f"starts with {marks.PREFIX}, which reconcile keeps for its own marks; use another name"
                    yield document.problem((*path, key), message, at_key=True)
