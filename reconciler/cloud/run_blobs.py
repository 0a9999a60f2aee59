"""Records of runs, one after another in `audit/SUBSCRIPTION/GROUP/OWNER/2026-11/ID.begun.json` and `ID.ended.json`.

What was told of them is kept the same way, in a room of its own. Each is made by a write that never overwrites, so that
a container with an immutability policy takes them too. Months are folders: the newest records are found without listing
all that there are. Source: learn.microsoft.com, Put Blob, Specifying conditional headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.cloud import note
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none, tolerated, translated
from reconciler.cloud.lock_blob import name_of

LARGEST = 4 << 20
"""Bytes that are read of a blob."""
QUICKLY: dict[str, Any] = {"connection_timeout": 5, "read_timeout": 15, "retry_total": 1}
"""No run waits long for its record."""
BEGUN, ENDED = "begun", "ended"
ID = re.compile(r"(\d{4})(\d{2})\d{2}T\d{6}Z-[0-9a-f]{6}", re.ASCII)
STAGES = f"{BEGUN}|{ENDED}"


@dataclass(frozen=True, slots=True)
class RunBlobs:
    """The records of a spec in `place`, which is `storage/ACCOUNT/CONTAINER`. Errors are those of `translated`.

    `room` is the folder that they are in, `stages` a pattern for what stands after the id of one.

    `cloud` must not be one that a lock guards: who has lost it still says so.
    """

    cloud: Cloud
    place: str
    room: str = "audit"
    stages: str = STAGES

    def write(self, id_: str, stage: str, document: dict[str, Any]) -> None:
        """Add a record at a stage, such as BEGUN or ENDED; one that is there stays as it is."""
        content = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
        with translated(), tolerated(409):  # the answer to our first try was lost
            self._blob(id_, stage).upload_blob(content, overwrite=False, **QUICKLY)

    def read(self, id_: str, stage: str) -> bytes | None:
        """A record; None if it is not there, empty if it is larger than any of ours."""
        with translated():
            found = missing_is_none(lambda: note.read(self._blob(id_, stage), LARGEST))
            return found.content if found else None

    def newest(self, limit: int) -> list[tuple[str, str]]:
        """Of the newest runs their id and the last stage that is kept, the newest first."""
        found: dict[str, str] = {}
        with translated():
            months = missing_is_none(lambda: sorted(self._months(), reverse=True)) or []
            for month in months:
                found |= dict(sorted(self._of(month)))  # ended comes after begun
                if len(found) >= limit:
                    break
        return sorted(found.items(), reverse=True)[:limit]

    def _months(self) -> Iterator[str]:
        for item in self.cloud.container(self.place).walk_blobs(name_starts_with=f"{self._folder()}/", delimiter="/"):
            if item.name.endswith("/"):
                yield item.name

    def _of(self, month: str) -> Iterator[tuple[str, str]]:
        for name in self.cloud.container(self.place).list_blob_names(name_starts_with=month):
            id_, _, stage = name.removeprefix(month).removesuffix(".json").partition(".")
            if name.endswith(".json") and ID.fullmatch(id_) and re.fullmatch(self.stages, stage, re.ASCII):
                yield id_, stage

    def _blob(self, id_: str, stage: str) -> Any:
        match = ID.fullmatch(id_)
        assert match is not None
        path = f"{self._folder()}/{match[1]}-{match[2]}/{id_}.{stage}.json"
        return self.cloud.container(self.place).get_blob_client(path)

    def _folder(self) -> str:
        return f"{self.room}/{name_of(self.cloud)}"
