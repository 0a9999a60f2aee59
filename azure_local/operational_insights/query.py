"""The query API of Log Analytics, served below `/loganalytics`: `POST …/v1/workspaces/{customer id}/query`.

Its public address, api.loganalytics.io, does not resolve to this machine. Who may read the workspace may query it. The
form of answers and of errors is that of Microsoft's documentation of the API; what is queried is a part of the
language, see `kusto`. Inferred: the texts for a workspace that is not there and for who may not query.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local.authorization import roles
from azure_local.azure import Azure, Door, Service
from azure_local.batch.shapes import seconds
from azure_local.clock import parsed, stamp
from azure_local.http import Failure
from azure_local.kusto import engine, values
from azure_local.kusto.errors import QueryError, place
from azure_local.operational_insights import rows
from azure_local.operational_insights.workspace import WORKSPACE
from azure_local.settings import TENANT

PREFIX = "/loganalytics/"
PATH = re.compile(rf"{PREFIX}v1/workspaces/(?P<customer>[^/]+)/query")
READ = "Microsoft.OperationalInsights/workspaces/query/read"
HEADS = {"SyntaxError": "A recognition error occurred in the query.", "SemanticError": "A semantic error occurred."}


async def serve(azure: Azure, request: Request) -> Response:
    """One request. Failure if it is refused."""
    match = PATH.fullmatch(request.url.path)
    principal = azure.tokens.principal(request.headers.get("authorization"), "logs")
    workspace = named(azure, match["customer"]) if match else None
    if match is None or workspace is None:
        raise Failure(404, "WorkspaceNotFoundError", "The requested workspace does not exist.")
    if not roles.allowed(azure, principal, READ, workspace["resource"]["id"]):
        text = "The provided credentials have insufficient access to perform the requested operation"
        raise Failure(403, "InsufficientAccessError", text)
    if request.method not in ("POST", "GET"):
        raise Failure(405, "MethodNotAllowed", f"{request.method} is not allowed.")
    asked = dict(request.query_params) if request.method == "GET" else _body(await request.body())
    if not isinstance(asked.get("query"), str) or not asked["query"].strip():
        raise Failure(400, "BadArgumentError", "The request had some invalid properties: query must be a text.")
    try:
        return JSONResponse(answer(azure, match["customer"], asked["query"], asked.get("timespan")))
    except QueryError as error:
        return JSONResponse(told(asked["query"], error), 400)


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Failure(400, "BadArgumentError", "The request had some invalid properties: its body must be JSON.")
    return body


def named(azure: Azure, customer: str) -> dict[str, Any] | None:
    """The document of the workspace with this customer id."""
    for document in azure.store.list(WORKSPACE.store):
        if document["resource"]["properties"]["customerId"].lower() == customer.lower():
            return document
    return None


def answer(azure: Azure, customer: str, query: str, timespan: Any = None) -> dict[str, Any]:
    """QueryError, and Failure 400 for a time that cannot be read."""
    now = azure.clock.now()
    since, until = _span(azure, timespan)
    for moment in rows.coming(azure, customer, stamp(now)):
        azure.clock.past(moment)  # who asks again finds what is on its way
    table = rows.table(azure, customer, stamp(now), since, until)
    found = engine.run(query, {rows.DIAGNOSTICS: table}, now)
    columns = [{"name": name, "type": kind} for name, kind in found.columns.items()]
    lines = [[values.shown(row[name], kind) for name, kind in found.columns.items()] for row in found.rows]
    return {"tables": [{"name": "PrimaryResult", "columns": columns, "rows": lines}]}


def _span(azure: Azure, text: Any) -> tuple[str, str]:
    """A duration until now, `start/end`, `start/duration` or `duration/end`; all time if nothing is said."""
    if not text:
        return "", "9"
    first, _, second = str(text).partition("/")
    try:
        lengths = [seconds(part) for part in (first, second)]
        if not second:
            return stamp(azure.clock.now() - timedelta(seconds=_number(lengths[0]))), "9"
        if lengths[0] is not None:
            end = parsed(second.removesuffix("+00:00"))
            return stamp(end - timedelta(seconds=lengths[0])), stamp(end)
        start = parsed(first.removesuffix("+00:00"))
        if lengths[1] is not None:
            return stamp(start), stamp(start + timedelta(seconds=lengths[1]))
        return stamp(start), stamp(parsed(second.removesuffix("+00:00")))
    except ValueError:
        raise Failure(400, "BadArgumentError", f"The timespan '{text}' could not be parsed.") from None


def _number(length: float | None) -> float:
    if length is None:
        raise ValueError
    return length


def told(query: str, error: QueryError) -> dict[str, Any]:
    """A query's error in the form of the API, with its place where it is one of the grammar."""
    line, column = place(query, error.at)
    inner: dict[str, Any] = {"code": error.code, "message": f"{error.message} on line [{line},{column}]"}
    inner |= {"line": line, "pos": column, **({"token": error.token} if error.kind == "SyntaxError" else {})}
    whole = {"code": error.kind, "message": HEADS[error.kind], "innererror": inner}
    return _error("BadArgumentError", "The request had some invalid properties", innererror=whole)


def _error(code: str, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "correlationId": str(uuid.uuid4()), **more}}


def refusal(failure: Failure, extra: dict[str, str]) -> Response:
    """A failure in the form of the API; one without a token says where tokens are from."""
    where = (
        f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT}", resource="https://api.loganalytics.io"'
    )
    challenge = {"WWW-Authenticate": where} if failure.status == 401 else {}
    headers = {**extra, **failure.headers, **challenge}
    return JSONResponse(_error(failure.code, failure.message), failure.status, headers)


SERVICE = Service(
    door=Door("logs", lambda path: path.startswith(PREFIX), serve, lambda path: "logs", refusal),
    seconds={"logArrival": 180},
)
