"""Peak memory of a plan's listings: 100,000 inputs and their outputs, read page by page through the storage SDK.

    python -m bench.listing SERVER_URL     # run by bench.__main__ in a process of its own

The server here makes up List Blobs pages of 5,000, as Azure's are, because uploading 100,000 blobs would take longer
than everything else that is measured.
"""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

INPUTS, PAGE = 100_000, 5_000


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        start = int(parse_qs(url.query).get("marker", ["0"])[0])
        suffix, metadata = (".jpg", False) if "images" in url.path else (".png", True)
        blobs = "".join(_blob(number, suffix, metadata=metadata) for number in range(start, min(start + PAGE, INPUTS)))
        marker = str(start + PAGE) if start + PAGE < INPUTS else ""
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
    yield f"http://127.0.0.1:{server.server_port}/account"
    server.shutdown()


def main(url: str) -> None:
    from azure.storage.blob import ContainerClient

    from reconciler.kinds.conversion import containers
    from reconciler.kinds.conversion.work import work

    inputs = containers.inputs(ContainerClient(url, "images"), "")
    made = containers.made(ContainerClient(url, "converted"), "", "spec/job")
    assert work(inputs, made, {}, (".jpg",)).up_to_date == INPUTS
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}\n")


if __name__ == "__main__":
    main(sys.argv[1])
