"""What a watch remembers, and when it tries again or looks next: functions of time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Action, Address, Outcome, Status, Step
from reconciler.watch import memory, schedule
from reconciler.watch.memory import Memory
from reconciler.watch.result import End
from reconciler.watch.schedule import Due

A, B = Address("pool", "a"), Address("pool", "b")
MINUTES = 300.0


def outcome(address: Address, status: Status, action: Action = Action.UPDATE) -> Outcome:
    return Outcome(Step(str(address), address, action), status, 1.0, "no quota" if status is Status.FAILED else None)


def test_what_fails_is_tried_again_after_1_2_4_intervals_up_to_a_bound_and_the_rest_each_round() -> None:
    known, now, tried = Memory(), 0.0, []
    for number in range(200):
        now = number * MINUTES
        failure = known.failures.get(A)
        if failure is None or failure.again <= now:
            tried.append(number)
            known = memory.ended(known, [outcome(A, Status.FAILED)], {A: "x"}, now, MINUTES)
    assert tried == [0, 1, 3, 7, 15, 31, 63, 95, 127, 159, 191]
    assert B not in known.failures


def test_a_success_or_another_wish_begins_anew() -> None:
    failed = memory.ended(Memory(), [outcome(A, Status.FAILED)] * 1, {A: "x"}, 0.0, MINUTES)
    failed = memory.ended(failed, [outcome(A, Status.FAILED)], {A: "x"}, 300.0, MINUTES)
    assert failed.failures[A].times == 2
    assert memory.ended(failed, [outcome(A, Status.FAILED)], {A: "y"}, 600.0, MINUTES).failures[A].times == 1
    assert memory.ended(failed, [outcome(A, Status.DONE)], {A: "x"}, 600.0, MINUTES).failures == {}
    for says_nothing in (Status.STOPPED, Status.SKIPPED):
        assert memory.ended(failed, [outcome(A, says_nothing)], {A: "x"}, 600.0, MINUTES) == failed
    assert memory.healed(failed, {A}).failures == {}


def test_what_left_the_spec_while_we_looked_is_known_until_it_is_gone_or_back() -> None:
    seen = memory.looked(Memory(), {A: "x", B: "x"}, {A, B}, ())
    assert seen.left == frozenset()
    left = memory.looked(seen, {A: "x"}, {A, B}, {B})
    assert left.left == {B}
    assert memory.looked(left, {A: "x"}, {A, B}, {B}).left == {B}
    assert memory.looked(left, {A: "x", B: "x"}, {A, B}, ()).left == frozenset()
    assert memory.looked(left, {A: "x"}, {A}, ()).left == frozenset()
    assert memory.looked(Memory(), {A: "x"}, {A, B}, {B}).left == frozenset(), "it left before we looked"


def test_what_was_there_is_remembered_as_it_was_asked_for_when_it_was_seen_last() -> None:
    seen = memory.looked(Memory(), {A: "x", B: "x"}, {A}, ())
    assert seen.present == {A: "x"}
    gone = memory.looked(seen, {A: "y"}, (), ())
    assert gone.present == {A: "x"}, "it is made as the spec asks for it now: that is no drift"
    again = memory.looked(gone, {A: "y"}, {A}, ())
    assert again.present == {A: "y"}
    broken = memory.ended(again, [outcome(A, Status.FAILED, Action.REPLACE)], {A: "y"}, 0.0, MINUTES)
    assert broken.present == {}, "we may have deleted it ourselves"


@given(st.integers(1, 10_000), st.floats(1, 1e6))
def test_the_pause_after_a_failure_grows_and_is_bounded(times: int, interval: float) -> None:
    assert 0 < memory.pause(times, interval) <= memory.pause(times + 1, interval) <= memory.MOST * interval


@given(st.floats(0, 1), st.floats(1, 1e5), st.booleans())
def test_a_round_comes_a_tenth_earlier_or_later_at_most(part: float, interval: float, soon: bool) -> None:
    due = schedule.ended(Due(0.0, "s", running=True), 1000.0, interval, part, soon=soon)
    assert not due.running
    after = due.at - 1000.0
    assert after <= interval * 1.1 + 1e-6
    assert after >= interval * 0.9 - 1e-6 or (soon and after <= schedule.SOON)


def test_a_changed_spec_is_looked_at_at_once_and_ends_what_waits() -> None:
    due = schedule.begun(Due(0.0), "one", 10.0)
    assert not schedule.ready(due, "two", 10.0), "it runs"
    assert not schedule.overtaken(due, "one", 10.0, MINUTES)
    assert schedule.overtaken(due, "two", 10.0, MINUTES)
    assert schedule.overtaken(due, "one", 10.0 + MINUTES, MINUTES)
    rested = schedule.ended(due, 20.0, MINUTES, 0.5)
    assert not schedule.ready(rested, "one", 20.0 + MINUTES - 1)
    assert schedule.ready(rested, "one", 20.0 + MINUTES)
    assert schedule.ready(rested, "two", 21.0)


def test_after_a_change_a_look_comes_soon_but_two_that_undo_each_other_do_not_go_on_without_end() -> None:
    assert [schedule.soon(End.CHANGED, before) for before in (None, End.UNCHANGED, End.CHANGED)] == [True, True, False]
    assert schedule.soon(End.LEFT, End.LEFT)
    assert schedule.soon(End.STANDBY, End.STANDBY)
    assert not schedule.soon(End.FAILED, None)
    assert not schedule.soon(End.LOCKED, None)
