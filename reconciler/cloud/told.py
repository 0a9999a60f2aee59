"""What has been told of the ends of a job, kept in a container of the spec: `told/ACCOUNT/JOB.json`.

A job's metadata is no place for it, as nothing of a job that has ended can be changed. Who tells an end claims it
before, by a conditional write, so that of two runs at once only one tells it; a claim that outlives its time is that of
a run that was killed, and the next run tells it again. Whatever else the blob says counts as nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.cloud import note
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none, tolerated

LARGEST = 1 << 16
"""Bytes that are read of a blob."""
LONGEST = 2 * 86_400
"""Seconds of the longest claim that counts."""
NEVER = datetime(1, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """All ends until a moment have been told, but that this last one is `left` to be told to some, by their keys.

    since  when the end before the last one was
    busy   for how many seconds a run had claimed what comes next when it wrote this
    free   when that claim ends, None if there is none any more
    etag   of the blob, empty if there is none
    """

    since: datetime = NEVER
    until: datetime = NEVER
    left: tuple[str, ...] = ()
    busy: int = 0
    free: datetime | None = None
    etag: str = ""


def read(cloud: Cloud, place: str, job: str) -> Told:
    """What has been told of a job; `place` is `storage/ACCOUNT/CONTAINER`."""
    blob = _blob(cloud, place, job)
    found = missing_is_none(lambda: note.read(blob, LARGEST))
    if found is None:
        return Told()
    told, written = _parsed(found.content), found.properties.last_modified
    free = written + timedelta(seconds=told.busy)
    return replace(told, free=free if (found.now or written) < free else None, etag=found.properties.etag)


def claim(cloud: Cloud, place: str, job: str, told: Told, seconds: int) -> Told | None:
    """Claim for so many seconds what comes after `told`; None if somebody else was faster."""
    return _written(cloud, place, job, replace(told, busy=seconds))


def keep(cloud: Cloud, place: str, job: str, told: Told) -> None:
    """Keep what has been told, unless somebody else has taken it over."""
    _written(cloud, place, job, replace(told, busy=0))


def _written(cloud: Cloud, place: str, job: str, told: Told) -> Told | None:
    from azure.core import MatchConditions

    body = {"since": told.since.isoformat(), "until": told.until.isoformat(), "left": told.left, "busy": told.busy}
    match: dict[str, Any] = {"overwrite": False}
    if told.etag:
        match = {"overwrite": True, "etag": told.etag, "match_condition": MatchConditions.IfNotModified}
    with tolerated(409, 412):
        answer = _blob(cloud, place, job).upload_blob(json.dumps(body).encode(), **match)
        return replace(told, etag=answer["etag"])
    return None


def _blob(cloud: Cloud, place: str, job: str) -> Any:
    return cloud.container(place).get_blob_client(f"told/{cloud.account}/{job}.json".lower())


def _parsed(content: bytes) -> Told:
    try:
        body = json.loads(content)
        since, until = (datetime.fromisoformat(body[key]).astimezone(UTC) for key in ("since", "until"))
        left, busy = tuple(map(str, body["left"])), int(body["busy"])
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return Told()
    return Told(since, until, left, max(0, min(busy, LONGEST)))
