"""Time and peak memory of a plan's listings: blobs, read page by page through the storage SDK.

    python -m bench.listing SERVER_URL conversion     # run by bench.__main__ in a process of its own
    python -m bench.listing SERVER_URL tasks          # a task for each of a million blobs, in chunks or not

The server here makes up List Blobs pages of 5,000, as Azure's are, because uploading so many blobs would take longer
than everything else that is measured.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench import memory
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.kinds import KINDS, load
from reconciler.spec.spec import Spec

NUMBERS = {"conversion": 100_000, "tasks": 1_000_000}
PAGE = 5_000
SPEC = """
apiVersion: reconciler/v1
name: bench
azure: {cloud: local, location: italynorth, resourceGroup: rg-bench}
batchAccount: {name: babench}
storage: {stbench: {containers: [images]}}
pools: {p: {vmSize: Standard_D2s_v3, image: ubuntu-24.04, nodes: 1, identity: identities/id-node}}
identities: {id-node: {roles: [{role: Storage Blob Data Reader, scope: storage/stbench}]}}
jobs:
  job:
    pool: pools/p
    tasks: {each: {forEach: storage/stbench/images, limit: 1000000, command: "sha256sum {{item}}"}}
"""


class _Pages(BaseHTTPRequestHandler):
    """Pages of as many blobs as the first part of a path says."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        there = int(url.path.split("/")[1])
        start = int(parse_qs(url.query).get("marker", ["0"])[0])
        suffix, metadata = (".jpg", False) if "images" in url.path else (".png", True)
        blobs = "".join(_blob(number, suffix, metadata=metadata) for number in range(start, min(start + PAGE, there)))
        marker = str(start + PAGE) if start + PAGE < there else ""
        names = '<EnumerationResults ServiceEndpoint="http://x/" ContainerName="c">'
        text = (
            f'<?xml version="1.0"?>{names}<Blobs>{blobs}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>'
        )
        self.send_response(200)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        return


def _blob(number: int, suffix: str, *, metadata: bool) -> str:
    etag = f"0x8D{number:015X}"
    told = f"<Metadata><source_etag>{etag}</source_etag><made_by>spec/job</made_by></Metadata>" if metadata else ""
    properties = f"<Etag>{etag}</Etag><Content-Length>1000</Content-Length><BlobType>BlockBlob</BlobType>"
    return f"<Blob><Name>folder/image-{number:07}{suffix}</Name><Properties>{properties}</Properties>{told}</Blob>"


@contextmanager
def serving() -> Iterator[str]:
    """The URL of a server of such pages."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def conversion(url: str) -> None:
    """Inputs and their outputs, listed and compared."""
    from azure.storage.blob import ContainerClient

    from reconciler.kinds.conversion import containers
    from reconciler.kinds.conversion.work import work

    inputs = containers.inputs(ContainerClient(url, "images"), "")
    made = containers.made(ContainerClient(url, "converted"), "", "spec/job")
    assert work(inputs, made, {}, (".jpg",)).up_to_date == NUMBERS["conversion"]


class _Blobs(Cloud):
    """A cloud of which only blobs are asked."""

    def __init__(self, spec: Spec, url: str) -> None:
        super().__init__(spec.azure, spec.name, None, Endpoints("https://nowhere.invalid", 0.0, 0.0))
        self._url = url

    def blobs(self, storage_account: str) -> Any:
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient(self._url)

    def blob_endpoint(self, storage_account: str) -> str:
        return self._url


def tasks(url: str) -> None:
    """Which tasks there are to be for the blobs of a container: what a plan of a job does that has none of them yet."""
    from reconciler.kinds.tasks import comparing, wanted

    with TemporaryDirectory() as folder:
        file = Path(folder) / "spec.yaml"
        file.write_text(SPEC)
        spec = load(file, {})
    (desired,) = KINDS["tasks"].expand(spec)
    state = comparing.compared(wanted.groups(_Blobs(spec, url), desired), {}, {})
    assert state.counts.new == NUMBERS["tasks"]


def main(url: str, what: str) -> None:
    begun = time.process_time()
    {"conversion": conversion, "tasks": tasks}[what](f"{url}/{NUMBERS[what]}")
    sys.stdout.write(f"{memory.peak()} MB, {time.process_time() - begun:.0f} s CPU\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
