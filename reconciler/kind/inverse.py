"""From a live resource to what a spec says of it: the terms in which kinds say it, the inverse of their `expand`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.kind.words import Unsayable, definition, pairs
from reconciler.model import Address, Desired, Observed

Section = dict[str, Any]
"""What a spec says of one resource."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a section can refer to.

    `said` holds, kind by kind, lower-case ARM id → name, of resources that are in the spec; a kind is there when all of
    its resources have been said, and so after those that it refers to. `live` holds the names of all that is there,
    said or not. `tags` are those of the spec, which every tracked resource gets.
    """

    group: str
    subscription: str
    tags: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    live: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def group_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    def name(self, kind: str, resource_id: str) -> str | None:
        """The name of a resource by its ARM id; None if the spec does not hold it."""
        return self.said.get(kind, {}).get(resource_id.lower())

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all resources of a kind that the spec holds."""
        return tuple(self.said.get(kind, {}).values())

    def used(self, kind: str, resource_id: str) -> str:
        """The same as `name`. Unsayable for a resource that the spec does not hold."""
        name = self.name(kind, resource_id)
        if name is None:
            raise Unsayable(f"it uses the {kind} {resource_id}, which is not in the spec")
        return name


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """How resources of a kind are read for a spec of them, and said in it."""

    say: Callable[[Observed, Known, list[str]], Section]
    """Its section; what there is to know of it goes into the list. Unsayable for what a spec has no words for."""
    place: Callable[[Observed, Known], tuple[str, ...]] | None = None
    """The keys that lead to its section; by default its name in the section of its kind."""
    appended: bool = False
    """Whether there is a list at its place, to which its section is added."""
    outside: Callable[[Observed, str | None], str] = lambda observed, account: ""
    """Why one is none of the spec's, which has the Batch account of this name; empty if it may be."""
    tagged: bool = False
    """Whether all of them get the tags of the spec."""
    chosen: bool = False
    """Whether only those are said that somebody asked for by name, if anybody did."""
    unseen: str = ""
    """What a spec may say of one that Azure does not show."""
    every: Callable[[Cloud, Sequence[Observed]], Iterable[Observed]] | None = None
    """All there are, given all that was read of the kinds before; by default what its list tells a spec of nothing."""
    key: Callable[[Desired | Observed], object] = lambda one: one.address
    """What one is known by, whether it is wanted or live, where that is not its address."""
    called: Callable[[Observed], Address] = lambda observed: observed.address
    """What people call it, where its address is an id."""
    within: Callable[[Address], Address | None] = lambda address: None
    """What holds it: where that is left out, it goes without saying that this is."""
    finished: Callable[[Section], Section] = lambda section: section
    """Its section once all that belongs into it has been said."""


def tracked(observed: Observed, known: Known, notes: list[str]) -> Section:
    """`tags` beyond the spec's, and `protect`."""
    own = pairs(observed.body.get("tags") or {}, definition("tags"), "tags", notes)
    more = {name: value for name, value in own.items() if known.tags.get(name) != value}
    return {**({"tags": more} if more else {}), **protect(observed)}


def protect(observed: Observed) -> Section:
    return {"protect": True} if observed.mark and observed.mark.protect else {}
