"""What it costs a node to be measured: CPU and memory of a day of samples, written over TLS, without the waiting."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from bench.memory import peak
from reconciler.nodelogs.onnode.measuring import Recorder
from reconciler.nodelogs.onnode.reading import Meter
from reconciler.nodelogs.onnode.writing import AUTHORITY, Container

DAY, EVERY = 86_400, 10
BUDGET = 0.005
"""The share of one CPU that it may take."""


class Azure(BaseHTTPRequestHandler):
    """Storage and the metadata service, as far as a node asks them."""

    wbufsize = 2**16

    def do_GET(self) -> None:
        self._answer(200, json.dumps({"access_token": "x", "expires_in": "3600"}).encode())

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        authority, trusted = trustme.CA(), Path(folder, "ca.pem")
        authority.cert_pem.write_to_path(trusted)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        servers = [ThreadingHTTPServer(("localhost", 0), Azure) for _ in range(2)]
        servers[0].socket = context.wrap_socket(servers[0].socket, server_side=True)
        for server in servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        storage, host = (server.server_address[1] for server in servers)
        environment = {**os.environ, "SSL_CERT_FILE": str(trusted), AUTHORITY: f"http://localhost:{host}"}
        command = [sys.executable, "-m", "bench.telemetry", f"https://localhost:{storage}/logs"]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        for server in servers:
            server.shutdown()
            server.server_close()
    seconds, megabytes, written = json.loads(done.stdout)
    share = f"{seconds / DAY:.4%} of one CPU ({seconds:.1f} s a day; at most {BUDGET:.1%})"
    yield f"telemetry of a node, every {EVERY} s: {share}, {megabytes} MB, {written} blobs a day"


def day(url: str) -> tuple[float, int, int]:
    """A day of samples, one after another: CPU seconds, MB of memory at most, and how many blobs were written."""
    begun = time.process_time()
    meter, container = Meter("/", ("/",)), Container(url, "identity")
    recorder = Recorder(container)
    written = 0
    for at in range(0, DAY, EVERY):
        before = recorder.window
        recorder.add(meter.read(float(at)))
        written += recorder.window != before
    recorder.close()
    assert not recorder.waiting
    return time.process_time() - begun, peak(), written + 1


if __name__ == "__main__":
    sys.stdout.write(json.dumps(day(sys.argv[1])))
