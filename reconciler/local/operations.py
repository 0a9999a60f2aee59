"""Operations that take simulated time: accepted now, done later, asked about in between.

Each is kept in the store with the moment at which it ends and the name of what happens then, so that a restart
in the middle loses nothing. A fault can make one fail.
"""

from __future__ import annotations

import uuid
from typing import Any

from reconciler.local.azure import SUBSCRIPTION, Azure
from reconciler.local.http import Answer, Call, Failure, Route, arm_error

VERSIONS = ("2024-07-01", "2025-01-01", "2025-04-01", "2025-06-01", "2024-11-01", "2024-02-01", "2022-04-01")


def start(azure: Azure, provider: str, seconds: float, completion: str = "", **data: Any) -> dict[str, str]:
    """Begin an operation; the headers that point to it. `completion` is called with `data` when it ends."""
    name = str(uuid.uuid4())
    document = {"provider": provider, "ends": azure.clock.after(seconds), "completion": completion, "data": data}
    azure.store.put("operation", name, {**document, "done": False})
    path = f"/subscriptions/{SUBSCRIPTION}/providers/{provider}/locations/local/operationResults/{name}"
    return {"Location": f"{azure.front}{path}?api-version=2025-04-01&t=1&c=2&s=3&h=4", "Retry-After": "1"}


async def settle(azure: Azure) -> None:
    """End every operation whose time has come."""
    for name, document in azure.store.items("operation"):
        if document["done"] or not azure.clock.past(document["ends"]):
            continue
        fault = next((f for f in azure.faults if f.get("operation") and f["operation"] in document["completion"]), None)
        if fault is not None:
            _spend(azure, fault)
            document["error"] = {"code": fault["code"], "message": fault.get("message", "Injected failure.")}
        elif document["completion"]:
            await azure.completions[document["completion"]](azure, document["data"])
        document["done"] = True  # only now: who asks must find the work done
        azure.store.put("operation", name, document)


def _spend(azure: Azure, fault: dict[str, Any]) -> None:
    fault["times"] = fault.get("times", 1) - 1
    if fault["times"] <= 0:
        azure.faults.remove(fault)


async def _result(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("operation", call.params["operation"])
    if document is None:
        raise Failure(404, "NotFound", "The operation does not exist.")
    if not document["done"]:
        return Answer(202, None, {"Location": f"{call.url}?api-version=2025-04-01", "Retry-After": "1"})
    if "error" in document:
        failure = Failure(200, document["error"]["code"], document["error"]["message"])
        return Answer(200, {"status": "Failed", **arm_error(failure)})
    kind, key = document["data"].get("result", ("", ""))
    found = azure.store.get(kind, key) if kind else None
    return Answer(200, found["resource"] if found else None) if found else Answer(200)


ROUTES = (
    Route(
        "GET",
        "/subscriptions/{subscription}/providers/{namespace}/locations/{location}/operationResults/{operation}",
        _result,
        VERSIONS,
    ),
)
