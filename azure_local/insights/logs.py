"""Resource logs of Batch accounts: what their diagnostic settings send to workspaces and storage accounts.

The service log has the events of pools and tasks, the audit log the writes on ARM below the account. Both arrive a
while after they were written. Inferred: the members of the audit log. Logs of other resources, and metrics, stay.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from azure_local.authorization import actions
from azure_local.azure import Azure, Event, Exchange, Service
from azure_local.clock import parsed
from azure_local.http import Failure
from azure_local.insights import catalogue, diagnostic_settings, targets
from azure_local.operational_insights import rows
from azure_local.settings import OPERATOR, TENANT

LINES = "logLine"
"""Kind in the store: moment/number → a line that is on its way to a blob."""
SERVICE_LOG, AUDIT_LOG = ("ServiceLog", "ServiceLogs"), ("AuditLog",)
WRITES = ("PUT", "PATCH", "POST", "DELETE")
VERSION = "2017-06-01"


def hear(azure: Azure, event: Event) -> None:
    if event.body:
        for document in azure.store.list("batchAccount"):
            resource = document["resource"]
            if resource["name"].lower() == event.account.lower():
                log = {"operationName": event.name, "operationVersion": VERSION, "properties": dict(event.body)}
                _log(azure, resource, SERVICE_LOG, log)


def note(azure: Azure, exchange: Exchange) -> None:
    """Write down who has changed an account, or has tried to."""
    if exchange.plane != "arm" or exchange.method not in WRITES or "/batchaccounts/" not in exchange.path.lower():
        return
    asked = actions.of_arm(exchange.method, exchange.path)
    resource_id = "/".join(exchange.path.split("/")[:9])
    document = azure.store.get("batchAccount", resource_id)
    if asked is None or document is None:
        return
    log = {
        "operationName": asked.action,
        "operationVersion": VERSION,
        "resultType": "Success" if exchange.status < 400 else "Failure",
        "resultSignature": str(exchange.status),
        "callerIpAddress": "127.0.0.1",
        "properties": {"path": exchange.path, "principalId": exchange.principal or OPERATOR},
    }
    _log(azure, document["resource"], AUDIT_LOG, log)


def _log(azure: Azure, resource: dict[str, Any], names: tuple[str, ...], log: dict[str, Any]) -> None:
    """Send what was logged to all places that a setting of the resource sends one of these categories to."""
    now = azure.clock.after(0)
    for category, properties in _sending(azure, resource["id"], names):
        line = {"Tenant": TENANT, "time": now, "resourceId": resource["id"].upper(), "category": category, **log}
        workspace = targets.find(azure, properties.get("workspaceId") or "")
        if workspace is not None:
            rows.write(azure, workspace.document, _row(resource["id"], line))
        if properties.get("storageAccountId"):
            due = azure.clock.after(azure.seconds["logArrival"])
            kept = {"due": due, "account": properties["storageAccountId"], "line": line}
            azure.store.put(LINES, f"{due}/{uuid.uuid4().hex[:8]}", kept)


def _sending(azure: Azure, resource_id: str, names: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in diagnostic_settings.of(azure, resource_id):
        properties = document["resource"]["properties"]
        sent = [name for name in diagnostic_settings.sent(catalogue.BATCH, properties) if name in names]
        if sent:
            yield sent[0], properties


def _row(resource_id: str, line: dict[str, Any]) -> dict[str, Any]:
    """A line of a log as a row of the table of resource logs."""
    _, _, subscription, _, group, _, provider, kind, name = resource_id.upper().split("/")
    return {
        "TimeGenerated": line["time"],
        "ResourceId": line["resourceId"],
        "Category": line["category"],
        "SubscriptionId": subscription.lower(),
        "ResourceGroup": group,
        "ResourceProvider": provider,
        "ResourceType": kind,
        "Resource": name,
        "OperationName": line["operationName"],
        "OperationVersion": line["operationVersion"],
        "ResultType": line.get("resultType", ""),
        "ResultSignature": line.get("resultSignature", ""),
        "CallerIPAddress": line.get("callerIpAddress", ""),
        "_ResourceId": resource_id.lower(),
        **dict(rows.flat(line["properties"])),
    }


def step(azure: Azure) -> None:
    """Write the lines that have arrived behind those of their hour."""
    blobs: dict[tuple[str, str, str], list[str]] = {}
    for key, document in azure.store.items(LINES):
        if not azure.clock.recurs(document["due"]):
            break
        account = document["account"].rsplit("/", 1)[-1]
        line = document["line"]
        place = (account, f"insights-logs-{line['category'].lower()}", blob(line["resourceId"], line["time"]))
        if targets.find(azure, document["account"]):
            blobs.setdefault(place, []).append(json.dumps(line))
        azure.store.delete(LINES, key)
    for (account, container, name), lines in blobs.items():
        azure.background(_append(azure, account, container, name, "".join(f"{line}\n" for line in lines)))


async def _append(azure: Azure, account: str, container: str, name: str, text: str) -> None:
    try:
        await azure.blobs.append(account, container, name, text.encode())
    except Failure:  # the account has gone meanwhile: its logs have nowhere to go, as on Azure
        return


def blob(resource_id: str, moment: str) -> str:
    """The blob of a resource's hour."""
    at = parsed(moment)
    hour = f"y={at:%Y}/m={at:%m}/d={at:%d}/h={at:%H}/m=00"
    return f"resourceId={resource_id.upper()}/{hour}/PT1H.json"


SERVICE = Service(hears=hear, notes=note, step=step)
