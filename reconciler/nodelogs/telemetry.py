"""How busy nodes were: what they have measured, and what of it tells about a pool or a job. Pure.

Whoever may write to the container may write anything there: what is no sample is passed over.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

MOST, LINES = 2**20, 1000
"""Bytes and lines of a blob, unpacked, that are read at most; a whole one has some 10,000 bytes."""
GZIP = 31
TIGHT = 0.95
"""The share of memory or disk from which on a node has none left to speak of."""


class Sample(NamedTuple):
    """What a node measured at a moment: `at` in seconds since 1970, shares of 1, sizes in bytes.

    The first sample after a boot has no `cpu`, nodes without GPUs no `gpu`. killed: processes that were ended for want
    of memory since the sample before.
    """

    at: float
    cores: int
    cpu: float | None
    memory: float
    memory_total: float
    disk: float
    disk_total: float
    gpu: float | None
    gpu_memory: float | None
    killed: int

    @property
    def memory_share(self) -> float:
        return self.memory / self.memory_total if self.memory_total else 0.0

    @property
    def disk_share(self) -> float:
        return self.disk / self.disk_total if self.disk_total else 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """How busy nodes were over a time: shares of 1, sizes in bytes; CPU is that of whole nodes, not of one core.

    cores, memory_total: of the largest node. gpu: None without GPUs. killed: processes ended for want of memory.
    """

    nodes: int
    samples: int
    cores: int
    cpu_mean: float
    cpu_p95: float
    memory_total: int
    memory_peak: int
    memory_share: float
    disk_share: float
    gpu_mean: float | None
    killed: int


class Run(NamedTuple):
    """A task of a job that ran on a node, in seconds since 1970."""

    job: str
    node: str
    begin: float
    end: float


def samples(blob: bytes) -> list[Sample]:
    """The samples of a blob, in their order; none if it is not one of ours."""
    try:
        text = zlib.decompressobj(wbits=GZIP).decompress(blob, MOST).decode("utf-8", "replace")
    except zlib.error:
        return []
    return [sample for line in text.split("\n", LINES)[:LINES] if (sample := _sample(line))]


def measured(by_node: Mapping[str, Sequence[Sample]]) -> Measured | None:
    """What the samples of some nodes come to; None without any."""
    every = [sample for each in by_node.values() for sample in each]
    if not every:
        return None
    cpu = sorted(sample.cpu for sample in every if sample.cpu is not None)
    gpu = [sample.gpu for sample in every if sample.gpu is not None]
    return Measured(
        nodes=sum(1 for each in by_node.values() if each),
        samples=len(every),
        cores=max(sample.cores for sample in every),
        cpu_mean=_mean(cpu) or 0.0,
        cpu_p95=cpu[math.ceil(0.95 * len(cpu)) - 1] if cpu else 0.0,
        memory_total=int(max(sample.memory_total for sample in every)),
        memory_peak=int(max(sample.memory for sample in every)),
        memory_share=max(sample.memory_share for sample in every),
        disk_share=max(sample.disk_share for sample in every),
        gpu_mean=_mean(gpu),
        killed=sum(sample.killed for sample in every),
    )


def by_job(by_node: Mapping[str, Sequence[Sample]], runs: Iterable[Run]) -> dict[str, Measured]:
    """How busy nodes were while tasks of each job ran on them; beside those of others, if they shared a node."""
    spans: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        spans.setdefault((run.job, run.node), []).append(run)
    jobs: dict[str, dict[str, list[Sample]]] = {}
    for (job, node), runs_there in spans.items():
        inside = [one for one in by_node.get(node, ()) if any(run.begin <= one.at <= run.end for run in runs_there)]
        jobs.setdefault(job, {})[node] = inside
    return {job: told for job, nodes in jobs.items() if (told := measured(nodes))}


def before(several: Iterable[Sample], end: float, seconds: float = 120) -> list[Sample]:
    """Those of the last seconds before a moment, and the one after it, which has counted what was killed."""
    ordered = sorted(several)
    after = [sample for sample in ordered if end < sample.at <= end + seconds][:1]
    return [sample for sample in ordered if end - seconds <= sample.at <= end] + after


def strip(several: Iterable[Sample], begin: float, end: float, columns: int) -> list[Sample | None]:
    """For each of so many equal parts of a time the busiest sample: of most CPU; None where there is none."""
    parts: list[Sample | None] = [None] * columns
    for sample in several:
        if begin <= sample.at < end:
            index = int((sample.at - begin) / (end - begin) * columns)
            there = parts[index]
            parts[index] = sample if there is None or (sample.cpu or 0) > (there.cpu or 0) else there
    return parts


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _sample(line: str) -> Sample | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    at, memory, total = (_number(raw, name) for name in ("t", "memory", "memoryTotal"))
    if at is None or memory is None or total is None:
        return None
    return Sample(
        at=at,
        cores=int(_number(raw, "cores") or 0),
        cpu=_share(raw, "cpu"),
        memory=min(memory, total),
        memory_total=total,
        disk=_number(raw, "disk") or 0.0,
        disk_total=_number(raw, "diskTotal") or 0.0,
        gpu=_share(raw, "gpu"),
        gpu_memory=_share(raw, "gpuMemory"),
        killed=int(_number(raw, "killed") or 0),
    )


def _number(raw: Mapping[str, Any], name: str) -> float | None:
    """A number that a sample may have; None for all else."""
    value = raw.get(name)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**60
    return float(value) if fits and value is not None else None


def _share(raw: Mapping[str, Any], name: str) -> float | None:
    value = _number(raw, name)
    return None if value is None else min(value, 1.0)
