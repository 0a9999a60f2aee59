"""Azure's activity log, health and events, as it writes them: what is made of them, whoever wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.azure.activity import asking, deeds, last
from reconciler.azure.advisories import LENGTH, Used, of_events, of_health
from reconciler.render import advisories as shown

POOL = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/b/pools/p"
ACCOUNT = Used("batch_account/b", POOL.rpartition("/pools/")[0], "Microsoft.Batch", "italynorth")
STORAGE = Used("storage_account/s", "", "Microsoft.Storage", "italynorth")
HOSTILE = "<b>gone\x1b[2J</b>\n&lt;script&gt; " + "x" * 500


def event(name: str, status: str = "Succeeded", minute: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "operationName": {"value": f"Microsoft.Batch/batchAccounts/pools/{name}", "localizedValue": ""},
        "category": {"value": "Administrative", "localizedValue": ""},
        "status": {"value": status, "localizedValue": ""},
        "eventTimestamp": f"2026-06-01T14:{minute:02}:00.1234567Z",
        "resourceId": POOL.upper(),
        "caller": "ann@contoso.com",
        "correlationId": "c",
        **more,
    }


def test_an_operation_is_told_once_as_of_its_end_the_newest_first() -> None:
    told = deeds(
        [
            event("write", "Started", 1, correlationId="a"),
            event("write", "Succeeded", 2, correlationId="a"),
            event("delete", "Accepted", 7),
            event("delete", "Succeeded", 9),
        ]
    )
    assert [one.sentence for one in told] == [
        "deleted by ann@contoso.com at 2026-06-01 14:09 UTC (activity log)",
        "written by ann@contoso.com at 2026-06-01 14:02 UTC (activity log)",
    ]
    assert last(told, lambda own: own == POOL.lower()) == told[0]
    assert last(told, lambda own: False) is None


@pytest.mark.parametrize(
    "left",
    [
        [event("delete", "Started"), event("delete", "Failed", 6)],
        [event("read")],
        [event("listKeys/action")],
        [event("write", category={"value": "Policy"})],
        [event("write", eventTimestamp="yesterday")],
    ],
)
def test_what_failed_or_changed_nothing_is_no_deed(left: list[dict[str, Any]]) -> None:
    assert deeds(left) == ()


def test_who_is_no_person_and_what_is_no_write_are_told_as_such() -> None:
    (action,) = deeds([event("stopResize/action", caller="1111")])
    assert action.sentence.startswith("stopResize asked for by the application or identity 1111 at")
    assert deeds([event("write", caller=None)])[0].who == "somebody whom the log does not name"


def test_the_group_is_quoted_in_the_filter() -> None:
    text = asking("it's", datetime(2026, 6, 1, tzinfo=UTC))
    assert text == "eventTimestamp ge '2026-06-01T00:00:00Z' and resourceGroupName eq 'it''s'"


def status(state: str, **more: Any) -> dict[str, Any]:
    own = f"{ACCOUNT.id.upper()}/providers/Microsoft.ResourceHealth/availabilityStatuses/current"
    told = {"availabilityState": state, "occuredTime": "2026-06-01T14:05:00Z", "reasonType": "Unplanned", **more}
    return {"id": own, "properties": told}


def test_resources_that_are_not_well_are_told_and_no_others() -> None:
    (one,) = of_health([status("Degraded", summary="slow"), status("Available")], [ACCOUNT])
    assert one.what == "batch_account/b is degraded since 2026-06-01 14:05 UTC, unplanned: slow"
    assert (one.sort, one.ill, one.link.startswith("https://portal.azure.com/#resource/")) == ("health", True, True)
    assert list(of_health([status("Unavailable")], [STORAGE])) == []


def trouble(kind: str, service: str = "Batch", region: str = "Italy North", **more: Any) -> dict[str, Any]:
    impact = [{"impactedService": service, "impactedRegions": [{"impactedRegion": region, "status": None}]}]
    told = {"eventType": kind, "status": "Active", "title": "T", "summary": "S", "impact": impact}
    return {"name": "AB-1", "properties": {**told, "impactStartTime": "2026-06-01T14:05:00Z", **more}}


def test_events_that_touch_what_is_used_are_told_trouble_first() -> None:
    actions = {"actions": [{"actionText": "<p>move &amp; wait</p>"}]}
    retired = trouble("HealthAdvisory", "Storage", "Global", eventSubType="Retirement", recommendedActions=actions)
    others = [
        trouble("ServiceIssue", "SQL Database"),
        trouble("ServiceIssue", region="West Europe"),
        trouble("Billing"),
        trouble("ServiceIssue", status="Resolved"),
    ]
    found = list(of_events([retired, trouble("ServiceIssue"), *others], [ACCOUNT, STORAGE]))
    assert [(one.sort, one.about, one.remedy) for one in found] == [
        ("incident", ("batch_account/b",), ""),
        ("retirement", ("storage_account/s",), "move & wait"),
    ]
    assert found[0].what == "Batch since 2026-06-01 14:05 UTC: T: S [AB-1]"
    assert found[0].link == "https://app.azure.com/h/AB-1"


def test_what_others_write_moves_no_cursor_and_has_a_bound() -> None:
    event = trouble("ServiceIssue", title=HOSTILE, summary=HOSTILE) | {"name": "../x y"}
    (one,) = of_events([event], [ACCOUNT])
    assert (one.link, len(one.what) < LENGTH + 100, "<b>" in one.what) == ("", True, False)
    assert all(line.replace("\n", "").isprintable() for line in shown.lines([one]))
