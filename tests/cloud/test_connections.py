"""What goes out by our connections is what `requests` would have sent by itself."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest

from reconciler.cloud import connections

Heard = tuple[str, str, dict[str, str], bytes]


class Ear(BaseHTTPRequestHandler):
    """Keeps what it hears."""

    protocol_version = "HTTP/1.1"
    heard: list[Heard] = []  # noqa: RUF012

    def hear(self) -> None:
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = self.chunks() if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.heard.append((self.command, self.path, dict(self.headers), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    do_GET = do_PUT = do_POST = do_DELETE = hear  # noqa: N815

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("method", "path", "content", "headers"),
    [
        ("GET", "/a?api-version=1&$filter=x%20eq%20'y'", None, {"Accept": "application/json"}),
        ("GET", "/with%2Fslash/ä ö", None, {}),
        ("PUT", "/nothing", None, {}),
        ("DELETE", "/nothing", None, {"If-Match": '"0x8"'}),
        ("POST", "/json", {"a": ["ä", 1]}, {}),
        ("PUT", "/bytes", b"\x00\xff" * 9, {"Content-Type": "application/octet-stream", "x-ms-meta-a": "b"}),
        ("PUT", "/file", lambda: io.BytesIO(b"z" * 70_000), {"Content-Length": "70000"}),
        ("PUT", "/parts", lambda: iter([b"one", b"two"]), {}),
    ],
)
def test_it_is_as_before(url: str, method: str, path: str, content: Any, headers: dict[str, str]) -> None:
    for sender in (RequestsTransport(), connections.transport()):
        body = content() if callable(content) else content
        how = {"json": body} if isinstance(body, dict) else {"content": body}
        with sender:
            assert sender.send(HttpRequest(method, url + path, headers=headers, **how)).status_code == 200
    assert Ear.heard[-2] == Ear.heard[-1]


def test_a_header_of_two_lines_goes_nowhere(url: str) -> None:
    with connections.transport() as sender, pytest.raises(ServiceResponseError, match="Invalid header value"):
        sender.send(HttpRequest("GET", url, headers={"x-ms-meta-a": "b\r\nHost: elsewhere"}))
