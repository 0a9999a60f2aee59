"""A call to the local Azure and its answer, and the errors in each plane's own shape."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from starlette.responses import Response


class Dropped(Exception):
    """Close the connection without an answer: a fault wants it, or the request has no way to arrive."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood: path parameters, query, JSON body, and the caller's principal."""

    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    principal: str
    url: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Failure(Exception):
    """An error answer.

    values   the Batch data plane's PropertyName, PropertyValue and Reason
    target   the part of the request that is wrong, as ARM names it
    details  the errors inside of an ARM error: code and message
    """

    status: int
    code: str
    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    details: tuple[tuple[str, str], ...] = ()


def arm_error(failure: Failure) -> dict[str, Any]:
    error: dict[str, Any] = {"code": failure.code, "message": failure.message}
    if failure.target:
        error["target"] = failure.target
    if failure.details:
        error["details"] = [{"code": code, "message": message} for code, message in failure.details]
    elif failure.values:
        error["details"] = [{"code": key, "message": value} for key, value in failure.values.items()]
    return {"error": error}


def batch_error(failure: Failure, host: str, request_id: str, moment: str) -> dict[str, Any]:
    value = f"{failure.message}\nRequestId:{request_id}\nTime:{moment}"
    body: dict[str, Any] = {
        "odata.metadata": f"{host}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element",
        "code": failure.code,
        "message": {"lang": "en-US", "value": value},
    }
    if failure.values:
        body["values"] = [{"key": key, "value": value} for key, value in failure.values.items()]
    return body


def response(answer: Answer, content_type: str, extra: Mapping[str, str]) -> Response:
    binary = isinstance(answer.body, bytes)
    data = b"" if answer.body is None else answer.body if binary else json.dumps(answer.body).encode()
    headers = {**extra, **answer.headers}
    if data:
        headers.setdefault("Content-Type", content_type)
    return Response(data, answer.status, headers)


def page(items: Iterable[Any], call: Call, size: int, link: str = "nextLink") -> dict[str, Any]:
    """One page of a collection, with the link to the next."""
    start = int(call.query.get("$skiptoken", "0"))
    shown = list(islice(items, start, start + size + 1))
    body: dict[str, Any] = {"value": shown[:size]}
    if len(shown) > size:
        from urllib.parse import urlencode

        query = {**call.query, "$skiptoken": str(start + size)}
        body[link] = f"{call.url}?{urlencode(query)}"
    return body


def etag() -> str:
    return f"0x8D{uuid.uuid4().hex[:13].upper()}"


def check_match(call: Call, current: str | None) -> None:
    """Failure 412 unless If-Match and If-None-Match fit the current ETag (None: nothing exists)."""
    present, absent = call.headers.get("if-match"), call.headers.get("if-none-match")
    unmet = (
        (absent == "*" and current is not None)
        or (present == "*" and current is None)
        or (present not in (None, "*") and (current is None or present.strip('"') != current.strip('"')))
    )
    if unmet:
        message = "The condition specified using HTTP conditional header(s) is not met."
        raise Failure(412, "ConditionNotMet", message)
