"""Microsoft.AlertsManagement alerts: each time that a rule has fired, and whether that is over. Kept for 30 days."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from azure_local.azure import Azure, Route, Service
from azure_local.clock import stamp
from azure_local.common import check_subscription
from azure_local.http import Answer, Call, Failure, page
from azure_local.settings import SUBSCRIPTION

TYPE, STORE = "Microsoft.AlertsManagement/alerts", "alert"
VERSIONS = ("2019-05-05-preview", "2023-07-12-preview", "2018-05-05")
DAYS, MOST = 30, 1000
FILTERS = {
    "targetResource": "targetResource",
    "targetResourceType": "targetResourceType",
    "targetResourceGroup": "targetResourceGroup",
    "monitorCondition": "monitorCondition",
    "monitorService": "monitorService",
    "severity": "severity",
    "alertState": "alertState",
    "alertRule": "alertRule",
}
"""Query parameter → the essential that it must equal."""
Document = dict[str, Any]


def fire(azure: Azure, essentials: Document, context: Document, at: str) -> Document:
    """Keep a new alert, and show it. `at` is the moment at which its rule fired."""
    _forget(azure)
    name = str(uuid.uuid4())
    known = {
        "alertState": "New",
        "monitorCondition": "Fired",
        "sourceCreatedId": name,
        "startDateTime": at,
        "lastModifiedDateTime": at,
        "lastModifiedUserName": "System",
    }
    resource = {
        "id": f"/subscriptions/{SUBSCRIPTION}/providers/{TYPE}/{name}",
        "type": TYPE,
        "name": name,
        "properties": {"essentials": {**essentials, **known}, "context": context},
    }
    azure.store.put(STORE, name, {"resource": resource})
    return resource


def resolve(azure: Azure, name: str, at: str) -> Document | None:
    """The alert, which is over; None if it has been forgotten."""
    document = azure.store.get(STORE, name)
    if document is None:
        return None
    essentials = document["resource"]["properties"]["essentials"]
    over = {"monitorCondition": "Resolved", "monitorConditionResolvedDateTime": at, "lastModifiedDateTime": at}
    essentials |= over
    azure.store.put(STORE, name, document)
    resource: Document = document["resource"]
    return resource


def _forget(azure: Azure) -> None:
    limit = stamp(azure.clock.now() - timedelta(days=DAYS))
    items = list(azure.store.items(STORE))
    for number, (key, document) in enumerate(items):
        old = document["resource"]["properties"]["essentials"]["startDateTime"] < limit
        if old or len(items) - number >= MOST:
            azure.store.delete(STORE, key)


async def listing(azure: Azure, call: Call) -> Answer:
    """The newest first; `targetResource` and others choose among them. Contexts are shown with one alert only."""
    check_subscription(call)
    wanted = {FILTERS[name]: value.lower() for name, value in call.query.items() if name in FILTERS}
    found = [document["resource"] for document in reversed(azure.store.list(STORE))]
    shown = [
        {**one, "properties": {"essentials": one["properties"]["essentials"]}}
        for one in found
        if all(
            str(one["properties"]["essentials"].get(name, "")).lower() in value.split(",")
            for name, value in wanted.items()
        )
    ]
    return Answer(200, page(shown, call, azure.page_size))


async def get(azure: Azure, call: Call) -> Answer:
    check_subscription(call)
    document = azure.store.get(STORE, call.params["alert"])
    if document is None:
        raise Failure(404, "NotFound", f"The alert '{call.params['alert']}' was not found.")
    return Answer(200, document["resource"])


ALL = f"/subscriptions/{{subscription}}/providers/{TYPE}"
SERVICE = Service(
    namespace="Microsoft.AlertsManagement",
    routes=(Route("GET", ALL, listing, VERSIONS), Route("GET", f"{ALL}/{{alert}}", get, VERSIONS)),
)
