"""The activity log of the subscription: who has changed what on ARM, and what happened to services and resources.

Events can be read a while after they happened, for ninety days. Rules over the log fire when one arrives. The form is
that of Microsoft's schema of 2015-04-01 (EventData). Inferred: that requests which were not allowed or not understood
are there as failures, too. The caller is the object id of who asked; of a person that `POST /local/people` names, the
sign-in name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from azure_local.asked import members, text
from azure_local.authorization import actions
from azure_local.azure import Azure, Exchange, Route, Service, Setting
from azure_local.clock import parsed, stamp
from azure_local.common import check_subscription
from azure_local.http import Answer, Call, page
from azure_local.insights.activity_log_alerts import ACTIVITY_ALERT
from azure_local.insights.rules import refused
from azure_local.settings import OPERATOR, SUBSCRIPTION, TENANT

PEOPLE = "person"
"""Kind in the store: object id → the sign-in name of that person."""
STORE, COMING, WRITTEN = "activity", "activityComing", "activityWritten"
"""Kinds in the store: moment/number → an event, and when it can be read; the same for those that rules wait for; and
how many were written.
"""
DAYS, MOST, EACH = 90, 10_000, 500
CONDITION = re.compile(r"\s*(\w+)\s+(eq|ge|le)\s+'([^']*)'\s*", re.IGNORECASE)
FIELDS = {
    "resourcegroupname": "resourceGroupName",
    "resourceuri": "resourceId",
    "resourceprovider": "resourceProviderName",
    "correlationid": "correlationId",
    "status": "status",
    "levels": "level",
    "eventchannels": "channels",
    "caller": "caller",
}
"""Name in a filter → member of an event."""
Document = dict[str, Any]


def note(azure: Azure, exchange: Exchange) -> None:
    """Write down what has changed something on ARM, or was to."""
    asked = actions.of_arm(exchange.method, exchange.path)
    if exchange.plane != "arm" or asked is None or exchange.method in ("GET", "HEAD") or asked.action.endswith("/read"):
        return
    fine = exchange.status < 400
    status = HTTPStatus(exchange.status)
    record(
        azure,
        "Administrative",
        exchange.path,
        asked.action,
        caller=_caller(azure, exchange.principal or OPERATOR),
        level="Informational" if fine else "Error",
        status="Succeeded" if fine else "Failed",
        subStatus=_named(f"{status.phrase.replace(' ', '')}", f"{status.phrase} (HTTP Status Code: {exchange.status})"),
        httpRequest={"method": exchange.method, "uri": f"{azure.front}{exchange.path}"},
        authorization={"action": asked.action, "scope": asked.scope},
    )


def _caller(azure: Azure, principal: str) -> str:
    known = azure.store.get(PEOPLE, principal)
    return str(known["name"]) if known else principal


def name_person(azure: Azure, body: Document) -> Document:
    """From now on a principal is a person of that sign-in name; without a name it is none any more."""
    if "name" in body:
        azure.store.put(PEOPLE, body["principal"], {"name": body["name"]})
    else:
        azure.store.delete(PEOPLE, body["principal"])
    return body


def record(azure: Azure, category: str, resource_id: str, operation: str, status: str, **more: Any) -> None:
    """Keep an event, which arrives a while later."""
    now, name = azure.clock.after(0), str(uuid.uuid4())
    event = {
        "id": f"{resource_id}/events/{name}/ticks/{int(parsed(now).timestamp() * 1e7)}",
        "eventDataId": name,
        "correlationId": name,
        "operationId": name,
        "eventName": _named("EndRequest", "End request"),
        "category": _named(category),
        "channels": "Operation" if category == "Administrative" else "Admin",
        "level": "Informational",
        "operationName": _named(operation),
        "status": _named(status),
        "subStatus": _named(""),
        "eventTimestamp": now,
        "submissionTimestamp": now,
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "caller": "",
        "description": "",
        **_place(resource_id),
        **more,
    }
    arrives = azure.clock.after(azure.seconds["activityArrival"])
    azure.store.put(STORE, f"{now}/{name}", {"event": event, "arrives": arrives})
    if azure.store.list(ACTIVITY_ALERT.store):
        azure.store.put(COMING, f"{now}/{name}", {"event": event, "arrives": arrives})
    written = azure.store.get(WRITTEN, "") or {"number": 0}
    azure.store.put(WRITTEN, "", {"number": written["number"] + 1})
    if written["number"] % EACH == 0:
        _forget(azure)


def _named(value: str, shown: str = "") -> dict[str, str]:
    return {"value": value, "localizedValue": shown or value}


def _place(resource_id: str) -> Document:
    """What the id of a resource says of it."""
    parts = resource_id.strip("/").split("/")
    group = parts[3] if len(parts) > 3 and parts[2].lower() == "resourcegroups" else ""
    _, _, below = resource_id.rpartition("/providers/")
    provider, *rest = below.split("/") if "/providers/" in resource_id else ["Microsoft.Resources"]
    kind = "/".join([provider, *rest[0::2]])
    return {
        "resourceId": resource_id,
        "resourceGroupName": group,
        "resourceProviderName": _named(provider),
        "resourceType": _named(kind),
    }


def _forget(azure: Azure) -> None:
    """Delete events that are too old, or too many."""
    keys = [key for key, _ in azure.store.items(STORE)]
    limit = stamp(azure.clock.now() - timedelta(days=DAYS)).lower()
    for number, key in enumerate(keys):
        if key < limit or len(keys) - number > MOST:
            azure.store.delete(STORE, key)


def arriving(azure: Azure) -> Iterator[Document]:
    """The events that arrive now, each once."""
    for key, document in azure.store.items(COMING):
        if azure.clock.recurs(document["arrives"]):
            azure.store.delete(COMING, key)
            yield document["event"]


async def listing(azure: Azure, call: Call) -> Answer:
    """The newest first; `$filter` must say since when."""
    check_subscription(call)
    tests = _tests(call.query.get("$filter", ""))
    now = stamp(azure.clock.now())
    found = []
    for document in reversed(azure.store.list(STORE)):
        azure.clock.past(document["arrives"])
        if document["arrives"] <= now and all(_fits(document["event"], *test) for test in tests):
            found.append(document["event"])
    names = [name.strip() for name in call.query.get("$select", "").split(",") if name.strip()]
    if names:
        found = [{name: value for name, value in event.items() if name in names} for event in found]
    return Answer(200, page(found, call, azure.page_size))


def _tests(text: str) -> list[tuple[str, str, str]]:
    """Name, `eq`, `ge` or `le`, and value. Failure 400 for a filter that Azure does not take."""
    tests = []
    for part in re.split(r"\band\b", text, flags=re.IGNORECASE):
        match = CONDITION.fullmatch(part)
        if match is None or match[1].lower() not in {*FIELDS, "eventtimestamp"}:
            raise refused(
                f"The filter '{text}' is not valid: it needs eventTimestamp ge '...', and knows {', '.join(FIELDS)}."
            )
        tests.append((match[1].lower(), match[2].lower(), match[3]))
    if not any(name == "eventtimestamp" and sign == "ge" for name, sign, _ in tests):
        raise refused("The filter must say since when: eventTimestamp ge '...'.")
    return tests


def _fits(event: Mapping[str, Any], name: str, sign: str, value: str) -> bool:
    if name == "eventtimestamp":
        moment = stamp(parsed(re.sub(r"(\+00:00|Z)$", "", value)))
        return bool(event["eventTimestamp"] >= moment if sign == "ge" else event["eventTimestamp"] <= moment)
    found = event[FIELDS[name]]
    found = found["value"] if isinstance(found, Mapping) else found
    return bool(str(found).lower().rstrip("/") == value.lower().rstrip("/"))


SERVICE = Service(
    notes=note,
    routes=(
        Route(
            "GET",
            "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values",
            listing,
            ("2015-04-01", "2017-03-01-preview"),
        ),
    ),
    seconds={"activityArrival": 180},
    settings={"people": Setting(members({"principal": text, "name": text}, "principal"), name_person)},
)
