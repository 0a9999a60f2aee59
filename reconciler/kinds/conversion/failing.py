"""The first inputs that cannot be converted, by their markers: for explanations, which ask only a few times."""

from __future__ import annotations

from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.kinds.conversion import bundle, containers, records
from reconciler.model import Desired

LOOKED_AT = 4
"""The most markers that are held against the content that their input has now, each by two requests."""


def first(cloud: Cloud, desired: Desired) -> tuple[str, ...]:
    """`broken.jpg: not_jpeg, the content begins with ...`, of the first LOOKED_AT at most.

    Markers of another converter count as none, as do those of inputs that have changed or gone since.
    """
    data, prefix = desired.data, containers.failed_prefix(desired)
    scripts, inputs = (containers.client(cloud, data[key]) for key in ("scripts", "from"))
    page: Any = ()
    with tolerated(404):
        listed = scripts.list_blobs(name_starts_with=f"{prefix}{data['prefix']}", include=["metadata"])
        page = list(next(listed.by_page(), ()))
    marked = [blob for blob in page if (blob.metadata or {}).get("worker") == bundle.name()][:LOOKED_AT]
    still = [blob.name for blob in marked if _etag(inputs, blob.name.removeprefix(prefix)) == _meant(blob)]
    failed, _ = records.markers(scripts, still)
    return tuple(f"{one.name}: {one.code}, {one.reason}" for one in failed)


def _meant(marker: Any) -> str:
    return str(marker.metadata.get(containers.ETAG, ""))


def _etag(inputs: Any, name: str) -> str | None:
    """The ETag of an input now; None if it is not there."""
    with tolerated(404):
        return str(inputs.get_blob_client(name).get_blob_properties().etag).strip('"')
    return None
