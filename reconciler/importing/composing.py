"""One pass over live resources: writes each into a spec, after those that it refers to."""

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
    """A spec as a YAML document (`value`), why resources are `left` out of it, and `notes` on those in it.

    `lost` are resources that the spec owns but that are not in it, so that its plan would delete them. `places` are the
    keys that lead to each section, and the resource that it is about.
    """

    value: dict[str, Any]
    left: dict[Address, str] = field(default_factory=dict)
    notes: list[tuple[Address, str]] = field(default_factory=list)
    lost: frozenset[Address] = frozenset()
    places: dict[tuple[str, ...], Address] = field(default_factory=dict)


def others(live: Live, name: str, only: Collection[str]) -> Iterator[tuple[Address, str]]:
    """The resources that this spec must not take or that were not asked for, each with the reason."""
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
    """One pass over all that is live, each kind after those that it refers to. `known` is what the draft has so far."""

    def __init__(self, live: Live, target: Target, name: str, reasons: dict[Address, str]) -> None:
        self.live = live
        names = {kind: tuple(resource.address.name for resource in live.of(kind)) for kind in KINDS}
        self.known = Known(target.resource_group, target.subscription, live=names, left=reasons)
        self.draft = Draft(_head(live, target, name), reasons)

    def compose(self) -> Draft:
        sayable = [(kind, kind.inverse) for kind in KINDS.values() if isinstance(kind.inverse, Inverse)]
        self._group([resource for kind, inverse in sayable if inverse.tagged for resource in self._open(kind)])
        for kind, inverse in sayable:
            added = [resource for resource in self._open(kind) if self._add(kind, inverse, resource)]
            names = {resource.id.lower(): resource.address.name for resource in added}
            self.known = replace(self.known, said={**self.known.said, kind.name: names})
        return self.draft

    def _group(self, tracked: Iterable[Observed]) -> None:
        """Write what the resource group tells about the whole spec: its tags and whether it is protected."""
        notes: list[str] = []
        tags = _shared_tags(self.live.group, tracked, notes)
        self.draft.notes += [(self.live.group.address, text) for text in notes]
        self.draft.value["azure"] |= {**({"tags": tags} if tags else {}), **protect(self.live.group)}
        self.known = replace(self.known, tags=tags)

    def _open(self, kind: Kind) -> list[Observed]:
        return [resource for resource in self.live.of(kind.name) if resource.address not in self.draft.left]

    def _add(self, kind: Kind, inverse: Inverse, observed: Observed) -> bool:
        """Write a resource into the draft, or note why it is left out; whether it is in the draft now."""
        notes: list[str] = []
        try:
            section = inverse.say(observed, self.known, notes)
            place = inverse.place(observed, self.known) if inverse.place else (kind.section, observed.address.name)
        except Unsayable as reason:
            self.draft.left[observed.address] = str(reason)
            return False
        self.draft.notes += [(observed.address, text) for text in notes]
        _put(self.draft.value, place, section, appended=inverse.appended)
        for path, value in inverse.beside(observed, self.known).items():
            _beside(self.draft.value, path, value)
        if not inverse.appended:
            self.draft.places[place] = observed.address
        if inverse.parts:
            self.draft.places |= {
                (*place, part): Address(kind.name, f"{observed.address.name}/{part}") for part in section
            }
        return True


def _put(value: dict[str, Any], place: tuple[str, ...], section: Section, *, appended: bool) -> None:
    *path, last = place
    for key in path:
        value = value.setdefault(key, {})
    if appended:
        value.setdefault(last, []).append(section)
    else:
        value[last] = section


def _beside(value: dict[str, Any], path: tuple[str, ...], what: Any) -> None:
    *outer, last = path
    for key in outer:
        value = value.setdefault(key, {})
    value.setdefault(last, what)


def _shared_tags(group: Observed, tracked: Iterable[Observed], notes: list[str]) -> dict[str, str]:
    """The tags of the group whose names all `tracked` resources have too, with any value: `azure.tags`."""
    group_tags = pairs(group.body["tags"], definition("tags"), "tags", notes)
    tagsets = [resource.body["tags"] for resource in tracked]
    shared = {name: value for name, value in group_tags.items() if all(name in tags for tags in tagsets)}
    unshared = ", ".join(sorted(group_tags.keys() - shared.keys()))
    if unshared:
        notes.append(
            f"its tags {unshared} are not in the spec, which would put them on everything; they stay as they are"
        )
    return shared


def _head(live: Live, target: Target, name: str) -> dict[str, Any]:
    azure = {
        "cloud": target.cloud,
        "subscription": target.subscription,
        "location": live.group.body["location"],
        "resourceGroup": target.resource_group,
    }
    return {"apiVersion": "reconciler/v1", "name": name, "azure": azure}
