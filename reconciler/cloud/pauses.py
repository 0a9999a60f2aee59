"""What of a spec is paused: until when, why and by whom, kept beside its lock as `pause/SUBSCRIPTION/GROUP/OWNER.json`.

All watchers of a spec and all plans of it see the same. Two that pause at once both count, as each writes only over
what it has read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from reconciler.cloud import note
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated, translated
from reconciler.cloud.lock_blob import LONGEST, absent, name_of
from reconciler.errors import AzureError, ReconcileError, Refused
from reconciler.model import Address

LARGEST = 1 << 16
"""Bytes that are read of a blob."""
MOST = 200
"""How many pauses a spec may have; and how many there can be in so many bytes."""
TRIES = 5
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Pause:
    """`address` is that of a resource, or `*` for all of the spec. What is in it others may have written."""

    address: str
    until: datetime
    reason: str = ""
    by: str = ""

    def of(self, address: Address) -> bool:
        return self.address in (EVERYTHING, str(address))

    def words(self) -> str:
        """`paused until 2026-11-28 08:00 UTC by ann@host: the cluster is being tested`."""
        by, reason = f" by {self.by}" if self.by else "", f": {self.reason}" if self.reason else ""
        return f"paused until {self.until:%Y-%m-%d %H:%M} UTC{by}{reason}"

    @property
    def what(self) -> str:
        return "everything" if self.address == EVERYTHING else self.address


Pauses = tuple[Pause, ...]


def valid(pauses: Iterable[Pause], now: datetime) -> Pauses:
    """Those that have not ended."""
    return tuple(pause for pause in pauses if now < pause.until)


def added(pauses: Pauses, new: Iterable[Pause]) -> Pauses:
    """With new ones, each in the place of that of the same address. Refused if there are too many."""
    fresh = {pause.address: pause for pause in new}
    every = (*(pause for pause in pauses if pause.address not in fresh), *fresh.values())
    if len(every) > MOST:
        raise Refused(f"{len(every)} pauses are more than the {MOST} that a spec may have; pause --all, or resume some")
    return every


def without(pauses: Pauses, addresses: Iterable[str]) -> Pauses:
    """Without those of these addresses."""
    gone = set(addresses)
    return tuple(pause for pause in pauses if pause.address not in gone)


def read(cloud: Cloud, place: str) -> tuple[Pauses, datetime]:
    """All pauses, also those that have ended, and what time it is; none where the container is not there yet.

    `place` is `storage/ACCOUNT/CONTAINER`. Raises as Azure does, and ReconcileError for what is no list of pauses: who
    cannot read what is paused must not take it for nothing.
    """
    pauses, _, now = _read(cloud, place)
    return pauses, now


def change(cloud: Cloud, place: str, changed: Callable[[Pauses, datetime], Pauses]) -> Pauses:
    """Keep what `changed` makes of those that have not ended; what is kept. Raises as Azure does, Refused in a race."""
    from azure.core import MatchConditions

    for _ in range(TRIES):
        pauses, etag, now = _read(cloud, place)
        try:
            with translated(), tolerated(409, 412):
                if not etag:  # what time it is there, storage says with a blob only
                    _blob(cloud, place).upload_blob(_text(()), overwrite=False)
                    continue
                new = changed(valid(pauses, now), now)
                match = MatchConditions.IfNotModified
                _blob(cloud, place).upload_blob(_text(new), overwrite=True, etag=etag, match_condition=match)
                return new
        except AzureError as error:
            if absent(error):
                raise Refused(f"nothing can be paused until {place} is there; apply makes it") from None
            raise
    raise Refused("others change the pauses of this spec all the time; try again")


def clear(cloud: Cloud, place: str) -> None:
    """Let nothing be paused, whatever is kept there. Raises as Azure does."""
    try:
        with translated():
            _blob(cloud, place).upload_blob(_text(()), overwrite=True)
    except AzureError as error:
        if not absent(error):
            raise


def _read(cloud: Cloud, place: str) -> tuple[Pauses, str, datetime]:
    try:
        with translated():
            found = note.read(_blob(cloud, place), LARGEST)
    except AzureError as error:
        if error.code == "BlobNotFound" or absent(error):
            return (), "", cloud.time
        raise
    return parsed(found.content), str(found.properties.etag), found.now or cloud.time


def parsed(content: bytes) -> Pauses:
    """The pauses in a blob. ReconcileError if it is something else."""
    try:
        return tuple(_pause(entry) for entry in json.loads(content)["pauses"][:MOST])
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        remedy = "reconcile resume --all makes it anew"
        raise ReconcileError(f"what is paused cannot be known, as its blob does not hold it; {remedy}") from None


def _pause(entry: Any) -> Pause:
    address = EVERYTHING if entry["address"] == EVERYTHING else str(Address.parse(str(entry["address"])))
    until = datetime.fromisoformat(entry["until"])
    until = until.replace(tzinfo=UTC) if until.tzinfo is None else until.astimezone(UTC)
    return Pause(address[:LONGEST], until, str(entry.get("reason", ""))[:LONGEST], str(entry.get("by", ""))[:LONGEST])


def _text(pauses: Pauses) -> bytes:
    body = [asdict(pause) | {"until": pause.until.isoformat()} for pause in pauses]
    return json.dumps({"pauses": body}, indent=1).encode()


def _blob(cloud: Cloud, place: str) -> Any:
    return cloud.container(place).get_blob_client(f"pause/{name_of(cloud)}.json")
