"""Sizing by the tasks: it keeps to the deadline and to the most nodes, and comes close to the least possible."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from batch_autoscale import Setting, Sized, Task, Trace, burst, fixed, optimum, read_csv, simulate, size, write_csv
from batch_autoscale.sizing import formula, longest
from bench.sizing import WORKLOADS, Workload

SETTING = Setting(interval="PT5M", slots=2, boot="PT5M")


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    """Tasks of one or two slots, some of which wait for earlier ones."""
    tasks: list[Task] = []
    for number in range(draw(st.integers(1, 25))):
        before = [str(each) for each in range(number) if draw(st.integers(0, 9)) == 0]
        took, slots = draw(st.integers(0, 2400)), draw(st.integers(1, 2))
        tasks.append(Task(draw(st.integers(0, 900)), took, slots, str(number), tuple(before)))
    return Trace(tuple(tasks))


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.file)
def test_node_hours_are_at_most_a_tenth_above_the_least_or_what_small_work_takes(workload: Workload) -> None:
    sized = workload.sized()
    assert sized.result.count("succeeded") == len(workload.trace.tasks)
    assert 1 <= sized.ratio <= workload.ratio
    assert sized.least == optimum(workload.trace, workload.setting, 3600 * float(workload.deadline[2:-1]))


def found(trace: Trace, deadline: int, most: int) -> Sized | str:
    """The size, or why there is none."""
    try:
        return size(trace, SETTING, deadline, most)
    except ValueError as error:
        return str(error)


@settings(deadline=None, max_examples=60)
@given(trace=traces(), deadline=st.integers(900, 20_000), most=st.integers(1, 12))
def test_all_tasks_end_in_time_on_no_more_nodes_than_allowed(trace: Trace, deadline: int, most: int) -> None:
    sized = found(trace, deadline, most)
    if isinstance(sized, str):
        assert "no number of nodes" in sized or f"{most} nodes do not end" in sized
        return
    done = sized.result
    assert done.count("succeeded") == len(trace.tasks)
    assert done.makespan <= deadline
    assert sized.nodes <= most
    assert max(point.dedicated for point in done.points) <= most
    assert all(late.makespan > deadline for nodes, late in sized.tried.items() if nodes == sized.nodes - 1)


@settings(deadline=None, max_examples=60)
@given(trace=traces(), nodes=st.integers(1, 8))
def test_whoever_ends_in_time_pays_for_the_least_at_least(trace: Trace, nodes: int) -> None:
    assume(trace.work > 0)
    done = simulate(trace, formula(nodes, SETTING.slots), SETTING)
    assert done.count("succeeded") == len(trace.tasks)
    assert done.node_hours >= optimum(trace, SETTING, done.makespan) - 1e-9


@settings(deadline=None, max_examples=60)
@given(trace=traces(), nodes=st.integers(1, 5))
def test_no_task_begins_before_those_that_it_waits_for_have_ended(trace: Trace, nodes: int) -> None:
    done = fixed(trace, nodes, SETTING)
    ends = {each.task.id: each.finished for each in done.tasks}
    for each in done.tasks:
        assert each.started is not None
        assert all((ends[before] or 0) <= each.started for before in each.task.after)
    assert max(each.finished or 0 for each in done.tasks) >= longest(trace)


@given(trace=traces())
def test_a_trace_keeps_its_order_in_a_file(trace: Trace) -> None:
    read = read_csv(write_csv(trace)).tasks
    assert sorted(task.duration for task in read) == sorted(task.duration for task in trace.tasks)
    if any(task.after for task in trace.tasks):
        assert {task.id: task.after for task in read} == {task.id: task.after for task in trace.tasks}


@pytest.mark.parametrize(
    ("trace", "deadline", "most", "says"),
    [
        (
            burst(10, duration=3600),
            1800,
            5,
            "no number of nodes ends the tasks within 00:30:00: a node boots for 00:05",
        ),
        (burst(100, duration=600), 1800, 3, "3 nodes do not end the tasks within 00:30:00: 20 are needed at least"),
        (burst(1, duration=60), 600, 5, "5 nodes do not end the tasks within 00:10:00: they take"),
        (burst(1, duration=60, slots=4), 6000, 5, "a task takes 4 slots, and a node has 2"),
        (Trace(()), 6000, 5, "there are no tasks"),
    ],
)
def test_what_cannot_be_is_told(trace: Trace, deadline: int, most: int, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        size(trace, SETTING, deadline, most)


@pytest.mark.parametrize(
    ("tasks", "says"),
    [
        ((Task(0, 1, 1, "a", ("b",)),), "waits for 'b', which is no task"),
        ((Task(0, 1, 1, "a", ("a",)),), "wait for each other: a → a"),
        ((Task(0, 1, 1, "a"), Task(0, 1, 1, "a", ("a",))), "two tasks have one id"),
    ],
)
def test_an_order_that_cannot_be_is_told(tasks: tuple[Task, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Trace(tasks)
