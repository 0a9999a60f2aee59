"""What is kept of tasks and nodes in containers of the spec: listed and read. Names are those of `nodelogs.places`.

A container that is not there holds nothing. Errors are those of the SDK, as everywhere below `reading`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.nodelogs import places, telemetry
from reconciler.nodelogs.places import Printing
from reconciler.nodelogs.telemetry import Sample

AT_ONCE = 8
MOST = 2000
"""The most blobs of telemetry that are read for one answer: a hundred nodes for an hour and a half."""
LARGEST = 2**20
"""The most bytes of one that are read; a whole one has some 2,000."""


class Blob(NamedTuple):
    """A blob, its size in bytes, and when it was written last."""

    place: str
    name: str
    size: int
    at: datetime


def printing(cloud: Cloud, logs: tuple[str, str] | None, job: str) -> Printing | None:
    """Where the tasks of a live job bring what they print: `logs` are a place and an ARM id, None if it is not kept."""
    if logs is None:
        return None
    place, identity = logs
    return Printing(cloud.container_url(place), identity, str(cloud.account), job)


def under(cloud: Cloud, place: str, prefix: str) -> Iterator[Blob]:
    """The blobs of a container whose names begin so."""
    with tolerated(404):
        for blob in cloud.container(place).list_blobs(name_starts_with=prefix):
            yield Blob(place, blob.name, blob.size, blob.last_modified)


def content(cloud: Cloud, blob: Blob) -> Iterator[bytes]:
    """What is in a blob, piece by piece."""
    yield from cloud.container(blob.place).download_blob(blob.name).chunks()


def delete(cloud: Cloud, blobs: Iterable[Blob]) -> None:
    """Delete blobs, several at once; one that has gone meanwhile is no error."""

    def one(blob: Blob) -> None:
        with tolerated(404):
            cloud.container(blob.place).delete_blob(blob.name)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="forgetting") as threads:
        list(threads.map(one, blobs))


def generation(cloud: Cloud, place: str, room: str, name: str) -> str:
    """The folder of the newest job or pool of a name in the spec, of those in the folder `room`; empty without any."""
    there = []
    with tolerated(404):
        for item in cloud.container(place).walk_blobs(name_starts_with=room, delimiter="/"):
            live = item.name.removeprefix(room).rstrip("/")
            if item.name.endswith("/") and (live == name or marks.is_generation(live, name)):
                there.append(live)
    exact = [live for live in there if live == name and marks.generation(name) > 1]
    return next(iter(exact), max(there, key=marks.generation, default=""))


def samples(
    cloud: Cloud, place: str, pool: str, begin: datetime, end: datetime
) -> tuple[Mapping[str, list[Sample]], int]:
    """What the nodes of a live pool measured between two moments, by node; and how many blobs were too many to read."""
    first, names = begin - timedelta(seconds=places.WINDOW), []
    for hour in places.hours(str(cloud.account), pool, begin, end):
        windows = ((places.window(blob.name), blob.name) for blob in under(cloud, place, hour))
        names += [name for window, name in windows if window and first < window <= end]
    by_node: dict[str, list[Sample]] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="telemetry") as threads:
        read = threads.map(lambda name: (name, measured(cloud, place, name)), names[-MOST:])
        for name, found in read:
            node = name.rpartition("/")[2].removesuffix(places.PACKED)
            by_node.setdefault(node, []).extend(
                sample for sample in found if begin.timestamp() <= sample.at <= end.timestamp()
            )
    return by_node, max(0, len(names) - MOST)


def measured(cloud: Cloud, place: str, name: str) -> list[Sample]:
    """The samples of a blob; none if it is not there."""
    with tolerated(404):
        return telemetry.samples(cloud.container(place).download_blob(name, offset=0, length=LARGEST).readall())
    return []
