"""What a node has measured reaches storage, or waits for it: never more than an hour, the oldest goes first."""

from __future__ import annotations

from typing import Any

from reconciler.nodelogs import telemetry
from reconciler.nodelogs.onnode.measuring import LINES, WINDOWS, Recorder
from reconciler.nodelogs.onnode.writing import Container

START = 1_796_000_100  # the begin of a window


class Storage(Container):
    """A container that may be out of reach."""

    def __init__(self) -> None:
        super().__init__("https://storage", "identity")
        self.blobs: dict[str, bytes] = {}
        self.writes = 0
        self.out = False

    def write(self, name: str, content: bytes) -> None:
        self.writes += 1
        if self.out:
            raise OSError("storage is out of reach")
        self.blobs[name] = content


def sample(at: int, **more: Any) -> dict[str, Any]:
    return {"t": at, "cores": 2, "cpu": 0.5, "memory": 1, "memoryTotal": 10, **more}


def recorded(storage: Storage) -> list[int]:
    return [int(one.at) for name in sorted(storage.blobs) for one in telemetry.samples(storage.blobs[name])]


def test_a_blob_has_the_samples_of_five_minutes_and_is_named_after_its_begin() -> None:
    storage = Storage()
    recorder = Recorder(storage)
    times = range(START, START + 900, 10)
    for at in times:
        recorder.add(sample(at))
    recorder.close()
    assert recorded(storage) == list(times)
    assert [name.split("/")[-2] for name in sorted(storage.blobs)] == [
        "2026-11-30T00-55",
        "2026-11-30T01-00",
        "2026-11-30T01-05",
    ]
    assert storage.writes == 4  # and the first sample at once
    assert max(map(len, storage.blobs.values())) < 500


def test_an_outage_loses_the_oldest_only_and_memory_is_bounded() -> None:
    storage = Storage()
    recorder = Recorder(storage)
    storage.out = True
    for at in range(START, START + 7200, 10):
        recorder.add(sample(at))
        assert len(recorder.waiting) <= WINDOWS
        assert len(recorder.lines) <= LINES
    storage.out = False
    recorder.add(sample(START + 7200))
    recorder.close()
    assert recorded(storage) == list(range(START + 7200 - 300 * WINDOWS, START + 7210, 10))


def test_a_node_that_has_no_memory_left_tells_at_once_and_once_a_minute() -> None:
    storage = Storage()
    recorder = Recorder(storage)
    recorder.add(sample(START))
    recorder.add(sample(START + 60))
    assert recorded(storage) == [START]
    for at in range(START + 70, START + 150, 10):
        recorder.add(sample(at, memory=9.6))
    assert recorded(storage)[:3] == [START, START + 60, START + 70]
    assert storage.writes == 3


def test_a_clock_that_stands_still_fills_no_memory() -> None:
    recorder = Recorder(Storage())
    for _ in range(1000):
        recorder.add(sample(START))
    assert len(recorder.lines) <= LINES
