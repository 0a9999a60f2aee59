"""What apply does with a plan when the world is slow, stubborn, shared or hostile."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.engine.apply import LEFT, apply
from reconciler.engine.converge import Convergence
from reconciler.engine.decide import mark
from reconciler.engine.looks import Waiting
from reconciler.errors import AzureError, NotRegistered, ReconcileError
from reconciler.events import Event, Interrupted, StepFinished, StepLogged, StepWaiting
from reconciler.kind import Kind
from reconciler.model import Action, Address, Desired, Health, Mark, Observed, Status, Step
from tests.engine.world import KINDS, Sky, Thing, World, carry_out, kind, plan, spec, want

OURS = Mark("me", "x")
A = Address("store", "a")


def statuses(outcomes: object) -> dict[str, str]:
    return {o.step.id: str(o.status) for o in outcomes}  # type: ignore[attr-defined]


def test_apply_waits_until_each_resource_is_ready_before_the_next() -> None:
    world = World(slow=3)
    desired = spec(want("store/a", size=1), want("shelf/b", "store/a"), want("shop/c", "shelf/b"))
    events: list[Event] = []
    assert set(statuses(carry_out(world, desired, events=events)).values()) == {"done"}
    assert [w[1].name for w in world.writes] == ["a", "b", "c"]
    assert any(isinstance(e, StepWaiting) and e.detail == "working" for e in events)


def test_a_failed_resource_skips_its_dependants_and_nothing_else() -> None:
    world = World(errors=[AzureError(400, "InvalidThing", "no")])
    desired = spec(want("store/a"), want("shelf/b", "store/a"), want("shop/c", "shelf/b"))
    free = want("store/z")
    outcomes = statuses(carry_out(world, desired))
    assert outcomes == {"store/a": "failed", "shelf/b": "skipped", "shop/c": "skipped"}
    assert statuses(carry_out(world, {**desired, free.address: free}))["store/z"] == "done"


def test_passing_errors_are_sat_out_and_lasting_ones_are_not_repeated() -> None:
    passing: list[Exception] = [AzureError(409, "PrincipalNotFound", "later"), AzureError(503, "", "busy")]
    world = World(errors=passing)
    assert statuses(carry_out(world, spec(want("store/a")))) == {"store/a": "done"}
    world = World(errors=[AzureError(403, "AuthorizationFailed", "no")] * 2)
    assert statuses(carry_out(world, spec(want("store/a")))) == {"store/a": "failed"}
    assert len(world.errors) == 1


def test_a_field_that_does_not_stick_is_a_failure_that_names_it() -> None:
    world = World({A: Thing({"size": 1}, OURS)}, ignores={"size"})
    (outcome,) = carry_out(world, spec(want("store/a", size=2)))
    assert outcome.status is Status.FAILED
    assert outcome.error is not None
    assert "size is 1, not 2" in outcome.error


def test_more_attempts_are_made_where_the_kind_allows_them() -> None:
    patient = {**KINDS, "store": kind("store", attempts=3)}
    world = World({A: Thing({"size": 1}, OURS)}, ignores={"size"})
    carry_out(world, spec(want("store/a", size=2)), kinds=patient)
    assert len(world.writes) == 3


def test_what_could_not_all_be_done_is_tried_as_often_as_allowed_and_then_left_for_later() -> None:
    patient = {**KINDS, "store": kind("store", attempts=3)}
    world = World({A: Thing({"size": 1}, OURS, more={"unmet": "two are locked"})}, ignores={"size"})
    desired = spec(want("store/a", size=2), want("shelf/b", "store/a"))
    first, second = carry_out(world, desired, kinds=patient)
    assert (first.status, first.error) == (Status.DEFERRED, "store/a: two are locked")
    assert second.status is Status.DONE
    assert [verb for verb, address in world.writes if address == A] == ["update"] * 3


def test_what_stalls_after_it_was_begun_is_left_for_later_at_once() -> None:
    world = World({A: Thing({"size": 1}, OURS)}, ignores={"size"})
    desired = spec(want("store/a", size=2))
    made = plan(world, desired)
    world.things[A].more["stalled"] = "there are no nodes"
    (outcome,) = carry_out(world, desired, made)
    assert (outcome.status, outcome.error) == (Status.DEFERRED, "store/a: there are no nodes")
    assert world.writes == []


def test_what_ends_of_itself_as_soon_as_it_is_made_has_been_made() -> None:
    def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
        seen = KINDS["store"].observe(cloud, resource)
        return replace(seen, body={"make": "ended"}, ended="has ended") if seen else None

    short = {**KINDS, "store": kind("store", observe=observe)}
    (outcome,) = carry_out(World(), spec(want("store/a", make="active")), kinds=short)
    assert (outcome.status, outcome.detail) == (Status.DONE, "has ended")


def test_a_world_that_changed_since_the_plan_stops_the_step() -> None:
    world = World({A: Thing({"size": 1}, OURS)})
    desired = spec(want("store/a", size=2))
    made = plan(world, desired)
    world.things[A].body["size"] = 7
    (outcome,) = carry_out(world, desired, made)
    assert outcome.status is Status.STOPPED
    assert world.writes == []


def test_a_stray_that_changed_hands_since_the_plan_is_not_deleted() -> None:
    world = World({A: Thing({}, OURS)})
    made = plan(world, {})
    world.things[A].mark = Mark("you", "x")
    (outcome,) = carry_out(world, {}, made)
    assert outcome.status is Status.STOPPED
    assert A in world.things


def test_someone_elses_change_in_progress_is_waited_for() -> None:
    world = World({A: Thing({"size": 1}, OURS, busy=3)})
    assert statuses(carry_out(world, spec(want("store/a", size=1)))) == {"store/a": "done"}
    assert world.writes == []


def test_a_failed_resource_is_tried_once_more_and_then_reported() -> None:
    world = World({A: Thing({"size": 1}, OURS, failed="quota")})
    assert statuses(carry_out(world, spec(want("store/a", size=1)))) == {"store/a": "done"}


def test_scaling_to_empty_lets_the_rest_of_the_change_through() -> None:
    world = World({A: Thing({"size": 1, "colour": "red"}, OURS, occupants=("1 node",))})
    desired = spec(want("store/a", size=0, colour="blue"), want("shelf/b", "store/a"))
    outcomes = statuses(carry_out(world, desired))
    assert outcomes == {"store/a": "deferred", "shelf/b": "done"}
    assert world.things[A].body == {"size": 0, "colour": "red"}
    world.things[A].occupants = ()
    assert statuses(carry_out(world, desired)) == {"store/a": "done"}
    assert world.things[A].body == {"size": 0, "colour": "blue"}


def test_replacing_deletes_and_makes_anew() -> None:
    world = World({A: Thing({"make": "x"}, OURS)}, slow=2)
    assert statuses(carry_out(world, spec(want("store/a", make="y")))) == {"store/a": "done"}
    assert [w[0] for w in world.writes] == ["delete", "create"]
    assert world.things[A].body == {"make": "y"}


def test_an_interrupt_starts_nothing_new_and_brings_the_rest_to_its_end() -> None:
    world = World(slow=2)
    stop = threading.Event()
    events: list[Event] = []
    desired = spec(want("store/a"), want("shelf/b", "store/a"))

    class Listening(list[Event]):
        def append(self, event: Event) -> None:
            super().append(event)
            if isinstance(event, StepWaiting):
                stop.set()

    events = Listening()
    outcomes = statuses(carry_out(world, desired, events=events, stop=stop))
    assert outcomes == {"store/a": "done", "shelf/b": "stopped"}
    interrupts = [e for e in events if isinstance(e, Interrupted)]
    assert [s.id for e in interrupts for s in e.in_flight] == ["store/a"]


def test_a_wait_without_end_is_cut_and_says_how_to_go_on() -> None:
    hasty = {**KINDS, "store": kind("store")}
    object.__setattr__(hasty["store"], "ready_within", timedelta(0))
    world = World(slow=10**9)
    (outcome,) = carry_out(world, spec(want("store/a")), kinds=hasty)
    assert outcome.status is Status.FAILED
    assert outcome.error is not None
    assert "run apply again" in outcome.error


def test_a_wait_for_work_to_end_is_no_part_of_the_time_that_a_change_may_take() -> None:
    patient = {**KINDS, "store": kind("store")}
    object.__setattr__(patient["store"], "ready_within", timedelta(0))
    object.__setattr__(patient["store"], "lets_end", lambda desired: timedelta(hours=1))
    (outcome,) = carry_out(World(slow=3), spec(want("store/a")), kinds=patient)
    assert outcome.status is Status.DONE


def unsaid(registered: list[str]) -> Kind:
    """A kind whose sizes Azure can be asked only once the subscription is registered for it."""

    def resolve(cloud: Cloud, desired: Desired, before: object) -> Desired:
        if "Some.Provider" not in registered:
            raise NotRegistered("Some.Provider")
        return replace(desired, body={**desired.body, "size": 7})

    return kind("shelf", resolve=resolve)


def test_what_could_not_be_asked_when_planning_is_asked_when_its_turn_comes() -> None:
    world, registered = World(), ["Some.Provider"]
    kinds = {**KINDS, "shelf": unsaid(registered)}
    pending = replace(want("shelf/b", "store/a"), pending="Some.Provider")
    outcomes = statuses(carry_out(world, spec(want("store/a"), pending), kinds=kinds))
    assert outcomes == {"store/a": "done", "shelf/b": "done"}
    assert world.things[pending.address].body == {"size": 7}


def test_what_stands_against_a_change_is_heeded_even_if_it_is_found_late() -> None:
    blocked = kind("store", resolve=lambda cloud, desired, before: replace(desired, obstacle="it is sold out"))
    world = World()
    (outcome,) = carry_out(world, spec(replace(want("store/a"), pending="P")), kinds={**KINDS, "store": blocked})
    assert (outcome.status, outcome.error) == (Status.STOPPED, "cannot create store/a: it is sold out")
    assert world.writes == []


def test_what_is_live_waits_until_it_is_known_what_it_should_be() -> None:
    world = World({A: Thing({"size": 1}, OURS)})
    (decision,) = plan(world, spec(replace(want("store/a"), pending="P"))).decisions
    assert decision.action is Action.DEFER
    assert "registered for P" in decision.reason


def test_a_registration_that_no_plan_foresaw_is_made_when_it_is_needed() -> None:
    world = World(errors=[NotRegistered("Some.Network")])
    assert statuses(carry_out(world, spec(want("store/a")))) == {"store/a": "done"}
    assert world.registered == ["Some.Network"]


def test_what_somebody_else_made_since_the_plan_is_not_touched() -> None:
    world, desired = World(), spec(want("store/a", size=2))
    made = plan(world, desired)
    world.things[A] = Thing({"size": 1}, Mark("you", "x"))
    (outcome,) = carry_out(world, desired, made)
    assert outcome.status is Status.STOPPED
    assert outcome.error is not None
    assert outcome.error.startswith("cannot change store/a: belongs to the spec 'you'")
    assert world.things[A].body == {"size": 1}
    assert world.writes == []


def test_a_kind_whose_state_moves_all_the_time_is_changed_as_it_is_now() -> None:
    world, desired = World({A: Thing({"size": 1}, OURS)}), spec(want("store/a", size=2))
    kinds = {**KINDS, "store": kind("store", counts="stores")}
    made = plan(world, desired)
    world.things[A].body["size"] = 7
    (outcome,) = carry_out(world, desired, made, kinds=kinds)
    assert outcome.status is Status.DONE
    assert world.things[A].body["size"] == 2


def test_what_somebody_did_meanwhile_needs_no_change() -> None:
    world, desired = World({A: Thing({"size": 1}, OURS)}), spec(want("store/a", size=2))
    made = plan(world, desired)
    world.things[A] = Thing({"size": 2}, mark(KINDS["store"], "me", desired[A]))
    (outcome,) = carry_out(world, desired, made)
    assert (outcome.status, outcome.error, world.writes) == (Status.DONE, None, [])


def test_what_can_no_longer_be_read_is_not_written_to() -> None:
    world, desired = World({A: Thing({"size": 1}, OURS)}), spec(want("store/a", size=2))
    made = plan(world, desired)
    world.things[A].more.update(health=Health.UNKNOWN, detail="no permission to read it")
    (outcome,) = carry_out(world, desired, made)
    assert (outcome.status, outcome.error) == (Status.FAILED, "cannot update store/a: no permission to read it")
    assert world.writes == []


def test_a_failed_resource_without_a_difference_is_written_again_all_the_same() -> None:
    world = World({A: Thing({"size": 1}, OURS, failed="quota")})
    (outcome,) = carry_out(world, spec(want("store/a", size=1)))
    assert outcome.status is Status.DONE
    assert [verb for verb, _ in world.writes] == ["update"]
    assert world.things[A].failed == ""


def test_what_comes_up_in_a_form_that_only_a_replacement_changes_is_a_failure() -> None:
    sticky = kind("store", create=lambda cloud, desired, mark: _made_as(cloud, desired, mark, make="x"))
    (outcome,) = carry_out(World(), spec(want("store/a", make="y")), kinds={**KINDS, "store": sticky})
    assert outcome.status is Status.FAILED
    assert outcome.error is not None
    assert "make is 'x', not 'y'" in outcome.error


def _made_as(cloud: Any, desired: Desired, mark: Mark, **body: Any) -> None:
    cloud.world.things[desired.address] = Thing({**desired.body, **body}, mark)


def test_an_accepted_operation_is_left_in_peace_for_a_while_and_a_change_without_one_is_looked_at_at_once() -> None:
    world = World()
    desired = want("store/a", size=1)
    step = Step("store/a", A, Action.CREATE)
    created = Convergence(step, KINDS["store"], Sky(world), "me", desired, None, poll_seconds=5.0)
    assert created.look() == Waiting(5.0, "create accepted")
    changed = replace(desired, body={"size": 2})
    step = replace(step, action=Action.UPDATE)
    updated = Convergence(step, KINDS["store"], Sky(world), "me", changed, None, poll_seconds=5.0)
    assert updated.look() == Waiting(0, "update accepted")


@pytest.mark.parametrize("lag", [1, 2, 5])
def test_reads_that_lag_behind_our_writes_are_waited_for(lag: int) -> None:
    """A drift: the owner mark stays the same, so that only the fields tell the old picture from the new one."""
    marked = mark(KINDS["store"], "me", want("store/a", size=2))
    world = World({A: Thing({"size": 1}, marked)}, lag=lag)
    desired = spec(want("store/a", size=2), want("shelf/b", "store/a"))
    assert statuses(carry_out(world, desired)) == {"store/a": "done", "shelf/b": "done"}
    assert [verb for verb, _ in world.writes] == ["update", "create"]


def test_a_failure_that_is_shown_for_a_while_after_it_was_mended_is_no_second_failure() -> None:
    world = World({A: Thing({"size": 1}, OURS, failed="quota")}, lag=2)
    assert statuses(carry_out(world, spec(want("store/a", size=1)))) == {"store/a": "done"}


def test_an_old_picture_is_believed_after_so_many_looks() -> None:
    world = World({A: Thing({"size": 1}, OURS)}, lag=1000)
    (outcome,) = carry_out(world, spec(want("store/a", size=2)))
    assert outcome.status is Status.FAILED
    assert "did not take the change: size is 1, not 2" in str(outcome.error)
    assert len(world.writes) == 1


def test_what_azure_took_and_never_shows_is_told_and_not_waited_for_without_end() -> None:
    world = World(lag=1000)
    (outcome,) = carry_out(world, spec(want("store/a")))
    assert outcome.status is Status.FAILED
    assert outcome.error == "store/a is not there, although Azure took the request for it; run apply again"


def test_a_picture_from_before_the_plan_is_looked_at_again() -> None:
    world = World({A: Thing({"size": 1}, OURS)})
    desired = spec(want("store/a", size=2))
    made = plan(world, desired)
    world.old[A] = [Observed(A, str(A), {"size": 7}, OURS)]
    assert statuses(carry_out(world, desired, made)) == {"store/a": "done"}


@pytest.mark.parametrize("code", ["AccountAlreadyExists", "StorageAccountAlreadyTaken", "RegistryStatusConflict"])
def test_a_name_that_we_have_taken_ourselves_is_gone_on_with(code: str) -> None:
    world = World(errors=[AzureError(409, code, "taken"), AzureError(409, code, "taken")])
    assert statuses(carry_out(world, spec(want("store/a")))) == {"store/a": "done"}
    world = World(errors=[AzureError(409, code, "taken")] * 20)
    (outcome,) = carry_out(world, spec(want("store/a")))
    assert outcome.error == f"cannot create store/a: {code}: taken"
    assert len(world.errors) >= 10, "it is not asked for without end"


def test_a_refusal_that_passes_is_no_try() -> None:
    world = World({A: Thing({"size": 1}, OURS)}, errors=[AzureError(429, "", "slow"), AzureError(503, "", "busy")])
    assert statuses(carry_out(world, spec(want("store/a", size=2)))) == {"store/a": "done"}


def test_a_fault_of_our_own_in_one_step_brings_the_others_to_their_end() -> None:
    world = World(errors=[TypeError("what is this?")], slow=3)
    events: list[Event] = []
    desired = spec(want("store/a"), want("store/b"), want("shelf/c", "store/b"))
    with pytest.raises(TypeError, match="what is this"):
        carry_out(world, desired, events=events)
    ended = {e.outcome.step.id: str(e.outcome.status) for e in events if isinstance(e, StepFinished)}
    assert sorted([ended.pop("store/a"), ended.pop("store/b")]) == ["done", "failed"]
    assert ended["shelf/c"] in ("stopped", "skipped")


def test_what_would_go_with_something_made_anew_is_saved_before() -> None:
    world = World({A: Thing({"make": "x"}, OURS), Address("shelf", "b"): Thing({"size": 1}, OURS)})
    saved: list[tuple[str, object]] = []
    keep = kind("shelf", keep=lambda cloud, desired: saved.append((str(desired.address), world.things[A].body["make"])))
    desired = spec(want("store/a", make="y"), want("shelf/b", "store/a", size=1), want("shelf/c", size=1))
    assert statuses(carry_out(world, desired, kinds={**KINDS, "shelf": keep}))["store/a"] == "done"
    assert saved == [("shelf/b", "x")], "once, of what refers to it, and while it is there"


def test_what_cannot_be_saved_is_not_lost() -> None:
    def full(cloud: object, desired: Desired) -> None:
        raise ReconcileError("the disk is full")

    world = World({A: Thing({"make": "x"}, OURS), Address("shelf", "b"): Thing({"size": 1}, OURS)})
    desired = spec(want("store/a", make="y"), want("shelf/b", "store/a", size=1))
    (outcome, *_) = carry_out(world, desired, kinds={**KINDS, "shelf": kind("shelf", keep=full)})
    assert (outcome.status, outcome.error) == (Status.FAILED, "the disk is full")
    assert world.things[A].body == {"make": "x"}


def test_what_a_resource_has_written_is_told_as_it_grows() -> None:
    world = World({A: Thing({"size": 1}, OURS, more={"logs": {"setup": "one\n"}})}, slow=2)
    events: list[Event] = []
    carry_out(world, spec(want("store/a", size=2)), events=events)
    assert [(e.name, e.text) for e in events if isinstance(e, StepLogged)] == [("setup", "one\n")]


def test_what_runs_in_a_resource_ends_before_it_is_made_anew_where_its_kind_lets_it() -> None:
    running = ["2 run", "1 runs"]
    vacated: list[Address] = []

    def vacate(cloud: Cloud, desired: Desired, observed: Observed) -> str:
        vacated.append(observed.address)
        return running.pop(0) if running else ""

    kinds = {**KINDS, "store": kind("store", vacate=vacate)}
    world, events = World({A: Thing({"make": 1}, OURS)}), list[Event]()
    (outcome,) = carry_out(world, spec(want("store/a", make=2)), kinds=kinds, events=events)
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert [e.detail for e in events if isinstance(e, StepWaiting)][:2] == ["2 run", "1 runs"]
    assert [verb for verb, _ in world.writes] == ["delete", "create"]
    assert vacated == [A] * 3


def test_what_another_run_has_made_anew_meanwhile_is_taken() -> None:
    world = World({A: Thing({"make": 1}, OURS)})

    def delete(cloud: Cloud, observed: Observed) -> Operation | None:
        world.things[A] = Thing({"make": 2}, mark(KINDS["store"], "me", wanted))
        return None

    def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
        seen = KINDS["store"].observe(cloud, resource)
        return replace(seen, id=f"store/a {seen.body['make']}") if seen else None

    wanted = want("store/a", make=2)
    kinds = {**KINDS, "store": kind("store", delete=delete, observe=observe)}
    (outcome,) = carry_out(world, spec(wanted), kinds=kinds)
    assert (outcome.status, outcome.error) == (Status.DONE, None)
    assert world.writes == []


def test_what_azure_works_on_is_left_to_it_when_asked_and_joined_later() -> None:
    world, leave = World(slow=10**6), threading.Event()
    desired = spec(want("store/a"), want("shelf/b", "store/a"))

    def listen(event: Event) -> None:
        if isinstance(event, StepWaiting) and event.detail == "working":
            leave.set()

    outcomes = apply(
        plan(world, desired),
        desired,
        Sky(world),
        KINDS,
        listen=listen,
        stop=threading.Event(),
        leave=leave,
        poll_seconds=0.0,
    )
    assert statuses(outcomes) == {"store/a": "stopped", "shelf/b": "skipped"}
    assert outcomes[0].error == LEFT
    world.things[A].busy, world.slow = 0, 0
    assert statuses(carry_out(world, desired)) == {"shelf/b": "done"}
