"""Rules, settings and pages of Azure Monitor on ARM: what is kept, what is refused, and who may."""

from __future__ import annotations

import copy
import json
import uuid
from typing import Any

import pytest

from tests.local.monitors import Desk, bench, desk
from tests.local.pools import REGION

__all__ = ["bench", "desk"]

GROUP = {
    "location": "Global",
    "properties": {
        "groupShortName": "ops",
        "enabled": True,
        "emailReceivers": [{"name": "mail", "emailAddress": "ops@example.com"}],
    },
}


def alert(desk: Desk, **properties: Any) -> dict[str, Any]:
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "failures",
        "metricName": "TaskFailEvent",
        "operator": "GreaterThan",
        "threshold": 0.5,
        "timeAggregation": "Count",
        **properties.pop("criterion", {}),
    }
    criteria = {"odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria", "allOf": [criterion]}
    if criterion["criterionType"].startswith("Dynamic"):
        del criterion["threshold"]
        criteria["odata.type"] = "Microsoft.Azure.Monitor.MultipleResourceMultipleMetricCriteria"
    body = {
        "severity": 2,
        "enabled": True,
        "scopes": [desk.bench.account_id],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": criteria,
        **properties,
    }
    return {"location": "global", "properties": body}


def rule(desk: Desk, **properties: Any) -> dict[str, Any]:
    criterion = {
        "query": 'AzureDiagnostics | where OperationName == "TaskFailEvent"',
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        **properties.pop("criterion", {}),
    }
    body = {
        "severity": 2,
        "scopes": [desk.workspace],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": {"allOf": [criterion]},
        **properties,
    }
    return {"location": REGION, "properties": body}


def logs(desk: Desk, **more: Any) -> dict[str, Any]:
    given = {"workspaceId": desk.workspace, "logs": [{"category": "servicelog", "enabled": True}], **more}
    return {"properties": {name: value for name, value in given.items() if value is not None}}


def test_a_setting_is_kept_listed_and_deleted_and_says_what_a_resource_has(desk: Desk) -> None:
    made = desk.put(desk.setting("kept"), logs(desk, metrics=[{"category": "AllMetrics", "enabled": True}]))
    assert made["properties"]["logs"][0]["category"] == "ServiceLog", "spelt as Azure does"
    assert made["properties"]["logs"][0]["retentionPolicy"] == {"days": 0, "enabled": False}
    assert desk.get(desk.setting("kept")) == made
    assert [one["name"] for one in desk.get(desk.setting("").rstrip("/"))["value"]] == ["kept"]
    assert desk.ask("DELETE", desk.setting("kept")).status_code == 200
    assert desk.ask("DELETE", desk.setting("kept")).status_code == 204
    assert desk.refused("GET", desk.setting("kept"))[:2] == (404, "ResourceNotFound")
    place = f"{desk.bench.account_id}/providers/Microsoft.Insights/diagnosticSettingsCategories"
    found = {one["name"]: one["properties"]["categoryType"] for one in desk.get(place)["value"]}
    assert found == {"AuditLog": "Logs", "ServiceLog": "Logs", "ServiceLogs": "Logs", "AllMetrics": "Metrics"}


def test_a_setting_of_what_is_in_a_storage_account_is_its_own(desk: Desk) -> None:
    blobs = f"{desk.bench.storage_id}/blobServices/default"
    body = logs(desk, logs=[{"category": "StorageWrite", "enabled": True}])
    assert desk.put(desk.setting("blobs", blobs), body)["id"].startswith(desk.bench.storage_id)
    assert desk.refused("PUT", desk.setting("whole", desk.bench.storage_id), body)[1] == "BadRequest"
    assert desk.get(desk.setting("", desk.bench.storage_id).rstrip("/"))["value"] == []
    into_itself = logs(desk, workspaceId=None, storageAccountId=desk.bench.storage_id, logs=body["properties"]["logs"])
    assert "its own logs" in desk.refused("PUT", desk.setting("self", blobs), into_itself)[2]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"logs": [{"category": "ServiceLogz", "enabled": True}]}, "Category 'ServiceLogz' is not supported."),
        ({"logs": [{"categoryGroup": "all", "enabled": True}]}, "Category group 'all' is not supported."),
        (
            {"metrics": [{"category": "Transaction", "enabled": True}]},
            "Metric category 'Transaction' is not supported.",
        ),
        ({"logs": []}, "At least one log or metric"),
        ({"logs": [{"enabled": True}]}, "Either a log category or a category group"),
        ({"workspaceId": None}, "At least one data sink"),
        (
            {"logs": [{"category": "AuditLog", "enabled": True, "retentionPolicy": {"enabled": True, "days": 9}}]},
            "does not support retention",
        ),
        ({"workspaceid_": "x"}, "Could not find member 'workspaceid_'"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(desk: Desk, more: Any, text: str) -> None:
    status, _, message = desk.refused("PUT", desk.setting("bad"), logs(desk, **more))
    assert status == 400
    assert text in message


def test_what_a_setting_sends_to_must_be_there(desk: Desk) -> None:
    nowhere = logs(desk, workspaceId=f"{desk.workspace}-none")
    assert desk.refused("PUT", desk.setting("bad"), nowhere)[:2] == (404, "ResourceNotFound")
    hub = f"{desk.bench.group_id}/providers/Microsoft.EventHub/namespaces/n/authorizationRules/r"
    assert desk.refused("PUT", desk.setting("bad"), logs(desk, eventHubAuthorizationRuleId=hub))[0] == 404
    missing = desk.setting("bad", f"{desk.bench.account_id}none")
    assert desk.refused("PUT", missing, logs(desk))[:2] == (404, "ResourceNotFound")


def test_five_settings_are_most_and_two_do_not_send_the_same_to_one_place(desk: Desk) -> None:
    desk.put(desk.setting("first"), logs(desk))
    status, code, text = desk.refused(
        "PUT", desk.setting("second"), logs(desk, logs=[{"categoryGroup": "allLogs", "enabled": True}])
    )
    assert (status, code) == (409, "Conflict")
    assert "already used in diagnostic setting 'first' for category 'ServiceLog'" in text
    desk.put(desk.setting("second"), logs(desk, logs=[{"category": "AuditLog", "enabled": True}]))
    off = logs(desk, logs=[{"category": "ServiceLog", "enabled": False}])
    for number in range(3):
        desk.put(desk.setting(f"more{number}"), off)
    assert "limit of 5" in desk.refused("PUT", desk.setting("sixth"), off)[2]
    for name in ("first", "second", "more0", "more1", "more2"):
        desk.ask("DELETE", desk.setting(name))


def test_rules_and_groups_are_kept_changed_listed_and_deleted(desk: Desk) -> None:
    workbook = {
        "location": REGION,
        "kind": "shared",
        "properties": {"displayName": "Batch", "category": "workbook", "serializedData": json.dumps({"version": "x"})},
    }
    activity = {
        "location": "global",
        "properties": {
            "scopes": ["/".join(desk.bench.group_id.split("/")[:3])],
            "condition": {"allOf": [{"field": "category", "equals": "ServiceHealth"}]},
            "actions": {"actionGroups": []},
        },
    }
    bodies = {
        "actionGroups/made": GROUP,
        "metricAlerts/made": alert(desk),
        "scheduledQueryRules/made": rule(desk),
        "activityLogAlerts/made": activity,
        f"workbooks/{uuid.uuid4()}": workbook,
    }
    for path, body in bodies.items():
        query = {"category": "workbook", "canFetchContent": "true"} if path.startswith("workbooks") else {}
        place = desk.insights(path)
        made = desk.put(place, body)
        assert desk.get(place, **query) == made
        assert desk.get(place.rpartition("/")[0], **query)["value"] == [made]
        everywhere = f"/subscriptions/{place.split('/')[2]}/providers/Microsoft.Insights/{path.partition('/')[0]}"
        assert made in desk.get(everywhere, **query)["value"]
        tagged = desk.ask("PATCH", place, {"tags": {"a": "b"}})
        assert (tagged.status_code, tagged.json()["tags"]) == (200, {"a": "b"}), tagged.text
        assert tagged.json()["location"] == made["location"]
        again = copy.deepcopy(body)
        assert desk.ask("PUT", place, again).status_code == 200
        assert (desk.ask("DELETE", place).status_code, desk.ask("DELETE", place).status_code) == (200, 204)


def test_a_workbook_shows_its_content_to_who_asks_for_it_and_its_content_is_json(desk: Desk) -> None:
    properties = {"displayName": "Batch", "category": "workbook", "serializedData": '{"items": []}'}
    body = {"location": REGION, "kind": "shared", "properties": properties}
    place = desk.insights(f"workbooks/{uuid.uuid4()}")
    desk.put(place, body)
    assert "serializedData" not in desk.get(place)["properties"]
    assert desk.get(place, canFetchContent="true")["properties"]["serializedData"] == '{"items": []}'
    assert "category" in desk.refused("GET", place.rpartition("/")[0])[2]
    assert desk.refused("PUT", desk.insights("workbooks/name"), body)[1] == "InvalidResourceName"
    torn = {**body, "properties": {**properties, "serializedData": "{"}}
    assert "JSON" in desk.refused("PUT", place, torn)[2]
    desk.ask("DELETE", place)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (
            {"criterion": {"metricName": "TaskFailEvents"}},
            "Failed to find metric configuration for provider: Microsoft.Batch",
        ),
        ({"criterion": {"metricNamespace": "Microsoft.Batch/pools"}}, "resource Type: pools"),
        ({"criterion": {"dimensions": [{"name": "nodeId", "operator": "Include", "values": ["x"]}]}}, "poolId,jobId"),
        ({"criterion": {"operator": "Above"}}, "Allowed values are Equals"),
        ({"criterion": {"criterionType": "Other"}}, "Allowed values are StaticThresholdCriterion"),
        ({"severity": 5}, "Severity must be from 0 to 4"),
        ({"windowSize": "PT2M"}, "windowSize 'PT2M' is not supported"),
        ({"windowSize": "PT1M"}, "must not be shorter"),
        ({"scopes": []}, "Scopes must not be empty"),
        ({"scopes": ["/subscriptions/x/resourceGroups/y/providers/Microsoft.Batch/batchAccounts/z"]}, "was not found"),
        (
            {
                "actions": [
                    {"actionGroupId": "/subscriptions/x/resourceGroups/y/providers/Microsoft.Insights/actionGroups/z"}
                ]
            },
            "was not found",
        ),
        (
            {
                "criterion": {
                    "criterionType": "DynamicThresholdCriterion",
                    "alertSensitivity": "Medium",
                    "failingPeriods": {"numberOfEvaluationPeriods": 2, "minFailingPeriodsToAlert": 3},
                }
            },
            "minFailingPeriodsToAlert must be from 1",
        ),
    ],
)
def test_a_metric_alert_that_cannot_be_evaluated_is_refused(desk: Desk, more: Any, text: str) -> None:
    answer = desk.ask("PUT", desk.insights("metricAlerts/bad"), alert(desk, **more))
    assert answer.status_code in (400, 404)
    assert text in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"criterion": {"timeAggregation": "Average"}}, "needs a metricMeasureColumn"),
        ({"criterion": {"query": ""}}, "criteria.allOf.query is missing"),
        ({"evaluationFrequency": "PT7M"}, "evaluationFrequency 'PT7M' is not supported"),
        ({"scopes": []}, "exactly one scope"),
        ({"criteria": {}}, "exactly one criterion"),
    ],
)
def test_a_query_rule_that_cannot_be_evaluated_is_refused(desk: Desk, more: Any, text: str) -> None:
    assert text in desk.refused("PUT", desk.insights("scheduledQueryRules/bad"), rule(desk, **more))[2]


def test_groups_tell_whom_they_can_tell(desk: Desk) -> None:
    def group(**properties: Any) -> dict[str, Any]:
        return {"location": "Global", "properties": {**GROUP["properties"], **properties}}  # type: ignore[dict-item]

    place = desk.insights("actionGroups/bad")
    assert "12" in desk.refused("PUT", place, group(groupShortName="longer than it may be"))[2]
    hooks = [{"name": "hook", "serviceUri": "nowhere"}]
    assert "'nowhere'" in desk.refused("PUT", place, group(webhookReceivers=hooks))[2]
    twice = [{"name": "Mail", "serviceUri": "https://example.com/"}]
    assert "not unique" in desk.refused("PUT", place, group(webhookReceivers=twice))[2]
    assert desk.refused("PUT", place, {**group(), "location": REGION})[1] == "LocationNotAvailableForResourceType"


def test_who_sends_logs_may_do_so_with_the_resource_and_with_the_workspace(desk: Desk) -> None:
    desk.put(desk.setting("asked"), logs(desk))
    (asked,) = desk.local("GET", "actions").values()
    assert asked["microsoft.insights/diagnosticsettings/write"]
    assert asked["microsoft.operationalinsights/workspaces/sharedkeys/action"]
    desk.ask("DELETE", desk.setting("asked"))
