"""The tables that a query over a workspace, or over one resource, finds."""

from __future__ import annotations

from datetime import datetime

from azure_local.azure import Azure
from azure_local.clock import stamp
from azure_local.insights.targets import Target
from azure_local.kusto.engine import Table
from azure_local.kusto.values import blank
from azure_local.operational_insights import rows
from azure_local.operational_insights.workspace import WORKSPACE


def logs_of(azure: Azure, target: Target, at: datetime, since: str = "", until: str = "9") -> dict[str, Table]:
    """What there is to query at a moment: the workspace's rows, or the rows of a resource in all workspaces."""
    if target.type == WORKSPACE.name:
        customer = target.document["resource"]["properties"]["customerId"]
        return {rows.DIAGNOSTICS: rows.table(azure, customer, stamp(at), since, until)}
    columns, found = dict(rows.BASE), []
    for document in azure.store.list(WORKSPACE.store):
        one = rows.table(azure, document["resource"]["properties"]["customerId"], stamp(at), since, until)
        columns |= one.columns
        found += [row for row in one.rows if row["_ResourceId"] == target.id.lower()]
    whole = [{**{name: blank(kind) for name, kind in columns.items()}, **row} for row in found]
    return {rows.DIAGNOSTICS: Table(columns, whole)}
