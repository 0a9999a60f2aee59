"""Activity log alerts at work: each event that arrives is held against every rule, and whom the rule names is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from azure_local.alerts_management import alerts
from azure_local.azure import Azure, Service
from azure_local.insights import activity_log, notifying
from azure_local.insights.activity_log_alerts import ACTIVITY_ALERT

MONITORS = {"ServiceHealth": "ServiceHealth", "ResourceHealth": "Resource Health"}
"""Category of an event → the service that an alert names; of others it has the category in its name."""
NAMES = {"resourcegroup": "resourceGroupName", "resourceprovider": "resourceProviderName"}
Document = dict[str, Any]


def step(azure: Azure) -> None:
    for event in activity_log.arriving(azure):
        for document in azure.store.list(ACTIVITY_ALERT.store):
            rule = document["resource"]
            if rule["properties"]["enabled"] and fits(rule["properties"], event):
                _fire(azure, rule, event)


def fits(properties: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether the event is in a scope of the rule and all its conditions hold."""
    place = f"{event['resourceId']}/".lower()
    inside = any(place.startswith(f"{scope.lower().rstrip('/')}/") for scope in properties["scopes"])
    conditions = properties["condition"]["allOf"]
    return inside and all(any(_holds(leaf, event) for leaf in one.get("anyOf") or [one]) for one in conditions)


def _holds(leaf: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    found = [text.lower() for text in _values(event, leaf["field"])]
    if "equals" in leaf:
        return leaf["equals"].lower() in found
    return any(word.lower() in text for word in leaf["containsAny"] for text in found)


def _values(event: Any, field: str) -> Iterator[str]:
    """The texts at a field such as `status` or `properties.impactedServices[*].ServiceName`, in any letter case."""
    first, _, rest = field.partition(".")
    name, many, _ = first.partition("[*]")
    name = NAMES.get(name.lower(), name)
    members = event.items() if isinstance(event, Mapping) else ()
    value = next((value for key, value in members if key.lower() == name.lower()), None)
    for one in value if many and isinstance(value, list) else [value]:
        if rest:
            yield from _values(one, rest)
        elif isinstance(one, Mapping):
            yield str(one.get("value", ""))
        elif one is not None:
            yield str(one)


def _fire(azure: Azure, rule: Document, event: Document) -> None:
    """An alert that is over at once: what happened has happened."""
    category, at = event["category"]["value"], azure.clock.after(0)
    essentials = {
        "severity": "Sev4",
        "signalType": "Activity Log",
        "monitorService": MONITORS.get(category, f"Activity Log - {category}"),
        "targetResource": event["resourceId"],
        "targetResourceName": event["resourceId"].rsplit("/", 1)[-1],
        "targetResourceGroup": event["resourceGroupName"],
        "targetResourceType": event["resourceType"]["value"].lower(),
        "alertRule": rule["id"],
        "description": rule["properties"].get("description", ""),
    }
    alert = alerts.fire(azure, essentials, {"activityLog": event}, at)
    told = {
        "alertId": alert["id"],
        "alertRule": rule["name"],
        "severity": "Sev4",
        "signalType": "Activity Log",
        "monitorCondition": "Fired",
        "monitoringService": essentials["monitorService"],
        "alertTargetIDs": [event["resourceId"].lower()],
        "originAlertId": event["eventDataId"],
        "firedDateTime": at,
        "description": essentials["description"],
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    data = {"essentials": told, "alertContext": _flat(event)}
    groups = [one["actionGroupId"] for one in rule["properties"]["actions"].get("actionGroups", [])]
    message = {"schemaId": "azureMonitorCommonAlertSchema", "data": data}
    notifying.tell(azure, groups, message, None, rule["id"])


def _flat(event: Document) -> Document:
    """The event as an alert has it, with its words instead of pairs of words."""
    return {
        name: value["value"] if isinstance(value, dict) and value.keys() == {"value", "localizedValue"} else value
        for name, value in event.items()
    }


SERVICE = Service(step=step)
