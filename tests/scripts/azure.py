"""What preload.sh asks for tokens: an instance metadata service, and an Azure container registry behind TLS."""

from __future__ import annotations

import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import trustme

CLIENT = "11111111-2222-3333-4444-555555555555"


class Registry:
    """Both services, on loopback. `refusals` of each path are answered first."""

    def __init__(self) -> None:
        self.identity_token, self.registry_token = (f"{secrets.token_hex(20)}.{secrets.token_hex(20)}" for _ in "12")
        self.refusals: dict[str, int] = {}
        self.exchanged: list[dict[str, str]] = []
        self.asked: list[dict[str, str]] = []
        self.authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert("localhost").configure_cert(context)
        self._servers = [self._serve(), self._serve(context)]
        self.imds = f"http://127.0.0.1:{self._servers[0].server_port}"
        self.name = f"localhost:{self._servers[1].server_port}"

    def _serve(self, context: ssl.SSLContext | None = None) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever).start()
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def answer(self, path: str, metadata: str, form: dict[str, str]) -> tuple[int, Any]:
        """Status and body, as the real services word them."""
        if self.refusals.get(path, 0) > 0:
            self.refusals[path] -= 1
            return 401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required, the role is new"}]}
        if path == "/metadata/identity/oauth2/token" and metadata == "true":
            self.asked.append(form)
            if form.get("client_id", CLIENT) != CLIENT:
                return 400, {"error": "invalid_request", "error_description": "Identity not found"}
            return 200, {"access_token": self.identity_token, "expires_in": "86399", "token_type": "Bearer"}
        if path == "/oauth2/exchange":
            self.exchanged.append(form)
            return 200, {"refresh_token": self.registry_token}
        return 400, {"error": "bad_request_102", "error_description": "Required metadata header not specified"}


def _handler(registry: Registry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, form: str) -> None:
            fields = {key: values[0] for key, values in parse_qs(form).items()}
            metadata = self.headers.get("Metadata", "")
            status, body = registry.answer(urlsplit(self.path).path, metadata, fields)
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            return

    return Handler
