"""Budgets: made, changed and deleted, by their names alone; what the local Azure takes; what was spent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from reconciler.kinds import KINDS
from reconciler.kinds.budget import naming
from reconciler.model import Action, Decision, Status
from tests.conftest import Azure, World, new_world
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/budgets.yaml").read_text())
MAILS = {"contactEmails": ["team@example.org"]}
VERSION = "2026-06-01"


@pytest.fixture
def budgets(world: World) -> World:
    for section in ("jobs", "storage", "identities", "pools", "batchAccount"):
        del world.text[section]
    world.text["budgets"] = {"month": {"amount": 100, "notifications": {"most": {"threshold": 80, **MAILS}}}}
    return world


@pytest.fixture(scope="module")
def azure_group(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with nothing but its resource group, for all who only ask."""
    with new_world(azure_server, tmp_path_factory.mktemp("group")) as world:
        for section in ("jobs", "storage", "identities", "pools", "batchAccount"):
            del world.text[section]
        world.apply(poll_seconds=0.05)
        yield world


def done(world: World) -> None:
    outcomes = world.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} <= {Status.DONE}, [one.error for one in outcomes.values()]
    assert world.plan().steps == ()


def decided(world: World) -> dict[str, Decision]:
    return {str(one.address): one for one in world.plan().decisions}


def place(world: World, name: str) -> str:
    return f"{world.cloud().group_id}/providers/Microsoft.Consumption/budgets/{name}"


def test_a_budget_is_made_changed_and_deleted(budgets: World) -> None:
    done(budgets)
    cloud, name = budgets.cloud(), naming.written(budgets.text["name"], "month")
    live = cloud.arm("GET", place(budgets, name), None, VERSION).body
    assert live["properties"]["timePeriod"]["startDate"] == f"{cloud.time:%Y-%m}-01T00:00:00Z"
    assert live["properties"]["currentSpend"] == {"amount": 0, "unit": "USD"}

    month = budgets.text["budgets"]["month"]
    month |= {"amount": 200, "notifications": {"all": {"threshold": 100, "thresholdType": "Forecasted", **MAILS}}}
    month["filter"] = {"tags": {"team": ["b", "a"]}, "dimensions": {"ResourceType": ["Microsoft.Batch/batchAccounts"]}}
    changed = decided(budgets)["budget/month"]
    assert changed.action is Action.UPDATE
    gone = [change for change in changed.diff.changes if change.path == "properties.notifications.most"]
    assert [change.after for change in gone] == [None]
    done(budgets)

    theirs = {"properties": {**live["properties"], "amount": 7}}
    del theirs["properties"]["currentSpend"]
    cloud.arm("PUT", place(budgets, "theirs"), theirs, VERSION)
    month["timeGrain"] = "Quarterly"
    assert decided(budgets)["budget/month"].action is Action.REPLACE
    budgets.text["budgets"] = {"other": {**month, "scope": "subscription"}}
    assert {str(step.address): step.action for step in budgets.plan().steps} == {
        "budget/month": Action.DELETE,
        "budget/other": Action.CREATE,
    }
    done(budgets)
    left = cloud.arm("GET", place(budgets, "")[:-1], None, VERSION).body["value"]
    assert [one["name"] for one in left] == ["theirs"]
    del budgets.text["budgets"]
    assert {str(step.address): step.action for step in budgets.plan().steps} == {"budget/other": Action.DELETE}
    done(budgets)
    budgets.text["budgets"] = {"group": {**month, "scope": "resourceGroup"}}
    done(budgets)
    whole = f"resource_group/{budgets.text['azure']['resourceGroup']}"
    steps = budgets.plan(destroying=True).steps
    assert {str(step.address): step.after for step in steps} == {"budget/group": (), whole: ("budget/group",)}


def test_a_spec_that_never_had_budgets_asks_nothing_about_them(budgets: World) -> None:
    del budgets.text["budgets"]
    before = budgets.azure.exchanges()
    budgets.plan()
    assert not [one for one in budgets.azure.wire(before) if "Consumption" in one["path"]]


def test_an_action_group_of_the_spec_is_told_by_its_name(budgets: World) -> None:
    budgets.text |= {"batchAccount": {"name": "banamed"}, "monitoring": {"notify": {"ops": {"mail": ["a@b.de"]}}}}
    budgets.text["budgets"]["month"]["notifications"]["most"] = {"threshold": 80, "contactGroups": ["ops"]}
    (budget,) = KINDS["budget"].expand(budgets.spec())
    assert "action_group/ops" in [str(ref) for ref in budget.refs]
    told = budget.body["properties"]["notifications"]["most"]["contactGroups"]
    assert told == [f"{budgets.cloud().group_id}/providers/Microsoft.Insights/actionGroups/ops".lower()]


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: str(case["says"]))
def test_azure_takes_no_such_budget(case: dict[str, Any], azure_group: World) -> None:
    good = {
        "category": "Cost",
        "amount": 1,
        "timeGrain": "Monthly",
        "timePeriod": {"startDate": f"{azure_group.cloud().time:%Y-%m}-01T00:00:00Z"},
        "notifications": {
            "n": {"enabled": True, "operator": "GreaterThan", "threshold": 1, "contactEmails": ["a@b"]},
        },
    }
    with pytest.raises(HttpResponseError) as caught:
        azure_group.cloud().arm("PUT", place(azure_group, "b"), {"properties": {**good, **case["but"]}}, VERSION)
    assert case["says"] in str(caught.value)


@pytest.mark.parametrize("case", CASES["names"], ids=str)
def test_a_name_says_whose_a_budget_is(case: dict[str, str]) -> None:
    assert naming.read(case["spec"], case["live"]) == case["name"]
