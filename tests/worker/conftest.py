"""A blob service (Azurite), a front that misbehaves on request, and the worker's files as they lie on a node."""

from __future__ import annotations

import http.client
import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from azure_local.storage import azurite
from worker import convert_image

WORKER = Path(__file__).parents[2] / "worker"
UNSUPERVISED = json.dumps({"journal": None, "suspects": [], "convicted": {}})
ACCOUNT, KEY = "devaccount", "Zm9yIHRlc3RzIG9ubHk="


@pytest.fixture(scope="session")
def blob_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an Azurite that keeps its blobs in memory."""
    try:
        command = azurite.command()
    except azurite.Unavailable as reason:
        pytest.skip(f"no Azurite: {reason}")
    options = ["--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    environment = {**os.environ, "AZURITE_ACCOUNTS": f"{ACCOUNT}:{KEY}"}
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path_factory.mktemp("azurite")
    ) as server:
        assert server.stdout is not None
        try:
            for line in server.stdout:
                if match := re.search(r"successfully listens on http://127.0.0.1:(\d+)", line):
                    yield int(match[1])
                    break
            else:
                pytest.fail("Azurite ended before it listened")
        finally:
            server.kill()  # it would complain on its way out that nobody reads its output any more


@dataclass
class Front:
    """Passes requests on to the blob service, except those that `fault` answers with a status; 0 hangs up."""

    port: int = 0
    fault: Callable[[str, str], int | None] = lambda method, path: None
    requests: list[str] = field(default_factory=list)

    @property
    def connection_string(self) -> str:
        endpoint = f"http://127.0.0.1:{self.port}/{ACCOUNT}"
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"


class _Server(ThreadingHTTPServer):
    def __init__(self, front: Front, blob_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.front = front
        self.blob_port = blob_port


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.front.requests.append(f"{self.command} {self.path}")
        status = self.server.front.fault(self.command, self.path)
        if status == 0:
            self.close_connection = True
        elif status:
            self.answer(status, {"x-ms-error-code": "Injected"}, b"")
        else:
            upstream = http.client.HTTPConnection("127.0.0.1", self.server.blob_port)
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            self.answer(response.status, dict(response.headers), response.read())
            upstream.close()

    do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815 (the names are http.server's)

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "keep-alive"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):  # tests kill who asked
            self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Silence: the tests read `requests`."""


@pytest.fixture
def front(blob_port: int) -> Iterator[Front]:
    front = Front()
    with _Server(front, blob_port) as server:
        front.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield front
        server.shutdown()
        thread.join()


@dataclass
class Storage:
    """Three containers of this test alone."""

    images: ContainerClient
    converted: ContainerClient
    scripts: ContainerClient

    def put(self, name: str, content: bytes) -> str:
        """Uploads an input; its ETag, unquoted."""
        return str(self.images.upload_blob(name, content, overwrite=True).get_blob_properties().etag).strip('"')


@pytest.fixture
def storage(blob_port: int) -> Iterator[Storage]:
    plain = Front(blob_port).connection_string
    with BlobServiceClient.from_connection_string(plain) as service:
        for container in list(service.list_containers()):
            service.delete_container(container.name)
        yield Storage(*(service.create_container(name) for name in ("images", "converted", "scripts")))


@dataclass
class Node:
    """The worker's files in a folder named after a digest, as a resource file lays them down."""

    folder: Path
    connection_string: str

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.folder / "convert_image.py"), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        # Warnings are errors on the node too, except those that convert_image.py has decided on.
        own = {"AZURE_STORAGE_CONNECTION_STRING": self.connection_string, "AZ_BATCH_TASK_ID": "task-0007"}
        return {**os.environ, **own, "PYTHONWARNINGS": "error"}

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A task as a node runs it: a supervisor, and a converter under it."""
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The converter alone, in this process: loading what it needs would take most of the time."""
        out, err, level, before = io.StringIO(), io.StringIO(), logging.getLogger("azure").level, dict(os.environ)
        os.environ.update(self.environment)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                code = convert_image.main([*arguments, "--supervised", UNSUPERVISED])
        except SystemExit as done:
            code = int(str(done.code))
        finally:
            logging.getLogger("azure").setLevel(level)
            os.environ.clear()
            os.environ.update(before)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


@pytest.fixture
def node(tmp_path: Path, front: Front) -> Node:
    folder = tmp_path / "worker" / "0a1b2c3d4e5f"
    shutil.copytree(WORKER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Node(folder, front.connection_string)
