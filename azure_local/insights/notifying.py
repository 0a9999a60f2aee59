"""Tells of alerts whom their action groups name. Webhooks of this machine are called; nothing else leaves it.

What would go elsewhere, and every mail and message, is kept and shown at `GET /local/notifications`; so are the calls
that were made, and how they ended. `POST /local/webhooks` names further hosts that may be called. A call is made once:
Azure would repeat one that fails.
"""

from __future__ import annotations

import ipaddress
import ssl
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from azure_local import asked
from azure_local.azure import Azure, Service, Setting
from azure_local.insights.action_groups import ACTION_GROUP, KINDS

STORE, ALLOWED = "notification", "webhookHosts"
MOST = 500
SECONDS = 10
Document = dict[str, Any]


def tell(azure: Azure, groups: list[str], message: Document, plain: Document | None, rule: str) -> None:
    """Tell the action groups with these ids.

    message  in the common alert schema
    plain    the message for a webhook without that schema; None if there is only that one
    """
    for group_id in groups:
        document = azure.store.get(ACTION_GROUP.store, group_id)
        if document is None or not document["resource"]["properties"]["enabled"]:
            continue
        for kind, receiver in _receivers(document["resource"]["properties"]):
            common = receiver.get("useCommonAlertSchema") or plain is None
            body = message if common else plain
            essentials = message["data"]["essentials"]
            kept = {
                "time": azure.clock.after(0),
                "rule": rule,
                "monitorCondition": essentials["monitorCondition"],
                "actionGroup": group_id,
                "receiver": receiver["name"],
                "kind": kind,
                "to": _address(receiver),
                "body": body,
            }
            _send(azure, kept)


def _receivers(properties: Document) -> Iterator[tuple[str, Document]]:
    for kind in KINDS:
        for receiver in properties.get(kind, []):
            yield kind.removesuffix("Receivers"), receiver


def _address(receiver: Document) -> str:
    for name in ("serviceUri", "emailAddress", "phoneNumber", "callbackUrl", "httpTriggerUrl", "roleId"):
        if name in receiver:
            return str(receiver[name])
    return ""


def _send(azure: Azure, notification: Document) -> None:
    """Call a webhook that may be called, and keep all that was, or would have been, sent."""
    key = f"{azure.clock.after(0)}/{uuid.uuid4().hex[:8]}"
    called = notification["kind"] == "webhook" and may_call(azure, notification["to"])
    azure.store.put(STORE, key, {**notification, "status": "calling" if called else "kept"})
    for old, _ in list(azure.store.items(STORE))[:-MOST]:
        azure.store.delete(STORE, old)
    if called:
        azure.background(_call(azure, key, notification))


def may_call(azure: Azure, url: str) -> bool:
    """Whether the address is one of this machine, or was allowed."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host in (azure.store.get(ALLOWED, "hosts") or {"hosts": []})["hosts"]:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _call(azure: Azure, key: str, notification: Document) -> None:
    trusted = ssl.create_default_context(cafile=str(azure.folder / "nodes.pem"))
    try:
        async with httpx.AsyncClient(verify=trusted, timeout=SECONDS, trust_env=False) as client:
            answer = await client.post(notification["to"], json=notification["body"])
        ended = {"status": "sent" if answer.is_success else "failed", "answer": answer.status_code}
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        ended = {"status": "failed", "answer": f"{type(error).__name__}: {error}"}
    if azure.store.get(STORE, key) is not None:
        azure.store.put(STORE, key, {**notification, **ended})


def shown(azure: Azure) -> list[Document]:
    """The oldest first."""
    return azure.store.list(STORE)


def allow(azure: Azure, body: Document) -> Document:
    return azure.store.put(ALLOWED, "hosts", {"hosts": [host.lower() for host in body["hosts"]]})


SERVICE = Service(
    shows={"notifications": shown},
    settings={"webhooks": Setting(asked.members({"hosts": asked.texts}, "hosts"), allow)},
)
