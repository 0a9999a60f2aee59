"""Downloading blobs: resumable, and into files whose names no writer of blobs can choose freely."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.cli.fetching import AT_ONCE, safe
from reconciler.cloud.errors import reading
from reconciler.errors import AzureError
from reconciler.files import arriving

ODD = (400, 404)
"""Statuses of a blob that no URL can name, as its name has `..` in it, and of one that is gone meanwhile."""


@dataclass(slots=True)
class Downloaded:
    """How many files and bytes were fetched, how many files were there already, and why other blobs were not."""

    files: int = 0
    bytes: int = 0
    there: int = 0
    failed: list[str] = field(default_factory=list)


def download(container: Any, prefix: str, folder: Path, told: Callable[[], None]) -> Downloaded:
    """The blobs of a container client whose names begin with `prefix`, as files below `folder`.

    A file has the time of its blob: one that has that time and size is there already.
    """
    done = Downloaded()

    def fetch(blob: Any) -> int | str | None:
        """How many bytes were fetched: None if it was there, or why it was not."""
        path = folder.joinpath(*map(safe, blob.name.split("/")))
        try:
            with reading(f"the blob {blob.name}"):
                return None if _same(path, blob) else _fetch(container, blob.name, path)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            return f"{blob.name}: another blob is a folder or file of that name"
        except AzureError as error:
            if error.status not in ODD:
                raise
            return str(error)
        finally:
            told()

    with (
        reading(f"the blobs of {container.account_name}/{container.container_name}"),
        ThreadPoolExecutor(AT_ONCE, thread_name_prefix="download") as threads,
    ):
        for size in threads.map(fetch, container.list_blobs(name_starts_with=prefix or None)):
            if size is None:
                done.there += 1
            elif isinstance(size, str):
                done.failed.append(size)
            else:
                done.files, done.bytes = done.files + 1, done.bytes + size
    return done


def _same(path: Path, blob: Any) -> bool:
    if not path.is_file():
        return False
    found = path.stat()
    return (found.st_size, int(found.st_mtime)) == (blob.size, int(blob.last_modified.timestamp()))


def _fetch(container: Any, name: str, path: Path) -> int:
    """How many bytes."""
    with arriving(path) as part:
        with part.open("wb") as file:
            blob = container.download_blob(name)
            size = int(blob.readinto(file))
        moment = blob.properties.last_modified.timestamp()
        os.utime(part, (moment, moment))
    return size
