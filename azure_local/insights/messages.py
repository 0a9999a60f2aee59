"""What is told of an alert: in the common alert schema, and in the older form of metric alerts.

Source: learn.microsoft.com, common alert schema; webhooks of metric alerts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from azure_local.batch.shapes import seconds
from azure_local.clock import stamp
from azure_local.insights.conditions import Finding
from azure_local.insights.query_rules import QUERY_RULE
from azure_local.settings import SUBSCRIPTION

Document = dict[str, Any]


def _logs(rule: Document) -> bool:
    return bool(rule["type"] == QUERY_RULE.name)


def groups(rule: Document) -> list[str]:
    """The ids of the rule's action groups."""
    actions = rule["properties"].get("actions") or {}
    if isinstance(actions, dict):
        return list(actions.get("actionGroups", []))
    return [one["actionGroupId"] for one in actions if "actionGroupId" in one]


def severity(rule: Document) -> Document:
    """How bad it is, and which service says so."""
    return {
        "severity": f"Sev{rule['properties']['severity']}",
        "signalType": "Log" if _logs(rule) else "Metric",
        "monitorService": "Log Alerts V2" if _logs(rule) else "Platform",
    }


def context(rule: Document, finding: Finding, end: datetime) -> Document:
    """What was found, in the window that ends at `end`."""
    properties = rule["properties"]
    length = timedelta(seconds=seconds(properties["windowSize"]) or 0)
    kind = properties["criteria"].get("odata.type", "LogQueryCriteria").rsplit(".", 1)[-1]
    window = {"windowStartTime": stamp(end - length), "windowEndTime": stamp(end)}
    condition = {"windowSize": properties["windowSize"], "allOf": list(finding.parts), **window}
    return {"properties": _more(rule), "conditionType": kind, "condition": condition}


def _more(rule: Document) -> Document:
    """What the rule adds to its messages."""
    actions = rule["properties"].get("actions") or {}
    if isinstance(actions, dict):
        return dict(actions.get("customProperties", {}))
    return {name: value for one in actions for name, value in one.get("webHookProperties", {}).items()}


def common(rule: Document, alert: Document, context: Document) -> Document:
    """The message in the common alert schema."""
    essentials = alert["properties"]["essentials"]
    over = essentials.get("monitorConditionResolvedDateTime")
    told = {
        "alertId": alert["id"],
        "alertRule": rule["name"],
        "alertRuleID": rule["id"],
        "severity": essentials["severity"],
        "signalType": essentials["signalType"],
        "monitorCondition": essentials["monitorCondition"],
        "monitoringService": essentials["monitorService"],
        "alertTargetIDs": [essentials["targetResource"].lower()],
        "configurationItems": [essentials["targetResourceName"]],
        "originAlertId": alert["name"],
        "firedDateTime": essentials["startDateTime"],
        **({"resolvedDateTime": over} if over else {}),
        "description": essentials["description"],
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }
    data = {"essentials": told, "alertContext": context, "customProperties": context["properties"]}
    return {"schemaId": "azureMonitorCommonAlertSchema", "data": data}


def plain(rule: Document, alert: Document, context: Document) -> Document | None:
    """The message of a metric alert outside of that schema; None for one over logs, which has no other (inferred)."""
    if _logs(rule):
        return None
    essentials = alert["properties"]["essentials"]
    target = essentials["targetResource"]
    told = {
        "timestamp": essentials["lastModifiedDateTime"],
        "id": rule["id"],
        "name": rule["name"],
        "description": essentials["description"],
        "conditionType": context["conditionType"],
        "severity": str(rule["properties"]["severity"]),
        "condition": context["condition"],
        "subscriptionId": SUBSCRIPTION,
        "resourceGroupName": essentials["targetResourceGroup"],
        "resourceName": essentials["targetResourceName"],
        "resourceType": essentials["targetResourceType"],
        "resourceId": target,
        "portalLink": f"https://portal.azure.com/#resource{target}",
    }
    status = "Activated" if essentials["monitorCondition"] == "Fired" else "Deactivated"
    data = {"version": "2.0", "properties": context["properties"], "status": status, "context": told}
    return {"schemaId": "AzureMonitorMetricAlert", "data": data}
