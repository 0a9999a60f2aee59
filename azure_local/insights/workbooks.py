"""Microsoft.Insights workbooks: pages of charts, whose content is one JSON text. Inferred: texts of refusals.

As Microsoft's schema has it, a list asks for a category, and the content is shown only to who asks for it
(`canFetchContent`).
"""

from __future__ import annotations

import json
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import check_subscription, group, group_id, registered
from azure_local.http import Answer, Call, Failure, page
from azure_local.insights.rules import refused
from azure_local.settings import SUBSCRIPTION
from azure_local.shapes import Shapes, load, malformed
from azure_local.tracked import Changing, Deleting, Document, Making, Provider, Type

WORKBOOK = Type(
    provider=Provider("Microsoft.Insights", Shapes(load("insights-workbooks"), malformed)),
    name="Microsoft.Insights/workbooks",
    store="workbook",
    versions=("2023-06-01",),
    shape="Workbook",
    offered=("category", "description", "displayName", "serializedData", "sourceId", "tags", "version"),
    naming=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    making=Making.AT_ONCE,
    changing=Changing.AT_ONCE,
    deleting=Deleting.AT_ONCE,
)
CONTENT = "serializedData"
CATEGORIES = ("workbook", "TSG", "performance", "retention")


def _checked(azure: Azure, resource: Document) -> Document:
    """The resource with Azure's defaults. Failure 400 if its content is no JSON."""
    properties = resource["properties"]
    if resource.get("kind") != "shared":
        raise refused("The kind of a workbook must be shared.")
    try:
        content = json.loads(properties[CONTENT])
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise refused(f"{CONTENT} must be a text that is a JSON object.")
    stamped = {"timeModified": azure.clock.after(0), "revision": ""}
    source = {"sourceId": "azure monitor", "version": "Notebook/1.0", "userId": ""}
    return {**resource, "properties": {**source, **properties, **stamped}}


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, WORKBOOK.namespace)
    body = tracked.body(azure, call, WORKBOOK)
    if missing := [name for name in ("displayName", "category", CONTENT) if name not in body["properties"]]:
        raise refused(f"Required property {missing[0]} is missing.")
    return tracked.keep(azure, call, WORKBOOK, _checked(azure, body))


async def patch(azure: Azure, call: Call) -> Answer:
    document, changes = tracked.lookup(azure, call, WORKBOOK), tracked.changes(call, WORKBOOK)
    resource = document["resource"]
    changed = {**resource, **changes, "location": resource["location"]}
    resource |= _checked(azure, {**changed, "properties": {**resource["properties"], **changes["properties"]}})
    return tracked.update(azure, WORKBOOK, document)


def _shown(call: Call, resource: Document) -> dict[str, Any]:
    """The workbook, without its content unless that was asked for."""
    if call.query.get("canFetchContent", "").lower() == "true":
        return resource
    properties = {name: value for name, value in resource["properties"].items() if name != CONTENT}
    return {**resource, "properties": properties}


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, _shown(call, tracked.lookup(azure, call, WORKBOOK)["resource"]))


async def listing(azure: Azure, call: Call) -> Answer:
    """Those of the group or the subscription of one category, perhaps of one source."""
    check_subscription(call)
    category = call.query.get("category")
    if category not in CATEGORIES:
        raise Failure(400, "BadRequest", f"The query parameter category must be one of {', '.join(CATEGORIES)}.")
    prefix = group_id(group(azure, call)) if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}"
    found = [document["resource"] for document in azure.store.list(WORKBOOK.store, f"{prefix}/")]
    source = call.query.get("sourceId")
    fit = [
        _shown(call, one)
        for one in found
        if one["properties"]["category"] == category
        and (source is None or one["properties"]["sourceId"].lower() == source.lower())
    ]
    return Answer(200, page(fit, call, azure.page_size))


SERVICE = serving.service(WORKBOOK, put=put, patch=patch, get=get, listing=listing)
