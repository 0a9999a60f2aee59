"""What tasks have written into the scripts container, read as what anybody may have written there.

A record that is none, or too large, is as if it were not there: it is counted, and the plan tells how many there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from reconciler.cloud.errors import tolerated
from reconciler.kinds.conversion.work import Item
from reconciler.model import Progress

RUN = re.compile(r"convert-[0-9a-f]{12}")
"""The name of a run, which makes the names of its blobs and tasks."""
RUNS = 10
"""How many runs are remembered as attempts at the same inputs."""
LARGEST = 2**26
"""Bytes of the largest record that is read: a result names every input that failed."""
MOST = 10**15
LONGEST = 1024
"""Characters of the longest text in a record that is kept: so many has a blob's name at most."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Failed:
    """An input that could not be converted."""

    name: str
    etag: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a task of a run has come to, over all its attempts. `attempt` numbers the runs that tried the same inputs,
    from 0."""

    task: str
    converted: int
    skipped: int
    failed: tuple[Failed, ...]
    bytes_in: int
    bytes_out: int
    seconds: float
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Current:
    """The runs that tried the same inputs, the newest last, and the number of inputs of that."""

    runs: tuple[str, ...]
    total: int


def current(scripts: Any, job: str) -> Current | None:
    """The last run and those that it goes on with; None if there was none, or nobody can tell."""
    content, metadata = _content(scripts, f"jobs/{job}/current")
    names = (content or b"").decode("ascii", "replace").split("\n")
    total = _digits(metadata.get("total"))
    if content is None or total is None or not all(RUN.fullmatch(name) for name in names):
        return None
    return Current(tuple(names[-RUNS:]), total)


def progress(scripts: Any, job: str) -> Progress | None:
    """Inputs done and failed in the last run, from the metadata of its results."""
    known = current(scripts, job)
    if known is None:
        return None
    done = failed = 0
    for blob in _listed(scripts, job, known.runs[-1]):
        metadata = blob.metadata or {}
        done += _digits(metadata.get("done")) or 0
        failed += _digits(metadata.get("failed")) or 0
    failed = min(failed, known.total)
    return Progress(min(done, known.total - failed), failed, known.total, "images")


def results(scripts: Any, job: str) -> tuple[list[Result], int]:
    """What the tasks of the last run, and of those it goes on with, have written; how many of that are no results."""
    known = current(scripts, job)
    runs = known.runs if known else ()
    named = [(blob.name, attempt) for attempt, run in enumerate(runs) for blob in _listed(scripts, job, run)]
    return _read(scripts, [name for name, _ in named], lambda number, value: result(value, named[number][1]))


def in_vain(scripts: Any, job: str, pending: Iterable[Item]) -> dict[str, Failed]:
    """Of the inputs in `pending`, those that the last run could not convert, with the reason."""
    known = current(scripts, job)
    blobs = _listed(scripts, job, known.runs[-1]) if known else []
    names = [blob.name for blob in blobs if (blob.metadata or {}).get("failed") != "0"]
    tasks, _ = _read(scripts, names, lambda _, value: result(value, 0))
    told = {failure.name: failure for task in tasks for failure in task.failed}
    same = ((item, told.get(item.name)) for item in pending)
    return {item.name: failure for item, failure in same if failure and failure.etag == item.etag}


def markers(scripts: Any, names: Sequence[str]) -> tuple[list[Failed], int]:
    """The inputs that failed for good, from their markers; how many of those are none."""
    return _read(scripts, names, lambda _, value: failed(value))


def result(value: Any, attempt: int) -> Result | None:
    """A task's result, if that is what the value is."""
    if not isinstance(value, dict) or not isinstance(value.get("failed"), list):
        return None
    failures = [failed(entry) for entry in value["failed"]]
    numbers = [_number(value.get(key)) for key in ("converted", "skipped", "bytesIn", "bytesOut", "seconds")]
    task, known = _text(value.get("task")), [number for number in numbers if number is not None]
    if task is None or len(known) < len(numbers) or not all(failures):
        return None
    converted, skipped, bytes_in, bytes_out = map(int, known[:4])
    whole = tuple(failure for failure in failures if failure)
    return Result(task, converted, skipped, whole, bytes_in, bytes_out, float(known[4]), attempt)


def failed(value: Any) -> Failed | None:
    """An input that failed, if that is what the value is."""
    if not isinstance(value, dict):
        return None
    texts = [_text(value.get(key)) for key in ("name", "etag", "code", "reason")]
    name, etag, code, reason = texts
    if name is None or etag is None or code is None or reason is None:
        return None
    return Failed(name, etag, code, reason)


def _number(value: Any) -> int | float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST
    return value if known else None


def _text(value: Any) -> str | None:
    """A text that can be printed: JSON may hold halves of characters."""
    return value[:LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _digits(text: Any) -> int | None:
    """A count in metadata."""
    known = isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 15
    return int(text) if known else None


def _listed(scripts: Any, job: str, run: str) -> list[Any]:
    return list(scripts.list_blobs(name_starts_with=f"jobs/{job}/{run}/results/", include=["metadata"]))


def _read(scripts: Any, names: Sequence[str], make: Callable[[int, Any], T | None]) -> tuple[list[T], int]:
    """What `make` makes of the JSON in each blob and its number; how many it can make nothing of."""

    def read(numbered: tuple[int, str]) -> T | None:
        number, name = numbered
        content, _ = _content(scripts, name)
        try:
            return make(number, json.loads(content or b""))
        except (ValueError, RecursionError):
            return None

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(read, enumerate(names)))
    whole = [value for value in made if value is not None]
    return whole, len(made) - len(whole)


def _content(scripts: Any, name: str) -> tuple[bytes | None, Mapping[str, str]]:
    """The content of a blob and its metadata; None if it is not there or too large."""
    with tolerated(404):
        stream = scripts.download_blob(name, decompress=False)
        content = None if stream.size > LARGEST else stream.readall()
        return content, stream.properties.metadata or {}
    return None, {}
