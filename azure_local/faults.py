"""Faults that any program can set over HTTP, to test how a client handles them.

    POST /local/faults {"match": {"method": "PUT", "path": "regex", "plane": "arm"}, "after": 0, "times": 1,
                        "action": {"status": 503, "code": "ServerBusy", "retryAfter": 1, "when": "before"}}

`after` lets that many matching requests pass first; `each` strikes the first request of each method and path instead,
and no other. Actions: `status` answers with an error, `drop` closes the connection, `delay` waits (seconds).
`when: after` carries the request out first and loses its answer. `answer` carries it out, unless there is a `status`
too, and spoils the answer: it is `empty`, `html` (a page of some proxy), `cut` (the connection ends in the middle),
`torn` (half of it, as if that were all), `plain` (called text/plain), or `undated`. `stale` carries a write out, and
the next so many reads of its resource, and of the collection that it is in, show how they were before it.

    POST /local/faults {"operation": "batchAccount.made", "key": "regex", "code": "QuotaExceeded", "times": 1}

makes a long operation fail, of any resource or of those whose id the `key` fits.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from azure_local import asked
from azure_local.azure import Azure

WRITES = ("PUT", "PATCH", "POST", "DELETE")
_COUNTS = {"after": asked.whole(), "times": asked.whole(1)}
_BODY = asked.members(
    {**_COUNTS, "match": lambda value: "", "action": lambda value: "", "each": asked.flag}, "match", "action"
)
_OPERATION = asked.members(
    {"operation": asked.text, "key": asked.pattern, "code": asked.text, "message": asked.text, "times": asked.whole(1)},
    "operation",
    "code",
)
_MATCH = asked.members({"method": asked.pattern, "path": asked.pattern, "plane": asked.text}, at="match")
_ACTION = asked.members(
    {
        "status": asked.whole(400, 599),
        "code": asked.text,
        "message": asked.text,
        "retryAfter": asked.whole(),
        "when": asked.word("before", "after"),
        "drop": asked.flag,
        "delay": asked.number(0, 3600),
        "answer": asked.word("empty", "html", "cut", "torn", "plain", "undated"),
        "stale": asked.whole(1),
    },
    at="action",
)


def read(body: Any) -> dict[str, Any]:
    """A fault as it is asked for. Wrong if there is no such fault."""
    if isinstance(body, dict) and "operation" in body:
        return _OPERATION(body)
    fault = _BODY(body)
    _MATCH(fault["match"])
    if not {"status", "drop", "delay", "answer", "stale"} & set(_ACTION(fault["action"])):
        raise asked.Wrong("action must have one of status, drop, delay, answer, stale")
    return fault


def take(azure: Azure, plane: str, method: str, path: str) -> dict[str, Any] | None:
    """The action of the first fault that matches and is due; counts it down."""
    for fault in list(azure.faults):
        match = fault.get("match")
        if match is None or not _matches(match, plane, method, path):
            continue
        if fault.get("after", 0) > 0:
            fault["after"] -= 1
            continue
        if fault.get("each"):
            if f"{method} {path}" in fault.setdefault("struck", []):
                continue
            fault["struck"].append(f"{method} {path}")
        else:
            fault["times"] = fault.get("times", 1) - 1
            if fault["times"] <= 0:
                azure.faults.remove(fault)
        action: dict[str, Any] = fault["action"]
        return action
    return None


def _matches(match: dict[str, str], plane: str, method: str, path: str) -> bool:
    return (
        match.get("plane", plane) == plane
        and re.fullmatch(match.get("method", ".*"), method) is not None
        and re.search(match.get("path", ""), path, re.IGNORECASE) is not None
    )


def places(azure: Azure, method: str, path: str, body: Any) -> dict[str, str]:
    """The paths whose reads a write changes (its resource, and the collection that it is in) → how each was read."""
    return {place: azure.reads[_key(place)] for place in _changed(method, path, body) if _key(place) in azure.reads}


def _changed(method: str, path: str, body: Any) -> set[str]:
    path = path.rstrip("/")
    above = path.rpartition("/")[0]
    if method != "POST":
        return {path, above}
    made = body.get("id") if isinstance(body, dict) else None
    return {path, f"{path}/{made}"} if made else {above, above.rpartition("/")[0]}


def note(azure: Azure, request: Request) -> None:
    """Note how a path is read, because it will be read in the same way before a write."""
    if azure.faults and request.method == "GET":
        azure.reads[_key(request.url.path)] = request.url.query


def remember(azure: Azure, path: str, answer: Response, times: int) -> None:
    """Answer the next reads of the path with what it was."""
    azure.stale[_key(path)] = [answer, times]


def remembered(azure: Azure, request: Request) -> Response | None:
    """The old answer to a read, if it is due; counts it down."""
    key = _key(request.url.path)
    stale = azure.stale.get(key) if request.method == "GET" else None
    if stale is None or request.url.query != azure.reads.get(key):
        return None
    stale[1] -= 1
    if stale[1] <= 0:
        del azure.stale[key]
    answer: Response = stale[0]
    return answer


def _key(path: str) -> str:
    return path.rstrip("/").lower()


async def spoilt(response: Response, how: str, status: int) -> Response:
    """The answer as it arrives when something on the way damages it; a page of a proxy has the given `status`."""
    body = await _body(response)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    if how == "empty":
        return Response(b"", response.status_code, headers)
    if how == "html":
        page = b"<html><body>Please sign in to the network.</body></html>"
        return Response(page, status, {**headers, "content-type": "text/html"})
    if how == "plain":
        return Response(body, response.status_code, {**headers, "content-type": "text/plain"})
    if how == "cut":  # the server closes the connection, because less is sent than Content-Length says
        return Response(body[: len(body) // 2], response.status_code, headers | {"content-length": str(len(body))})
    if how == "torn":
        return Response(body[: len(body) // 2], response.status_code, headers)
    return Response(body, response.status_code, {name: headers[name] for name in headers if name != "date"})


async def _body(response: Response) -> bytes:
    """All of an answer, whether it is there already or arrives in pieces."""
    pieces = getattr(response, "body_iterator", None)
    return bytes(response.body) if pieces is None else b"".join([piece async for piece in pieces])
