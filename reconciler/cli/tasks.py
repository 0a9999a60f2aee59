"""The tasks of a job: their states and what they printed, for people, and when they ran, for simulations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

from batch_autoscale import Task, Trace
from batch_autoscale.times import Moment, moment
from reconciler.cli import keepsakes, naming
from reconciler.cloud import batch_jobs, job_generations
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.errors import AzureError, Refused

Row = tuple[str, str, str, str, str]
"""(task, state, exit code, node, failure) of a task."""
READ = ["id", "creationTime", "requiredSlots", "executionInfo", "dependsOn"]
"""What is read of a task for a trace."""
RANGE = 100_000
"""The most tasks of a range that one waits for; further ones are not looked at."""


def found(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """The job that a name of the spec stands for, or that is so called itself."""
    with reading(f"the job {name}"):
        return job_generations.current(cloud, name) or batch_jobs.get(cloud, name)


def live(cloud: Cloud, name: str) -> str:
    """The id of the job that a name of the spec stands for, or that is so called itself, whether it is there or not."""
    with reading(f"the job {name}"):
        return job_generations.live_id(cloud, name)


def listing(cloud: Cloud, job: str) -> Iterator[Row]:
    with _there(cloud, job), reading(f"the tasks of {job}"):
        for task in cloud.batch().list_tasks(job):
            info, node = task.execution_info, task.node_info
            failure = info.failure_info if info else None
            code = "" if info is None or info.exit_code is None else str(info.exit_code)
            reason = f"{failure.code}: {failure.message}" if failure else ""
            state = getattr(task.state, "value", task.state)
            where = str(node.node_id or "") if node else ""
            yield task.id, str(state), code, where, reason


def chosen(rows: Iterable[Row], job: str, pattern: str) -> list[Row]:
    """The rows of `listing` whose tasks match a pattern. UsageError, with the nearest, if there are none."""
    rows = list(rows)
    meant = [row for row in rows if fnmatchcase(row[0], pattern)]
    if not meant:
        naming.unknown(f"the job {job} has no task {pattern}", pattern, [row[0] for row in rows])
    return meant


def output(cloud: Cloud, job: str, task: str, stream: str) -> Iterator[bytes]:
    """The content of a task's `stdout` or `stderr`, in chunks."""
    with _there(cloud, job, task), reading(f"what the task {task} of {job} wrote to {stream}"):
        yield from cloud.batch().download_task_file(job, task, f"{stream}.txt")


def history(cloud: Cloud, job: str) -> tuple[Trace, int]:
    """When the tasks of a job that have ended came and how long they ran, and how many tasks are left out.

    Batch keeps only the last run of a task that it ran again.
    """
    ended, omitted = [], 0
    with _there(cloud, job), reading(f"the tasks of {job}"):
        for task in cloud.batch().list_tasks(job, select=READ):
            info = task.execution_info
            if task.creation_time is None or info is None or info.start_time is None or info.end_time is None:
                omitted += 1
                continue
            runs = max(0.0, (info.end_time - info.start_time).total_seconds())
            before = _before(task.depends_on)
            ended.append((moment(task.creation_time).seconds, runs, task.required_slots or 1, task.id, before))
    first = min((task[0] for task in ended), default=0.0)
    known = {task[3] for task in ended}
    tasks = (
        Task(round(at - first, 3), round(runs, 3), slots, id_, tuple(sorted(before & known)))
        for at, runs, slots, id_, before in ended
    )
    return Trace(tuple(tasks), Moment(first).date), omitted


def _before(depends_on: Any) -> set[str]:
    """The ids of the tasks that a task waits for; of a range of numbers each."""
    if depends_on is None:
        return set()
    ranges = ((span.start, min(span.end, span.start + RANGE)) for span in depends_on.task_id_ranges or ())
    return {*(depends_on.task_ids or ()), *(str(id_) for start, end in ranges for id_ in range(start, end + 1))}


@contextmanager
def _there(cloud: Cloud, job: str, task: str = "") -> Iterator[None]:
    """Say what there is instead of a job, a task or a file that Batch does not have."""
    try:
        yield
    except AzureError as error:
        if error.code == "JobNotFound":
            said = f"the account {cloud.account} has no job {job}"
            naming.unknown(said, job, _ids(cloud.batch().list_jobs()))
        if error.code == "TaskNotFound":
            naming.unknown(f"the job {job} has no task {task}", task, _ids(cloud.batch().list_tasks(job)))
        if task and error.code in ("NodeNotFound", "FileNotFound"):
            said = f"there is nothing to show of the task {task} of {job}"
            left = keepsakes.told(cloud, job, task, node_gone=error.code == "NodeNotFound")
            raise Refused(f"{said}: {left}") from error
        raise


def _ids(listed: Iterable[Any]) -> Iterator[str]:
    """The ids of jobs or tasks."""
    with reading("what there is instead"):
        for item in listed:
            yield str(item.id)
