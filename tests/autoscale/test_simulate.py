"""The simulated pool: every task has one story, nodes cost what they stand, and options do what Microsoft says."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch_autoscale import (
    FormulaError,
    Result,
    Setting,
    Task,
    TooLong,
    Trace,
    burst,
    check,
    compare,
    constant,
    diurnal,
    fixed,
    names,
    scenarios,
    simulate,
)

HOUR = 3600.0
PENDING = scenarios.formula("pending-tasks", max=10, perNode=2)
SETTING = Setting(interval="PT5M", slots=2, boot="PT2M", price=0.5)


def _leave(option: str, at: int = 1) -> str:
    """A formula for one node until the `at`th evaluation after the start, and none from there on."""
    until = f'time() < time("2026-01-05T00:{at * 5:02d}:00Z")'
    return f"$TargetDedicatedNodes = {until} ? 1 : 0; $NodeDeallocationOption = {option};"


def test_one_task_waits_for_the_evaluation_and_the_boot() -> None:
    result = simulate(Trace((Task(60, 600),)), PENDING, SETTING)
    (done,) = result.tasks
    assert (done.outcome, done.started, done.finished, done.runs) == ("succeeded", 420.0, 1020.0, 1)
    assert done.queue == 360.0
    assert result.evaluations[0].results.startswith("$TargetDedicatedNodes=0;")
    assert [run.dedicated for run in result.evaluations[:6]] == [0, 1, 1, 1, 1, 0]


def test_nodes_are_paid_from_the_request_to_the_release() -> None:
    result = simulate(Trace((Task(60, 600),)), PENDING, SETTING)
    assert result.node_hours == pytest.approx((1500 - 300) / HOUR)
    assert result.cost == pytest.approx(result.node_hours * 0.5)
    assert result.work_hours == pytest.approx(600 / 2 / HOUR)
    assert result.used == pytest.approx(0.25)
    assert result.end == result.start + timedelta(seconds=1020 + HOUR)


def test_nothing_costs_anything_without_a_price() -> None:
    assert fixed(burst(2, duration=100), 2).cost == 0


def test_spot_nodes_have_their_own_price() -> None:
    formula = scenarios.formula("pending-tasks", max=10, perNode=2, spot=True)
    spot = simulate(burst(9, duration=900), formula, replace(SETTING, spot_price=0.1))
    assert spot.dedicated_hours == 0
    assert spot.cost == pytest.approx(spot.spot_hours * 0.1)
    assert spot.cost == pytest.approx(simulate(burst(9, duration=900), PENDING, SETTING).cost / 5)


def test_slots_of_a_node_run_tasks_together_and_big_tasks_take_several() -> None:
    tasks = Trace((Task(0, 100), Task(0, 100), Task(0, 100, 2), Task(0, 100)))
    result = fixed(tasks, 1, SETTING)
    assert [done.started for done in result.tasks] == [0.0, 0.0, 100.0, 200.0]


def test_tasks_spread_over_the_nodes() -> None:
    result = fixed(burst(2, duration=100), 2, SETTING)
    halfway = result.points[1]
    assert (halfway.running, halfway.usable) == (2, 2)
    assert fixed(burst(4, duration=100), 2, SETTING).makespan == 100


def test_a_task_with_more_slots_than_a_node_never_runs_and_keeps_the_pool_up() -> None:
    result = simulate(Trace((Task(0, 10, 3), Task(0, 10))), PENDING, SETTING)
    assert [done.outcome for done in result.tasks] == ["succeeded", "queued"]
    assert result.evaluations[-1].dedicated == 1
    assert result.tasks[1].runs == 0
    assert check(result, {"maxUnfinished": 0}) == ["maxUnfinished: the tasks that did not succeed are 1, more than 0"]


def test_requeue_runs_the_task_again_from_the_start() -> None:
    formula = "$TargetDedicatedNodes = time().minute == 5 ? 0 : 1; $NodeDeallocationOption = requeue;"
    result = simulate(Trace((Task(0, 600),)), formula, SETTING)
    (done,) = result.tasks
    assert (done.outcome, done.runs, done.started, done.finished) == ("succeeded", 2, 120.0, 720.0 + 600.0)
    assert done.queue == 120.0
    assert result.wasted_hours == pytest.approx(180 / 2 / HOUR)


def test_terminate_ends_the_task_for_good() -> None:
    result = simulate(Trace((Task(0, 600),)), _leave("terminate"), SETTING)
    (done,) = result.tasks
    assert (done.outcome, done.runs, done.finished) == ("terminated", 1, 300.0)
    assert result.node_hours == pytest.approx(300 / HOUR)


def test_taskcompletion_waits_for_the_task_and_takes_no_other() -> None:
    result = simulate(Trace((Task(0, 600), Task(310, 10))), _leave("taskcompletion"), replace(SETTING, limit="PT2H"))
    assert [done.outcome for done in result.tasks] == ["succeeded", "queued"]
    assert result.node_hours == pytest.approx(720 / HOUR)


def test_retaineddata_keeps_the_node_for_the_retention_time() -> None:
    setting = replace(SETTING, retention="PT30M")
    result = simulate(Trace((Task(0, 600),)), _leave("retaineddata"), setting)
    assert result.node_hours == pytest.approx((720 + 1800) / HOUR)


def test_a_node_without_tasks_leaves_at_once_whatever_the_option() -> None:
    for option in names.OPTIONS:
        result = simulate(Trace((Task(1200, 1),)), _leave(option), replace(SETTING, limit="PT1H"))
        assert result.node_hours == pytest.approx(300 / HOUR), option


def test_nodes_that_still_boot_leave_first() -> None:
    formula = "$TargetDedicatedNodes = time().minute == 5 ? 3 : 1; $NodeDeallocationOption = terminate;"
    result = simulate(Trace((Task(0, 900),)), formula, replace(SETTING, boot="PT5M"))
    assert result.count("succeeded") == 1
    assert result.max_nodes == 3


def test_an_evaluation_that_fails_changes_nothing() -> None:
    formula = "$TargetDedicatedNodes = min(5, avg($PendingTasks.GetSample(10 * TimeInterval_Minute)));"
    result = simulate(burst(4, duration=300), formula, replace(SETTING, dedicated=1))
    assert [run.at for run in result.failures] == [0.0, 300.0]
    assert result.failures[0].error is not None
    assert result.failures[0].error.code == "InsufficientSampleData"
    assert "$TargetDedicatedNodes=1" in result.failures[1].results
    assert check(result, {"maxFailedEvaluations": 1}) == [
        "maxFailedEvaluations: the evaluations that failed are 2, more than 1"
    ]


def test_samples_arrive_late() -> None:
    formula = "a = $PendingTasks.Count(); $TargetDedicatedNodes = 1;"
    for lag, count in ((0, 11), (60, 9), (300, 1)):
        run = simulate(burst(1, duration=1), formula, replace(SETTING, lag=lag)).evaluations[1]
        assert run.results.endswith(f";a={count}")


def test_a_formula_that_requeues_without_end_is_given_up() -> None:
    formula = scenarios.formula("active-tasks", max=2, perNode=2, option="requeue", window="PT2M")
    result = simulate(burst(1, duration=HOUR), formula, replace(SETTING, limit="P1D"))
    (done,) = result.tasks
    assert done.runs > 20
    assert done.outcome in ("queued", "running")
    assert result.wasted_hours > 0
    assert result.seconds == 86400


def test_a_pool_that_never_gets_nodes_is_given_up() -> None:
    result = simulate(burst(1, duration=1), "$TargetDedicatedNodes = 0;", SETTING)
    assert (result.count("queued"), result.node_hours, result.seconds) == (1, 0, 8 * 86400 + 1)
    assert result.queue() == result.seconds


def test_a_fixed_pool_is_paid_as_long_as_the_one_that_scales() -> None:
    scaled, always = compare(constant(50, every=600, duration=300), PENDING, 3, SETTING)
    assert always.seconds == scaled.seconds
    assert always.node_hours == pytest.approx(3 * scaled.seconds / HOUR)
    assert always.queue() == 0
    assert scaled.cost < always.cost


def test_a_wrong_formula_is_told_before_anything_runs() -> None:
    with pytest.raises(FormulaError, match="did you mean"):
        simulate(burst(1, duration=1), "$TargetDedicatedNodes = $PendingTask;")


@pytest.mark.parametrize(
    "wrong",
    [
        {"interval": "PT1M"},
        {"interval": "PT169H"},
        {"slots": 0},
        {"price": -1},
        {"lag": "soon"},
        {"boot": -1},
        {"boot": math.inf},
        {"price": math.nan},
    ],
)
def test_a_setting_that_cannot_be_is_refused(wrong: dict[str, str | int]) -> None:
    with pytest.raises(ValueError, match=r"Batch takes|slots|duration|passes"):
        Setting(**wrong)  # type: ignore[arg-type]


def test_expectations_are_told_in_words() -> None:
    result = simulate(burst(40, duration=900), PENDING, SETTING)
    assert check(result, {"maxQueue": "PT1H", "maxNodes": 10, "maxCost": 12.5, "makespan": 7200}) == []
    assert check(result, {"maxQueue": "PT10M", "maxNodes": 5, "maxNodeHours": 1, "p95Queue": 60}) == [
        f"maxQueue: the longest wait for a node is {_minutes(result)}, more than PT10M",
        "maxNodes: the most nodes at once are 10, more than 5",
        f"maxNodeHours: the node-hours are {result.node_hours:.2f}".rstrip("0") + ", more than 1",
        f"p95Queue: the wait that 95 % of the tasks keep below is {_minutes(result)}, more than PT1M",
    ]
    with pytest.raises(ValueError, match="did you mean maxCost"):
        check(result, {"maxcost": 1})
    with pytest.raises(ValueError, match="maxNodes is a number"):
        check(result, {"maxNodes": "PT1M"})
    with pytest.raises(ValueError, match="no duration"):
        check(result, {"maxQueue": "ten"})
    for limit in (math.nan, math.inf, -1):
        with pytest.raises(ValueError, match="is an upper limit, not"):
            check(result, {"maxNodes": limit})


def _minutes(result: Result) -> str:
    return f"PT{result.queue() / 60:.0f}M"


def test_equal_inputs_give_equal_results() -> None:
    trace = diurnal(300, days=1, duration=600, seed=3)
    formula = "$TargetDedicatedNodes = min(9, ceil(rand() * 9));"
    assert simulate(trace, formula, SETTING) == simulate(trace, formula, SETTING)
    assert simulate(trace, formula, SETTING) != simulate(trace, formula, replace(SETTING, seed=1))


@pytest.mark.parametrize("formula", ["$TargetDedicatedNodes = 1000000000;", "$TargetLowPriorityNodes = 0;"])
def test_a_simulation_that_takes_too_many_steps_is_given_up(formula: str) -> None:
    with pytest.raises(TooLong, match="more than 10,000 steps"):
        simulate(burst(3, duration=60), formula, replace(SETTING, steps=10_000))


def test_what_a_formula_reads_counts_as_steps() -> None:
    reads = "x = avg($PendingTasks.GetSample(TimeInterval_Week, 0));" * 90
    week, setting = burst(1, duration=7 * 86400), replace(SETTING, steps=100_000)
    assert simulate(week, "x = 1;$TargetDedicatedNodes = 1;", setting).count("succeeded") == 1
    with pytest.raises(TooLong):
        simulate(week, reads + "$TargetDedicatedNodes = 1;", setting)


TASKS = st.lists(
    st.builds(Task, st.floats(0, 4000), st.floats(0, 3000), st.integers(1, 3)), min_size=1, max_size=25
).map(lambda tasks: Trace(tuple(tasks)))
FORMULAS = st.one_of(
    st.builds(
        lambda name, most, option, spot: scenarios.formula(name, max=most, perNode=2, option=option, spot=spot),
        st.sampled_from(["pending-tasks", "active-tasks"]),
        st.integers(1, 6),
        st.sampled_from(names.OPTIONS),
        st.booleans(),
    ),
    st.sampled_from(names.OPTIONS).map(
        lambda option: (
            f"$TargetDedicatedNodes = rand() * 4; $TargetLowPriorityNodes = rand() * 3;"
            f"$NodeDeallocationOption = {option};"
        )
    ),
)


@settings(max_examples=75, deadline=None)
@given(TASKS, FORMULAS, st.integers(0, 9))
def test_every_task_has_one_story_and_every_run_was_paid(trace: Trace, formula: str, seed: int) -> None:
    result = simulate(trace, formula, replace(SETTING, limit="PT12H", seed=seed))
    assert sorted(done.task for done in result.tasks) == sorted(trace.tasks)
    outcomes = {outcome: result.count(outcome) for outcome in ("succeeded", "terminated", "queued", "running")}
    assert sum(outcomes.values()) == len(trace.tasks)
    assert outcomes["terminated"] == 0 or "terminate;" in formula
    for done in result.tasks:
        once = "= requeue" not in formula
        assert done.runs == (done.started is not None) if once else done.runs >= (done.started is not None)
        assert (done.finished is not None) == (done.outcome in ("succeeded", "terminated"))
        if done.outcome == "succeeded":
            assert done.finished is not None
            assert done.started is not None
            assert done.task.submitted <= done.started
            late = done.finished - done.started - done.task.duration
            assert late >= -1e-6 if done.runs > 1 else abs(late) < 1e-6
        assert done.task.slots <= SETTING.slots or done.outcome == "queued"
    assert result.node_hours + 1e-9 >= result.work_hours + result.wasted_hours
    for point in result.points:
        assert point.running <= point.usable * SETTING.slots
        assert point.queued + point.running <= len(trace.tasks)
        assert point.usable <= point.dedicated + point.spot <= result.max_nodes


@settings(max_examples=50, deadline=None)
@given(TASKS, st.integers(1, 5))
def test_a_fixed_pool_does_every_task_that_fits(trace: Trace, nodes: int) -> None:
    result = fixed(trace, nodes, SETTING)
    assert result.count("succeeded") == sum(task.slots <= SETTING.slots for task in trace.tasks)
    assert result.node_hours == pytest.approx(nodes * result.seconds / HOUR)
    assert result.node_hours >= result.work_hours
