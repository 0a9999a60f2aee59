"""What depends on what, among things with names. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter

Needs = Mapping[str, Collection[str]]
"""A name → the names that it depends on; those that are no keys count for nothing."""


def before(needs: Needs, name: str) -> frozenset[str]:
    """What a name depends on, directly or through others."""
    reached: set[str] = set()
    left = [name]
    while left:
        new = {need for need in needs[left.pop()] if need in needs} - reached
        reached |= new
        left += new
    return frozenset(reached)


def circle(needs: Needs) -> list[str]:
    """A circle of names, each depending on the next, the first again at its end; empty if there is none."""
    try:
        TopologicalSorter({name: [need for need in some if need in needs] for name, some in needs.items()}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
