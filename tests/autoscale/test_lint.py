"""The linter, case by case, and the scenarios that must pass it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batch_autoscale import evaluate, every, lint, scenarios
from tests.autoscale.cases import NOW, load

SATURDAY = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("case", load("lint"), ids=lambda case: case["name"])
def test_the_linter_says_what_the_table_says(case: dict[str, Any]) -> None:
    assert [str(finding) for finding in lint(case["formula"], case.get("interval"))] == case["findings"]


def test_the_pages_own_formulas_can_be_evaluated_but_not_all_pass_the_linter() -> None:
    refused = {case["name"]: lint(case["formula"]) for case in load("page") if "errors" not in case}
    assert not [name for name, found in refused.items() if any(one.severity == "error" for one in found)]
    assert {one.code for one in refused["cpu, busy"]} == {"unguarded-sample"}


def test_eight_kilobytes_are_the_most() -> None:
    formula = "$TargetDedicatedNodes = 0;//"
    assert lint(formula + "x" * (8192 - len(formula))) == []
    (found,) = lint(formula + "x" * (8193 - len(formula)))
    assert (found.code, found.severity) == ("formula-size", "error")
    assert "8193 bytes" in found.message
    assert [one.code for one in lint(formula + "é" * 4096)] == ["formula-size"]


def test_a_hundred_statements_are_the_most() -> None:
    formula = "$TargetDedicatedNodes = 0;\n" * 100
    assert lint(formula) == []
    (found,) = lint(formula + "$TargetDedicatedNodes = 0;")
    assert (found.code, found.severity, str(found.place)) == ("statement-count", "error", "101:1")


def test_an_interval_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="write for example PT5M"):
        lint("$TargetDedicatedNodes = 0;", "5 minutes")


@pytest.mark.parametrize("spot", [False, True])
@pytest.mark.parametrize("name", scenarios.NAMES)
def test_a_scenario_passes_the_linter(name: str, spot: bool) -> None:
    formula = scenarios.formula(name, max=20, perNode=4, spot=spot, window="PT10M", option="requeue")
    assert lint(formula, "PT5M") == []
    assert [one.code for one in lint(scenarios.formula(name, max=20, min=2, spot=spot))] == ["never-zero"]


@pytest.mark.parametrize(
    ("tasks", "nodes"), [([], 0), ([0] * 20, 0), ([1] * 20, 1), ([9] * 20, 3), ([400] * 20, 20), ([40] * 19 + [0], 9)]
)
def test_a_task_scenario_rises_at_once_and_falls_slowly(tasks: list[float], nodes: int) -> None:
    made = scenarios.formula("pending-tasks", max=20, perNode=4)
    found = evaluate(made, {"PendingTasks": every(tasks, NOW)}, now=NOW)
    assert (found.dedicated, found.spot, found.option) == (nodes, 0, "taskcompletion")


@pytest.mark.parametrize(
    ("name", "now", "nodes"),
    [
        ("working-hours", NOW, 20),
        ("working-hours", NOW - timedelta(hours=2), 20),
        ("working-hours", NOW - timedelta(hours=2, seconds=1), 3),
        ("working-hours", NOW + timedelta(hours=8), 3),
        ("working-hours", NOW + timedelta(days=4), 20),
        ("working-hours", SATURDAY, 3),
        ("weekend", NOW, 3),
        ("weekend", SATURDAY, 20),
        ("weekend", SATURDAY + timedelta(days=1), 20),
        ("weekend", SATURDAY + timedelta(days=2), 3),
    ],
)
def test_a_calendar_scenario_follows_the_clock(name: str, now: datetime, nodes: int) -> None:
    found = evaluate(scenarios.formula(name, max=20, min=3, spot=True), now=now)
    assert (found.dedicated, found.spot) == (0, nodes)


def test_a_calendar_scenario_counts_in_its_own_zone() -> None:
    made = scenarios.formula("working-hours", max=5, utcOffset=-6.5, fromHour=3, untilHour=4)
    assert evaluate(made, now=NOW).dedicated == 5
    assert evaluate(made, now=NOW + timedelta(minutes=30)).dedicated == 0


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("pending", {"max": 1}, "there is no scenario 'pending'; there are pending-tasks, active-tasks"),
        ("weekend", {}, "needs max"),
        ("weekend", {"max": 2, "min": 3}, "cannot have from 3 to 2 nodes"),
        ("weekend", {"max": 2, "maximum": 3}, "no 'maximum'"),
        ("weekend", {"max": 2, "option": "later"}, "option is one of requeue"),
        ("weekend", {"max": 2, "utcOffset": 15}, "from -14 to 14"),
        ("working-hours", {"max": 2, "fromHour": 18}, "from fromHour to untilHour"),
        ("pending-tasks", {"max": 2, "perNode": 0}, "from 1 to 256"),
        ("pending-tasks", {"max": 2, "window": "PT1M"}, "at least PT2M"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scenarios.formula(name, **parameters)
