"""The blobs of a container that tasks are made for, and the files that tasks bring with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import quote

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.errors import ReconcileError
from reconciler.kinds.tasks import manifest
from reconciler.kinds.tasks.items import Item
from reconciler.kinds.tasks.manifest import Manifest
from reconciler.spec.tasks import Task, local_files

AT_ONCE = 8
"""How many manifests are uploaded at once."""


def kept(what: str, cloud: Cloud, name: str) -> str:
    """How the names of blobs begin in which something of the jobs of a name is kept: `what/ACCOUNT/JOB/`."""
    return f"{what}/{cloud.account}/{name}/".lower()


def items(cloud: Cloud, entry: Task) -> Iterator[Item]:
    """An item for each blob that is meant, page by page: its name is `item`, its URL `url`, its version the ETag."""
    base = cloud.container_url(entry["forEach"])
    for blob in cloud.container(entry["forEach"]).list_blobs(name_starts_with=entry.get("prefix")):
        if _meant(blob.name, entry):
            if {"", ".", ".."} & set(blob.name.split("/")) or blob.name.startswith(manifest.FOLDER):
                raise ReconcileError(f"the blob {blob.name} cannot be a file on a node; leave it out by patterns:")
            yield Item({"item": blob.name, "url": f"{base}/{quote(blob.name)}"}, blob.etag.strip('"'), blob.size)


def _meant(name: str, entry: Task) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in entry.get("patterns", ("*",)))


def digests(folder: Path, entry: Task) -> Mapping[str, str]:
    """Path of each local file of a task → the digest of its content. OSError for one that cannot be read."""
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest()[:16] for path in local_files(entry)}


def staged(files: Mapping[str, str]) -> dict[str, str]:
    """Path of each local file → the blob that it is uploaded as, named after its content."""
    return {path: f"files/{digest}/{path.rpartition('/')[2]}" for path, digest in files.items()}


def upload(cloud: Cloud, place: str, folder: Path, files: Mapping[str, str]) -> None:
    """Upload the files that are not there yet."""
    container = cloud.container(place)
    for path, blob in staged(files).items():
        target = container.get_blob_client(blob)
        if not target.exists():
            target.upload_blob((folder / path).read_bytes(), overwrite=True)


def keep(cloud: Cloud, place: str, manifests: Iterable[Manifest]) -> None:
    """Upload manifests, several at a time; one that is there already has this content."""
    container = cloud.container(place)

    def upload(each: Manifest) -> None:
        with tolerated(409):
            container.upload_blob(each.blob, each.content)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="items") as threads:
        list(threads.map(upload, manifests))
