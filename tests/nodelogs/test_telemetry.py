"""What samples come to, of a pool and of a job; whatever others write to the container is no sample."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.nodelogs import telemetry
from reconciler.nodelogs.telemetry import Run

GIB = 2**30


def blob(*rows: Any) -> bytes:
    return gzip.compress("\n".join(json.dumps(row) for row in rows).encode())


def row(at: float, cpu: float | None, memory: float = 1, **more: Any) -> dict[str, Any]:
    given = {"t": at, "cores": 4, "memory": memory * GIB, "memoryTotal": 8 * GIB, **more}
    return given if cpu is None else {**given, "cpu": cpu}


NODES = {
    "a": telemetry.samples(blob(row(0, None), *(row(10 * n, 0.1) for n in range(1, 19)), row(190, 0.9, 7))),
    "b": telemetry.samples(blob(row(0, None), row(10, 0.5, 2, gpu=0.25, disk=1, diskTotal=4, killed=2))),
}


def test_a_pool_is_told_by_means_peaks_and_the_ninety_fifth() -> None:
    told = telemetry.measured(NODES)
    assert told is not None
    assert (told.nodes, told.samples, told.cores, told.killed) == (2, 22, 4, 2)
    assert told.cpu_mean == pytest.approx((18 * 0.1 + 0.9 + 0.5) / 20)
    assert told.cpu_p95 == 0.5
    assert (told.memory_peak, told.memory_total, told.memory_share) == (7 * GIB, 8 * GIB, 7 / 8)
    assert (told.disk_share, told.gpu_mean) == (0.25, 0.25)
    assert telemetry.measured({"a": []}) is None


def test_a_job_is_told_by_the_samples_while_its_tasks_ran() -> None:
    runs = [Run("j", "a", 180, 200), Run("j", "b", 5, 15), Run("k", "a", 10, 20), Run("k", "a", 15, 30)]
    told = telemetry.by_job(NODES, [*runs, Run("none", "c", 0, 9)])
    assert list(told) == ["j", "k"]
    assert (told["j"].nodes, told["j"].samples, told["j"].memory_peak) == (2, 3, 7 * GIB)
    assert told["k"].samples == 3
    assert told["k"].cpu_mean == pytest.approx(0.1)


def test_the_end_of_a_task_is_seen_in_what_came_before_and_what_was_counted_after() -> None:
    times = [one.at for one in telemetry.before(NODES["a"], 45, 30)]
    assert times == [20, 30, 40, 50]


def test_a_strip_has_the_busiest_of_each_part() -> None:
    strip = telemetry.strip(NODES["a"], 0, 400, 4)
    assert [None if part is None else part.cpu for part in strip] == [0.1, 0.9, None, None]


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "1", '{"t": 1}', '{"t": "1", "memory": 1, "memoryTotal": 1}', '{"t": NaN, "memory": 1}', "[" * 9999,
     '{"t": true, "memory": 1, "memoryTotal": 1}', '{"t": 1e99, "memory": 1, "memoryTotal": 1}'],
)  # fmt: skip
def test_what_is_no_sample_is_passed_over(line: str) -> None:
    good = json.dumps(row(1, 0.5))
    assert len(telemetry.samples(gzip.compress(f"{line}\n{good}\n".encode()))) == 1


@given(st.binary(max_size=200))
def test_no_blob_of_others_breaks_a_reader(content: bytes) -> None:
    assert telemetry.samples(content) == []
    assert telemetry.samples(gzip.compress(content)) == []


def test_a_blob_that_unpacks_to_anything_is_read_to_a_bound() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b"\n" * 2**20) for _ in range(64)) + packer.flush()
    assert telemetry.samples(bomb) == []
