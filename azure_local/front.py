"""The front: finds the route of a request, checks the caller, calls the route's handler and writes the answer.

ARM, Entra ID, the Batch data plane under `/batch/<account>`, container registries under `/registries/<login server>`
and the control API under `/local` share one listener; blobs and the nodes' metadata service have their own.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from azure_local import control, faults, wire
from azure_local.authorization import roles
from azure_local.azure import Azure, Door, Exchange, Route
from azure_local.clock import stamp
from azure_local.http import Answer, Call, Dropped, Failure, arm_error, batch_error, response
from azure_local.identity import imds
from azure_local.settings import TENANT
from azure_local.store import Unwritten

ARM_TYPE = "application/json; charset=utf-8"
BATCH_TYPE = "application/json;odata=minimalmetadata"
GAPS = 1000
"""How many different unknown paths are counted."""
Result = TypeVar("Result")
Table = list[tuple[str, int | None, re.Pattern[str], Route]]
"""Method, slashes of the path unless a part of it may hold any number, pattern of the path."""
Serve = Callable[[Request], Awaitable[Response]]


def compiled(routes: tuple[Route, ...]) -> Table:
    """Routes with their paths as patterns; `{name:path}` may hold slashes."""
    table: Table = []
    for route in routes:
        pattern = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+?)", route.path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        slashes = None if ":path}" in route.path else route.path.count("/")
        table.append((route.method, slashes, re.compile(pattern, re.IGNORECASE), route))
    return table


class Front:
    def __init__(self, azure: Azure) -> None:
        self.azure = azure
        self.tables = {plane: compiled(azure.routes(plane)) for plane in ("arm", "batch")}
        self.doors = [service.door for service in azure.services if service.door is not None]

    async def front(self, request: Request) -> Response:
        path = request.url.path
        if path.startswith(control.PREFIX):
            return await control.serve(self.azure, request)
        for door in self.doors:
            if door.serves(path):
                return await self._entered(door, request)
        plane = "batch" if path.lower().startswith("/batch/") else "arm"
        return await self._faulty(plane, request, lambda: self._routed(plane, request))

    async def blobs(self, request: Request) -> Response:
        return await self._faulty("blob", request, lambda: self._blob(request))

    async def imds(self, request: Request) -> Response:
        return await imds.serve(self.azure, request)

    async def _faulty(self, plane: str, request: Request, serve: Callable[[], Awaitable[Response]]) -> Response:
        """Serve, unless a fault says otherwise."""
        path = request.url.path
        faults.note(self.azure, request)
        old = faults.remembered(self.azure, request)
        if old is not None:
            return old
        action = faults.take(self.azure, plane, request.method, path)
        if action is None:
            return await serve()
        if "delay" in action:
            await asyncio.sleep(action["delay"])
            return await serve()
        if "stale" in action:
            await self._remember(plane, request, action["stale"])
            return await serve()
        spoils = "answer" in action and "status" not in action
        answer = await serve() if spoils or action.get("when") == "after" else None
        if action.get("drop"):
            raise Dropped
        if answer is None or not spoils:
            turned_away = answer is None
            answer = self._injected(plane, action)
            if turned_away and plane == "batch":  # its metrics count such requests, too
                self._note(plane, request, b"", answer.status_code, 0)
        if "answer" not in action:
            return answer
        return await faults.spoilt(answer, action["answer"], action.get("status", 200))

    def _injected(self, plane: str, action: dict[str, Any]) -> Response:
        failure = Failure(action["status"], action.get("code", "ServerBusy"), action.get("message", "Injected fault."))
        extra = {"Retry-After": str(action["retryAfter"])} if "retryAfter" in action else {}
        return self._refusal(plane, failure, extra)

    async def _written(self, work: Awaitable[Result]) -> Result:
        """What the work returns, when all that it has changed is on the disk; Failure 503 if that does not take it."""
        try:
            with self.azure.store.written():
                return await work
        except Unwritten as error:
            text = f"The service is unavailable: its disk does not take the change ({error})."
            raise Failure(503, "ServiceUnavailable", text) from None

    async def _remember(self, plane: str, request: Request, times: int) -> None:
        """Keep the answers that reads would get now, before this write, for the next reads."""
        if request.method not in faults.WRITES or plane not in self.tables:
            return
        content = _json(await request.body())
        for path, query in faults.places(self.azure, request.method, request.url.path, content).items():
            faults.remember(self.azure, path, await self._routed(plane, _read(request, path, query)), times)

    async def _routed(self, plane: str, request: Request) -> Response:
        begun, content = time.monotonic(), await request.body()
        extra = self._headers(plane)
        try:
            answer = await self._written(self._answer(plane, request, content))
            shown = response(answer, ARM_TYPE if plane == "arm" else BATCH_TYPE, extra)
        except Failure as failure:
            shown = self._refusal(plane, failure, extra)
        wire.record(self.azure, plane, request, content, shown)
        self._note(plane, request, content, shown.status_code, time.monotonic() - begun)
        return shown

    def _note(self, plane: str, request: Request, content: bytes, status: int, taken: float) -> None:
        """Tell whoever keeps account of requests; what they keep is on the disk with the next change."""
        try:
            principal = self.azure.tokens.principal(request.headers.get("authorization"), plane)
            body = _json(content)
        except Failure:
            principal, body = "", None
        exchange = Exchange(plane, request.method, request.url.path, principal, status, body, taken)
        with suppress(Unwritten):  # the disk has what was asked for, and not that it was asked
            self.azure.answered(exchange)

    async def _answer(self, plane: str, request: Request, content: bytes) -> Answer:
        # batch ids stand below /batch/<account>; the account is looked up by the handlers
        path = request.url.path
        matched = _match(self.tables[plane], request.method, path.rstrip("/"))
        principal = self.azure.tokens.principal(request.headers.get("authorization"), plane)
        if matched is None:
            self._count(f"{request.method} {path}")
            text = f"No HTTP resource was found that matches the request URI '{path}'."
            raise Failure(404, "InvalidResourceType" if plane == "arm" else "ResourceNotFound", text)
        match, route = matched
        self._check_version(request, route, plane)
        body = _json(content)
        if plane == "arm":
            roles.check_arm(self.azure, principal, request.method, path, body)
        call = Call(
            request.method,
            path,
            match.groupdict(),
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            body,
            principal,
            f"{self.azure.front}{path}",
        )
        return await route.handler(self.azure, call)

    def _count(self, gap: str) -> None:
        if gap in self.azure.gaps or len(self.azure.gaps) < GAPS:
            self.azure.gaps[gap] = self.azure.gaps.get(gap, 0) + 1

    def _check_version(self, request: Request, route: Route, plane: str) -> None:
        version = request.query_params.get("api-version")
        if not version:
            code = "MissingApiVersionParameter" if plane == "arm" else "MissingRequiredQueryParameter"
            raise Failure(400, code, "The api-version query parameter (?api-version=) is required for all requests.")
        versions = route.versions or sorted(
            {accepted for *_, other in self.tables[plane] for accepted in other.versions}
        )
        if version not in versions:
            code = "InvalidApiVersionParameter" if plane == "arm" else "UnsupportedRequestVersion"
            text = f"The api-version '{version}' is invalid. The supported versions are '{','.join(versions)}'."
            raise Failure(400, code, text)

    async def _blob(self, request: Request) -> Response:
        try:
            return await self._written(self.azure.blobs.serve(request))
        except Failure as failure:
            return self._refusal("blob", failure, {})

    async def _entered(self, door: Door, request: Request) -> Response:
        plane = door.plane(request.url.path)
        if plane is None:
            return await door.serve(self.azure, request)

        async def serve() -> Response:
            try:
                return await self._written(door.serve(self.azure, request))
            except Failure as failure:
                return self._refusal(plane, failure, {})

        return await self._faulty(plane, request, serve)

    def _headers(self, plane: str) -> dict[str, str]:
        moment = self.azure.clock.now()
        extra = {"Date": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")}
        if plane == "batch":
            return {**extra, "request-id": str(uuid.uuid4()), "DataServiceVersion": "3.0", "DataServiceId": "local"}
        request_id = str(uuid.uuid4())
        limits = {"x-ms-ratelimit-remaining-subscription-reads": "249", "Cache-Control": "no-cache"}
        ids = {"x-ms-request-id": request_id, "x-ms-correlation-request-id": request_id}
        return {**extra, **limits, **ids, "x-ms-routing-request-id": f"LOCAL:{int(time.time())}:{request_id}"}

    def _refusal(self, plane: str, failure: Failure, extra: dict[str, str]) -> Response:
        """A failure in the plane's own form."""
        for door in self.doors:
            if door.name == plane and door.refusal is not None:
                return door.refusal(failure, extra)
        extra = {**(extra or self._headers(plane)), **failure.headers, **({"Date": self._headers(plane)["Date"]})}
        if failure.status == 401:
            extra["WWW-Authenticate"] = f'Bearer authorization_uri="{self.azure.front}/{TENANT}", error="invalid_token"'
        if plane == "arm":
            return JSONResponse(arm_error(failure), failure.status, {**extra, "x-ms-failure-cause": "gateway"})
        if plane == "batch":
            moment = stamp(self.azure.clock.now())
            body = batch_error(failure, self.azure.front, extra.get("request-id", ""), moment)
            return Response(json.dumps(body), failure.status, extra, BATCH_TYPE)
        text = f"{failure.message}\nRequestId:{uuid.uuid4()}\nTime:{stamp(self.azure.clock.now())}"
        error = f"<Error><Code>{failure.code}</Code><Message>{escape(text)}</Message></Error>"
        xml = f'<?xml version="1.0" encoding="utf-8"?>{error}'
        kept = {name: value for name, value in extra.items() if name in ("WWW-Authenticate", "Retry-After", "Date")}
        return Response(xml, failure.status, {**kept, "x-ms-error-code": failure.code}, "application/xml")


def _read(request: Request, path: str, query: str) -> Request:
    """A read of `path` by the caller of `request`."""
    conditions = (b"if-match", b"if-none-match", b"content-length", b"content-type")
    kept = [(name, value) for name, value in request.scope["headers"] if name not in conditions]

    async def nothing() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    place = {"path": path, "raw_path": path.encode(), "query_string": query.encode()}
    return Request({**request.scope, "method": "GET", "headers": kept, **place}, nothing)


def _match(table: Table, method: str, path: str) -> tuple[re.Match[str], Route] | None:
    """The first route that a path fits; most do not by their number of slashes, which is cheaper to look at."""
    deep = path.count("/")
    for known, slashes, pattern, route in table:
        if known == method and slashes in (deep, None) and (match := pattern.fullmatch(path)):
            return match, route
    return None


def _json(content: bytes) -> Any:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        raise Failure(
            400, "InvalidRequestContent", "The request content was invalid and could not be deserialized."
        ) from None
