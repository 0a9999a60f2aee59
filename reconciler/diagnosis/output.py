"""The last lines that a task, or the start task of a node, wrote to stderr: at most LINES of them, read by range."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.diagnosis.facts import Facts, Written, code

LINES, BYTES = 10, 2048
"""How much is read: programs may write a lot, and others choose what."""
LOST = "(what it wrote is gone with its node, or with its retentionTime)"
Question = tuple[str, Callable[[], Written]]


def question(cloud: Cloud, facts: Facts) -> Question | None:
    """Whose lines say most: those of a node that cannot work, then those of a task that ended with an exit code."""
    broken = facts.state("starttaskfailed") if facts.pending else []
    if broken and facts.pool is not None:
        pool, node = facts.pool["id"], broken[0]["id"]
        return f"what the start task on {node} wrote", lambda: _of_node(cloud, pool, node)
    failed = [task["id"] for task in facts.failed if code(task)]
    if failed and facts.job is not None:
        job, task = facts.job["id"], failed[0]
        return f"what the task {task} wrote", lambda: _of_task(cloud, job, task)
    return None


def _of_task(cloud: Cloud, job: str, task: str) -> Written:
    batch = cloud.batch()
    with tolerated(404, 409):
        size = batch.get_task_file_properties(job, task, "stderr.txt").content_length
        chunks = batch.download_task_file(job, task, "stderr.txt", ocp_range=_range(size)) if size else ()
        return Written(task, _end(chunks, size))
    return Written(task, (LOST,))


def _of_node(cloud: Cloud, pool: str, node: str) -> Written:
    batch, name = cloud.batch(), "startup/stderr.txt"
    with tolerated(404, 409):
        size = batch.get_node_file_properties(pool, node, name).content_length
        chunks = batch.download_node_file(pool, node, name, ocp_range=_range(size)) if size else ()
        return Written(node, _end(chunks, size))
    return Written(node, (LOST,))


def _range(size: int) -> str:
    return f"bytes={max(0, size - BYTES)}-{size - 1}"


def _end(chunks: Iterable[bytes], size: int) -> tuple[str, ...]:
    """The last lines; the first of what was read is whole only if that is all there is."""
    text = _bounded(chunks).decode(errors="replace")
    lines = text.splitlines()
    if size > BYTES and len(lines) > 1:
        lines = lines[1:]
    return tuple(line for line in lines if line.strip())[-LINES:]


def _bounded(chunks: Iterable[Any]) -> bytes:
    """What was asked for, and no more, whatever comes."""
    read = b""
    for chunk in chunks:
        read += bytes(chunk)
        if len(read) >= BYTES:
            break
    return read[:BYTES]
