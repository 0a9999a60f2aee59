"""Microsoft.Consumption budgets, at a resource group or the subscription.

What a budget may say is from its type and the texts of that: starts, ends, notifications, contacts. A PUT of one that
is there must carry its eTag. Inferred: the codes and words of refusals, that grain and start stay as they are, and that
a group's budgets go with it. `currentSpend` is what the nodes of Batch accounts in the scope cost by the public price
list, with those that are gone; filters are kept and not applied to it, and nobody is told of it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.batch import hours
from azure_local.clock import parsed
from azure_local.common import GROUP, check_subscription, group, group_id
from azure_local.http import Answer, Call, Failure, page
from azure_local.prices.retail_prices import rate
from azure_local.settings import SUBSCRIPTION
from azure_local.shapes import Shapes, load, malformed

TYPE = "Microsoft.Consumption/budgets"
STORE = "budget"
VERSIONS = ("2026-06-01", "2024-08-01", "2023-11-01", "2023-05-01")
SHAPES = Shapes(load("consumption"), malformed)
NAME = re.compile(r"[A-Za-z0-9_-]{1,63}", re.ASCII)
MONTHS = {"Monthly": 1, "Quarterly": 3, "Annually": 12}
"""timeGrain → its months; the others are for customers of another kind of contract."""
FIRST = date(2017, 6, 1)
YEARS = 10
"""How long a budget lasts that says nothing."""
MOST = {"notifications": 5, "contactEmails": 50, "contactGroups": 50}
ACTION_GROUP = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/microsoft\.insights/actionGroups/[^/]+", re.IGNORECASE
)


def refused(text: str) -> Failure:
    return Failure(400, "InvalidBudget", text)


def _place(azure: Azure, call: Call) -> str:
    """The id of the scope. Failure 404 if there is no such group."""
    check_subscription(call)
    return group_id(group(azure, call)) if "group" in call.params else f"/subscriptions/{SUBSCRIPTION}"


def _key(azure: Azure, call: Call) -> str:
    return f"{_place(azure, call)}/providers/{TYPE}/{call.params['budget']}"


async def put(azure: Azure, call: Call) -> Answer:
    key, name = _key(azure, call), call.params["budget"]
    if not NAME.fullmatch(name):
        raise refused(f"The budget name '{name}' is not valid.")
    body = SHAPES.fitted("Budget", call.body)
    properties, before = body.get("properties") or {}, azure.store.get(STORE, key)
    today = azure.clock.now().date()
    _check(properties, today, fresh=before is None)
    if before is not None:
        _check_update(before["resource"], body)
    known = before["resource"] if before else {"id": key, "name": name, "type": TYPE}
    resource = {**known, "eTag": f'"{uuid.uuid4().hex[:16]}"', "properties": properties}
    azure.store.put(STORE, key, {"resource": resource})
    return Answer(200 if before else 201, _shown(azure, resource))


def _check(properties: dict[str, Any], today: date, *, fresh: bool) -> None:
    """Failure 400 for what no budget can be."""
    if not properties:
        raise refused("The properties of the budget are missing.")
    if properties["amount"] <= 0:
        raise refused("The amount of the budget must be greater than 0.")
    if properties["timeGrain"] not in MONTHS:
        raise refused(f"The time grain {properties['timeGrain']} is not supported for this scope.")
    _check_period(properties, today, fresh=fresh)
    told = properties.get("notifications") or {}
    if len(told) > MOST["notifications"]:
        raise refused("A budget can have up to five notifications.")
    for notification in told.values():
        _check_notification(notification)
    said = properties.get("filter") or {}
    if "and" in said and len(said["and"]) < 2:
        raise refused("The logical 'AND' expression must have at least 2 items.")


def _check_period(properties: dict[str, Any], today: date, *, fresh: bool) -> None:
    period = properties["timePeriod"]
    start = _day(period["startDate"])
    period["startDate"] = f"{start}T00:00:00Z"
    last = date(start.year + YEARS, start.month, 1)
    end = _day(period["endDate"]) if "endDate" in period else last
    period["endDate"] = f"{end}T00:00:00Z"
    if start.day != 1:
        raise refused("The start date must be first of the month.")
    if start < FIRST:
        raise refused("Budget start date must be on or after June 1, 2017.")
    if end <= start:
        raise refused("The start date should be less than the end date.")
    ahead = (start.year - today.year) * 12 + start.month - today.month
    if ahead > 12:
        raise refused("Future start date should not be more than twelve months.")
    if fresh and -ahead >= MONTHS[properties["timeGrain"]]:
        raise refused("Past start date should be selected within the timegrain period.")


def _day(text: str) -> date:
    try:
        return parsed(text if "T" in text else f"{text}T00:00:00Z").date()
    except ValueError:
        raise refused(f"'{text}' is not a valid date.") from None


def _check_notification(said: dict[str, Any]) -> None:
    groups = said.get("contactGroups") or []
    if not 0 <= said["threshold"] <= 1000:
        raise refused("The threshold has to be between 0 and 1000.")
    if not said["contactEmails"] and not groups:
        raise refused("Must have at least one contact email or contact group specified.")
    if any(len(said.get(name) or ()) > MOST[name] for name in ("contactEmails", "contactGroups")):
        raise refused("A notification can have up to 50 contact emails and contact groups.")
    if not all(ACTION_GROUP.fullmatch(name) for name in groups):
        raise refused("Contact groups must be provided as fully qualified Azure resource ids.")


def _check_update(before: dict[str, Any], body: dict[str, Any]) -> None:
    if body.get("eTag") != before["eTag"]:
        raise Failure(409, "ETagMismatch", "Update operation requires the latest eTag to be set in the request.")
    for path in (("timeGrain",), ("timePeriod", "startDate")):
        old, new = before["properties"], body["properties"]
        for key in path:
            old, new = old[key], new[key]
        if old != new:
            raise refused(f"The {path[-1]} of a budget cannot be changed.")


def _shown(azure: Azure, resource: dict[str, Any]) -> dict[str, Any]:
    properties = resource["properties"]
    spent = round(sum(_costs(azure, resource)), 2)
    return {**resource, "properties": {**properties, "currentSpend": {"amount": int(spent), "unit": "USD"}}}


def _costs(azure: Azure, resource: dict[str, Any]) -> Iterator[float]:
    """What nodes in the scope cost in the budget's running period."""
    properties = resource["properties"]
    scope = resource["id"].rpartition("/providers/")[0].lower()
    ids = [document["resource"]["id"] for document in azure.store.list("batchAccount", f"{scope}/")]
    accounts = {name.rsplit("/", 1)[-1].lower() for name in ids}
    for used in hours.between(azure, _begun(azure, properties), azure.clock.now()):
        if used.account.lower() in accounts:
            yield used.hours * rate(used.size, spot=not used.dedicated)


def _begun(azure: Azure, properties: dict[str, Any]) -> datetime:
    """When the running period began."""
    start, now = parsed(properties["timePeriod"]["startDate"]), azure.clock.now()
    since, grain = (now.year - start.year) * 12 + now.month - start.month, MONTHS[properties["timeGrain"]]
    first = start.year * 12 + start.month - 1 + max(0, since) // grain * grain
    return datetime(first // 12, first % 12 + 1, 1, tzinfo=UTC)


async def get(azure: Azure, call: Call) -> Answer:
    document = azure.store.get(STORE, _key(azure, call))
    if document is None:
        raise Failure(404, "NotFound", f"Budget with name {call.params['budget']} not found.")
    return Answer(200, _shown(azure, document["resource"]))


async def delete(azure: Azure, call: Call) -> Answer:
    key = _key(azure, call)
    if azure.store.get(STORE, key) is None:
        raise Failure(404, "NotFound", f"Budget with name {call.params['budget']} not found.")
    azure.store.delete(STORE, key)
    return Answer(200)


async def listing(azure: Azure, call: Call) -> Answer:
    """Those of the scope itself."""
    found = azure.store.list(STORE, f"{_place(azure, call)}/providers/{TYPE}/")
    return Answer(200, page((_shown(azure, one["resource"]) for one in found), call, azure.page_size))


async def purge(azure: Azure, data: dict[str, Any]) -> None:
    for key, _ in azure.store.items(STORE, data["prefix"]):
        azure.store.delete(STORE, key)


def _routes(scope: str) -> tuple[Route, ...]:
    every = f"{scope}/providers/{TYPE}"
    return serving.crud(f"{every}/{{budget}}", every, VERSIONS, put=put, get=get, delete=delete, listing=listing)


SERVICE = Service(
    namespace="Microsoft.Consumption",
    routes=(*_routes(GROUP), *_routes("/subscriptions/{subscription}")),
    completions={f"{STORE}.purge": purge},
)
