"""The section `watch`: what `reconcile watch` may do by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NotRequired, TypedDict

from reconciler.errors import Problem
from reconciler.spec import zones
from reconciler.spec.document import Document
from reconciler.spec.pools import Window


class Resource(TypedDict):
    onDrift: str


class Watch(TypedDict):
    onDrift: str
    onLeave: str
    resources: Mapping[str, Resource]
    windows: NotRequired[Sequence[Window]]


def problems(document: Document, watch: Watch) -> Iterator[Problem]:
    """What no schema can say: time zones that do not exist."""
    for index, window in enumerate(watch.get("windows", ())):
        if fault := zones.fault(window["timeZone"]):
            yield document.problem(("watch", "windows", index, "timeZone"), fault)
