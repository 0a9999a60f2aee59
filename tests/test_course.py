"""What follows from when tasks came, began and ended: how many there were over time, nodes, and histograms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.course import NODES, STATES, Bin, Course, Entry, Ran, at_moments, bins, sampled

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BEGIN = NOW - timedelta(seconds=100)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else BEGIN + timedelta(seconds=seconds)


def ran(
    name: str,
    made: float | None,
    begun: float | None = None,
    ended: float | None = None,
    *,
    node: str = "n1",
    failure: str = "",
    before: int = 0,
) -> Ran:
    """A task that came, began and ended so many seconds after the beginning."""
    state = "completed" if ended is not None else "running" if begun is not None else "active"
    return Ran(name, state, at(begun), at(ended), node if begun is not None else "", failure, at(made), "", before)


def course(*tasks: Ran) -> Course:
    return Course("job", tasks, NOW, lambda task: task.partition("-")[0])


def test_each_task_is_in_one_state_at_a_time() -> None:
    seen = course(ran("a", 0, 10, 30), ran("b", 0, 20, 40, failure="exit code 1"), ran("c", 5, 40), ran("d", 5))
    assert seen.steps() == {
        "waiting": [(0, 2), (5, 4), (10, 3), (20, 2), (40, 1)],
        "running": [(10, 1), (20, 2), (30, 1)],
        "succeeded": [(30, 1)],
        "failed": [(40, 1)],
        NODES: [(10, 1)],
    }
    assert (seen.begin(), seen.end(), seen.seconds()) == (BEGIN, NOW, 100)
    assert seen.states() == {"waiting": 1, "running": 1, "succeeded": 1, "failed": 1}
    assert course(ran("a", 0, 10, 30)).seconds() == 30, "it lasts until the last has ended"


def test_a_task_that_was_ended_before_it_began_waited_until_then() -> None:
    steps = course(ran("a", 0, None, 7, failure="TaskEnded")).steps()
    assert (steps["waiting"], steps["running"], steps["failed"]) == ([(0, 1), (7, 0)], [], [(7, 1)])


def test_a_node_is_at_work_while_any_of_its_slots_is() -> None:
    slots = (ran("a", 0, 0, 36), ran("b", 0, 18, 54), ran("c", 0, 72, 90), ran("d", 0, 0, 36, node="n2"))
    assert course(*slots).steps()[NODES] == [(0, 2), (36, 1), (54, 0), (72, 1), (90, 0)]
    assert course(*slots).node_hours() == pytest.approx((54 + 18 + 36) / 3600)
    late = course(ran("a", 0, 10), ran("b", 0, 105))
    assert late.steps()[NODES] == [(10, 1)], "clocks differ by seconds"


def test_entries_are_told_by_their_longest_task() -> None:
    seen = course(ran("x-1", 0, 0, 10), ran("x-2", 0, 0, 20), ran("y-1", 0, 0, 30, failure="no"), ran("z-1", 0))
    assert seen.entries() == [Entry("y", 1, 1, 30, 30), Entry("x", 2, 0, 15, 20)]
    assert [task.id for task in seen.slowest(2)] == ["y-1", "x-2"]
    assert seen.repeated() == 0
    assert course(ran("a", 0, 0, 1, before=2), ran("b", 0)).repeated() == 1


def test_parts_of_the_time_show_the_most_and_moments_what_there_was() -> None:
    steps = [(0.0, 1), (10.0, 9), (11.0, 2), (95.0, 3)]
    assert sampled(steps, 100, 5) == [9, 2, 2, 2, 3]
    assert sampled(steps, 100, 1) == [9]
    assert at_moments(steps, 100, 4) == [1, 2, 2, 2, 3]
    assert sampled([], 100, 3) == [0, 0, 0]
    assert sampled([(50.0, 1), (100.0, 5)], 100, 2) == [0, 5]


def test_bars_of_a_histogram_are_even_unless_a_few_tasks_took_very_much_longer() -> None:
    assert bins([]) == []
    assert bins([3.0]) == [Bin(3, 4, 1)]
    assert bins([100.0, 103.5, 104.0, 109.0]) == [
        Bin(100, 101, 1),
        Bin(101, 102, 0),
        Bin(102, 103, 0),
        Bin(103, 104, 1),
        Bin(104, 105, 1),
        Bin(105, 106, 0),
        Bin(106, 107, 0),
        Bin(107, 108, 0),
        Bin(108, 109, 0),
        Bin(109, 110, 1),
    ]
    few = bins([*[1.5] * 9, 400.0])
    assert (few[0], few[1], few[-1]) == (Bin(1, 2, 9), Bin(2, 5, 0), Bin(300, 600, 1))


moments = st.floats(0, 100)
tasks = st.builds(
    lambda name, times, number, bad: ran(
        str(name), *sorted(times)[:number], node=f"n{name % 3}", failure="no" if bad and number == 3 else ""
    ),
    st.integers(0, 9),
    st.tuples(moments, moments, moments),
    st.integers(1, 3),
    st.booleans(),
)


@given(st.lists(tasks, min_size=1))
def test_at_any_moment_all_tasks_that_have_come_are_in_some_state(listed: list[Ran]) -> None:
    seen = course(*listed)
    steps, seconds = seen.steps(), seen.seconds()
    ends = [each.came for each in listed if each.came]
    for number, counts in enumerate(zip(*(at_moments(steps[state], seconds, 20) for state in STATES), strict=True)):
        moment = seen.begin() + timedelta(seconds=seconds * number / 20)
        assert min(counts) >= 0
        come = [sum(came <= moment + timedelta(microseconds=step) for came in ends) for step in (-2, 2)]
        assert come[0] <= sum(counts) <= come[1]
    assert all(0 <= value <= 3 for _, value in steps[NODES])
    took = seen.took()
    assert sum(each.number for each in bins(took)) == len(took)
