"""The pages as an ASGI application, which `serve` runs and any other server may mount: no verb but GET and HEAD.

It answers from a Board and asks nobody. A browser that a foreign site sends here under another name (DNS rebinding)
gets nothing: the Host header must be one of `hosts`.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.serve import pages
from reconciler.serve.board import Board

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
"""What a browser may call this machine."""
READS = ("GET", "HEAD")


def app(board: Board, hosts: Collection[str] = LOOPBACK) -> ASGIApp:
    """The pages of what is on a board."""

    def page(request: Request) -> Response:
        told = pages.answer(board, request.path_params["path"])
        return Response(told.body, told.status, media_type=told.type)

    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    return Quiet(Starlette(routes=[Route("/{path:path}", page)], middleware=[trusted]))


class Quiet:
    """Refuses every verb that could change something, and says in each answer, also of a refusal, what a browser may
    do with it."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(pages.HEADERS)
            await send(message)

        if scope["method"] in READS:
            await self.inner(scope, receive, told)
        else:
            refused = PlainTextResponse("This page only shows; it takes GET and HEAD.\n", 405, {"Allow": "GET, HEAD"})
            await refused(scope, receive, told)
