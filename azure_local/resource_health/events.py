"""Microsoft.ResourceHealth events: troubles, planned work and retirements of Azure's services. There are none, unless
`POST /local/service-health` makes one; the activity log tells of it, too.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from azure_local.asked import members, text, texts, word
from azure_local.azure import Azure, Route, Service, Setting
from azure_local.clock import stamp
from azure_local.common import check_subscription
from azure_local.http import Answer, Call, Failure, page
from azure_local.insights import activity_log
from azure_local.settings import SUBSCRIPTION

STORE, TYPE = "serviceEvent", "Microsoft.ResourceHealth/events"
DEFAULT = timedelta(days=3)
"""How far back events are listed, unless the caller says since when."""
VERSIONS = ("2025-05-01", "2025-04-01", "2023-10-01-preview", "2022-10-01")
INCIDENTS = {
    "ServiceIssue": "Incident",
    "PlannedMaintenance": "Maintenance",
    "HealthAdvisory": "ActionRequired",
    "SecurityAdvisory": "Security",
}
"""Type of an event → what the activity log calls it."""


async def listing(azure: Azure, call: Call) -> Answer:
    """The newest first: those that have changed since `queryStartTime`, or in the last three days.

    Source: Microsoft.ResourceHealth, Event.tsp, EventsOperationGroup.
    """
    check_subscription(call)
    since = stamp(_since(azure, call.query.get("queryStartTime", "")))
    found = [one for one in reversed(azure.store.list(STORE)) if one["properties"]["lastUpdateTime"] >= since]
    return Answer(200, page(found, call, azure.page_size))


def _since(azure: Azure, text: str) -> datetime:
    """Failure 400 for what is no month/day/year."""
    if not text:
        return azure.clock.now() - DEFAULT
    try:
        return datetime.strptime(text, "%m/%d/%Y").replace(tzinfo=UTC)
    except ValueError:
        raise Failure(400, "BadRequest", f"queryStartTime '{text}' is not a date such as 7/24/2020.") from None


async def get(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    document = azure.store.get(STORE, call.params["event"])
    if document is None:
        raise Failure(404, "ResourceNotFound", f"The event '{call.params['event']}' was not found.")
    return Answer(200, document)


def make(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """Make an event, or change one whose trackingId is given."""
    name = body.get("trackingId") or f"{secrets.token_hex(2).upper()}-{secrets.token_hex(2).upper()}"
    before, now = azure.store.get(STORE, name), azure.clock.after(0)
    status = body.get("status", "Active")
    regions = [{"impactedRegion": region, "status": status} for region in body.get("regions", ["Global"])]
    properties = {
        "eventType": body["type"],
        **({"eventSubType": body["subType"]} if "subType" in body else {}),
        "eventSource": "ServiceHealth",
        "status": status,
        "title": body["title"],
        "summary": body.get("summary", body["title"]),
        "level": "Warning",
        "impact": [{"impactedService": service, "impactedRegions": regions} for service in body["services"]],
        "impactStartTime": before["properties"]["impactStartTime"] if before else now,
        "lastUpdateTime": now,
    }
    event = {"id": f"/subscriptions/{SUBSCRIPTION}/providers/{TYPE}/{name}", "name": name, "type": f"/providers/{TYPE}"}
    azure.store.put(STORE, name, {**event, "properties": properties})
    _tell(azure, name, body, status)
    return {**event, "properties": properties}


def _tell(azure: Azure, name: str, body: dict[str, Any], status: str) -> None:
    regions = [{"RegionName": region} for region in body.get("regions", ["Global"])]
    properties = {
        "title": body["title"],
        "trackingId": name,
        "incidentType": INCIDENTS[body["type"]],
        "service": ", ".join(body["services"]),
        "region": ", ".join(one["RegionName"] for one in regions),
        "communication": body.get("summary", body["title"]),
        "impactedServices": [{"ServiceName": one, "ImpactedRegions": regions} for one in body["services"]],
    }
    operation = f"Microsoft.ServiceHealth/{INCIDENTS[body['type']].lower()}/action"
    place = f"/subscriptions/{SUBSCRIPTION}"
    activity_log.record(azure, "ServiceHealth", place, operation, status, level="Warning", properties=properties)


_CHECK = members(
    {
        "type": word(*INCIDENTS),
        "subType": text,
        "title": text,
        "summary": text,
        "services": texts,
        "regions": texts,
        "status": word("Active", "Resolved"),
        "trackingId": text,
    },
    "type",
    "title",
    "services",
)
ALL = f"/subscriptions/{{subscription}}/providers/{TYPE}"
SERVICE = Service(
    routes=(Route("GET", ALL, listing, VERSIONS), Route("GET", f"{ALL}/{{event}}", get, VERSIONS)),
    settings={"service-health": Setting(_CHECK, make)},
)
