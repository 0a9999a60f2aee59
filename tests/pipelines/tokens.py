"""Where a workflow of GitHub asks for the token that says which it is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Tokens:
    """Its address; `value` is the token, or empty: it gives none."""

    value: str
    port: int = 0
    asked: int = 0

    @property
    def variables(self) -> dict[str, str]:
        """What a job that may ask is given."""
        url = f"http://127.0.0.1:{self.port}/idtoken?api-version=2.0"
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job"}


@contextmanager
def serving(value: str) -> Iterator[Tokens]:
    tokens = Tokens(value)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tokens.asked += 1
            query = parse_qs(urlsplit(self.path).query)
            assert query == {"api-version": ["2.0"], "audience": ["api://AzureADTokenExchange"]}
            known = self.headers["Authorization"] == "Bearer of-the-job" and tokens.value
            self.send_response(200 if known else 403)
            self.end_headers()
            self.wfile.write(json.dumps({"count": 1, "value": tokens.value} if known else {}).encode())

        def log_message(self, *told: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        tokens.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield tokens
        server.shutdown()
