"""Microsoft.Insights activity log alerts: rules over what happens to resources and services.

Inferred: the texts of refusals.
"""

from __future__ import annotations

from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.http import Answer, Call
from azure_local.insights import rules
from azure_local.insights.rules import refused
from azure_local.settings import SUBSCRIPTION
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

ACTIVITY_ALERT = Type(
    provider=Provider("Microsoft.Insights", Shapes(load("insights-activity"), malformed)),
    name="Microsoft.Insights/activityLogAlerts",
    store="activityLogAlert",
    versions=("2020-10-01", "2026-01-01"),
    shape="ActivityLogAlert",
    naming=r"[^<>*%{}&:\\?+/#|]{0,259}[^<>*%{}&:\\?+/#|. ]",
    world=True,
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)
CATEGORIES = (
    "Administrative", "ServiceHealth", "ResourceHealth", "Alert", "Autoscale", "Recommendation", "Security", "Policy",
)  # fmt: skip
SCOPE = f"/subscriptions/{SUBSCRIPTION}"


def _checked(azure: Azure, properties: Document) -> Document:
    """The properties with Azure's defaults. Failure for a rule that no event can fit."""
    if not properties.get("scopes"):
        raise refused("Scopes must not be empty.")
    for scope in properties["scopes"]:
        if not f"{scope.lower().rstrip('/')}/".startswith(f"{SCOPE}/"):
            raise refused(f"The scope '{scope}' is not in the subscription of the rule.")
    conditions = properties["condition"]["allOf"]
    leaves = [leaf for one in conditions for leaf in one.get("anyOf") or [one]]
    if not all(leaf.get("field") and ("equals" in leaf) != ("containsAny" in leaf) for leaf in leaves):
        raise refused("Each condition has a field, and either equals or containsAny.")
    _check_category(conditions)
    rules.check_groups(azure, [one["actionGroupId"] for one in properties["actions"].get("actionGroups", [])])
    return {"enabled": True, **properties}


def _check_category(conditions: list[dict[str, Any]]) -> None:
    found = [one.get("equals", "") for one in conditions if str(one.get("field")).lower() == "category"]
    if len(found) != 1 or found[0].lower() not in [name.lower() for name in CATEGORIES]:
        raise refused(f"A condition must say which category: one of {', '.join(CATEGORIES)}.")


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, ACTIVITY_ALERT.namespace)
    body = tracked.body(azure, call, ACTIVITY_ALERT)
    for name in ("condition", "actions"):
        if name not in body["properties"]:
            raise refused(f"Required property {name} is missing.")
    body["properties"] = _checked(azure, body["properties"])
    return tracked.keep(azure, call, ACTIVITY_ALERT, body)


async def patch(azure: Azure, call: Call) -> Answer:
    """Only tags and `enabled` are changed so, by Microsoft's schema."""
    document, changes = tracked.lookup(azure, call, ACTIVITY_ALERT), tracked.changes(call, ACTIVITY_ALERT)
    if changes["properties"].keys() - {"enabled"}:
        raise refused("Only tags and enabled of an activity log alert can be patched.")
    resource = document["resource"]
    resource["properties"] |= changes["properties"]
    resource["tags"] = changes.get("tags", resource["tags"])
    return tracked.update(azure, ACTIVITY_ALERT, document)


SERVICE = serving.service(ACTIVITY_ALERT, put=put, patch=patch)
