"""What applications and their packages share: ids, the upload of packages, and the lock that is allowUpdates.

While `allowUpdates` of an application is false, Azure neither replaces the content of a version nor deletes one.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.cloud import arm, logs
from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError, Refused, Unreachable
from reconciler.kinds.application import packing
from reconciler.model import Address, Desired
from reconciler.secret import hidden

_locks: dict[str, threading.Lock] = defaultdict(threading.Lock)


def collection(cloud: Cloud) -> str:
    return f"{cloud.account_id}/applications"


def id_of(cloud: Cloud, name: str) -> str:
    return f"{collection(cloud)}/{name}"


def spelled(wanted: Iterable[Desired]) -> dict[str, Address]:
    """Name in lower case → address: Batch ignores case in names but keeps the case that they were made with."""
    return {desired.address.name.lower(): desired.address for desired in wanted}


@contextmanager
def unlocked(cloud: Cloud, application: str) -> Iterator[None]:
    """Inside the block, packages of `application` (an id) can be changed and deleted even if it allows no updates."""
    with _locks[application.lower()]:
        raw = arm.get(cloud, application)
        locked = raw is not None and raw["properties"].get("allowUpdates") is False
        if locked:
            arm.patch(cloud, application, {"properties": {"allowUpdates": True}})
        try:
            yield
        finally:
            if locked:
                arm.patch(cloud, application, {"properties": {"allowUpdates": False}})


def check_unused(cloud: Cloud, address: Address, application: str, version: str | None) -> None:
    """Raise Refused if a pool brings the application to its nodes; with `version`, only if it brings that one."""
    default = (arm.get(cloud, application) or {"properties": {}})["properties"].get("defaultVersion")
    for pool in arm.listing(cloud, f"{cloud.account_id}/pools"):
        for reference in pool["properties"].get("applicationPackages") or ():
            named = (reference.get("version") or default or "").lower()
            if reference["id"].lower() == application.lower() and version in (None, named):
                text = f"the pool {pool['name']} uses it; take it out of that pool's applicationPackages first"
                raise Refused(f"cannot delete {address}: {text}")


def publish(cloud: Cloud, desired: Desired, tags: dict[str, str], *, anew: bool) -> None:
    """Upload the package and activate it.

    `anew`: it exists already. Then the tag with its content is written only after the upload, so that the tag is right
    whenever this is killed. A new package gets the tag at once, because it is Pending until it is activated.
    """
    data = desired.data
    package = f"{id_of(cloud, data['application'])}/versions/{data['version']}"
    content = {**tags, marks.CONTENT: desired.body["content"]}
    raw = cloud.arm("PUT", package, {"tags": tags if anew else content}).body
    upload(cloud, desired, raw["properties"]["storageUrl"])
    if anew:
        cloud.arm("PUT", package, {"tags": content})
    cloud.arm("POST", f"{package}/activate", {"format": "zip"})


def upload(cloud: Cloud, desired: Desired, url: str) -> None:
    """Send the package to the URL that Batch gave, with the permission in that URL or as whoever is signed in.

    Source: ApplicationPackage_Create: with storage keys the URL contains a SAS; otherwise it does not.
    """
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    logs.keep_secrets_out()
    with packing.packed(Path(desired.data["path"])) as package:
        try:
            _client(cloud, desired.data["storage"], url).upload_blob(package, overwrite=True)
        except (ServiceRequestError, ServiceResponseError) as error:  # the cause names the link
            raise Unreachable(f"cannot upload {desired.address}: {_reason(error)}") from None


def _client(cloud: Cloud, storage: str, url: str) -> Any:
    container, name = _place(cloud, storage, url)
    query = url.partition("?")[2]
    if "sig=" in query:
        link = f"{cloud.blob_endpoint(storage)}/{container}/{name}?{query}"
        return cloud.linked_blob(link)
    return cloud.blobs(storage).get_blob_client(container, name)


def _place(cloud: Cloud, storage: str, url: str) -> tuple[str, str]:
    """Container and blob of a URL, which must be in the storage account: our token must not be sent elsewhere."""
    place = url.partition("?")[0]
    path, base = place.split("://")[-1], f"{cloud.blob_endpoint(storage).split('://')[1]}/"
    if not path.startswith(base):
        raise ReconcileError(f"Batch keeps packages at {place}, which is not in storage/{storage}; run plan again")
    container, _, name = path.removeprefix(base).partition("/")
    return container, name


def container_of(cloud: Cloud, package: Mapping[str, Any]) -> str | None:
    """The ARM id of the container that holds a package, or None if it is unknown; only the answer to a PUT has it."""
    from azure.core.exceptions import HttpResponseError

    account = arm.get(cloud, cloud.account_id or "") or {"properties": {}}
    storage = str((account["properties"].get("autoStorage") or {}).get("storageAccountId", ""))
    if storage.lower() != cloud.id_of("Microsoft.Storage/storageAccounts", storage.rpartition("/")[2]).lower():
        return None
    try:
        raw = cloud.arm("PUT", package["id"], {"tags": package.get("tags") or {}}).body
    except HttpResponseError:
        return None
    container, _ = _place(cloud, storage.rsplit("/", 1)[1], raw["properties"]["storageUrl"])
    return f"{storage}/blobServices/default/containers/{container}"


def drop_if_empty(cloud: Cloud, container: str) -> None:
    """Delete the container (an ARM id) that Batch leaves behind, if it is empty; one that we may not read stays."""
    from azure.core.exceptions import HttpResponseError

    storage, name = container.split("/")[8], container.rsplit("/", 1)[1]
    try:
        blob = next(iter(cloud.blobs(storage).get_container_client(name).list_blobs(results_per_page=1)), None)
    except HttpResponseError:
        return
    if blob is None:
        arm.delete(cloud, container)


def _reason(error: Exception) -> str:
    return hidden(str(error).strip().splitlines()[0])[:300]
