"""The activity log, and the health of services and resources: who did what, what goes wrong, and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from azure_local.insights.activity_watch import fits
from azure_local.settings import OPERATOR
from tests.local.monitors import Desk, bench, desk
from tests.local.pools import until
from tests.local.test_alerts import group, monitored
from tests.local.webhooks import webhook

__all__ = ["bench", "desk"]


def read(desk: Desk, condition: str = "", **query: str) -> list[dict[str, Any]]:
    """The events of the bench's group."""
    since = f"eventTimestamp ge '2020-01-01T00:00:00Z' and resourceGroupName eq '{desk.bench.group}'"
    place = f"{subscription(desk)}/providers/Microsoft.Insights/eventtypes/management/values"
    found: list[dict[str, Any]] = desk.get(place, **{"$filter": f"{since}{condition}", **query})["value"]
    return found


def subscription(desk: Desk) -> str:
    return "/".join(desk.bench.group_id.split("/")[:3])


def test_what_was_written_is_in_the_log_a_while_later_with_who_did_it(desk: Desk) -> None:
    desk.bench.azure.run(0.001)
    desk.put(
        desk.insights("actionGroups/noted"),
        {"location": "global", "properties": {"groupShortName": "a", "enabled": True}},
    )
    desk.refused("PUT", desk.insights("actionGroups/noted"), {"location": "global", "properties": {}})
    what = f" and resourceUri eq '{desk.insights('actionGroups/noted')}'"
    assert read(desk, what) == []
    desk.bench.azure.advance(200)
    failed, made = read(desk, what)
    assert (made["operationName"]["value"], made["status"]["value"]) == (
        "Microsoft.Insights/actionGroups/write",
        "Succeeded",
    )
    assert (failed["status"]["value"], failed["level"]) == ("Failed", "Error")
    assert "400" in failed["subStatus"]["localizedValue"]
    assert made["caller"] == "11111111-2222-3333-4444-555555555555"
    assert made["resourceType"]["value"] == "Microsoft.Insights/actionGroups"
    assert [one["level"] for one in read(desk, f"{what} and levels eq 'Error'")] == ["Error"]
    assert read(desk, what, **{"$select": "caller"})[0] == {"caller": made["caller"]}
    desk.bench.azure.run(240)


@pytest.mark.parametrize("text", ["", "resourceGroupName eq 'x'", "eventTimestamp gt 'x'", "colour eq 'red'"])
def test_a_filter_says_since_when(desk: Desk, text: str) -> None:
    place = f"{subscription(desk)}/providers/Microsoft.Insights/eventtypes/management/values"
    assert desk.refused("GET", place, **{"$filter": text})[0] == 400


def test_a_resource_is_available_unless_said_otherwise(desk: Desk) -> None:
    place = f"{desk.bench.account_id}/providers/Microsoft.ResourceHealth/availabilityStatuses/current"
    assert desk.get(place)["properties"]["availabilityState"] == "Available"
    desk.local("POST", "health", {"resource": desk.bench.account_id, "state": "Unavailable", "summary": "gone"})
    shown = desk.get(place)["properties"]
    assert (shown["availabilityState"], shown["summary"]) == ("Unavailable", "gone")
    everything = desk.get(f"{desk.bench.group_id}/providers/Microsoft.ResourceHealth/availabilityStatuses")["value"]
    states = {one["id"].split("/")[7]: one["properties"]["availabilityState"] for one in everything}
    assert states["batchAccounts"] == "Unavailable"
    assert states["storageAccounts"] == "Available"
    desk.bench.azure.advance(200)
    (event,) = [one for one in read(desk) if one["category"]["value"] == "ResourceHealth"]
    assert event["properties"]["currentHealthStatus"] == "Unavailable"


def test_a_person_is_in_the_log_by_the_sign_in_name(desk: Desk) -> None:
    desk.local("POST", "people", {"principal": OPERATOR, "name": "ann@contoso.com"})
    desk.put(
        desk.insights("actionGroups/named"),
        {"location": "global", "properties": {"groupShortName": "a", "enabled": True}},
    )
    desk.local("POST", "people", {"principal": OPERATOR})
    desk.ask("DELETE", desk.insights("actionGroups/named"))
    desk.bench.azure.advance(200)
    told = read(desk, f" and resourceUri eq '{desk.insights('actionGroups/named')}'")
    assert {one["operationName"]["value"].rsplit("/", 1)[1]: one["caller"] for one in told} == {
        "write": "ann@contoso.com",
        "delete": OPERATOR,
    }


def test_events_of_services_are_those_since_a_day(desk: Desk) -> None:
    place = f"{subscription(desk)}/providers/Microsoft.ResourceHealth/events"
    made = desk.local("POST", "service-health", {"type": "ServiceIssue", "title": "Old", "services": ["Batch"]})
    since = made["properties"]["lastUpdateTime"][:10]
    year, month, day = map(int, since.split("-"))
    desk.bench.azure.advance(4 * 86400)

    def names(**query: str) -> list[str]:
        return [one["name"] for one in desk.get(place, **query)["value"]]

    assert made["name"] not in names()
    assert made["name"] in names(queryStartTime=f"{month}/{day}/{year}")
    assert desk.refused("GET", place, queryStartTime=since)[0] == 400


def test_a_trouble_of_a_service_is_shown_and_told_to_whom_a_rule_names(desk: Desk) -> None:
    with webhook() as (address, received):
        conditions = [
            {"field": "category", "equals": "ServiceHealth"},
            {"anyOf": [{"field": "properties.incidentType", "equals": one} for one in ("Incident", "ActionRequired")]},
            {"field": "properties.impactedServices[*].ServiceName", "containsAny": ["Batch", "Storage"]},
        ]
        properties = {
            "scopes": [subscription(desk)],
            "condition": {"allOf": conditions},
            "actions": {"actionGroups": [{"actionGroupId": group(desk, "health", address)}]},
        }
        desk.put(desk.insights("activityLogAlerts/health"), {"location": "global", "properties": properties})
        body = {"type": "HealthAdvisory", "subType": "Retirement", "title": "Old images go", "services": ["Batch"]}
        made = desk.local("POST", "service-health", body)
        desk.local("POST", "service-health", {"type": "ServiceIssue", "title": "Other", "services": ["SQL Database"]})
        desk.bench.azure.advance(200)
        until(lambda: received)
        assert [monitored(message) for message in received] == ["Fired"]
        data = received[0]["data"]
        assert data["essentials"]["monitoringService"] == "ServiceHealth"
        assert data["alertContext"]["properties"]["title"] == "Old images go"
        events = desk.get(f"{subscription(desk)}/providers/Microsoft.ResourceHealth/events")["value"]
        shown = next(one for one in events if one["name"] == made["name"])["properties"]
        assert (shown["eventType"], shown["eventSubType"], shown["status"]) == (
            "HealthAdvisory",
            "Retirement",
            "Active",
        )
        desk.ask("DELETE", desk.insights("activityLogAlerts/health"))


def test_every_condition_must_hold_in_a_scope_of_the_rule() -> None:
    event = {
        "resourceId": "/subscriptions/s/resourceGroups/rg/providers/P/t/a",
        "category": {"value": "Administrative", "localizedValue": ""},
        "status": {"value": "Failed", "localizedValue": ""},
        "resourceGroupName": "rg",
    }

    def rule(scope: str, *conditions: dict[str, Any]) -> dict[str, Any]:
        return {"scopes": [scope], "condition": {"allOf": list(conditions)}}

    category, failed = {"field": "category", "equals": "administrative"}, {"field": "status", "equals": "Failed"}
    assert fits(rule("/subscriptions/s", category, failed), event)
    assert fits(rule("/subscriptions/s/resourceGroups/RG", {"field": "resourceGroup", "equals": "rg"}), event)
    assert not fits(rule("/subscriptions/s/resourceGroups/r", category), event)
    assert not fits(rule("/subscriptions/s", category, {"field": "status", "equals": "Started"}), event)
    assert not fits(rule("/subscriptions/s", {"field": "nothing", "equals": ""}), event)
