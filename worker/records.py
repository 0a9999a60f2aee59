"""What a sharded task reads and writes in the scripts container: manifest, result, markers of failure."""

from __future__ import annotations

import json

from worker import shard
from worker.blobs import Container
from worker.failure import Failure
from worker.report import Earlier, Report
from worker.shard import Item
from worker.task import Shard


class Records:
    """The blobs of one shard."""

    def __init__(self, scripts: Container, names: Shard) -> None:
        self._scripts = scripts
        self._names = names

    def items(self) -> list[Item]:
        return shard.from_manifest(self._scripts.read(self._names.manifest).decode())

    def earlier(self) -> Earlier | None:
        """What earlier attempts of this task have reported, None if it is the first one.

        The planner has compared inputs and outputs, so only a later attempt looks at its outputs again.
        """
        if self._scripts.look(self._names.result) is None:
            return None
        return Earlier.read(self._scripts.read(self._names.result))

    def write_result(self, report: Report, state: str) -> None:
        content = report.as_json()
        self._scripts.write(self._names.result, content, "application/json", report.metadata(state))

    def mark(self, item: Item, failure: Failure) -> None:
        """Keeps the planner from sending the same content to the same worker again."""
        marker = {"name": item.name, "etag": item.etag, "code": failure.code, "reason": failure.reason}
        metadata = {"source_etag": item.etag, "code": failure.code, "worker": self._names.worker}
        self._scripts.write(self._names.failed + item.name, json.dumps(marker).encode(), "application/json", metadata)
