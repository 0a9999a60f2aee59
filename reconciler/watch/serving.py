"""A small HTTP server on an address of this machine: health, readiness, metrics, and what others mount beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from reconciler.errors import ReconcileError, WrongUsage


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    type: str = "text/plain; charset=utf-8"
    status: int = 200


Route = Callable[[str], Answer]
"""The path of a GET request → what is answered."""
Routes = Mapping[str, Route]
"""By path; one that ends in / answers all below it that has no route of its own."""


def found(routes: Routes, path: str) -> Route | None:
    """The route of a path: its own, or the longest above it."""
    above = sorted((key for key in routes if key.endswith("/") and path.startswith(key)), key=len)
    return routes.get(path) or (routes[above[-1]] if above else None)


def address(text: str) -> tuple[str, int]:
    """Host and port of HOST:PORT, or [::1]:PORT. WrongUsage if it is none."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) < 1 << 16):
        raise WrongUsage(f"--listen {text} is no address; write HOST:PORT, for example 127.0.0.1:9464")
    return host.removeprefix("[").removesuffix("]"), int(port)


class Server:
    """Serves `routes` until it is closed; `port` is the one that it has got, where 0 was asked for."""

    def __init__(self, host: str, port: int, routes: Routes) -> None:
        class Handler(BaseHTTPRequestHandler):
            timeout = 10
            server_version, sys_version = "reconcile", ""

            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                route = found(routes, path)
                self._answer(route(path) if route else Answer(b"there is nothing here\n", status=404))

            do_HEAD = do_GET  # noqa: N815  # its name in the library

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name in the library
                """Requests are no events."""

            def _answer(self, answer: Answer) -> None:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.type)
                self.send_header("Content-Length", str(len(answer.body)))
                self.send_header("X-Content-Type-Options", "nosniff")
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(answer.body)

        class Listening(ThreadingHTTPServer):
            daemon_threads = True
            address_family = 10 if ":" in host else 2

            def handle_error(self, request: object, client_address: object) -> None:
                """A reader that has gone is no matter."""

        try:
            self._server = Listening((host, port), Handler)
        except OSError as error:
            raise ReconcileError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="http", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
