"""What one task is asked to do, as its command line says it."""

from __future__ import annotations

from dataclasses import dataclass

SUFFIXES = (".jpg", ".jpeg", ".jpe")
ACCESS_WAIT = 600.0
MAX_PIXELS = 250_000_000
TIME_LIMIT = 300.0


@dataclass(frozen=True)
class Shard:
    """Blob names in the scripts container, and the digest of this worker.

    `maker` is the job that all this is for, as SPEC/JOB. `overwrites` is whether it may overwrite what others made.
    """

    scripts: str
    manifest: str
    result: str
    failed: str
    worker: str
    maker: str
    overwrites: bool = False


@dataclass(frozen=True)
class Share:
    """Every N-th input of the sorted listing."""

    task_id: int
    total_tasks: int
    suffixes: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """Inputs in hand at once; seconds that a 403 is retried; pixels of an input; bytes of memory for all pictures
    that are being converted; seconds of a conversion."""

    threads: int
    access_wait: float
    max_pixels: int
    memory: int
    time_limit: float


@dataclass(frozen=True)
class Task:
    """What the command line asks for; containers are URLs or names."""

    source: str
    target: str
    inputs: Shard | Share
    limits: Limits
