"""Upload local files into a container, in parallel, and only those that are not there already."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.cloud.errors import reading, translated
from reconciler.errors import ReconcileError

IMAGES = (".jpg", ".jpeg", ".jpe")
UNKNOWN = "application/octet-stream"
MD5 = partial(hashlib.md5, usedforsecurity=False)


def files_in(folder: Path, suffixes: tuple[str, ...] = ("",)) -> Iterator[tuple[str, Path]]:
    """Blob name (the path below `folder`) and file of all that end so. No link out of it is followed."""
    if not folder.is_dir():
        raise ReconcileError(f"cannot upload {folder}: it is not a folder")
    return _files(folder, suffixes)


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.name.lower().endswith(suffixes) and path.is_file() and path.resolve().is_relative_to(root):
            yield _name(path, folder), path


def _name(path: Path, folder: Path) -> str:
    """The name of the blob: names of blobs are Unicode, those of files here may be any bytes."""
    name = path.relative_to(folder).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ReconcileError(f"cannot upload {path}: its name is not UTF-8; rename it") from None
    return name


def upload(
    container: Any, blobs: Iterable[tuple[str, bytes | Path]], told: Callable[[str, bool], None]
) -> tuple[int, int]:
    """Put blobs, each its name and its content or file, into a container client.

    How many were sent, and how many were there already, as their digests say.
    """
    with reading(f"the blobs of {container.account_name}/{container.container_name}"):
        there = {blob.name: bytes(blob.content_settings.content_md5 or b"") for blob in container.list_blobs()}

    def send(blob: tuple[str, bytes | Path]) -> bool:
        name, content = blob
        digest = _digest(content)
        missing = there.get(name) != digest
        if missing:
            _send(container, name, content, digest)
        told(name, missing)
        return missing

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, blobs))
    return sum(sent), len(sent) - sum(sent)


def _digest(content: bytes | Path) -> bytes:
    if isinstance(content, bytes):
        return MD5(content).digest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, MD5).digest()


def _send(container: Any, name: str, content: bytes | Path, digest: bytes) -> None:
    from azure.storage.blob import ContentSettings

    kind, packed = mimetypes.guess_type(name)
    settings = ContentSettings(content_type=UNKNOWN if packed or not kind else kind, content_md5=bytearray(digest))
    if isinstance(content, bytes):
        with translated():
            container.upload_blob(name, content, overwrite=True, content_settings=settings)
        return
    with content.open("rb") as file, translated():
        container.upload_blob(name, file, overwrite=True, content_settings=settings)
