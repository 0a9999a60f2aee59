"""One pass over what is live: each resource in a spec's words, after those that it refers to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.importing.live import Live
from reconciler.kind import Kind
from reconciler.kind.inverse import Inverse, Known, Section, protect
from reconciler.kind.words import Unsayable, definition, pairs
from reconciler.kinds import KINDS
from reconciler.model import Address, Observed
from reconciler.spec.spec import Target


@dataclass(slots=True)
class Draft:
    """A spec as YAML has it; what is not in it, and why; what there is to say of what is.

    `lost` is what the spec owns without saying so: its plan would delete that. `places` are the keys that lead to each
    section, and what it speaks of.
    """

    value: dict[str, Any]
    left: dict[Address, str] = field(default_factory=dict)
    notes: list[tuple[Address, str]] = field(default_factory=list)
    lost: frozenset[Address] = frozenset()
    places: dict[tuple[str, ...], Address] = field(default_factory=dict)


def others(live: Live, name: str, only: Collection[str]) -> Iterator[tuple[Address, str]]:
    """What is not ours to take, or not asked for."""
    for observed in live.observed:
        inverse = KINDS[observed.address.kind].inverse
        if observed.mark is not None and observed.mark.owner != name:
            yield observed.address, f"belongs to the spec {observed.mark.owner!r}"
        elif isinstance(inverse, str):
            yield observed.address, inverse
        elif inverse and inverse.chosen and only and observed.address.name not in only:
            yield observed.address, "was not asked for"
        elif inverse and (why := inverse.outside(observed, live.account)):
            yield observed.address, why


class Composing:
    """One pass over all that is live, each kind after those that it refers to; it knows what is in the spec so far."""

    def __init__(self, live: Live, target: Target, name: str, left: dict[Address, str]) -> None:
        self.live = live
        names = {kind: tuple(one.address.name for one in live.of(kind)) for kind in KINDS}
        self.known = Known(target.resource_group, target.subscription, live=names)
        self.draft = Draft(_head(live, target, name), left)

    def made(self) -> Draft:
        sayable = [(kind, kind.inverse) for kind in KINDS.values() if isinstance(kind.inverse, Inverse)]
        self._group([one for kind, inverse in sayable if inverse.tagged for one in self._open(kind)])
        for kind, inverse in sayable:
            said = {one.id.lower(): one.address.name for one in self._open(kind) if self._said(kind, inverse, one)}
            self.known = replace(self.known, said={**self.known.said, kind.name: said})
        return self.draft

    def _group(self, tracked: Iterable[Observed]) -> None:
        """What is said of the whole spec, from its resource group."""
        notes: list[str] = []
        tags = _shared_tags(self.live.group, tracked, notes)
        self.draft.notes += [(self.live.group.address, text) for text in notes]
        self.draft.value["azure"] |= {**({"tags": tags} if tags else {}), **protect(self.live.group)}
        self.known = replace(self.known, tags=tags)

    def _open(self, kind: Kind) -> list[Observed]:
        return [one for one in self.live.of(kind.name) if one.address not in self.draft.left]

    def _said(self, kind: Kind, inverse: Inverse, observed: Observed) -> bool:
        """Whether it could be said, and stands in the draft; else it is left out."""
        notes: list[str] = []
        try:
            section = inverse.say(observed, self.known, notes)
        except Unsayable as reason:
            self.draft.left[observed.address] = str(reason)
            return False
        self.draft.notes += [(observed.address, text) for text in notes]
        place = inverse.place(observed, self.known) if inverse.place else (kind.section, observed.address.name)
        _put(self.draft.value, place, section, appended=inverse.appended)
        if not inverse.appended:
            self.draft.places[place] = observed.address
        return True


def _put(value: dict[str, Any], place: tuple[str, ...], section: Section, *, appended: bool) -> None:
    *path, last = place
    for key in path:
        value = value.setdefault(key, {})
    if appended:
        value.setdefault(last, []).append(section)
    else:
        value[last] = section


def _shared_tags(group: Observed, tracked: Iterable[Observed], notes: list[str]) -> dict[str, str]:
    """The tags of the group that all other resources have too, with whatever value: `azure.tags`."""
    given = pairs(group.body["tags"], definition("tags"), "tags", notes)
    others = [one.body["tags"] for one in tracked]
    shared = {name: value for name, value in given.items() if all(name in tags for tags in others)}
    left = ", ".join(sorted(given.keys() - shared.keys()))
    if left:
        notes.append(f"its tags {left} are not in the spec, which would put them on everything; they stay as they are")
    return shared


def _head(live: Live, target: Target, name: str) -> dict[str, Any]:
    azure = {
        "cloud": target.cloud,
        "subscription": target.subscription,
        "location": live.group.body["location"],
        "resourceGroup": target.resource_group,
    }
    return {"apiVersion": "reconciler/v1", "name": name, "azure": azure}
