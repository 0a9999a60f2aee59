"""The book of a spec: a record is begun, ended, listed and read. Nothing that was written is ever written again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from reconciler.audit import record as records
from reconciler.audit.record import Entry, Record
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.run_blobs import BEGUN, ENDED, ID, RunBlobs
from reconciler.errors import WrongUsage
from reconciler.files import folder

AT_ONCE = 8
"""How many records are read side by side."""


@dataclass(frozen=True, slots=True)
class Book:
    """The records of the runs of a spec on a cloud, in `place`: storage/ACCOUNT/CONTAINER.

    Raises as Azure does; a container that is not there yet has no records.
    """

    cloud: Cloud
    place: str

    def begin(self, record: Record) -> None:
        """Keep that a run has begun, so that it is known even if it dies."""
        self._blobs().write(record.id, BEGUN, records.document(record))

    def end(self, record: Record) -> None:
        """Keep the whole of a run, which has an `end`; whether it was kept that it had begun does not matter."""
        self._blobs().write(record.id, ENDED, records.document(record))

    def newest(self, limit: int) -> Sequence[Entry]:
        """The newest runs, the newest first; one that goes on or has died has a record without an end."""
        listed = self._blobs().newest(limit)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            found = list(threads.map(lambda run: self._entry(*run), listed))
        return [entry for entry in found if entry]

    def read(self, name: str) -> Record:
        """The run with an id, or the Nth newest. WrongUsage if there is none, or if this reconcile cannot read it."""
        if ID.fullmatch(name):
            entry = self._entry(name, ENDED) or self._entry(name, BEGUN)
        elif name.isascii() and name.isdigit() and 0 < int(name) <= MOST:
            listed = self._blobs().newest(int(name))
            entry = self._entry(*listed[-1]) if len(listed) == int(name) else None
        else:
            raise WrongUsage(f"{name} is no run: write its id, or 1 for the newest, 2 for the one before, to {MOST:,}")
        if entry is None:
            raise WrongUsage(f"there is no run {name} in {self.place}; reconcile history lists those that there are")
        if entry.record is None:
            raise WrongUsage(f"the record of run {entry.id} cannot be read: {entry.fault}")
        return entry.record

    def _entry(self, id_: str, stage: str) -> Entry | None:
        content = self._blobs().read(id_, stage)
        if content is None:
            return None
        try:
            return Entry(id_, parsed(content, id_))
        except ValueError as error:
            return Entry(id_, None, str(error))

    def _blobs(self) -> RunBlobs:
        return RunBlobs(self.cloud, self.place)


MOST = 1_000
"""How many runs may be asked for at once."""


def parsed(content: bytes, id_: str) -> Record:
    """The record in a blob, whoever wrote it. ValueError, in words, if it is none, or of a later version."""
    try:
        body = json.loads(content)
        version = body["version"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError("it is no record of a run") from None
    if isinstance(version, int) and version > records.VERSION:
        known = records.VERSION
        raise ValueError(f"it is of version {version}, and this reconcile knows {known}; take a later reconcile")
    if not _schema().is_valid(body) or body["id"] != id_:
        raise ValueError("it is not as its schema says; somebody else may have written it")
    try:
        return records.read(body)
    except ValueError:
        raise ValueError("it has a time that there is not") from None


@cache
def _schema() -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads((folder("schemas") / "run.schema.json").read_text()))
