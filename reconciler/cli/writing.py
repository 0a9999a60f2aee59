"""What several tasks of a job write, each under its id, as far as it goes or until they have ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from reconciler.cli import door
from reconciler.cli.tasks import Row
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading, tolerated

PIECE = 4 * 2**20
"""Bytes that are asked for at a time."""


class Writing:
    """What tasks have written so far to a `stream`, told once; each begins under its id, as `tail` has it."""

    def __init__(self, cloud: Cloud, job: str, stream: str, *, raw: bool) -> None:
        self._cloud, self._job, self._file, self._raw = cloud, job, f"{stream}.txt", raw
        self._told: dict[str, int] = {}
        self._last = ""

    def tell(self, row: Row, otherwise: Iterable[bytes] = ()) -> None:
        """Write to standard output what a task has written since it was told last; `otherwise` if there is nothing."""
        door.pour(self._headed(row, otherwise), raw=self._raw)

    def _headed(self, row: Row, otherwise: Iterable[bytes]) -> Iterator[bytes]:
        task, failure = row[0], row[4].splitlines()
        for piece in self._either(task, otherwise):
            if task != self._last:
                gap, why = "\n" if self._last else "", f" ({failure[0]})" if failure else ""
                yield f"{gap}==> {task}{why} <==\n".encode()
                self._last = task
            yield piece

    def _either(self, task: str, otherwise: Iterable[bytes]) -> Iterator[bytes]:
        yield from self._pieces(task)
        if not self._told.get(task):
            yield from otherwise

    def _pieces(self, task: str) -> Iterator[bytes]:
        """Piece by piece, as a file may be as large as a disk; nothing if the task or its node has none any more."""
        while True:
            begin = self._told.get(task, 0)
            with reading(f"what the task {task} of {self._job} wrote"), tolerated(404, 409, 416):
                yield from self._read(task, begin)
            if self._told.get(task, 0) == begin:
                return

    def _read(self, task: str, begin: int) -> Iterator[bytes]:
        batch = self._cloud.batch()
        size = int(batch.get_task_file_properties(self._job, task, self._file).content_length or 0)
        if begin < size:
            span = f"bytes={begin}-{min(size, begin + PIECE) - 1}"
            for piece in batch.download_task_file(self._job, task, self._file, ocp_range=span):
                self._told[task] = self._told.get(task, 0) + len(piece)
                yield piece


def follow(writing: Writing, rows: Callable[[], Iterable[Row]], seconds: float) -> None:
    """Tell what tasks write until all of them have ended; `rows` asks how far they are."""
    ended: set[str] = set()
    while True:
        left = False
        for row in rows():
            task, state = row[:2]
            if state != "active" and task not in ended:
                writing.tell(row)
            if state == "completed":
                ended.add(task)
            left = left or state != "completed"
        if not left:
            return
        time.sleep(seconds)
