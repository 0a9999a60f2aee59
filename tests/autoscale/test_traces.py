"""Traces: made-up ones have the shape they say, and files are read or refused with their row."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from batch_autoscale import Task, Trace, burst, constant, diurnal, read_csv


def test_made_up_traces_have_their_shape() -> None:
    assert [task.submitted for task in constant(3, every=10, duration=5).tasks] == [0, 10, 20]
    assert burst(2, duration=5, at=7, slots=2).tasks == (Task(7, 5, 2), Task(7, 5, 2))
    assert burst(2, duration=5, slots=2).work == 20


def test_a_diurnal_trace_peaks_at_its_hour_and_repeats_by_its_seed() -> None:
    trace = diurnal(2000, days=3, duration=60, peak=14, seed=1)
    assert trace == diurnal(2000, days=3, duration=60, peak=14, seed=1)
    assert trace != diurnal(2000, days=3, duration=60, peak=14, seed=2)
    hours = [task.submitted / 3600 % 24 for task in trace.tasks]
    assert sum(8 < hour < 20 for hour in hours) > 4 * sum(hour < 8 or hour > 20 for hour in hours)
    assert max(task.submitted for task in trace.tasks) < 3 * 86400
    assert sum(task.duration for task in trace.tasks) / 2000 == pytest.approx(60, rel=0.1)


def test_a_diurnal_trace_knows_the_hour_it_starts_at() -> None:
    trace = diurnal(500, days=1, duration=60, peak=14, start=datetime(2026, 1, 5, 13, tzinfo=UTC))
    soon = sum(task.submitted < 4 * 3600 for task in trace.tasks)
    assert soon > 4 * sum(10 * 3600 < task.submitted < 14 * 3600 for task in trace.tasks)


def test_a_file_of_seconds_is_read_in_order() -> None:
    trace = read_csv("duration, submitted ,slots\n5,20,\n7.5,10,2\n")
    assert trace.tasks == (Task(10, 7.5, 2), Task(20, 5, 1))


def test_a_file_of_times_starts_at_the_first() -> None:
    trace = read_csv("submitted,duration\n2026-03-01T10:00:30Z,5\n2026-03-01T11:00:00+01:00,6\n")
    assert trace.start == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert trace.tasks == (Task(0, 6), Task(30, 5))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'submitted'"),
        ("submitted,length\n1,2\n", "no column 'duration'; its first line is 'submitted,length'"),
        ("submitted,duration\n1,2\nsoon,2\n", "row 3: submitted is 'soon', not seconds"),
        ("submitted,duration\n2026-03-01T10:00:00Z,2\n4,2\n", "row 3: submitted is '4', not a time with a zone"),
        ("submitted,duration\n2026-03-01T10:00:00,2\n", "row 2: submitted is '2026-03-01T10:00:00', not a time with"),
        ("submitted,duration\n1,\n", "row 2: duration is '', not a number"),
        ("submitted,duration\n1\n", "row 2: duration is None, not a number"),
        ("submitted,duration\n1,nan\n", "row 2: duration is 'nan', not a number"),
        ("submitted,duration\n1,-2\n", "row 2: the task takes -2 seconds"),
        ("submitted,duration\n-1,2\n", "row 2: the task is submitted at -1"),
        ("submitted,duration,slots\n1,2,1.5\n", "row 2: slots is '1.5', not a number"),
        ("submitted,duration,slots\n1,2,0\n", "row 2: the task takes 0 slots"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_its_row(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_csv(text)


def test_a_file_without_tasks_is_an_empty_trace() -> None:
    assert read_csv("submitted,duration\n").tasks == ()


@pytest.mark.parametrize(("days", "duration"), [(0, 60), (-1, 60), (1, 0)])
def test_tasks_by_day_need_a_day_and_take_time(days: int, duration: float) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        diurnal(5, days=days, duration=duration)


def test_a_trace_needs_a_zone_and_tasks_that_can_be() -> None:
    with pytest.raises(ValueError, match="zone"):
        Trace((), datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="task 2 takes -1 seconds"):
        Trace((Task(0, 1), Task(0, -1)))
