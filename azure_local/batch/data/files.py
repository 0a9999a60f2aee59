"""Files on nodes as the data plane shows them: lists, properties, bytes or a range of them, and their removal."""

from __future__ import annotations

import mimetypes
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from azure_local.azure import Azure
from azure_local.batch.data.common import listed
from azure_local.clock import stamp
from azure_local.http import Answer, Call, Failure


def listing(azure: Azure, call: Call, folder: Path, url: str) -> Answer:
    """The files in `folder`, or all below it if `recursive` is set."""
    deep = call.query.get("recursive", "false").lower() == "true"
    paths = sorted(folder.rglob("*") if deep else folder.glob("*"))
    return listed(azure, call, "files", (_entry(folder, path, url) for path in paths))


def _entry(folder: Path, path: Path, url: str) -> dict[str, Any]:
    name = str(path.relative_to(folder))
    entry: dict[str, Any] = {"name": name, "url": f"{url}/files/{quote(name)}", "isDirectory": path.is_dir()}
    if path.is_file():
        known = path.stat()
        entry["properties"] = {
            "contentLength": str(known.st_size),
            "lastModified": stamp(datetime.fromtimestamp(known.st_mtime, UTC)),
            "contentType": _type(path),
            "fileMode": oct(known.st_mode),
        }
    return entry


def file(call: Call, folder: Path, url: str) -> Answer:
    """A file's bytes, whole or the range of `ocp-range`; for HEAD only the headers. Failure 404."""
    path = _below(folder, call.params["file"])
    if path is None or not path.is_file():
        raise Failure(404, "FileNotFound", "The specified file does not exist.")
    data = path.read_bytes()
    asked = call.headers.get("ocp-range", "")
    if match := re.fullmatch(r"bytes=(\d+)-(\d*)", asked):
        if data and int(match[1]) >= len(data):
            raise Failure(416, "InvalidRange", "The range specified is invalid for the current size of the resource.")
        data = data[int(match[1]) : int(match[2]) + 1 if match[2] else None]
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {
        "ocp-batch-file-isdirectory": "False",
        "ocp-batch-file-mode": oct(path.stat().st_mode),
        "ocp-batch-file-url": f"{url}/files/{quote(call.params['file'])}",
        "ocp-creation-time": changed,
        "Last-Modified": changed,
        "Content-Type": _type(path),
        "Content-Length": str(len(data)),
    }
    return Answer(200, None if call.method == "HEAD" else data, headers)


def remove(call: Call, folder: Path) -> Answer:
    """A file, or with `recursive` a directory. Failure 404."""
    path = _below(folder, call.params["file"])
    if path is None or not path.exists():
        raise Failure(404, "FileNotFound", "The specified file does not exist.")
    if not path.is_dir():
        path.unlink()
    elif call.query.get("recursive", "false").lower() == "true" or not any(path.iterdir()):
        shutil.rmtree(path)
    else:
        raise Failure(409, "OperationInvalidForCurrentState", "The directory is not empty; delete it recursively.")
    return Answer(200)


def _below(folder: Path, name: str) -> Path | None:
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) else None


def _type(path: Path) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
