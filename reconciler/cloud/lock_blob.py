"""The lock of a spec in a resource group: a lease on the blob `lock/SUBSCRIPTION/GROUP/OWNER.json`, which says whose.

Storage grants a lease to one, takes a repeated request of the same holder for the first one, and renews no lease that
another has had in between. What the blob says is for people: it is written by the holder, and counts as nothing else.
Source: learn.microsoft.com, Lease Blob.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from reconciler.cloud import note
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import NOT_PROVISIONED, tolerated, translated
from reconciler.errors import AzureError, NotRegistered, Unreachable

LARGEST, LONGEST = 1 << 14, 300
"""Bytes that are read of the blob, and characters of each of its texts."""
QUICKLY: Mapping[str, Any] = {"connection_timeout": 5, "read_timeout": 10, "retry_total": 0}
"""A lease is asked for again soon, so one request must not take long."""


class Answer(StrEnum):
    """What became of a request for a lease."""

    GRANTED = "granted"
    DENIED = "denied"
    """It is another's, or is being broken."""
    ABSENT = "absent"
    """There is no container for it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the lock, or had it last, in his own words. `since` is by the clock of the storage account."""

    who: str = ""
    why: str = ""
    run: str = ""
    since: datetime | None = None

    def words(self, age: str = "") -> str:
        """`ann@host (pid 7) since 2026-11-27 19:58:03 UTC, for apply specs/x.yaml, run https://...`, with `age` put in
        after the time."""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC{age}" if self.since else ""
        why, run = (f", {word} {text}" if text else "" for word, text in (("for", self.why), ("run", self.run)))
        return f"{self.who or 'somebody who does not say'}{since}{why}{run}"


@dataclass(frozen=True, slots=True)
class Seen:
    """A look at a lock. `state` is the lease's: available, leased, expired, breaking, broken; empty without a blob."""

    state: str = ""
    holder: Holder = field(default_factory=Holder)
    now: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether nobody can take it now."""
        return self.state in ("leased", "breaking")


@dataclass(frozen=True, slots=True)
class LockBlob:
    """The lock in `place`, which is `storage/ACCOUNT/CONTAINER`. `cloud` must not be one that the lock guards.

    Another `room` is another lock of the same spec.
    """

    cloud: Cloud
    place: str
    room: str = "lock"

    def acquire(self, lease: str, seconds: int) -> Answer:
        """Ask for the lease under an id of ours; again with the same id does no harm. Raises as Azure does."""

        def ask() -> None:
            self._client(lease).acquire(lease_duration=seconds, **QUICKLY)

        try:
            return self._answer(ask)
        except AzureError as error:
            if error.code != "BlobNotFound":
                raise
        with translated(), tolerated(409, 412):  # somebody else was faster
            self._blob().upload_blob(b"{}", overwrite=False, **QUICKLY)
        return self._answer(ask)

    def renew(self, lease: str) -> Answer:
        """Renew the lease; it is DENIED once and for all if it is not ours any more. Raises Unreachable, AzureError."""
        try:
            return self._answer(lambda: self._client(lease).renew(**QUICKLY))
        except AzureError as error:
            if error.code != "BlobNotFound":
                raise
        return Answer.ABSENT

    def release(self, lease: str) -> None:
        """Give the lease back; nothing happens if it is not ours."""
        with translated(), tolerated(404, 409, 412):
            self._client(lease).release(**QUICKLY)

    def break_(self) -> int:
        """Let nobody renew the lease; returns for how many seconds it still lasts. Nobody has it before that, so that
        whoever holds it finds out, or has no time left for a write."""
        with translated():
            return int(self._client("").break_lease())

    def write(self, lease: str, holder: Holder) -> None:
        """Say whose it is, as only its holder can."""
        text = json.dumps({"who": holder.who, "why": holder.why, "run": holder.run})
        with translated():
            self._blob().upload_blob(text.encode(), overwrite=True, lease=lease, **QUICKLY)

    def look(self) -> Seen | None:
        """Who has it; None if there is no container for it."""
        try:
            with translated():
                found = note.read(self._blob(), LARGEST)
        except AzureError as error:
            if error.code == "BlobNotFound":
                return Seen()
            if absent(error):
                return None
            raise
        there = found.properties
        return Seen(str(there.lease.state), _holder(found.content, there.last_modified), found.now)

    def _answer(self, ask: Callable[[], None]) -> Answer:
        try:
            with translated():
                ask()
        except AzureError as error:
            if absent(error):
                return Answer.ABSENT
            if "Lease" in error.code:
                return Answer.DENIED
            raise
        return Answer.GRANTED

    def gone(self) -> bool:
        """Whether the storage account is no more: then its name does not lead anywhere."""
        try:
            with translated():
                self.cloud.blob_endpoint(self.place.split("/")[1])
        except AzureError as error:
            return absent(error)
        except Unreachable:
            return False
        return False

    def _client(self, lease: str) -> Any:
        from azure.storage.blob import BlobLeaseClient

        return BlobLeaseClient(self._blob(), lease_id=lease or None)

    def _blob(self) -> Any:
        return self.cloud.container(self.place).get_blob_client(f"{self.room}/{name_of(self.cloud)}.json")


def name_of(cloud: Cloud) -> str:
    """What the blobs of a spec in a resource group are called, below their room."""
    target = cloud.target
    parts = (target.subscription, target.resource_group, cloud.owner)
    return "/".join(quote(part.lower(), safe="") for part in parts)


def absent(error: AzureError) -> bool:
    """Whether an error says that there is no container, or soon none: it or what it is in does not exist."""
    gone = isinstance(error, NotRegistered) or (error.status == 404 and error.code != "BlobNotFound")
    return gone or error.code == NOT_PROVISIONED or "BeingDeleted" in error.code


def _holder(content: bytes, since: datetime) -> Holder:
    """What a blob says, whoever wrote it."""
    try:
        body = json.loads(content)
        texts = {key: str(body.get(key, ""))[:LONGEST] for key in ("who", "why", "run")}
    except (ValueError, AttributeError, RecursionError):
        texts = {}
    return Holder(**texts, since=since)
