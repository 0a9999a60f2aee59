"""Microsoft.ResourceHealth: whether resources are available. They are, unless `POST /local/health` says otherwise."""

from __future__ import annotations

from typing import Any

from azure_local.asked import Wrong, members, text, word
from azure_local.azure import Azure, Route, Service, Setting
from azure_local.common import check_subscription, group, group_id
from azure_local.http import Answer, Call, page
from azure_local.insights import activity_log, targets
from azure_local.insights.targets import Target
from azure_local.settings import SUBSCRIPTION

STORE = "health"
TYPE = "Microsoft.ResourceHealth/AvailabilityStatuses"
VERSIONS = ("2025-05-01", "2025-04-01", "2023-07-01-preview", "2022-10-01")
KINDS = ("batchAccount", "storage", "vault", "registry", "virtualMachine", "workspace")
"""Kinds in the store whose resources have a health."""
FINE = "There aren't any known Azure platform problems affecting this resource"
STATES = ("Available", "Degraded", "Unavailable", "Unknown")


def _status(azure: Azure, target: Target) -> dict[str, Any]:
    told = azure.store.get(STORE, target.id) or {"state": "Available", "since": azure.clock.after(0)}
    state = told["state"]
    return {
        "id": f"{target.id}/providers/{TYPE}/current",
        "name": "current",
        "type": TYPE,
        "location": target.region,
        "properties": {
            "availabilityState": state,
            "title": state,
            "summary": told.get("summary", FINE if state == "Available" else "The resource has a problem."),
            "reasonType": "" if state == "Available" else told.get("reason", "Unplanned"),
            "reasonChronicity": "Persistent",
            "occuredTime": told["since"],
            "reportedTime": azure.clock.after(0),
        },
    }


async def current(azure: Azure, call: Call) -> Answer:
    return Answer(200, _status(azure, targets.needed(azure, f"/{call.params['scope']}")))


async def history(azure: Azure, call: Call) -> Answer:
    return Answer(200, {"value": [_status(azure, targets.needed(azure, f"/{call.params['scope']}"))]})


async def listing(azure: Azure, call: Call) -> Answer:
    """Of the resources of a group, or of the subscription."""
    check_subscription(call)
    prefix = group_id(group(azure, call)) if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}"
    ids = [one["resource"]["id"] for kind in KINDS for one in azure.store.list(kind, f"{prefix}/")]
    found = (target for one in ids if (target := targets.find(azure, one)))
    return Answer(200, page((_status(azure, target) for target in found), call, azure.page_size))


def say(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """Set the health of a resource, of which the activity log tells, too."""
    target = targets.find(azure, body["resource"])
    if target is None:
        raise Wrong("resource must be the id of one that is there")
    told: dict[str, Any] = {name: body[name] for name in ("state", "summary", "reason") if name in body}
    azure.store.put(STORE, target.id, {**told, "since": azure.clock.after(0)})
    fine = body["state"] == "Available"
    properties = {
        "title": body["state"],
        "currentHealthStatus": body["state"],
        "type": "Downtime",
        "cause": "PlatformInitiated",
        "details": body.get("summary", ""),
    }
    activity_log.record(
        azure,
        "ResourceHealth",
        target.id,
        "Microsoft.Resourcehealth/healthevent/Activated/action",
        "Resolved" if fine else "Active",
        level="Informational" if fine else "Critical",
        properties=properties,
    )
    return {"resource": target.id, **told}


_CHECK = members(
    {
        "resource": text,
        "state": word(*STATES),
        "summary": text,
        "reason": word("Planned", "Unplanned", "UserInitiated"),
    },
    "resource",
    "state",
)
_ALL = f"/providers/{TYPE}"
SERVICE = Service(
    namespace="Microsoft.ResourceHealth",
    routes=(
        Route("GET", f"/subscriptions/{{subscription}}{_ALL}", listing, VERSIONS),
        Route("GET", f"/subscriptions/{{subscription}}/resourceGroups/{{group}}{_ALL}", listing, VERSIONS),
        Route("GET", f"/{{scope:path}}{_ALL}/current", current, VERSIONS),
        Route("GET", f"/{{scope:path}}{_ALL}", history, VERSIONS),
    ),
    settings={"health": Setting(_CHECK, say)},
)
