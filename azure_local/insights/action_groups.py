"""Microsoft.Insights action groups: who is told of alerts. Inferred: the texts of refusals."""

from __future__ import annotations

from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from azure_local import serving, tracked
from azure_local.azure import Azure, Role
from azure_local.common import registered
from azure_local.http import Answer, Call
from azure_local.insights.rules import refused
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

ACTION_GROUP = Type(
    provider=Provider("Microsoft.Insights", Shapes(load("insights-groups"), malformed)),
    name="Microsoft.Insights/actionGroups",
    store="actionGroup",
    versions=("2023-01-01",),
    shape="ActionGroupResource",
    naming=r"[^:<>+/&%\\?|]{0,259}[^:<>+/&%\\?|. ]",
    world=True,
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)
KINDS = (
    "emailReceivers", "smsReceivers", "webhookReceivers", "itsmReceivers", "azureAppPushReceivers",
    "automationRunbookReceivers", "voiceReceivers", "logicAppReceivers", "azureFunctionReceivers", "armRoleReceivers",
    "eventHubReceivers",
)  # fmt: skip
KEPT = (
    "actiongroups", "activityLogAlerts", "DiagnosticSettings", "eventtypes", "metricalerts", "MetricDefinitions",
    "Metrics", "scheduledqueryrules", "workbooks",
)  # fmt: skip
ROLES = (
    Role(  # Monitoring Contributor
        "749f88d5-cbae-40b8-bcfc-e573ddc772fa",
        actions=(
            "*/read",
            "Microsoft.AlertsManagement/alerts/*",
            *(f"Microsoft.Insights/{kind}/*" for kind in KEPT),
            "Microsoft.Insights/Register/Action",
            "Microsoft.OperationalInsights/workspaces/write",
            "Microsoft.OperationalInsights/workspaces/search/action",
            "Microsoft.OperationalInsights/workspaces/sharedKeys/action",
            "Microsoft.Support/*",
        ),
    ),
    Role(  # Monitoring Reader
        "43d0d8ad-25c7-4714-9337-8ba259a9fe05",
        actions=("*/read", "Microsoft.OperationalInsights/workspaces/search/action", "Microsoft.Support/*"),
    ),
)


def _checked(properties: Document) -> Document:
    """The properties with every list of receivers. Failure 400 for receivers that cannot be."""
    receivers = [one for kind in KINDS for one in properties.get(kind, [])]
    names = Counter(str(one.get("name", "")).lower() for one in receivers)
    if twice := [name for name, times in names.items() if times > 1]:
        raise refused(f"The receiver name '{twice[0]}' is not unique within the action group.")
    if not properties["groupShortName"]:
        raise refused("The group short name must not be empty.")
    for hook in properties.get("webhookReceivers", []):
        address = urlsplit(hook["serviceUri"])
        if address.scheme not in ("http", "https") or not address.netloc:
            raise refused(f"The service URI '{hook['serviceUri']}' of the receiver '{hook['name']}' is not valid.")
    for mail in properties.get("emailReceivers", []):
        if "@" not in mail["emailAddress"]:
            raise refused(f"The email address '{mail['emailAddress']}' of the receiver '{mail['name']}' is not valid.")
    shown = {kind: [_shown(kind, one) for one in properties.get(kind, [])] for kind in KINDS}
    return {**properties, **shown}


def _shown(kind: str, receiver: dict[str, Any]) -> dict[str, Any]:
    """A receiver with Azure's defaults; mails and messages say whether they are wanted."""
    status = {"status": "Enabled"} if kind in ("emailReceivers", "smsReceivers") else {}
    common = (
        {} if kind in ("smsReceivers", "voiceReceivers", "azureAppPushReceivers") else {"useCommonAlertSchema": False}
    )
    return {**common, **receiver, **status}


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, ACTION_GROUP.namespace)
    body = tracked.body(azure, call, ACTION_GROUP)
    if not body["properties"]:
        raise refused("The properties of the action group are missing.")
    body["properties"] = _checked(body["properties"])
    return tracked.keep(azure, call, ACTION_GROUP, body)


async def patch(azure: Azure, call: Call) -> Answer:
    """Only tags and `enabled` are changed so, by Microsoft's schema."""
    document, changes = tracked.lookup(azure, call, ACTION_GROUP), tracked.changes(call, ACTION_GROUP)
    if changes["properties"].keys() - {"enabled"}:
        raise refused("Only tags and enabled of an action group can be patched.")
    resource = document["resource"]
    resource["properties"] |= changes["properties"]
    resource["tags"] = changes.get("tags", resource["tags"])
    return tracked.update(azure, ACTION_GROUP, document)


SERVICE = serving.service(ACTION_GROUP, put=put, patch=patch, roles=ROLES)
