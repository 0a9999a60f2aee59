"""What became of a task's inputs: the result blob while it runs and at its end, and the line that sums it up.

Batch may run a task again, and a child that died is followed by another: the report is about all attempts.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field

from worker.failure import PASSING, Failure
from worker.shard import Item


@dataclass(frozen=True)
class Earlier:
    """What earlier attempts at a task took, by their last report."""

    bytes_in: int = 0
    bytes_out: int = 0
    seconds: float = 0.0

    @classmethod
    def read(cls, content: bytes) -> Earlier:
        """From a result blob; nothing of one that is none, because others can write there too."""
        try:
            told = json.loads(content)
            values = [told[key] for key in ("bytesIn", "bytesOut", "seconds")]
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls()
        if not all(isinstance(value, int | float) and 0 <= value < 1e18 for value in values):
            return cls()
        return cls(int(values[0]), int(values[1]), float(values[2]))


@dataclass
class Report:
    """Counts outcomes from any thread; one input is converted, skipped because it was up to date, or failed."""

    task: str
    total: int
    converted: int = 0
    skipped: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    failed: list[tuple[Item, Failure]] = field(default_factory=list)
    seconds_before: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def add_converted(self, bytes_in: int, bytes_out: int) -> None:
        with self._lock:
            self.converted += 1
            self.bytes_in += bytes_in
            self.bytes_out += bytes_out

    def add_skipped(self) -> None:
        with self._lock:
            self.skipped += 1

    def add_failed(self, item: Item, failure: Failure) -> None:
        with self._lock:
            self.failed.append((item, failure))

    @property
    def done(self) -> int:
        return self.converted + self.skipped

    @property
    def seconds(self) -> float:
        """Of all attempts."""
        return self.seconds_before + time.monotonic() - self._started

    @property
    def out_of_reach(self) -> bool:
        """Whether nothing worked at all, and storage or the identity is why."""
        codes = {failure.code for _, failure in self.failed}
        return self.done == 0 and len(self.failed) == self.total > 0 and codes <= {"denied", "unavailable"}

    @property
    def worth_another(self) -> bool:
        """Whether another attempt at the same inputs may do better."""
        return any(failure.code in PASSING for _, failure in self.failed)

    def as_json(self) -> bytes:
        with self._lock:
            failed = [
                {"name": item.name, "etag": item.etag, "code": failure.code, "reason": failure.reason}
                for item, failure in self.failed
            ]
            result = {
                "task": self.task,
                "total": self.total,
                "converted": self.converted,
                "skipped": self.skipped,
                "failed": sorted(failed, key=lambda entry: entry["name"]),
                "bytesIn": self.bytes_in,
                "bytesOut": self.bytes_out,
                "seconds": round(self.seconds, 3),
            }
        return json.dumps(result, indent=1).encode()

    def metadata(self, state: str) -> dict[str, str]:
        """What a listing of the results says of this one without reading it."""
        counts = {"done": self.done, "failed": len(self.failed), "total": self.total}
        return {**{name: str(count) for name, count in counts.items()}, "state": state}

    def summary(self) -> str:
        seconds = max(self.seconds, 0.001)
        rate = (self.converted + len(self.failed)) / seconds
        return (
            f"converted {self.converted}, skipped {self.skipped}, failed {len(self.failed)} of {self.total}"
            f" in {seconds:.1f} s ({rate:.1f} images/s,"
            f" {self.bytes_in / 1e6:.0f} MB in, {self.bytes_out / 1e6:.0f} MB out)"
        )
