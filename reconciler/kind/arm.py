"""The verbs of a plain ARM kind, from a description of its type.

A plain resource has an id, is listed by its collection, created by PUT, changed by a PATCH of its tags and of some
parts, and deleted when nothing is left in it. Its mark is in its tags. The fields of `Plain` describe how a type
differs from that; a type that needs more has its own verbs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NotRequired, TypedDict

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import ArmType, ids, unread
from reconciler.kind.going import Neighbours, User, Users, check
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed

Raw = dict[str, Any]
"""A resource as ARM shows it."""
LED = "privateEndpointConnections"
"""Where a resource shows the private endpoints that lead to it: they need it, it needs none of them."""


class Verbs(TypedDict):
    """The verbs of a `Kind`, passed to it as keyword arguments."""

    list: Callable[[Cloud, Iterable[Desired]], Iterable[Observed]]
    observe: Callable[[Cloud, Desired | Observed], Observed | None]
    create: Callable[[Cloud, Desired, Mark], Operation | None]
    update: Callable[[Cloud, Desired, Mark, Observed, Diff], Operation | None]
    delete: Callable[[Cloud, Observed], Operation | None]
    place: NotRequired[Callable[[Cloud, Desired | Observed], str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The description of a plain ARM kind.

    name, arm    as in the kind
    place        the ARM id of a resource; by default it is in the spec's resource group, under its type
    rows         all resources, each with its name in addresses; by default the collection of the resource group
    marked       the path of its mark: its tags, or the metadata of its properties
    unset        property → the value that it has if Azure leaves it out
    normalise    turns the body that Azure shows, without our mark, into the form of the desired one
    written      turns the desired body, without properties that are None, into the body of a request
    replaces     whether an update is a PUT of the whole body, because Azure drops what is left out
    patched      parts that every PATCH has, besides tags
    patched_if_changed  parts that a PATCH has if they differ
    merged       parts that ARM merges in a PATCH → what puts the desired one in place of the live one
    create_only  properties that no PATCH may have
    cleared      properties that absence in a PATCH does not take away → what does
    holds        the collection below it that must be empty before it is deleted
    held         what people call an item of that collection; empty for one that goes by itself
    users        as in the kind; asked again just before it is deleted
    seen         an observed resource, with what else its kind knows of it
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
    merged: Mapping[str, Callable[[Any, Any], Any]] = field(default_factory=dict)
    create_only: tuple[str, ...] = ()
    cleared: Body = field(default_factory=dict)
    holds: str = ""
    held: Callable[[Raw], str] | None = None
    users: Users | None = None
    seen: Callable[[Cloud, Observed], Observed] = lambda cloud, observed: observed

    def verbs(self) -> Verbs:
        return {
            "list": self._list,
            "observe": self._observe,
            "create": self._create,
            "update": self._update,
            "delete": self._delete,
            "place": self.id_of,
        }

    def _list(self, cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[Observed]:
        wanted = list(wanted)
        for name, raw in self.read(cloud, wanted):
            yield self.seen(cloud, self.shown(name, raw))
        for desired in wanted if self.rows is None else ():
            if not ids.inside(self.id_of(cloud, desired), cloud.group_id):
                what = f"the {self.name.replace('_', ' ')} {desired.address.name}"
                if observed := unread.observed(self._observe, cloud, desired, what):
                    yield observed

    def read(self, cloud: Cloud, wanted: Collection[Desired]) -> Iterator[tuple[str, Raw]]:
        """Those in the spec's group by name; of a rare type only if the spec has one or has left one."""
        if not self.arm.rare or wanted or _left(cloud, self.arm):
            yield from (self.rows or self.listed)(cloud, wanted)

    def every(self, cloud: Cloud, live: Iterable[Observed]) -> Iterator[Observed]:
        """All of them, ours or not, for `import`."""
        if self.arm.rare and not in_group(cloud, self.arm.top):
            return
        for name, raw in (self.rows or self.listed)(cloud, ()):
            yield self.seen(cloud, self.shown(name, raw))

    def _observe(self, cloud: Cloud, resource: Desired | Observed) -> Observed | None:
        raw = arm.get(cloud, self.id_of(cloud, resource), self.arm.api_version)
        return self.seen(cloud, self.shown(resource.address.name, raw)) if raw else None

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
        for part, replaced in self.merged.items():
            if part in changed:
                patch[part] = replaced(desired.body[part], observed.body[part])
        if self.create_only:
            properties = {key: value for key, value in patch["properties"].items() if key not in self.create_only}
            patch["properties"] = properties
        for name, clearing in self.cleared.items():
            if observed.body["properties"].get(name) and desired.body["properties"][name] is None:
                patch["properties"] = {**patch["properties"], name: clearing}
        return arm.patch(cloud, observed.id, self._marked(patch, mark, kept), self.arm.api_version)

    def _delete(self, cloud: Cloud, observed: Observed) -> Operation | None:
        """Delete it. Refused while something is in it or uses it: that is not ours, as ours is deleted before."""
        occupants = [user.name for user in self.inside(Neighbours(cloud), observed)] if self.holds else []
        if occupants:
            raise arm.occupied(observed.address, occupants)
        if self.users:
            check(cloud, observed, self.users)
        return arm.delete(cloud, observed.id, self.arm.api_version)

    def inside(self, neighbours: Neighbours, observed: Observed) -> Iterator[User]:
        """What is in the collection that must be empty before it is deleted."""
        held = self.held or (lambda raw: f"{self.holds.rpartition('/')[2]}/{raw['name']}")
        for raw in arm.listing(neighbours.cloud, f"{observed.id}/{self.holds}", self.arm.api_version):
            if name := held(raw):
                yield User(raw["id"], name)

    def listed(self, cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
        """Those in the spec's group. One with the name of what is used from elsewhere is `GROUP/NAME`."""
        for raw in arm.listing(cloud, f"{cloud.group_id}/providers/{self.arm.name}", self.arm.api_version):
            meant = cloud.id_of(self.arm.name, raw["name"]).lower() == raw["id"].lower()
            yield raw["name"] if meant else f"{cloud.target.resource_group}/{raw['name']}", raw

    def id_of(self, cloud: Cloud, resource: Desired | Observed) -> str:
        """The ARM id of a resource: as it was observed, or from its name."""
        if self.place:
            return self.place(cloud, resource)
        if isinstance(resource, Observed) and resource.id:
            return resource.id
        group, _, name = resource.address.name.rpartition("/")
        return f"{cloud.group_id}/providers/{self.arm.name}/{name}" if group else cloud.id_of(self.arm.name, name)

    def shown(self, name: str, raw: Raw) -> Observed:
        """A resource that ARM shows, by its name in addresses."""
        properties = {**self.unset, **(raw.get("properties") or {})}
        properties.pop(LED, None)
        body = {**raw, "properties": properties}
        if raw.get("location"):
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
        )

    def _body(self, desired: Desired) -> Raw:
        """The body of a request, without our mark."""
        body = dict(desired.body)
        if "properties" in body:
            body["properties"] = {key: value for key, value in body["properties"].items() if value is not None}
        return self.written(body)

    def _put(self, cloud: Cloud, desired: Desired, mark: Mark, kept: Mapping[str, str]) -> Operation | None:
        body = self._marked(self._body(desired), mark, kept)
        return arm.put(cloud, self.id_of(cloud, desired), body, self.arm.api_version)

    def _marked(self, body: Raw, mark: Mark, kept: Mapping[str, str]) -> Raw:
        """The body with our mark and the tags in `kept`: ARM replaces tags as a whole, and tags of others must stay."""
        tags = marks.with_mark({**kept, **_at(body, self.marked)}, mark)
        return _with(body, self.marked, tags)


def in_group(cloud: Cloud, *types: str) -> list[Raw]:
    """The resources of the spec's group that are of one of these types, in short form: id, type, name and tags.

    One request shows all types, so kinds that few specs have ask nothing more where there is none. What was made a
    moment ago may be missing; a spec that asks for it does not look here.
    """
    wanted = {name.lower() for name in types}
    return [raw for raw in arm.listing(cloud, f"{cloud.group_id}/resources") if raw["type"].lower() in wanted]


def _left(cloud: Cloud, type_: ArmType) -> bool:
    """Whether one in the spec's group that is of this type, or may hold one, has our mark."""
    return any(marks.is_ours(cloud.owner, raw.get("tags")) for raw in in_group(cloud, type_.top))


def _at(body: Body, path: tuple[str, ...]) -> Mapping[str, str]:
    """The tags or the metadata of a body; empty if there are none."""
    for key in path:
        body = body.get(key) or {}
    return body


def _with(body: Body, path: tuple[str, ...], value: Body) -> Raw:
    """The body with these tags or this metadata."""
    key, *rest = path
    return {**body, key: _with(body.get(key) or {}, tuple(rest), value) if rest else value}
