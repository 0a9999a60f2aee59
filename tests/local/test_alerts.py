"""Alerts fire: a task fails, time passes, a webhook is called, and is told when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from azure_local.insights import conditions
from tests.local.monitors import Desk, bench, desk
from tests.local.pools import until
from tests.local.test_monitoring import alert, logs, rule
from tests.local.webhooks import webhook

__all__ = ["bench", "desk"]

ALERTS = "/subscriptions/{}/providers/Microsoft.AlertsManagement/alerts"
STEP = 60
"""Simulated seconds between two looks of a test."""


@pytest.fixture(scope="module")
def pool(desk: Desk) -> Iterator[str]:
    """A pool with a node; its name."""
    desk.bench.pool("alerted")
    desk.put(desk.setting("logs"), logs(desk))
    desk.bench.azure.run(0.001)
    yield "alerted"
    desk.bench.azure.run(240)


def group(desk: Desk, name: str, address: str, **more: Any) -> str:
    """The id of a new action group that calls a webhook."""
    hook = {"name": "hook", "serviceUri": address, "useCommonAlertSchema": True, **more}
    mail = {"name": "mail", "emailAddress": "ops@example.com", "useCommonAlertSchema": True}
    properties = {"groupShortName": "ops", "enabled": True, "webhookReceivers": [hook], "emailReceivers": [mail]}
    body = {"location": "Global", "properties": properties}
    return str(desk.put(desk.insights(f"actionGroups/{name}"), body)["id"])


def after(desk: Desk, received: list[Any], condition: str, limit: int = 3600) -> int:
    """Simulated seconds until a message says this, as long as nothing else happens."""
    for passed in range(STEP, limit, STEP):
        desk.bench.azure.advance(STEP)
        until(lambda: all(one["status"] != "calling" for one in desk.local("GET", "notifications")))
        if any(monitored(message) == condition for message in received):
            return passed
    raise AssertionError(f"nothing said {condition} in {limit} s")


def monitored(message: Any) -> str:
    return str(message["data"]["essentials"]["monitorCondition"])


def fail(desk: Desk, job: str, pool: str, times: int = 1) -> None:
    desk.bench.job(job, pool)
    for number in range(times):
        desk.bench.task(job, str(number), "/bin/false")
    for number in range(times):
        desk.bench.ended(job, str(number))


def test_a_failed_task_calls_the_webhook_of_a_metric_alert_which_is_over_later(desk: Desk, pool: str) -> None:
    with webhook() as (address, received):
        actions = [{"actionGroupId": group(desk, "metric", address), "webHookProperties": {"runbook": "tasks"}}]
        desk.put(desk.insights("metricAlerts/failures"), alert(desk, actions=actions, criterion={"threshold": 0}))
        desk.bench.azure.advance(86400)
        assert not received, "a healthy day raises nothing"
        fail(desk, "broken", pool)
        seconds = after(desk, received, "Fired")
        assert seconds <= 60 + 60 + 300, "its minute, its arrival, and the next look"
        (fired,) = received
        assert fired["schemaId"] == "azureMonitorCommonAlertSchema"
        essentials = fired["data"]["essentials"]
        assert (essentials["alertRule"], essentials["severity"], essentials["signalType"]) == (
            "failures",
            "Sev2",
            "Metric",
        )
        assert essentials["alertTargetIDs"] == [desk.bench.account_id.lower()]
        (part,) = fired["data"]["alertContext"]["condition"]["allOf"]
        assert (part["metricName"], part["metricValue"], part["threshold"]) == ("TaskFailEvent", 1, "0")
        assert fired["data"]["customProperties"] == {"runbook": "tasks"}
        over = after(desk, received, "Resolved")
        assert 900 - 300 <= over <= 900 + 3 * 300 + 120, "out of the window, then three looks"
        assert [monitored(message) for message in received] == ["Fired", "Resolved"]
        assert received[0]["data"]["essentials"]["alertId"] == received[1]["data"]["essentials"]["alertId"]
        shown = desk.get(essentials["alertId"])["properties"]["essentials"]
        assert shown["monitorCondition"] == "Resolved"
        assert shown["startDateTime"] < shown["monitorConditionResolvedDateTime"]
        alike = essentials["alertId"]
        mine = [
            one for one in desk.local("GET", "notifications") if one["body"]["data"]["essentials"]["alertId"] == alike
        ]
        assert [one["status"] for one in mine if one["kind"] == "webhook"] == ["sent", "sent"]
        assert {one["status"] for one in mine if one["kind"] == "email"} == {"kept"}, "no mail is sent"
        desk.ask("DELETE", desk.insights("metricAlerts/failures"))


def test_dimensions_have_alerts_of_their_own(desk: Desk, pool: str) -> None:
    with webhook() as (address, received):
        actions = [{"actionGroupId": group(desk, "split", address)}]
        dimensions = [{"name": "jobId", "operator": "Include", "values": ["*"]}]
        criterion = {"threshold": 0, "dimensions": dimensions}
        times = {"evaluationFrequency": "PT1M", "windowSize": "PT5M"}
        desk.put(desk.insights("metricAlerts/split"), alert(desk, actions=actions, criterion=criterion, **times))
        fail(desk, "first", pool)
        fail(desk, "second", pool)
        after(desk, received, "Fired")
        named = [message["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"] for message in received]
        assert sorted(one["value"] for (one,) in named) == ["first", "second"]
        desk.ask("DELETE", desk.insights("metricAlerts/split"))


def test_a_log_alert_finds_what_its_query_finds(desk: Desk, pool: str) -> None:
    with webhook() as (address, received):
        actions = {"actionGroups": [group(desk, "log", address)], "customProperties": {"team": "batch"}}
        query = (
            'AzureDiagnostics | where OperationName == "TaskFailEvent" and column_ifexists("jobId_s", "") == "logged"'
        )
        desk.put(desk.insights("scheduledQueryRules/failures"), rule(desk, actions=actions, criterion={"query": query}))
        fail(desk, "logged", pool)
        seconds = after(desk, received, "Fired")
        assert seconds <= 180 + 300 + STEP, "its arrival, and the next look"
        data = received[0]["data"]
        assert (data["essentials"]["signalType"], data["essentials"]["monitoringService"]) == ("Log", "Log Alerts V2")
        assert data["alertContext"]["conditionType"] == "LogQueryCriteria"
        assert data["alertContext"]["condition"]["allOf"][0]["metricValue"] == 1
        assert data["customProperties"] == {"team": "batch"}
        after(desk, received, "Resolved")
        desk.ask("DELETE", desk.insights("scheduledQueryRules/failures"))


def test_time_that_is_set_forward_leaves_no_evaluation_out(desk: Desk, pool: str) -> None:
    with webhook() as (address, received):
        actions = [{"actionGroupId": group(desk, "jump", address, useCommonAlertSchema=False)}]
        desk.put(desk.insights("metricAlerts/jump"), alert(desk, actions=actions, criterion={"threshold": 0}))
        fail(desk, "jumped", pool)
        desk.bench.azure.advance(86400)
        until(lambda: len(received) == 2)
        assert sorted(message["data"]["status"] for message in received) == ["Activated", "Deactivated"]
        assert received[0]["schemaId"] == "AzureMonitorMetricAlert"
        desk.ask("DELETE", desk.insights("metricAlerts/jump"))


def test_time_does_not_jump_for_a_rule_alone_and_rules_look_on_the_way(desk: Desk, pool: str) -> None:
    azure = desk.bench.azure
    desk.put(desk.insights("metricAlerts/way"), alert(desk, evaluationFrequency="PT1M"))
    state = desk.insights("metricAlerts/way").lower()
    azure.advance(1)
    first = desk.local("GET", "rules")[state]["next"]
    azure.jump(0.001)
    before = desk.local("GET", "health")["time"]
    assert desk.local("GET", "health")["time"][:16] == before[:16]
    assert desk.local("GET", "rules")[state]["next"] == first
    desk.bench.pool("way")  # its node takes more than a minute to boot
    azure.run(0.001)
    assert desk.local("GET", "rules")[state]["next"] > first
    desk.ask("DELETE", desk.insights("metricAlerts/way"))
    desk.bench.drop("way")


def test_what_would_leave_this_machine_is_kept_and_not_sent(desk: Desk, pool: str) -> None:
    outside = "http://hooks.example.com/alert"
    actions = [{"actionGroupId": group(desk, "outside", outside)}]
    desk.put(desk.insights("metricAlerts/outside"), alert(desk, actions=actions, criterion={"threshold": 0}))
    fail(desk, "outside", pool)
    desk.bench.azure.advance(1200)
    kept = until(lambda: [one for one in desk.local("GET", "notifications") if one["to"] == outside])
    assert {one["status"] for one in kept} == {"kept"}
    assert kept[0]["body"]["data"]["essentials"]["alertRule"] == "outside"
    desk.ask("DELETE", desk.insights("metricAlerts/outside"))


def test_alerts_are_listed_and_chosen_by_what_they_are(desk: Desk, pool: str) -> None:
    place = ALERTS.format(desk.bench.group_id.split("/")[2])
    found = desk.get(place, targetResource=desk.bench.account_id)["value"]
    assert found
    assert "context" not in found[0]["properties"]
    over = desk.get(place, targetResource=desk.bench.account_id, monitorCondition="Resolved")["value"]
    assert over
    assert len(over) < len(found)
    assert desk.get(place, targetResource="/none")["value"] == []
    assert desk.refused("GET", f"{place}/none")[0] == 404


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("AzureDiagnostics | wher x", "SyntaxError: Query could not be parsed at 'wher' on line [1,19]"),
        (
            "AzureDiagnostics | where never_s == ''",
            "SemanticError: Failed to resolve scalar expression named 'never_s'",
        ),
        ("Nowhere | count", "Failed to resolve table"),
    ],
)
def test_a_rule_whose_query_cannot_be_run_is_refused_with_its_place(desk: Desk, query: str, text: str) -> None:
    place = desk.insights("scheduledQueryRules/bad")
    assert text in desk.refused("PUT", place, rule(desk, criterion={"query": query}))[2]
    measure = {"timeAggregation": "Total", "metricMeasureColumn": "n", "query": "AzureDiagnostics | count"}
    assert "no column 'n'" in desk.refused("PUT", place, rule(desk, criterion=measure))[2]


def test_an_unchecked_query_that_cannot_be_run_fires_nothing_and_says_why(desk: Desk, pool: str) -> None:
    place = desk.insights("scheduledQueryRules/unchecked")
    desk.put(place, rule(desk, criterion={"query": "AzureDiagnostics | where never_s == ''"}, skipQueryValidation=True))
    desk.bench.azure.advance(400)
    states = desk.local("GET", "rules")
    assert "never_s" in states[place.lower()]["error"]
    desk.ask("DELETE", place)
    desk.bench.azure.advance(60)
    assert place.lower() not in desk.local("GET", "rules")


def test_a_band_is_around_what_is_usual_and_needs_enough_of_it() -> None:
    assert conditions.band([1.0] * 29, "High") is None
    usual = conditions.band([9.0, 11.0] * 20, "High")
    assert usual == (8.0, 12.0)
    wide = conditions.band([9.0, 11.0] * 20, "Low")
    assert wide is not None
    assert wide[1] > 12
    assert conditions.outside(12.5, "GreaterThan", (8, 12))
    assert not conditions.outside(7, "GreaterThan", (8, 12))
    assert conditions.outside(7, "GreaterOrLessThan", (8, 12))


@pytest.mark.parametrize(("minutes", "looks"), [(1, 10), (2, 5), (5, 3), (15, 2), (60, 2), (720, 1)])
def test_an_alert_over_logs_is_over_after_some_healthy_looks(minutes: int, looks: int) -> None:
    assert conditions.healthy_logs(minutes * 60) == looks


def test_a_dynamic_threshold_learns_from_days(desk: Desk, pool: str) -> None:
    dynamic = {
        "criterionType": "DynamicThresholdCriterion",
        "alertSensitivity": "Medium",
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    with webhook() as (address, received):
        actions = [{"actionGroupId": group(desk, "dynamic", address)}]
        desk.put(
            desk.insights("metricAlerts/dynamic"), alert(desk, actions=actions, criterion=dynamic, windowSize="PT1H")
        )
        desk.bench.azure.advance(4 * 86400)
        fail(desk, "unusual", pool, times=5)
        desk.bench.azure.advance(900)
        until(lambda: received)
        assert received[0]["data"]["alertContext"]["condition"]["allOf"][0]["metricValue"] == 5
        desk.ask("DELETE", desk.insights("metricAlerts/dynamic"))
