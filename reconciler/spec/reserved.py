"""Keys of tags and metadata that reconcile keeps for its own marks: in a spec they would fight with them for ever."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler import marks
from reconciler.errors import Problem
from reconciler.spec.document import Document
from reconciler.spec.schema import walk

MAPS = ("tags", "metadata")


def problems(document: Document) -> Iterator[Problem]:
    for path, value, _ in walk(document.value):
        if path and path[-1] in MAPS and isinstance(value, dict):
            for key in value:
                if str(key).lower().startswith(marks.PREFIX):  # ARM compares the names of tags without case
                    message = f"starts with {marks.PREFIX}, which reconcile keeps for its own marks; use another name"
                    yield document.problem((*path, key), message, at_key=True)
