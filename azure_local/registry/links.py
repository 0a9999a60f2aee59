"""The blobs of a build's source and log, behind links that cannot be guessed and that expire.

They answer as the blob service does, for the part of its API that uploads one blob and reads another.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import shutil
import uuid
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from azure_local.azure import Azure
from azure_local.http import Failure, etag

LIFETIME = 3600
"""Simulated seconds for which a link is valid."""
KEPT = 24 * 3600
LARGEST = 512 << 20


def new_source(azure: Azure, registry: str) -> dict[str, str]:
    """A new place for a source: its upload link, and the path by which a run names it."""
    for key, old in azure.store.items("buildSource"):
        if azure.clock.passed(old["forgotten"]):
            forget(azure, key)
    secret, day = secrets.token_urlsafe(32), azure.clock.now().strftime("%Y%m%d%H%M%S")
    name = f"{uuid.uuid4().hex}.tar.gz"
    path = f"source/{day}/{name}"
    known = {"registry": registry, "path": path, "secret": secret, "name": name, "uploaded": False}
    moments = {"expires": azure.clock.after(LIFETIME), "forgotten": azure.clock.after(KEPT)}
    azure.store.put("buildSource", path, {**known, **moments})
    return {"relativePath": path, "uploadUrl": f"{azure.front}/acr-source/{secret}/{name}"}


def source(azure: Azure, registry: str, path: str) -> Path | None:
    """The file that was uploaded for a path of this registry."""
    document = azure.store.get("buildSource", path)
    if document is None or document["registry"].lower() != registry.lower() or not document["uploaded"]:
        return None
    return _folder(azure, document) / "source"


def forget(azure: Azure, path: str) -> None:
    document = azure.store.get("buildSource", path)
    if document is not None:
        azure.store.delete("buildSource", path)
        shutil.rmtree(_folder(azure, document), ignore_errors=True)


def _folder(azure: Azure, document: dict[str, Any]) -> Path:
    return azure.folder / "build-sources" / hashlib.sha256(document["secret"].encode()).hexdigest()[:32]


def new_log(azure: Azure, run: str) -> str:
    """A link to the log of a run."""
    secret = secrets.token_urlsafe(32)
    azure.store.put("buildLog", secret, {"run": run, "secret": secret, "expires": azure.clock.after(LIFETIME)})
    return f"{azure.front}/acr-log/{secret}/{run.rsplit('/', 1)[-1]}.log"


async def serve(azure: Azure, request: Request) -> Response:
    _, what, secret, name = request.url.path.split("/", 3)
    kind = "buildSource" if what == "acr-source" else "buildLog"
    document = next(
        (candidate for candidate in azure.store.list(kind) if secrets.compare_digest(candidate["secret"], secret)), None
    )
    if document is None or azure.clock.passed(document["expires"]):
        text = (
            "Server failed to authenticate the request. Make sure the value of the link is right and has not expired."
        )
        raise Failure(403, "AuthenticationFailed", text)
    if kind == "buildLog":
        return _log(azure, request, document)
    if request.method != "PUT" or name != document["name"]:
        text = "This request is not authorized to perform this operation using this permission."
        raise Failure(403, "AuthorizationPermissionMismatch", text)
    return await _upload(azure, request, document)


async def _upload(azure: Azure, request: Request, document: dict[str, Any]) -> Response:
    """Put Blob, Put Block or Put Block List."""
    folder = _folder(azure, document)
    folder.mkdir(parents=True, exist_ok=True)
    operation = request.query_params.get("comp", "")
    if operation == "block":
        await _receive(request, folder / _block(request.query_params.get("blockid", "")))
        return Response(b"", 201, _headers(azure))
    if operation not in ("", "blocklist"):
        raise Failure(400, "InvalidQueryParameterValue", "Value for one of the query parameters is invalid.")
    if request.headers.get("if-none-match") == "*" and document["uploaded"]:
        raise Failure(409, "BlobAlreadyExists", "The specified blob already exists.")
    if operation == "blocklist":
        _assemble(folder, (await request.body()).decode(errors="replace"))
    elif request.headers.get("x-ms-blob-type") != "BlockBlob":
        raise Failure(400, "InvalidHeaderValue", "The value for the header x-ms-blob-type must be BlockBlob.")
    else:
        await _receive(request, folder / "source")
    document["uploaded"] = True
    azure.store.put("buildSource", document["path"], document)
    return Response(b"", 201, _headers(azure))


def _headers(azure: Azure) -> dict[str, str]:
    moment = azure.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
    return {"ETag": f'"{etag()}"', "Last-Modified": moment, "Date": moment, "x-ms-version": "2025-11-05"}


def _block(name: str) -> str:
    try:
        base64.b64decode(name, validate=True)
    except ValueError:
        raise Failure(400, "InvalidQueryParameterValue", "The block id is not base64.") from None
    return f"block-{hashlib.sha256(name.encode()).hexdigest()}"


async def _receive(request: Request, path: Path) -> None:
    """Write the request's body to the file, completely or not at all."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    size = 0
    try:
        with part.open("wb") as file:
            async for chunk in request.stream():
                size += len(chunk)
                if size > LARGEST:
                    raise Failure(413, "RequestBodyTooLarge", f"The request body exceeds {LARGEST} bytes.")
                file.write(chunk)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _assemble(folder: Path, listed: str) -> None:
    """Join the blocks of a block list to the source."""
    names = re.findall(r"<(?:Latest|Uncommitted|Committed)>([^<]*)</", listed)
    blocks = [folder / _block(name) for name in names]
    if not blocks or not all(block.exists() for block in blocks):
        raise Failure(400, "InvalidBlockList", "The specified block list is invalid.")
    if sum(block.stat().st_size for block in blocks) > LARGEST:
        raise Failure(413, "RequestBodyTooLarge", f"The blob exceeds {LARGEST} bytes.")
    part = folder / "source.part"
    with part.open("wb") as file:
        for block in blocks:
            file.write(block.read_bytes())
    part.replace(folder / "source")
    for block in folder.glob("block-*"):
        block.unlink()


def _log(azure: Azure, request: Request, document: dict[str, Any]) -> Response:
    """The log of the run so far, whole or a range of it."""
    run = azure.store.get("run", document["run"])
    lines = [text for moment, text in run["log"] if azure.clock.passed(moment)] if run else []
    if run is None or not lines:
        raise Failure(404, "BlobNotFound", "The specified blob does not exist.")
    if request.method not in ("GET", "HEAD"):
        raise Failure(403, "AuthorizationPermissionMismatch", "This link is for reading.")
    data = "".join(f"{line}\n" for line in lines).encode()
    headers = {**_headers(azure), "x-ms-blob-type": "AppendBlob", "Accept-Ranges": "bytes"}
    headers["ETag"] = f'"0x{hashlib.sha256(data).hexdigest()[:15].upper()}"'
    status = run["resource"]["properties"]["status"]
    if "finishTime" in run["resource"]["properties"]:
        headers["x-ms-meta-Complete"] = "successful" if status == "Succeeded" else "failed"
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("x-ms-range", request.headers.get("range", "")))
    if match is None:
        return Response(data, 200, headers, "text/plain; charset=utf-8")
    first, last = int(match[1]), min(int(match[2] or len(data)), len(data) - 1)
    if first >= len(data):
        raise Failure(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Response(data[first : last + 1], 206, headers, "text/plain; charset=utf-8")
