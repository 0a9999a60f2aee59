"""What a plan decides, for people and for the machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.engine import registering
from reconciler.engine.law import Choice
from reconciler.kind import ArmType
from reconciler.model import Action, Address, Mark, Observed
from tests.engine.world import KINDS, Sky, Thing, World, carry_out, kind, plan, spec, want

OURS = Mark("me", "x")


def actions(made: object) -> dict[str, str]:
    return {str(d.address): str(d.action) for d in made.decisions}  # type: ignore[attr-defined]


def test_what_is_missing_is_created_after_what_it_refers_to() -> None:
    desired = spec(want("store/a", size=1), want("shelf/b", "store/a", size=1))
    made = plan(World(), desired)
    assert actions(made) == {"store/a": "create", "shelf/b": "create"}
    assert {s.id: s.after for s in made.steps} == {"store/a": (), "shelf/b": ("store/a",)}


def test_a_plan_says_what_each_resource_needs_whether_anything_is_done_about_it_or_not() -> None:
    world = World({Address("store", "a"): Thing({"size": 1}, OURS), Address("shelf", "old"): Thing({}, OURS)})
    made = plan(world, spec(want("store/a", size=1), want("shelf/b", "store/a", size=1)))
    assert actions(made) == {"store/a": "none", "shelf/b": "create", "shelf/old": "delete"}
    assert {str(one): list(map(str, refs)) for one, refs in made.needs.items()} == {"shelf/b": ["store/a"]}


@pytest.mark.parametrize(("grants", "there", "told"), [(True, False, True), (True, True, False), (False, False, False)])
def test_what_is_made_gives_permissions_if_its_kind_does(grants: bool, there: bool, told: bool) -> None:
    kinds = {**KINDS, "store": kind("store", grants=grants)}
    world = World({Address("store", "a"): Thing({"size": 2}, OURS)} if there else {})
    made = plan(world, spec(want("store/a", size=1)), kinds=kinds)
    assert [decision.grants for decision in made.decisions] == [told]


def test_an_unchanged_world_has_no_steps() -> None:
    world = World({Address("store", "a"): Thing({"size": 1, "extra": "kept"}, OURS)})
    made = plan(world, spec(want("store/a", size=1)))
    assert made.steps == ()
    assert actions(made) == {"store/a": "none"}
    assert world.writes == []


def test_a_declared_none_asks_for_absence() -> None:
    world = World({Address("store", "a"): Thing({"size": 3}, OURS)})
    decision = plan(world, spec(want("store/a", size=None))).decisions[0]
    assert decision.action is Action.UPDATE
    assert [(c.path, c.before, c.after) for c in decision.diff.changes] == [("size", 3, None)]


def test_what_left_the_spec_is_deleted_only_if_it_is_ours() -> None:
    world = World(
        {
            Address("store", "ours"): Thing({}, OURS),
            Address("store", "theirs"): Thing({}, Mark("you", "x")),
            Address("store", "unmarked"): Thing({}, None),
        }
    )
    assert actions(plan(world, {})) == {"store/ours": "delete"}


def test_a_protected_resource_that_left_the_spec_is_refused() -> None:
    world = World({Address("store", "a"): Thing({}, Mark("me", "x", protect=True))})
    made = plan(world, {})
    assert actions(made) == {"store/a": "refuse"}
    assert made.steps == ()


def test_another_owners_resource_is_refused_unless_adopted() -> None:
    address = Address("store", "a")
    world = World({address: Thing({"size": 1}, Mark("you", "x"))})
    desired = spec(want("store/a", size=1))
    assert actions(plan(world, desired)) == {"store/a": "refuse"}
    adopted = plan(world, desired, adopt={address}).decisions[0]
    assert adopted.action is Action.UPDATE
    assert [c.path for c in adopted.diff.changes] == ["owner"]


def test_a_field_that_needs_emptiness_defers_while_occupied() -> None:
    address = Address("store", "a")
    world = World({address: Thing({"colour": "red", "size": 1}, OURS, occupants=("2 nodes",))})
    deferred = plan(world, spec(want("store/a", colour="blue", size=1))).decisions[0]
    assert deferred.action is Action.DEFER
    assert "2 nodes" in deferred.reason
    partly = plan(world, spec(want("store/a", colour="blue", size=0))).decisions[0]
    assert partly.action is Action.UPDATE


def test_the_dearest_field_decides() -> None:
    address = Address("store", "a")
    world = World({address: Thing({"size": 1, "make": "x", "place": "here"}, OURS)})
    assert plan(world, spec(want("store/a", size=2, make="y"))).decisions[0].action is Action.REPLACE
    assert plan(world, spec(want("store/a", size=2, make="y", place="there"))).decisions[0].action is Action.REFUSE
    protected = plan(world, spec(want("store/a", make="y", protect=True))).decisions[0]
    assert protected.action is Action.REFUSE


def test_deletes_come_after_all_that_may_still_use_them() -> None:
    world = World(
        {
            Address("store", "old"): Thing({}, OURS),
            Address("shelf", "old"): Thing({}, OURS),
            Address("shop", "a"): Thing({"size": 1}, OURS),
        }
    )
    made = plan(world, spec(want("shop/a", size=2)))
    assert {s.id: set(s.after) for s in made.steps} == {
        "store/old": {"shelf/old", "shop/a"},
        "shelf/old": {"shop/a"},
        "shop/a": set(),
    }


def test_a_selection_hides_everything_else() -> None:
    world = World({Address("store", "stray"): Thing({}, OURS)})
    desired = spec(want("store/a"), want("store/b"))
    assert actions(plan(world, desired, choice=Choice((Address("store", "b"),)))) == {"store/b": "create"}


def test_the_reason_tells_drift_from_a_changed_spec() -> None:
    from reconciler.engine.decide import mark

    desired = want("store/a", size=2)
    drifted = World({desired.address: Thing({"size": 1}, mark(KINDS["store"], "me", desired))})
    assert "outside the spec" in plan(drifted, spec(desired)).decisions[0].reason
    edited = World({desired.address: Thing({"size": 1}, OURS)})
    assert "differs from the spec" in plan(edited, spec(desired)).decisions[0].reason


ENDED = {"ended": "has ended", "employs": ()}


def ended(employs: tuple[str, ...], size: int = 1) -> World:
    """A store that has ended, and a shelf in it whose change, of `size`, has a use for `employs`."""
    shelf = Thing({"size": size}, OURS, more={"employs": tuple(map(Address.parse, employs))})
    store = Thing({"make": "old", "place": "here"}, OURS, occupants=("3 records",), more=ENDED)
    return World({Address("store", "a"): store, Address("shelf", "b"): shelf})


@pytest.mark.parametrize("body", [{"make": "new"}, {"place": "there"}, {"make": "new", "size": 3}, {"colour": "red"}])
def test_what_has_ended_stays_while_nothing_has_a_use_for_it(body: dict[str, Any]) -> None:
    desired = spec(want("store/a", **body), want("shelf/b", "store/a", size=2))
    made = plan(ended(employs=()), desired)
    assert actions(made) == {"store/a": "none", "shelf/b": "update"}
    assert made.notes == ("store/a has ended",)
    assert actions(plan(ended(("store/a",), size=2), desired))["store/a"] == "none"


def test_a_protected_one_that_has_ended_is_no_obstacle_while_nothing_has_a_use_for_it() -> None:
    desired = spec(want("store/a", make="new", protect=True), want("shelf/b", "store/a", size=2))
    assert actions(plan(ended(employs=()), desired)) == {"store/a": "none", "shelf/b": "update"}
    assert actions(plan(ended(employs=("store/a",)), desired))["store/a"] == "refuse"


def test_what_has_ended_is_replaced_for_what_changes_or_is_made_with_it() -> None:
    desired = spec(want("store/a", make="new"), want("shelf/b", "store/a", size=2))
    made = plan(ended(employs=("store/a",)), desired)
    assert actions(made) == {"store/a": "replace", "shelf/b": "update"}
    assert made.decisions[0].reason == "has ended (with 3 records)"
    assert made.notes == ()
    assert {step.id: step.after for step in made.steps}["shelf/b"] == ("store/a",)
    more = spec(*desired.values(), want("shelf/c", "store/a"))
    assert actions(plan(ended(employs=()), more))["store/a"] == "replace"
    outcomes = carry_out(ended(employs=("store/a",)), desired)
    assert {str(outcome.status) for outcome in outcomes} == {"done"}


def test_what_has_ended_and_belongs_to_others_is_still_refused() -> None:
    world = ended(employs=())
    world.things[Address("store", "a")].mark = Mark("you", "x")
    made = plan(world, spec(want("store/a", make="new"), want("shelf/b", "store/a", size=1)))
    assert actions(made)["store/a"] == "refuse"


def test_a_plan_with_something_to_do_begins_with_the_registrations_that_it_lacks() -> None:
    world, desired = World(), spec(want("store/a"), want("shelf/b", "store/a"))
    kinds = {**KINDS, "store": kind("store", arm=ArmType("Contoso.Shop/stores", "2026-01-01"))}
    there = [Observed(Address("store", "z"), "z", {})]
    made = registering.added(plan(world, desired, kinds=kinds), Sky(world), kinds, there, {"Contoso.Shop"})
    first = "registration/Contoso.Shop"
    assert {step.id: step.after for step in made.steps} == {first: (), "store/a": (first,), "shelf/b": ("store/a",)}
    assert "not registered yet for Contoso.Shop; apply begins with that" in made.notes[-1]
    nothing = plan(world, {}, kinds=kinds)
    assert registering.added(nothing, Sky(world), kinds, there, {"Contoso.Shop"}) is nothing


def test_what_refers_to_something_made_anew_is_planned_as_it_will_be_then() -> None:
    shelf = kind("shelf", renewed=lambda desired, observed: replace(observed, body={"size": 0}))
    kinds = {**KINDS, "shelf": shelf}
    world = World(
        {
            Address("store", "a"): Thing({"make": "x"}, OURS),
            Address("shelf", "b"): Thing({"size": 1}, OURS),
            Address("shelf", "c"): Thing({"size": 1}, OURS),
        }
    )
    others = (want("shelf/b", "store/a", size=1), want("shelf/c", size=1))
    made = plan(world, spec(want("store/a", make="y"), *others), kinds=kinds)
    assert actions(made) == {"store/a": "replace", "shelf/b": "update", "shelf/c": "none"}
    assert {step.id: step.after for step in made.steps} == {"store/a": (), "shelf/b": ("store/a",)}
    same = plan(world, spec(want("store/a", make="x"), *others), kinds=kinds)
    assert actions(same) == {"store/a": "none", "shelf/b": "none", "shelf/c": "none"}
