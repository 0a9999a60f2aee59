"""Fetching what tasks wrote from their nodes: resumable, and under names that nobody on a node can choose freely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.digest import digest
from reconciler.errors import AzureError
from reconciler.files import arriving

AT_ONCE = 8
"""How many tasks are fetched side by side."""
GONE = ("NodeNotFound", "FileNotFound", "TaskFilesUnavailable", "TaskFilesCleanedup", "OperationInvalidForCurrentState")
"""Azure codes that say that a task has no files, or none any more."""
LONGEST = 200
"""Bytes of a name; file systems take 255."""


@dataclass(slots=True)
class Fetched:
    """How many files and bytes were fetched, how many were there already; the tasks whose files are gone, and single
    files that the node does not give.
    """

    files: int = 0
    bytes: int = 0
    there: int = 0
    gone: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    def add(self, other: Fetched) -> None:
        self.files, self.bytes = self.files + other.files, self.bytes + other.bytes
        self.there += other.there
        self.gone += other.gone
        self.lost += other.lost


def fetch(cloud: Cloud, job: str, tasks: Iterable[str], folder: Path) -> Fetched:
    """Everything that these tasks wrote, in a folder for each. What is there whole is not fetched again.

    Outcomes are, as another try may write as many bytes.
    """
    total = Fetched()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as threads:
        for fetched in threads.map(partial(_fetch_task, cloud, job, folder), tasks):
            total.add(fetched)
    return total


def _fetch_task(cloud: Cloud, job: str, folder: Path, task: str) -> Fetched:
    fetched = Fetched()
    try:
        with reading(f"the files of the task {task} of {job}"):
            files = list(_files(cloud, job, task))
    except AzureError as error:
        if error.code not in GONE:
            raise
        fetched.gone.append(task)
        return fetched
    for name, size in files:
        path = folder.joinpath(safe(task), *map(safe, name.split("/")))
        if path.is_file() and path.stat().st_size == size and not name.endswith(marks.OUTCOMES):
            fetched.there += 1
        else:
            _fetch_file(cloud, (job, task, name), path, fetched)
    return fetched


def _files(cloud: Cloud, job: str, task: str) -> Iterator[tuple[str, int]]:
    for file in cloud.batch().list_task_files(job, task, recursive=True):
        raw: dict[str, Any] = file.as_dict()
        if not raw.get("isDirectory"):
            yield raw["name"], int((raw.get("properties") or {}).get("contentLength", 0))


def _fetch_file(cloud: Cloud, where: tuple[str, str, str], path: Path, fetched: Fetched) -> None:
    what = f"the file {where[2]} of the task {where[1]}"
    try:
        with reading(what), arriving(path) as part, part.open("wb") as file:
            for chunk in cloud.batch().download_task_file(*where):
                fetched.bytes += file.write(chunk)
    except AzureError as error:
        if error.code not in GONE:
            raise
        fetched.lost.append(f"{where[1]}/{where[2]}")
        return
    fetched.files += 1


def safe(name: str) -> str:
    """A name from a node as that of a file here: one that could lead elsewhere, or is too long, is spelled out."""
    spelled = "".join(c if c.isprintable() and c not in '/\\:*?"<>|%' else f"%{ord(c):02X}" for c in name)
    if not spelled.strip(". "):
        spelled = spelled.replace(".", "%2E") or "%00"
    encoded = spelled.encode("utf-8", "backslashreplace")
    if len(encoded) <= LONGEST:
        return encoded.decode()
    return f"{encoded[:LONGEST].decode('utf-8', 'ignore')}~{digest(name)}"
