"""A small cloud in memory with three kinds, for tests of the engine alone.

`store` holds shelves; a shelf sits in a store; a shop uses shelves. What is used cannot be deleted. Writes can be slow,
refused, lost, ignored, or the moment at which the process dies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Operation, OperationState
from reconciler.engine import plan as planning
from reconciler.engine.apply import apply
from reconciler.engine.observe import observe
from reconciler.errors import AzureError
from reconciler.events import Event
from reconciler.kind import Kind, Kinds
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Outcome, Plan, Rule
from reconciler.spec.spec import Target


class Died(BaseException):
    """The process was killed here."""


@dataclass
class Thing:
    """One live resource; `busy` is how many looks it takes until it is ready, `more` what else is observed of it."""

    body: dict[str, Any]
    mark: Mark | None
    busy: int = 0
    failed: str = ""
    occupants: tuple[str, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)

    uses: tuple[Address, ...] = ()


@dataclass
class World:
    """What is live, what was written, and what will go wrong."""

    things: dict[Address, Thing] = field(default_factory=dict)
    slow: int = 0
    writes: list[tuple[str, Address]] = field(default_factory=list)
    die_before: int = -1
    die_after: int = -1
    errors: list[Exception] = field(default_factory=list)
    ignores: set[str] = field(default_factory=set)
    lag: int = 0
    """How many looks after each write still show what was there before it."""
    old: dict[Address, list[Observed | None]] = field(default_factory=dict)
    registered: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, verb: str, address: Address) -> None:
        """Count a write about to happen; raises what the test has prepared."""
        if len(self.writes) == self.die_before:
            raise Died
        if self.errors:
            raise self.errors.pop(0)
        self.writes.append((verb, address))
        thing = self.things.get(address)
        self.old[address] = [_seen(address, thing) if thing else None] * self.lag

    def written(self) -> None:
        if len(self.writes) - 1 == self.die_after:
            raise Died


class Sky(Cloud):
    """The Cloud that reaches a World."""

    def __init__(self, world: World, owner: str = "me") -> None:
        target = Target("public", "0" * 8, "here", "rg")
        super().__init__(target, owner, None, Endpoints("https://nowhere.invalid", 0.0, 0.0))
        self.world = world

    def register(self, namespace: str) -> None:
        self.world.registered.append(namespace)

    def poll(self, operation: Operation) -> OperationState:
        assert isinstance(operation, Operation)
        return OperationState(done=True)


def _world(cloud: Cloud) -> World:
    return cast(Sky, cloud).world


def _seen(address: Address, thing: Thing) -> Observed:
    health = Health.BUSY if thing.busy > 0 else Health.FAILED if thing.failed else Health.READY
    detail = "working" if health is Health.BUSY else thing.failed
    body = dict(thing.body)
    uses = tuple(map(str, thing.uses))
    seen = Observed(address, str(address), body, thing.mark, health, detail, thing.occupants, uses=uses)
    return replace(seen, **thing.more)


def _observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    world = _world(cloud)
    with world.lock:
        if world.old.get(wanted.address):
            return world.old[wanted.address].pop()
        thing = world.things.get(wanted.address)
        if thing is None:
            return None
        seen = _seen(wanted.address, thing)
        thing.busy = max(0, thing.busy - 1)
        return seen


def _create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    world = _world(cloud)
    with world.lock:
        missing = [ref for ref in desired.refs if ref not in world.things]
        if missing:
            raise AzureError(404, "NotFound", f"{desired.address} needs {missing[0]}")
        world.write("create", desired.address)
        made = Thing(dict(desired.body), mark, busy=world.slow, uses=desired.refs)
        world.things.setdefault(desired.address, made)
        world.written()
    return Operation("https://nowhere.invalid/1")


def _update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    world = _world(cloud)
    with world.lock:
        world.write("update", desired.address)
        thing = world.things[desired.address]
        for change in diff.changes:
            key = change.path.split(".")[0].split("[")[0]
            if key in desired.body and key not in world.ignores:
                thing.body[key] = desired.body[key]
        thing.mark, thing.busy, thing.failed, thing.uses = mark, world.slow, "", desired.refs
        world.written()
    return None


def _delete(cloud: Cloud, found: Observed) -> Operation | None:
    world = _world(cloud)
    with world.lock:
        users = [str(user) for user, thing in world.things.items() if found.address in thing.uses]
        if users:
            raise AzureError(409, "InUse", f"{found.address} is used by {', '.join(users)}")
        world.write("delete", found.address)
        world.things.pop(found.address, None)
        world.written()
    return None


def kind(name: str, **fields: Any) -> Kind:
    """A kind of this world; fields are wide open except those named here by rule."""

    def listing(cloud: Cloud, wanted: Iterable[Desired]) -> list[Observed]:
        world = _world(cloud)
        with world.lock:
            return [_seen(address, thing) for address, thing in world.things.items() if address.kind == name]

    table = {
        "size": Rule.LIVE,
        "colour": Rule.WHEN_EMPTY,
        "make": Rule.REPLACE,
        "place": Rule.REFUSE,
        "paint": Rule.NEW_NODES,
        "content": Rule.NEW_VERSION,
    }
    found = Kind(
        name=name,
        fields=table,
        expand=lambda spec: (),
        list=listing,
        observe=_observe,
        create=_create,
        update=_update,
        delete=_delete,
        unowned="existing: true",
    )
    return replace(found, ready_within=timedelta(seconds=20), **fields)


KINDS: Kinds = {name: kind(name) for name in ("store", "shelf", "shop")}


def want(address: str, *refs: str, protect: bool = False, **body: Any) -> Desired:
    return Desired(Address.parse(address), body, tuple(map(Address.parse, refs)), protect)


def spec(*desired: Desired) -> dict[Address, Desired]:
    return {one.address: one for one in desired}


def plan(world: World, desired: dict[Address, Desired], owner: str = "me", kinds: Kinds = KINDS, **more: Any) -> Plan:
    return planning.make(owner, kinds, desired, observe(Sky(world, owner), kinds, desired).resources, **more)


def destroy(world: World, desired: dict[Address, Desired], kinds: Kinds = KINDS, **more: Any) -> Plan:
    return planning.destroy("me", kinds, desired, observe(Sky(world), kinds, desired).resources, **more)


def carry_out(
    world: World,
    desired: dict[Address, Desired],
    made: Plan | None = None,
    kinds: Kinds = KINDS,
    events: list[Event] | None = None,
    stop: threading.Event | None = None,
    **more: Any,
) -> tuple[Outcome, ...]:
    made = made or plan(world, desired, kinds=kinds)
    listen = events.append if events is not None else lambda event: None
    sky = Sky(world, made.spec)
    return apply(made, desired, sky, kinds, listen=listen, stop=stop or threading.Event(), poll_seconds=0.0, **more)
