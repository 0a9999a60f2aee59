"""Operations that take simulated time: accepted now, done later, and polled in between.

Each is kept in the store with the moment at which it ends and the name of its completion, so that a restart in the
middle loses nothing. An operation fails by a fault, or when its completion raises a Failure; then the completion
`<its name>.failed` is called, if there is one.
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import urlencode

from azure_local.azure import ANY, Azure, Route, Service
from azure_local.http import Answer, Call, Failure, arm_error
from azure_local.settings import SUBSCRIPTION


def start(azure: Azure, provider: str, seconds: float, completion: str = "", **data: Any) -> dict[str, str]:
    """Begin an operation; the headers that point to it. `completion` is called with `data` when it ends."""
    name = str(uuid.uuid4())
    times = {"starts": azure.clock.after(0), "ends": azure.clock.after(seconds)}
    document = {"provider": provider, **times, "completion": completion, "data": data}
    azure.store.put("operation", name, {**document, "done": False})
    path = f"/subscriptions/{SUBSCRIPTION}/providers/{provider}/locations/local/operationResults/{name}"
    return {"Location": f"{azure.front}{path}?api-version=2025-04-01&t=1&c=2&s=3&h=4", **_again(azure)}


def _again(azure: Azure) -> dict[str, str]:
    """The Retry-After header: 0 where simulated time jumps, as waiting is not needed there."""
    return {"Retry-After": "0" if azure.clock.jumps else "1"}


def start_async(azure: Azure, provider: str, seconds: float, completion: str = "", **data: Any) -> dict[str, str]:
    """Begin an operation that is followed by a status document; its headers. `data` is as for `start`."""
    headers = start(azure, provider, seconds, completion, **data)
    location = headers.pop("Location").replace("/operationResults/", "/operations/")
    return {"Azure-AsyncOperation": location, **headers}


def monitored(headers: dict[str, str]) -> dict[str, str]:
    """The headers of an accepted DELETE or POST: the status document, and a Location that answers 202 until the end."""
    return {**headers, "Location": f"{headers['Azure-AsyncOperation']}&monitor=true"}


async def settle(azure: Azure) -> None:
    """End every operation whose time has come, in the order of their ends."""
    unfinished = [(name, document) for name, document in azure.store.items("operation") if not document["done"]]
    for name, document in sorted(unfinished, key=lambda item: str(item[1]["ends"])):
        if not azure.clock.due(document["ends"]):
            break
        fault = next((fault for fault in azure.faults if _matches(fault, document)), None)
        if fault is not None:
            _spend(azure, fault)
            await _fail(azure, document, fault["code"], fault.get("message", "Injected failure."))
        elif document["completion"]:
            try:
                await azure.completions[document["completion"]](azure, document["data"])
            except Failure as failure:
                await _fail(azure, document, failure.code, failure.message)
        document["done"] = True  # only now, because a client that polls must find the work done
        azure.store.put("operation", name, document)


async def _fail(azure: Azure, document: dict[str, Any], code: str, message: str) -> None:
    document["error"] = {"code": code, "message": message}
    failed = azure.completions.get(f"{document['completion']}.failed")
    if failed is not None:
        await failed(azure, {**document["data"], "error": document["error"]})


def _matches(fault: dict[str, Any], document: dict[str, Any]) -> bool:
    """A fault names the completion, and may name the resource by a regular expression in `key`."""
    completion = fault.get("operation")
    key = str(document["data"].get("key", ""))
    return bool(
        completion and completion in document["completion"] and re.search(fault.get("key", ""), key, re.IGNORECASE)
    )


def _spend(azure: Azure, fault: dict[str, Any]) -> None:
    fault["times"] = fault.get("times", 1) - 1
    if fault["times"] <= 0:
        azure.faults.remove(fault)


async def _result(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("operation", call.params["operation"])
    if document is None:
        raise Failure(404, "NotFound", "The operation does not exist.")
    if not document["done"]:
        return Answer(202, None, {"Location": f"{call.url}?api-version=2025-04-01", **_again(azure)})
    if "error" in document:
        failure = Failure(200, document["error"]["code"], document["error"]["message"])
        return Answer(200, {"status": "Failed", **arm_error(failure)})
    kind, key = document["data"].get("result", ("", ""))
    kept = azure.store.get(kind, key) if kind else None
    return Answer(200, kept["resource"] if kept else None) if kept else Answer(200)


async def _status(azure: Azure, call: Call) -> Answer:
    """The status document of an operation, whether it is going on or has ended."""
    name = call.params["operation"]
    document = azure.store.get("operation", name)
    if document is None:
        raise Failure(404, "NotFound", "The operation does not exist.")
    known = {"id": call.path, "name": name, "startTime": document.get("starts", document["ends"])}
    if call.query.get("monitor") == "true":
        return _monitor(azure, call, document)
    if not document["done"]:
        return Answer(200, {**known, "status": "InProgress"}, _again(azure))
    if "error" in document:
        return Answer(200, {**known, "status": "Failed", "endTime": document["ends"], "error": document["error"]})
    return Answer(200, {**known, "status": "Succeeded", "endTime": document["ends"]})


def _monitor(azure: Azure, call: Call, document: dict[str, Any]) -> Answer:
    if not document["done"]:
        return Answer(202, None, {"Location": f"{call.url}?{urlencode(call.query)}", **_again(azure)})
    if "error" in document:
        raise Failure(409, document["error"]["code"], document["error"]["message"])
    return Answer(200)


_PLACE = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"
SERVICE = Service(
    routes=(
        Route("GET", f"{_PLACE}/operationResults/{{operation}}", _result, ANY),
        Route("GET", f"{_PLACE}/operations/{{operation}}", _status, ANY),
    ),
    seconds={"deletion": 20},
)
