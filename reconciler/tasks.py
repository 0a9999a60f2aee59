"""The tasks of a job, for people: their states, and what they printed."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import translated


def listing(cloud: Cloud, job: str) -> Iterator[tuple[str, str, str, str, str]]:
    """(task, state, exit code, node, failure) of each task."""
    with translated():
        for task in cloud.batch().list_tasks(job):
            info, node = task.execution_info, task.node_info
            failure = info.failure_info if info else None
            code = "" if info is None or info.exit_code is None else str(info.exit_code)
            told = f"{failure.code}: {failure.message}" if failure else ""
            state = getattr(task.state, "value", task.state)
            where = str(node.node_id or "") if node else ""
            yield task.id, str(state), code, where, told


def output(cloud: Cloud, job: str, task: str, stream: str) -> Iterator[bytes]:
    """What a task wrote to `stdout` or `stderr`, in chunks."""
    with translated():
        yield from cloud.batch().download_task_file(job, task, f"{stream}.txt")
