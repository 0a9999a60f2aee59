"""What a reader remembers: numbers over time, and for how long there were nodes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render.status import Node
from reconciler.serve.history import MOST, Course, Hours

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def node(name: str, came: float, spot: bool = False) -> Node:
    return Node(name, "idle", allocated=at(came), spot=spot)


def test_nodes_count_since_they_came_and_until_they_were_seen_last() -> None:
    hours = Hours()
    hours.note(at(60), [node("a", 0), node("b", 30), node("s", 45, spot=True)])
    assert hours.total() == (1.5, 0.25)
    assert hours.since == at(0)
    hours.note(at(120), [node("a", 0)])
    assert hours.total() == (2.5, 0.25), "b and s went at some time after the first look"
    hours.note(at(180), [node("a", 170)])
    assert hours.total()[0] == pytest.approx(2.0 + 0.5 + 1 / 6), "a node of the same name that came anew"


def test_numbers_over_time_begin_with_the_second_look() -> None:
    course = Course()
    course.note(at(0), {"target": 2})
    assert course.chart() is None
    course.note(at(1), {"target": 5})
    chart = course.chart()
    assert chart is not None
    assert (chart.begin, chart.seconds, chart.lines) == (at(0), 60.0, {"target": [(0.0, 2), (60.0, 5)]})


def test_where_the_clock_stands_still_the_later_look_counts() -> None:
    course = Course()
    for number in (1, 2):
        course.note(at(0), {"target": number})
    assert [numbers["target"] for _, numbers in course.points] == [2]


@pytest.mark.parametrize(
    ("looks", "rate"),
    [
        ([], 0.0),
        ([(0, 5)], 0.0),
        ([(0, 0), (1, 60)], 1.0),
        ([(0, 0), (50, 600), (55, 900)], 1.0),
        ([(0, 9), (1, 3)], 0.0),
    ],
)
def test_the_pace_is_that_of_the_last_minutes(looks: list[tuple[float, int]], rate: float) -> None:
    course = Course()
    for minute, ended in looks:
        course.note(at(minute), {"ended": ended})
    assert course.rate("ended", 600) == rate


@given(st.lists(st.integers(0, 50), max_size=40))
def test_what_is_remembered_has_a_bound_and_hours_never_shrink(numbers: list[int]) -> None:
    hours, before = Hours(), 0.0
    for minute, number in enumerate(numbers):
        hours.note(at(minute), [node(f"n{index}", minute - index) for index in range(number)])
        assert sum(hours.total()) >= before
        assert len(hours.there) == number
        before = sum(hours.total())


def test_a_day_of_looks_is_kept() -> None:
    course = Course()
    for minute in range(MOST + 10):
        course.note(at(minute), {"target": minute})
    assert len(course.points) == MOST
