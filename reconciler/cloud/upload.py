"""Upload local images into a job's input container, in parallel, and only those that are not there already."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from reconciler.cloud.errors import reading, translated
from reconciler.errors import ReconcileError

SOURCES = (".jpg", ".jpeg", ".jpe")


def files_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Blob name (the path below `folder`) and content of each image, by suffix. No link out of it is followed."""
    if not folder.is_dir():
        raise ReconcileError(f"cannot upload {folder}: it is not a folder")
    return _images(folder)


def _images(folder: Path) -> Iterator[tuple[str, bytes]]:
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SOURCES and path.is_file() and path.resolve().is_relative_to(root):
            yield _name(path, folder), path.read_bytes()


def _name(path: Path, folder: Path) -> str:
    """The name of the blob: names of blobs are Unicode, those of files here may be any bytes."""
    name = path.relative_to(folder).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError:
        raise ReconcileError(f"cannot upload {path}: its name is not UTF-8; rename it") from None
    return name


def upload(container: Any, images: Iterable[tuple[str, bytes]], told: Callable[[str, bool], None]) -> tuple[int, int]:
    """Put (name, content) pairs into a container client; how many were sent and how many were there already."""
    with reading(f"the blobs of {container.account_name}/{container.container_name}"):
        there = {blob.name: bytes(blob.content_settings.content_md5 or b"") for blob in container.list_blobs()}

    def send(image: tuple[str, bytes]) -> bool:
        name, content = image
        digest = hashlib.md5(content, usedforsecurity=False).digest()
        fresh = there.get(name) == digest
        if not fresh:
            from azure.storage.blob import ContentSettings

            settings = ContentSettings(content_type="image/jpeg", content_md5=bytearray(digest))
            with translated():
                container.upload_blob(name, content, overwrite=True, content_settings=settings)
        told(name, not fresh)
        return not fresh

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, images))
    return sum(sent), len(sent) - sum(sent)
