"""The wire log: when it is switched on, every exchange on the ARM and Batch planes as a JSON line in `wire.jsonl`."""

from __future__ import annotations

import json
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from azure_local import log
from azure_local.azure import Azure

LARGEST = 64_000_000


def record(azure: Azure, plane: str, request: Request, content: bytes, shown: Response) -> None:
    """Fields: plane, method, path, query, request, status, headers, response; bodies as text."""
    if not (azure.folder / "wire.on").exists():
        return
    body = shown.body
    line = {
        "plane": plane,
        "method": request.method,
        "path": request.url.path,
        "query": dict(request.query_params),
        "request": content.decode(errors="replace"),
        "status": shown.status_code,
        "headers": dict(shown.headers),
        "response": bytes(body).decode(errors="replace"),
    }
    path = azure.folder / "wire.jsonl"
    with suppress(OSError), path.open("a") as file:
        file.write(json.dumps(line) + "\n")
    log.bound(path, LARGEST)
