"""What live resources need of one another: what their ids lie in, and what they name. Pure.

The spec's references say what must be there before something is made. What is live may come from another spec, or from
this one before it was edited, so its needs are taken from itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kind import ids
from reconciler.model import Address, Observed

Edges = Mapping[Address, frozenset[Address]]
"""Address → the addresses that it needs."""


def needs(observed: Iterable[Observed]) -> dict[Address, frozenset[Address]]:
    """What each live resource needs of the others."""
    observed = [resource for resource in observed if not resource.outside]
    by_id: dict[str, set[Address]] = {}
    for resource in observed:
        if resource.id:
            by_id.setdefault(resource.id.lower(), set()).add(resource.address)
    return {
        resource.address: frozenset(address for place in _places(resource) for address in by_id.get(place, ()))
        - {resource.address}
        for resource in observed
    }


def inverse(edges: Edges) -> dict[Address, frozenset[Address]]:
    """Address → the addresses that need it."""
    needing: dict[Address, set[Address]] = {}
    for address, refs in edges.items():
        for ref in refs:
            needing.setdefault(ref, set()).add(address)
    return {address: frozenset(others) for address, others in needing.items()}


def _places(resource: Observed) -> Iterator[str]:
    """The ids, in lower case, of what the resource lies in, and of what it uses with what that lies in."""
    yield from ids.parents(resource.id)
    for used in ids.named(resource):
        yield used.lower()
        yield from ids.parents(used)
