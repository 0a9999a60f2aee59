"""The verbs of a plain ARM kind, made from a table of what is particular to its type.

A plain kind is one resource by its id: listed by its collection, made by a PUT, changed by a PATCH of its tags and of
some parts, and deleted when nothing is left in it. Its mark is in its tags. What a type does otherwise it says in a
field of `Plain`; a type that needs more than these fields has verbs of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kind import ArmType
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed

Raw = dict[str, Any]
"""A resource as ARM shows it."""


class Verbs(TypedDict):
    """The verbs of a `Kind`, to be given to it by name."""

    list: Callable[[Cloud, Iterable[Desired]], Iterable[Observed]]
    observe: Callable[[Cloud, Desired | Observed], Observed | None]
    create: Callable[[Cloud, Desired, Mark], Operation | None]
    update: Callable[[Cloud, Desired, Mark, Observed, Diff], Operation | None]
    delete: Callable[[Cloud, Observed], Operation | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """What is particular to a plain ARM kind.

    name, arm    those of the kind
    place        the ARM id of what an address names; by default in the spec's resource group, under its type
    rows         what there is, each with its name in addresses; by default the collection of the resource group
    marked       where its mark is: in its tags, or in the metadata of its properties
    unset        property → what it means that Azure leaves it out
    normalise    the shape of the desired body, from what Azure shows without our mark
    written      what a request carries, from the desired body without the properties that are None
    replaces     an update is a PUT of the whole body, because what is left out is not kept
    patched      parts that every PATCH carries, beside tags
    patched_if_changed  parts that a PATCH carries if they differ
    create_only  properties that no PATCH may carry
    holds        the collection below it that must be empty before it is deleted
    held         what one of these is called
    occupants    what is always in it, for people
    """

    name: str
    arm: ArmType
    place: Callable[[Cloud, Desired | Observed], str] | None = None
    rows: Callable[[Cloud, Iterable[Desired]], Iterable[tuple[str, Raw]]] | None = None
    marked: tuple[str, ...] = ("tags",)
    unset: Body = field(default_factory=dict)
    normalise: Callable[[Raw], Body] = lambda body: body
    written: Callable[[Raw], Raw] = lambda body: body
    replaces: bool = False
    patched: tuple[str, ...] = ()
    patched_if_changed: tuple[str, ...] = ()
    create_only: tuple[str, ...] = ()
    holds: str = ""
    held: Callable[[Raw], str] | None = None
    occupants: tuple[str, ...] = ()

    def verbs(self) -> Verbs:
        return {
            "list": self._list,
            "observe": self._observe,
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
        }

    def _list(self, cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
        for name, raw in self.rows(cloud, wanted) if self.rows else self._collection(cloud):
            yield self._observed(name, raw)

    def _observe(self, cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
        raw = arm.get(cloud, self._id(cloud, wanted), self.arm.api_version)
        return self._observed(wanted.address.name, raw) if raw else None

    def _create(self, cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
        return self._put(cloud, desired, mark, {})

    def _update(self, cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
        kept = _at(observed.body, self.marked)
        if self.replaces:
            return self._put(cloud, desired, mark, kept)
        body = self._body(desired)
        changed = {re.split(r"[.\[]", change.path)[0] for change in diff.changes}
        parts = (*self.patched, *(part for part in self.patched_if_changed if part in changed))
        patch = {part: body[part] for part in ("tags", *parts) if part in body}
        if self.create_only:
            properties = {key: value for key, value in patch["properties"].items() if key not in self.create_only}
            patch["properties"] = properties
        return arm.patch(cloud, observed.id, self._marked(patch, mark, kept), self.arm.api_version)

    def _delete(self, cloud: Cloud, observed: Observed) -> Operation | None:
        """Refuses while something is left in it: all of ours has been deleted before."""
        version = self.arm.api_version
        if self.holds:
            kind = self.holds.rpartition("/")[2]
            held = self.held or (lambda raw: f"{kind}/{raw['name']}")
            left = [held(raw) for raw in arm.listing(cloud, f"{observed.id}/{self.holds}", version)]
            if left:
                raise arm.occupied(observed.address, left)
        return arm.delete(cloud, observed.id, version)

    def _place(self, cloud: Cloud) -> str:
        return f"{cloud.group_id}/providers/{self.arm.name}"

    def _collection(self, cloud: Cloud) -> Iterator[tuple[str, Raw]]:
        for raw in arm.listing(cloud, self._place(cloud), self.arm.api_version):
            yield raw["name"], raw

    def _id(self, cloud: Cloud, wanted: Desired | Observed) -> str:
        return self.place(cloud, wanted) if self.place else f"{self._place(cloud)}/{wanted.address.name}"

    def _observed(self, name: str, raw: Raw) -> Observed:
        properties = {**self.unset, **(raw.get("properties") or {})}
        body = {**raw, "properties": properties}
        if "location" in raw:
            body["location"] = arm.region(raw["location"])
        shown = _at(raw, self.marked)
        body = _with(body, self.marked, marks.without_mark(shown))
        state = properties.get("provisioningState")
        return Observed(
            Address(self.name, name),
            raw["id"],
            self.normalise(body),
            marks.mark_of(shown),
            arm.health(state),
            arm.detail(state),
            self.occupants,
        )

    def _body(self, desired: Desired) -> Raw:
        """The desired body as a request carries it, without our mark."""
        body = dict(desired.body)
        if "properties" in body:
            body["properties"] = {key: value for key, value in body["properties"].items() if value is not None}
        return self.written(body)

    def _put(self, cloud: Cloud, desired: Desired, mark: Mark, kept: Mapping[str, str]) -> Operation | None:
        body = self._marked(self._body(desired), mark, kept)
        return arm.put(cloud, self._id(cloud, desired), body, self.arm.api_version)

    def _marked(self, body: Raw, mark: Mark, kept: Mapping[str, str]) -> Raw:
        """The body with our mark in it, and with `kept`: ARM replaces tags as a whole, and those of others stay."""
        tags = marks.with_mark({**kept, **_at(body, self.marked)}, mark)
        return _with(body, self.marked, tags)


def _at(body: Body, path: tuple[str, ...]) -> Mapping[str, str]:
    """The tags or the metadata of a body; none are empty."""
    for key in path:
        body = body.get(key) or {}
    return body


def _with(body: Body, path: tuple[str, ...], value: Body) -> Raw:
    """The body with these tags or this metadata."""
    key, *rest = path
    return {**body, key: _with(body.get(key) or {}, tuple(rest), value) if rest else value}
