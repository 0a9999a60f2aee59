"""Tasks on their way into a job: streamed in collections, several at a time, each task looked at by itself.

Source: Batch service, Tasks - Create Task Collection: at most 100 tasks and 1 MiB; a collection that is too large is
answered with RequestBodyTooLarge, and each task has a status of its own (success, clienterror, servererror).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import from_body, tolerated, translated
from reconciler.errors import AzureError, Unreachable

MOST, LARGEST = 100, 1_000_000
"""The most tasks and bytes of a collection: as Batch allows, with room for what is around the tasks."""
AT_ONCE = 8
"""How many collections are on their way at once."""
TRIES = 5
"""How often a task is sent that Batch could not take for reasons of its own."""
Task = Mapping[str, Any]
"""A task as the data plane takes it, with its `id`."""


def submit(cloud: Cloud, job: str, tasks: Iterable[Task], tell: Callable[[int], None] = lambda number: None) -> int:
    """Add tasks to a job as they come; one that is there already counts as added. How many there were.

    `tell` is called with the number of those that Batch has taken so far. No more tasks are held at a time than are on
    their way. Raises AzureError for the first task that Batch refuses; what was on its way then is waited for.
    """
    done = 0
    waiting: deque[Future[int]] = deque()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="submit") as threads:
        for encoded in collections(tasks):
            if len(waiting) >= 2 * AT_ONCE:
                done += waiting.popleft().result()
                tell(done)
            waiting.append(threads.submit(_add, cloud, job, encoded))
        while waiting:
            done += waiting.popleft().result()
            tell(done)
    return done


def terminate(cloud: Cloud, job: str, tasks: Iterable[str]) -> None:
    """End tasks, several at a time; what has ended or is gone is no error."""
    _each(tasks, lambda task: cloud.batch().terminate_task(job, task))


def reactivate(cloud: Cloud, job: str, tasks: Iterable[str]) -> None:
    """Let tasks run again that have failed; what has not, or is gone, is no error."""
    _each(tasks, lambda task: cloud.batch().reactivate_task(job, task))


def delete(cloud: Cloud, job: str, tasks: Iterable[str]) -> None:
    """Delete tasks, their records and their files, several at a time; what is gone is no error."""
    _each(tasks, lambda task: cloud.batch().delete_task(job, task))


def _each(tasks: Iterable[str], ask: Callable[[str], None]) -> None:
    def asked(task: str) -> None:
        with translated(), tolerated(404, 409):
            ask(task)

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="each") as threads:
        list(threads.map(asked, tasks))


def collections(tasks: Iterable[Task]) -> Iterator[list[bytes]]:
    """The tasks as JSON, in collections that Batch takes. Pure."""
    chunk: list[bytes] = []
    size = 0
    for task in tasks:
        encoded = json.dumps(task, separators=(",", ":")).encode()
        if chunk and (len(chunk) == MOST or size + len(encoded) > LARGEST):
            yield chunk
            chunk, size = [], 0
        chunk.append(encoded)
        size += len(encoded) + 1
    if chunk:
        yield chunk


def _add(cloud: Cloud, job: str, chunk: Sequence[bytes]) -> int:
    """Add a collection, in halves if Batch finds it too large."""
    left = list(chunk)
    for _ in range(TRIES):
        try:
            told = _post(cloud, job, left)
        except Unreachable:
            continue  # whether it arrived or not: what is there already counts as added
        except AzureError as error:
            if error.code != "RequestBodyTooLarge" or len(left) == 1:
                raise
            half = len(left) // 2
            _add(cloud, job, left[:half])
            _add(cloud, job, left[half:])
            return len(chunk)
        left = [encoded for encoded in left if not _taken(json.loads(encoded)["id"], told)]
        if not left:
            return len(chunk)
    name = json.loads(left[0])["id"]
    raise AzureError(503, "ServerBusy", f"task {name}: Batch did not take it in {TRIES} tries; run it again")


def _taken(name: str, told: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether Batch has the task; False if it is to be sent again. AzureError if it will not take it."""
    row = told.get(name.lower())
    error = (row or {}).get("error") or {}
    if row is None or str(row.get("status", "")).lower() == "servererror":
        return False
    if error and error.get("code") != "TaskExists":
        refused = from_body(400, error)
        raise AzureError(400, refused.code, f"task {name}: {refused.message}")
    return True


def _post(cloud: Cloud, job: str, chunk: Sequence[bytes]) -> dict[str, Mapping[str, Any]]:
    """What Batch says of each task of a collection, by its id in lower case: answers may come in another order."""
    from azure.core.rest import HttpRequest

    headers = {"Content-Type": batch_jobs.JSON, "Accept": "application/json"}
    request = HttpRequest(
        "POST",
        f"/jobs/{job}/addtaskcollection",
        params={"api-version": batch_jobs.API_VERSION},
        headers=headers,
        content=b'{"value":[' + b",".join(chunk) + b"]}",
    )
    with translated():
        rows = batch_jobs.send(cloud, request).json()["value"]
        return {str(row["taskId"]).lower(): row for row in rows}
