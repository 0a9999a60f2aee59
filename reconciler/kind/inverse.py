"""How a kind turns a live resource into its section of a spec: the inverse of `expand`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.kind.words import Unsayable, definition, pairs
from reconciler.model import Address, Body, Desired, Observed

Section = dict[str, Any]
"""What a spec says of one resource."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the spec holds so far, for sections that refer to it.

    `said` is kind → lower-case ARM id → name of the resources that are in the spec; a kind is added when all of its
    resources are done, and kinds come after those that they refer to. `live` has the names of all live resources,
    in the spec or not. `tags` are those of the spec, which every tracked resource gets. `left` is what cannot be in it,
    and why.
    """

    group: str
    subscription: str
    tags: Mapping[str, str] = field(default_factory=dict)
    said: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    live: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left: Mapping[Address, str] = field(default_factory=dict)

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


@dataclass(frozen=True, slots=True)
class Again:
    """Work that is live, and that a plan of its section would do again.

    parts   its address, or that of a part of it → why
    told    what to say of it, where it is to be in the spec all the same
    """

    parts: Mapping[Address, str]
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverse:
    """How live resources of a kind are read and written into a spec."""

    say: Callable[[Observed, Known, list[str]], Section]
    """Its section; notes are added to the list. Raises Unsayable if a spec has no words for it."""
    place: Callable[[Observed, Known], tuple[str, ...]] | None = None
    """The keys that lead to its section; by default its name in the section of its kind."""
    appended: bool = False
    """Whether its place is a list that its section is appended to."""
    parts: bool = False
    """Whether each entry of its section is a part, `kind/NAME/ENTRY`, that can be left out alone."""
    again: Callable[[Desired, Observed], Again | None] | None = None
    """What of it a plan would do again; it is in the spec only where somebody asks for that."""
    marked: bool = True
    """Whether it has an owner mark of its own."""
    aside: Callable[[str, Section], tuple[Section, dict[str, str]]] | None = None
    """Its section with what is too long for it in files, and these: their names, which begin with the text."""
    seen: Callable[[Desired, Observed], Body] = lambda desired, observed: observed.body
    """Its body as a plan takes it that has this section of it."""
    outside: Callable[[Observed, str | None], str] = lambda observed, account: ""
    """Why a resource cannot be in a spec that has the Batch account of this name; empty if it can."""
    tagged: bool = False
    """Whether its resources get the tags of the spec."""
    chosen: bool = False
    """Whether names on the command line limit which of its resources are imported."""
    unseen: str = ""
    """What a spec may hold of it that Azure does not show."""
    every: Callable[[Cloud, Sequence[Observed]], Iterable[Observed]] | None = None
    """All its resources, given those of the kinds before; by default those that its list shows for an empty spec."""
    key: Callable[[Desired | Observed], object] = lambda resource: resource.address
    """What identifies a resource, desired or live, if that is not its address."""
    called: Callable[[Observed], Address] = lambda observed: observed.address
    """What people call it, if its address is an id."""
    within: Callable[[Address], Address | None] = lambda address: None
    """What holds it: if that is left out, so is this, without a reason of its own."""
    beside: Callable[[Observed, Known], Mapping[tuple[str, ...], Any]] = lambda observed, known: {}
    """What the spec says beside it, where nothing is said there yet: keys that lead there → value."""
    finished: Callable[[Section], Section] = lambda section: section
    """Its final section, once all sections within it are written."""


def tracked(observed: Observed, known: Known, notes: list[str]) -> Section:
    """`tags` beyond the spec's, and `protect`."""
    tags = pairs(observed.body.get("tags") or {}, definition("tags"), "tags", notes)
    more = {name: value for name, value in tags.items() if known.tags.get(name) != value}
    return {**({"tags": more} if more else {}), **protect(observed)}


def protect(observed: Observed) -> Section:
    return {"protect": True} if observed.mark and observed.mark.protect else {}
