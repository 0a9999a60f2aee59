"""Work that begins after other work: a shelf is work that follows the work of a store, and a shop that of a shelf."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model import Action, Address, Desired, Mark, Why
from tests.engine.world import Thing, World, carry_out, plan, spec, want

OURS = Mark("me", "x")
FAILED = {"lacks": "has 2 failed tasks"}
STORE, SHELF, SHOP = (Address.parse(name) for name in ("store/a", "shelf/b", "shop/c"))


def asked() -> dict[Address, Desired]:
    resources = want("store/a", size=1), want("shelf/b", "store/a", size=1), want("shop/c", "shelf/b", size=1)
    return spec(*(replace(resource, follows=resource.refs) for resource in resources))


def there(store: dict[str, Any], shelf: dict[str, Any] | None = None, shop: dict[str, Any] | None = None) -> World:
    """What is there, as it is asked for but for what differs."""
    live = zip((STORE, SHELF, SHOP), (store, shelf, shop), strict=True)
    return World({address: Thing({"size": 1, **more}, OURS) for address, more in live if more is not None})


def lacking(world: World, address: Address, **more: Any) -> World:
    world.things[address].more = more
    return world


def told(world: World) -> list[tuple[Action, str]]:
    return [(decision.action, decision.reason) for decision in plan(world, asked()).decisions]


def test_work_is_held_where_what_it_follows_cannot_be_done_and_so_is_what_follows_it() -> None:
    world = lacking(there({}, {"size": 0}), STORE, **FAILED)
    assert told(world) == [
        (Action.NONE, "as desired"),
        (Action.NONE, "differs from the spec; held, as store/a has 2 failed tasks"),
        (Action.NONE, "not there yet; held, as shelf/b is held"),
    ]
    assert plan(world, asked()).steps == ()
    assert {decision.why for decision in plan(world, asked()).decisions[1:]} == {Why.STALLED}


def test_work_is_looked_at_again_after_each_step_of_what_it_follows() -> None:
    world = there({"size": 0}, {})
    assert told(world) == [
        (Action.UPDATE, "differs from the spec"),
        (Action.WAIT, "as desired; after store/a"),
        (Action.CREATE, "not there yet; after shelf/b"),
    ]
    assert [step.after for step in plan(world, asked()).steps] == [(), ("store/a",), ("shelf/b",)]


def test_work_as_desired_stays_so_whatever_others_lack() -> None:
    assert told(lacking(there({}, {}, {}), STORE, **FAILED)) == [(Action.NONE, "as desired")] * 3


def test_work_is_held_while_what_it_follows_cannot_be_read() -> None:
    resources = asked()
    resources[STORE] = replace(resources[STORE], unreadable="no answer")
    held = plan(World(), resources).decisions[1]
    assert held.reason == "not there yet; held, as store/a could not be read"


@pytest.mark.parametrize("lacks", ["has 1 failed task", ""])
def test_work_begins_only_if_what_it_follows_is_done_in_the_end(lacks: str) -> None:
    world = lacking(there({"size": 0}, {"size": 0}), STORE, lacks=lacks)
    outcomes = carry_out(world, asked())
    skipped = ["done", "skipped", "skipped"]
    assert [str(outcome.status) for outcome in outcomes] == (skipped if lacks else ["done"] * 3)
    assert outcomes[1].error == (f"store/a {lacks}" if lacks else None)
    assert [address for _, address in world.writes] == ([STORE] if lacks else [STORE, SHELF, SHOP])


def test_what_refers_to_work_and_does_not_follow_it_goes_on() -> None:
    world = lacking(there({"size": 0}), STORE, **FAILED)
    resources = {address: replace(resource, follows=()) for address, resource in asked().items()}
    assert {str(outcome.status) for outcome in carry_out(world, resources)} == {"done"}
