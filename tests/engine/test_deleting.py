"""What apply does while something goes, by its own hand or another's, and with what a failed change leaves behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.cloud.cloud import Cloud
from reconciler.errors import AzureError
from reconciler.events import Event, StepWaiting
from reconciler.model import Address, Desired, Mark, Status
from tests.engine.world import KINDS, Thing, World, carry_out, kind, plan, spec, want

OURS = Mark("me", "x")
A = Address("store", "a")


def test_what_is_still_shown_after_its_deletion_is_waited_for_and_not_deleted_again() -> None:
    world = World({A: Thing({}, OURS)}, lag=2)
    events: list[Event] = []
    (outcome,) = carry_out(world, {}, events=events)
    assert (outcome.status, world.writes) == (Status.DONE, [("delete", A)])
    assert "being deleted" in {event.detail for event in events if isinstance(event, StepWaiting)}


def test_what_is_replaced_is_made_anew_only_when_it_is_gone() -> None:
    world = World({A: Thing({"make": "x"}, OURS)}, lag=2)
    (outcome,) = carry_out(world, spec(want("store/a", make="y")))
    assert (outcome.status, world.writes) == (Status.DONE, [("delete", A), ("create", A)])


def test_what_somebody_protects_after_the_plan_is_not_deleted() -> None:
    world = World({A: Thing({}, OURS)})
    made = plan(world, {})
    world.things[A].mark = replace(OURS, protect=True)
    (outcome,) = carry_out(world, {}, made)
    assert (outcome.status, world.writes) == (Status.STOPPED, [])
    assert str(outcome.error).startswith("cannot delete store/a: ")


@pytest.mark.parametrize("spares", [True, False])
def test_what_somebody_has_come_to_since_the_plan_is_spared_where_its_kind_says_so(spares: bool) -> None:
    kinds = {**KINDS, "store": kind("store", spares_occupied=spares)}
    world = World({A: Thing({}, OURS)})
    made = plan(world, {}, kinds=kinds)
    world.things[A].occupants = ("a pool", "a job")
    (outcome,) = carry_out(world, {}, made, kinds)
    if spares:
        assert (outcome.status, outcome.error) == (Status.DEFERRED, "store/a is still used by a pool, a job")
    assert (A in world.things) is spares


def test_what_needs_no_replacement_any_more_is_not_replaced() -> None:
    world = World({A: Thing({"make": "x"}, OURS)})
    desired = spec(want("store/a", make="y"))
    made = plan(world, desired)
    world.things[A].body["make"] = "y"
    (outcome,) = carry_out(world, desired, made)
    assert (outcome.status, world.writes) == (Status.STOPPED, [])
    assert "has changed since the plan was made" in str(outcome.error)


@pytest.mark.parametrize(("troubles", "left"), [(0, False), (3, False), (99, True)])
def test_what_a_failed_change_leaves_is_cleared_away_in_spite_of_trouble(troubles: int, left: bool) -> None:
    trouble = [AzureError(503, "", "busy") for _ in range(troubles)]

    def abandon(cloud: Cloud, desired: Desired) -> str | None:
        if trouble:
            raise trouble.pop()
        return None

    kinds = {**KINDS, "store": kind("store", abandon=abandon)}
    (outcome,) = carry_out(World(errors=[AzureError(400, "Bad", "no")]), spec(want("store/a")), kinds=kinds)
    assert outcome.status is Status.FAILED
    assert ("What it leaves could not be cleared away" in str(outcome.error)) is left
    assert str(outcome.error).endswith("Run reconcile cleanup later.") is left
    assert len(trouble) == (90 if left else 0), "with a bound"


@pytest.mark.parametrize(("left", "told"), [([], False), (["a machine"], True)])
def test_a_failed_change_that_leaves_nothing_says_nothing_of_clearing_away(left: list[str], told: bool) -> None:
    kinds = {**KINDS, "store": kind("store", abandon=lambda cloud, desired: left.pop() if left else None)}
    events: list[Event] = []
    world = World(errors=[AzureError(403, "Closed", "no")])
    (outcome,) = carry_out(world, spec(want("store/a")), kinds=kinds, events=events)
    assert outcome.status is Status.FAILED
    waits = [event.detail for event in events if isinstance(event, StepWaiting)]
    assert waits == (["clearing away: a machine"] if told else [])
