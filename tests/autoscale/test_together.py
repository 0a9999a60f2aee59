"""Checker, evaluator and simulator agree: what is well-typed runs, and a simulation loses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from batch_autoscale import (
    EvaluationError,
    Series,
    Setting,
    Task,
    Trace,
    evaluate,
    every,
    names,
    scenarios,
    simulate,
    typecheck,
)
from batch_autoscale.signatures import ARITHMETIC
from tests.autoscale.cases import NOW

Text = st.SearchStrategy[str]
METRICS = ("$PendingTasks", "$ActiveTasks", "$CPUPercent", "$CurrentDedicatedNodes")
NUMBERS = ("0", "1", "2.5", "70", "1e300", "$TaskSlotsPerNode", "$TargetDedicatedNodes", "rand()")
METRIC = st.sampled_from(METRICS)


def joined(*parts: str | Text) -> Text:
    return st.tuples(*(st.just(part) if isinstance(part, str) else part for part in parts)).map("".join)


def words(*choices: str) -> Text:
    return st.sampled_from(choices)


def typed(depth: int) -> dict[str, Text]:
    """Expressions of each type, no deeper than that."""
    if not depth:
        intervals = words("TimeInterval_Minute", "TimeInterval_Week", "TimeInterval_Zero", "TimeInterval_Year")
        return {
            "double": words(*NUMBERS) | joined(METRIC, words(".Count()", ".GetSamplePercent(TimeInterval_Hour)")),
            "doubleVec": joined(METRIC, words(".GetSample(1)", ".GetSample(3)", ".GetSample(TimeInterval_Minute, 1)")),
            "timestamp": words("time()", 'time("2026-01-05")', 'time("9999-12-31")'),
            "timeinterval": intervals,
        }
    inner = typed(depth - 1)
    one, many, moment, span = (inner[name] for name in ("double", "doubleVec", "timestamp", "timeinterval"))
    when = moment | span
    made = dict(inner)
    for (left, operator, right), result in ARITHMETIC.items():
        name = result.value
        made[name] |= joined("(", inner[left.value], f" {operator} ", inner[right.value], ")")
    sign = words("<", "<=", ">", ">=", "==", "!=", "&&", "||")
    made["double"] |= st.one_of(
        joined("(", one, sign, one, ")"),
        joined(words("-", "!"), "(", one, ")"),
        joined(words("min", "max", "avg", "sum", "len", "std", "range", "norm"), "(", many, ")"),
        joined(words("min", "max"), "(", one, ", ", one, ")"),
        joined(words("percentile", "val"), "(", many, ", ", one, ")"),
        joined(words("ceil", "floor", "round", "ln", "lg"), "(", one, ")"),
        joined("(", moment, ").", words("hour", "weekday", "year", "second")),
        joined(METRIC, ".GetSamplePercent(", when, ")"),
    )
    made["doubleVec"] |= joined(METRIC, ".GetSample(", when, ", ", one, ")") | joined(METRIC, ".GetSample(", one, ")")
    for name, each in inner.items():
        made[name] |= joined("(", one, " ? ", each, " : ", each, ")")
    return made


KINDS = typed(2)
OWN = st.tuples(*(KINDS[name] for name in KINDS)).map(
    lambda texts: "".join(f"v{i} = {t};" for i, t in enumerate(texts))
)
FORMULAS = st.builds(
    lambda own, target, spot, option: (
        f"{own}$TargetDedicatedNodes = min(20, {target});$TargetLowPriorityNodes = min(5, {spot});"
        f"$NodeDeallocationOption = {option};"
    ),
    OWN,
    KINDS["double"],
    KINDS["double"],
    st.sampled_from(names.OPTIONS),
)
SAMPLES = st.dictionaries(
    st.sampled_from([name[1:] for name in METRICS]),
    st.lists(st.floats(0, 1e6), max_size=40).map(lambda values: every(values, NOW - timedelta(seconds=30))),
)
TASKS = st.lists(
    st.builds(Task, st.floats(0, 4000), st.floats(0, 3000), st.integers(1, 3)), min_size=1, max_size=15
).map(lambda tasks: Trace(tuple(tasks)))
SETTING = Setting(interval="PT5M", slots=2, boot="PT2M", limit="PT3H")


@settings(max_examples=150, deadline=None)
@given(FORMULAS, SAMPLES)
def test_a_well_typed_formula_has_values_or_an_error_of_its_own(formula: str, samples: dict[str, Series]) -> None:
    typecheck(formula)
    error: EvaluationError | None = None
    try:
        found = evaluate(formula, samples, now=NOW)
    except EvaluationError as raised:
        error = raised
    if error is None:
        assert 0 <= found.dedicated <= 20
        assert 0 <= found.spot <= 5
    else:
        assert error.code
        assert error.results.startswith("$TargetDedicatedNodes=")


@settings(max_examples=40, deadline=None)
@given(FORMULAS, TASKS, st.integers(0, 9))
def test_any_well_typed_formula_can_be_simulated_and_no_task_is_lost(formula: str, trace: Trace, seed: int) -> None:
    setting = replace(SETTING, seed=seed)
    result = simulate(trace, formula, setting)
    summary = result.summary()
    assert summary["tasks"] == len(trace.tasks) == summary["succeeded"] + summary["unfinished"]
    assert summary["terminated"] <= summary["unfinished"]
    assert all(run.dedicated <= 20 and run.spot <= 5 for run in result.evaluations)
    assert result == simulate(trace, formula, setting)


@settings(max_examples=30, deadline=None)
@given(
    TASKS,
    st.sampled_from(sorted(scenarios.NAMES)),
    st.integers(0, 4),
    st.integers(0, 5),
    st.sampled_from(names.OPTIONS),
)
def test_a_scenario_never_has_more_nodes_than_its_cap_beside_those_that_leave(
    trace: Trace, name: str, least: int, more: int, option: str
) -> None:
    formula = scenarios.formula(name, min=least, max=least + more, perNode=2, option=option)
    result = simulate(trace, formula, SETTING)
    assert all(least <= run.dedicated <= least + more for run in result.evaluations)
    if option in ("requeue", "terminate"):
        assert result.max_nodes <= least + more
