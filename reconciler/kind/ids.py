"""ARM ids in what is known of a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model import Body, Observed

NOTES = frozenset({"tags", "metadata"})
"""Parts of a body in which people write what they like: an id in them is no use of anything."""


def named(resource: Observed) -> Iterator[str]:
    """The ids of what a live resource uses: those in its body, and what its kind knows beside."""
    yield from resource.uses
    yield from _ids(resource.body)


def inside(child: str, parent: str) -> bool:
    """Whether an id lies in another."""
    return child.lower().startswith(f"{parent.lower()}/")


def parents(resource_id: str) -> Iterator[str]:
    """The ids, in lower case, that an id lies in; not all of them are resources."""
    parts = resource_id.lower().split("/")
    for end in range(1, len(parts)):
        yield "/".join(parts[:end])


def _ids(value: Body | Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key not in NOTES:
                yield from _ids(key)
                yield from _ids(part)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _ids(item)
    elif isinstance(value, str) and value.lower().startswith("/subscriptions/"):
        yield value
