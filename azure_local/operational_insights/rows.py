"""The rows of a workspace's tables: written now, found by queries a while later, and kept for as many days as it says.

As on Azure, the table of resource logs is always there, and gets a column with the first row that has it; the name of a
column ends in `_s`, `_d`, `_b`, `_t` or `_g` by the type of its values.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from azure_local.azure import Azure
from azure_local.clock import parsed, stamp
from azure_local.kusto.engine import Table
from azure_local.kusto.values import blank

STORE, COLUMNS = "logRow", "logColumns"
"""Kinds in the store: customer id/moment/number → a row; customer id → its columns, and how many rows were written."""
DIAGNOSTICS = "AzureDiagnostics"
BASE = {
    "TenantId": "string",
    "TimeGenerated": "datetime",
    "ResourceId": "string",
    "Category": "string",
    "ResourceGroup": "string",
    "SubscriptionId": "string",
    "ResourceProvider": "string",
    "Resource": "string",
    "ResourceType": "string",
    "OperationName": "string",
    "OperationVersion": "string",
    "ResultType": "string",
    "ResultSignature": "string",
    "ResultDescription": "string",
    "CallerIPAddress": "string",
    "CorrelationId": "string",
    "Level": "string",
    "DurationMs": "long",
    "SourceSystem": "string",
    "Type": "string",
    "_ResourceId": "string",
}
"""The columns that are there without a row."""
SUFFIXES = {"_s": "string", "_d": "real", "_b": "bool", "_t": "datetime", "_g": "guid"}
MOST, EACH = 50_000, 1000
"""Rows of a workspace that are kept, and after how many new ones the oldest are looked for."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def flat(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The columns that a log's body becomes: members of members with `_` between, lists as JSON."""
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}_")
        elif value is not None:
            column, kept = _column(value)
            yield f"{prefix}{name}{column}", kept


def _column(value: Any) -> tuple[str, Any]:
    """The end of a column's name, and the value in it."""
    if isinstance(value, bool):
        return "_b", value
    if isinstance(value, (int, float)):
        return "_d", float(value)
    if isinstance(value, str):
        return "_t" if MOMENT.fullmatch(value) else "_g" if GUID.fullmatch(value) else "_s", value
    return "_s", json.dumps(value)


def write(azure: Azure, workspace: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Keep a row of the table of resource logs; `workspace` is its document, `row` has base columns and flat ones."""
    resource = workspace["resource"]
    customer = str(resource["properties"]["customerId"])
    whole = {"TenantId": customer, "SourceSystem": "Azure", "Type": DIAGNOSTICS, **row}
    _learn(azure, customer, whole)
    arrives = azure.clock.after(azure.seconds["logArrival"])
    key = f"{customer}/{azure.clock.after(0)}/{uuid.uuid4().hex[:8]}"
    azure.store.put(STORE, key, {"arrives": arrives, "row": whole})
    known = azure.store.get(COLUMNS, customer)
    if known is not None and known["written"] % EACH == 0:
        _forget(azure, customer, float(resource["properties"]["retentionInDays"]))


def _learn(azure: Azure, customer: str, row: Mapping[str, Any]) -> None:
    """Remember the columns that are new; the number of rows is on the disk with the next new one."""
    known = azure.store.get(COLUMNS, customer) or azure.store.put(COLUMNS, customer, {"columns": {}, "written": 0})
    known["written"] += 1
    new = {name: SUFFIXES[name[-2:]] for name in row if name not in BASE and name not in known["columns"]}
    if new or known["written"] % EACH == 0:
        known["columns"].update(new)
        azure.store.put(COLUMNS, customer, known)


def _forget(azure: Azure, customer: str, days: float) -> None:
    """Delete rows that are too old, or too many."""
    keys = [key for key, _ in azure.store.items(STORE, f"{customer}/")]
    limit = f"{customer}/{stamp(azure.clock.now() - timedelta(days=days))}".lower()
    for number, key in enumerate(keys):
        if key < limit or len(keys) - number > MOST:
            azure.store.delete(STORE, key)


def drop(azure: Azure, customer: str) -> None:
    """Delete all rows of a workspace."""
    azure.store.delete(COLUMNS, customer)
    for key, _ in azure.store.items(STORE, f"{customer}/"):
        azure.store.delete(STORE, key)


def table(azure: Azure, customer: str, at: str, since: str = "", until: str = "9") -> Table:
    """The rows that have arrived by the moment `at`, and are of the time from `since` to before `until`."""
    known = azure.store.get(COLUMNS, customer)
    columns = {**BASE, **(known["columns"] if known else {})}
    found = []
    for document in azure.store.list(STORE, f"{customer}/"):
        if document["arrives"] <= at and since <= document["row"]["TimeGenerated"] < until:
            found.append({name: _value(document["row"], name, kind) for name, kind in columns.items()})
    return Table(columns, found)


def _value(row: Mapping[str, Any], name: str, kind: str) -> Any:
    value = row.get(name)
    if value is None:
        return blank(kind)
    return parsed(value) if kind == "datetime" else value


def coming(azure: Azure, customer: str, at: str) -> Iterator[str]:
    """The moments at which rows that were written arrive, after `at`."""
    for document in azure.store.list(STORE, f"{customer}/"):
        if document["arrives"] > at:
            yield document["arrives"]
