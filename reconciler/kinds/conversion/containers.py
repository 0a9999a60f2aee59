"""What a conversion's containers hold: one listing each of inputs, outputs and failure markers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime
from sys import intern
from typing import Any
from urllib.parse import quote

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.kinds.conversion import again, bundle
from reconciler.kinds.conversion.again import Again
from reconciler.kinds.conversion.work import Made, Work, work
from reconciler.model import Desired

ETAG, NAME, MAKER = "source_etag", "source_name", "made_by"
"""The metadata of an output, as the worker writes it."""
OUTDATED = "outdated"
"""In place of the ETag of its source: it is to be made anew."""


def client(cloud: Cloud, place: str) -> Any:
    account, container = place.split("/")
    return cloud.blobs(account).get_container_client(container)


def now(container: Any) -> datetime | None:
    """The time by the clock that dates blobs; None if an answer has none."""
    dates: list[str] = []
    with tolerated(404):
        container.get_container_properties(raw_response_hook=lambda answer: dates.append(_date(answer)))
    return parsedate_to_datetime(dates[-1]) if dates and dates[-1] else None


def _date(answer: Any) -> str:
    return str(answer.http_response.headers.get("Date", ""))


def urls(cloud: Cloud, desired: Desired) -> Mapping[str, str]:
    """`from`, `to`, `scripts` → container URL."""
    places = {}
    for key in ("from", "to", "scripts"):
        account, container = desired.data[key].split("/")
        places[key] = f"{cloud.blob_endpoint(account)}/{quote(container)}"
    return places


def look(cloud: Cloud, desired: Desired) -> Work:
    """The work that is left, from one listing of each container."""
    data = desired.data
    prefix = failed_prefix(desired)
    with ThreadPoolExecutor(3) as pool:
        sources = pool.submit(inputs, client(cloud, data["from"]), data["prefix"])
        results = pool.submit(made, client(cloud, data["to"]), data["prefix"], data["maker"], again.of(desired))
        markers = pool.submit(failures, client(cloud, data["scripts"]), prefix, again.of(desired))
        known = sources.result(), results.result(), markers.result()
        again.of(desired).check(desired.address.name, known[0])
        return work(
            *known,
            data["suffixes"],
            overwrites=data["overwriteForeign"],
            due=again.of(desired).due,
            sample=data["sample"],
        )


def inputs(container: Any, prefix: str) -> dict[str, str]:
    """Blob name → ETag; only strings, as there may be a million blobs."""
    return {blob.name: blob.etag.strip('"') for blob in container.list_blobs(name_starts_with=prefix or None)}


def made(container: Any, prefix: str, maker: str, again: Again = Again()) -> Made:  # noqa: B008 (a frozen value)
    """What is in the output container, as seen by the job `maker`."""
    seen = Made()
    for blob in container.list_blobs(name_starts_with=prefix or None, include=["metadata"]):
        metadata = blob.metadata or {}
        etag, by = metadata.get(ETAG), metadata.get(MAKER)
        if again.before(blob):
            seen.earlier.add(blob.name)
        if not etag:
            seen.foreign.add(blob.name)
        elif by == maker:
            seen.signed[blob.name] = etag
        elif by:
            seen.others[blob.name] = (intern(by), etag)
        else:
            seen.unsigned[blob.name] = etag
    return seen


def failed_prefix(desired: Desired) -> str:
    return f"jobs/{desired.address.name}/failed/"


def failures(container: Any, prefix: str, again: Again) -> dict[str, str]:
    """Input → the ETag of the content that this worker could not convert, unless it is to try again."""
    etags = {}
    for blob in container.list_blobs(name_starts_with=prefix, include=["metadata"]):
        metadata, name = blob.metadata or {}, blob.name.removeprefix(prefix)
        if metadata.get("worker") == bundle.name() and not (again.before(blob) and again.due(name)):
            etags[name] = metadata.get(ETAG, "")
    return etags


def outdate(cloud: Cloud, desired: Desired, names: Iterable[str]) -> None:
    """Say of outputs that they were made from other content, so that they are made anew wherever this breaks off."""
    from azure.core import MatchConditions

    container = client(cloud, desired.data["to"])

    def outdate_one(name: str) -> None:
        with tolerated(404, 412):  # it has been deleted, replaced or leased meanwhile
            blob = container.get_blob_client(name)
            seen = blob.get_blob_properties()
            metadata = {**seen.metadata, ETAG: OUTDATED}
            blob.set_blob_metadata(metadata, etag=seen.etag, match_condition=MatchConditions.IfNotModified)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(outdate_one, names))


def delete_orphans(cloud: Cloud, desired: Desired, backlog: Work) -> None:
    """Delete outputs without a source, if their metadata still says that this job made them."""
    from azure.core import MatchConditions

    container = client(cloud, desired.data["to"])

    def delete_one(name: str) -> None:
        with tolerated(404, 412):  # it has been deleted, replaced or leased meanwhile
            blob = container.get_blob_client(name).get_blob_properties()
            if blob.metadata.get(MAKER) == desired.data["maker"]:
                container.delete_blob(name, etag=blob.etag, match_condition=MatchConditions.IfNotModified)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(delete_one, backlog.orphans))
