"""Faults that any program can set over HTTP, to test how a client handles them.

    POST /local/faults {"match": {"method": "PUT", "path": "regex", "plane": "arm"}, "after": 0, "times": 1,
                        "action": {"status": 503, "code": "ServerBusy", "retryAfter": 1, "when": "before"}}

`after` lets that many matching requests pass first. Actions: `status` answers with an error, `drop` closes the
connection, `delay` waits (seconds). `when: after` carries the request out first and loses its answer. `answer` carries
it out and spoils the answer: it is `empty`, `html` (a page of some proxy), `cut` in the middle, or `undated`.

    POST /local/faults {"operation": "batchAccount.made", "key": "regex", "code": "QuotaExceeded", "times": 1}

makes a long operation fail, of any resource or of those whose id the `key` fits.
"""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import HTMLResponse, Response

from azure_local import asked
from azure_local.azure import Azure

_COUNTS = {"after": asked.whole(), "times": asked.whole(1)}
_BODY = asked.members({**_COUNTS, "match": lambda value: "", "action": lambda value: ""}, "match", "action")
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
        "answer": asked.word("empty", "html", "cut", "undated"),
    },
    at="action",
)


def read(body: Any) -> dict[str, Any]:
    """A fault as it is asked for. Wrong if there is no such fault."""
    if isinstance(body, dict) and "operation" in body:
        return _OPERATION(body)
    fault = _BODY(body)
    _MATCH(fault["match"])
    if not {"status", "drop", "delay", "answer"} & set(_ACTION(fault["action"])):
        raise asked.Wrong("action must have one of status, drop, delay, answer")
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


def spoilt(response: Response, how: str) -> Response:
    """The answer as it arrives when something on the way damages it."""
    body = bytes(response.body)
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    if how == "empty":
        return Response(b"", response.status_code, headers)
    if how == "html":
        return HTMLResponse("<html><body>Please sign in to the network.</body></html>", 200)
    if how == "cut":  # the server closes the connection, because less is sent than Content-Length says
        return Response(body[: len(body) // 2], response.status_code, headers | {"content-length": str(len(body))})
    return Response(body, response.status_code, {name: headers[name] for name in headers if name != "date"})
