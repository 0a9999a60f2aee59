"""Microsoft.OperationalInsights workspaces.

The retention days of a sku are from Microsoft's documentation of prices; the rest is from its schema. A deleted
workspace is gone: recovering it with its logs is not offered.
"""

from __future__ import annotations

import uuid

from azure_local import serving, tracked
from azure_local.azure import Azure, Role
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.operational_insights import rows
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Document, Provider, Type

WORKSPACE = Type(
    provider=Provider("Microsoft.OperationalInsights", Shapes(load("operationalinsights"), malformed)),
    name="Microsoft.OperationalInsights/workspaces",
    store="workspace",
    versions=("2025-02-01", "2026-03-01", "2025-07-01", "2023-09-01", "2022-10-01"),
    shape="Workspace",
    seconds=15,
    offered=(
        "features",
        "publicNetworkAccessForIngestion",
        "publicNetworkAccessForQuery",
        "retentionInDays",
        "sku",
        "workspaceCapping",
    ),
    naming=r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
)
ROLES = (
    Role(  # Log Analytics Contributor
        "92aaf0da-9dab-42b6-94a3-d43ce8d16293",
        actions=(
            "*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.OperationalInsights/*",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Support/*",
        ),
    ),
    Role(  # Log Analytics Reader
        "73c42c96-874c-492b-b04d-ab87d138a893",
        actions=("*/read", "Microsoft.OperationalInsights/workspaces/*/action", "Microsoft.Support/*"),
        not_actions=("Microsoft.OperationalInsights/workspaces/sharedKeys/*",),
    ),
)
NO_CAP = {"dailyQuotaGb": -1, "dataIngestionStatus": "RespectQuota"}
DAYS = {"Free": (7, 7)}
"""Sku → the fewest and the most days that it keeps logs; 30 to 730 for a sku that is not listed."""


def _completed(properties: Document) -> Document:
    """The properties with Azure's defaults. Failure 400 for retention days that the sku does not allow."""
    sku = properties.get("sku") or {"name": "PerGB2018"}
    fewest, most = DAYS.get(sku["name"], (30, 730))
    days = properties.get("retentionInDays") or fewest
    if not fewest <= days <= most:
        raise Failure(400, "InvalidParameter", "'RetentionInDays' property doesn't match the SKU limits")
    open_to_all = {"publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled"}
    return {**open_to_all, "workspaceCapping": NO_CAP, **properties, "sku": sku, "retentionInDays": days}


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, WORKSPACE.namespace)
    body, before = tracked.body(azure, call, WORKSPACE), tracked.existing(azure, call, WORKSPACE)
    kept = before["resource"]["properties"] if before else {"customerId": str(uuid.uuid4())}
    body["properties"] = _completed({**kept, **body["properties"]})
    return tracked.keep(azure, call, WORKSPACE, body)


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = tracked.lookup(azure, call, WORKSPACE), tracked.changes(call, WORKSPACE)
    resource = document["resource"]
    changes["properties"] = _completed({**resource["properties"], **changes["properties"]})
    resource |= changes
    return tracked.update(azure, WORKSPACE, document)


async def _gone(azure: Azure, document: Document) -> None:
    rows.drop(azure, document["resource"]["properties"]["customerId"])


SERVICE = serving.service(WORKSPACE, put=put, patch=patch, gone=_gone, roles=ROLES)
