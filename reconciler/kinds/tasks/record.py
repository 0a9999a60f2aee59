"""Which tasks of a job have succeeded, kept in its staging container: a job ends, is made anew, or is deleted.

How each of them ran is kept beside it (`runs.py`): plans need not read that.

A blob for each job that there was, `tasks/ACCOUNT/JOB/KEY.gz`, has the ids of the tasks that had succeeded in it, a
line each, and how many seconds the tasks of each entry took. Who may write it may write the files that tasks run, too.
Any other line, or a blob that cannot be read, counts as nothing.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.cloud import batch_jobs, batch_runs, job_generations
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none
from reconciler.course import Course, Ran
from reconciler.kinds.tasks import blobs, live, runs
from reconciler.kinds.tasks.effort import Seconds, usual
from reconciler.kinds.tasks.group import ours

_TOOK = re.compile(r"(?P<entry>[a-z][a-z0-9_-]*) (?P<seconds>\d{1,9}\.\d{3})")
TASKS = "tasks"
"""The metadata of a blob: how many tasks had succeeded."""
LARGEST = 1 << 28
"""The most bytes of ids that are read of a blob: some five million tasks."""


def before(cloud: Cloud, place: str, name: str, job: Mapping[str, Any]) -> tuple[frozenset[str], Seconds]:
    """The ids of tasks that have succeeded in jobs of this name before this one, and how long tasks took there."""
    container = cloud.container(place)
    there = container.list_blobs(name_starts_with=blobs.kept("tasks", cloud, name))
    others = [blob.name for blob in there if blob.name != _key(cloud, name, job)]
    lines = [line for other in others for line in _read(container.download_blob(other).readall())]
    seconds = {match["entry"]: float(match["seconds"]) for line in lines if (match := _TOOK.fullmatch(line))}
    return frozenset(filter(ours, lines)), seconds


def settle(cloud: Cloud, place: str, name: str) -> None:
    """Keep what became of the tasks of the live job, if all have ended and that is not what was kept last."""
    job = job_generations.current(cloud, name)
    if job is None:
        return
    tasks = batch_jobs.tasks(cloud, job["id"])
    if not tasks.over:
        return
    ended, kept = (tasks.succeeded, tasks.failed), runs.numbers(cloud, place, name, job_generations.key(job))
    if ended != kept or tasks.succeeded != _number(cloud, place, name, job):
        keep(cloud, place, name)


def _number(cloud: Cloud, place: str, name: str, job: Mapping[str, Any]) -> int:
    """How many tasks of this job, of others too, had succeeded when that was kept last."""
    blob = missing_is_none(cloud.container(place).get_blob_client(_key(cloud, name, job)).get_blob_properties)
    kept = (blob.metadata or {}).get(TASKS, "") if blob else ""
    return int(kept) if kept.isdecimal() else 0


def keep(cloud: Cloud, place: str, name: str) -> None:
    """Keep which tasks of the live job have succeeded, and how all of them ran."""
    job = job_generations.current(cloud, name)
    if job is None:
        return
    ran: list[Ran] = []
    listing = live.noted(_noting(cloud, job["id"], ran))
    succeeded = [task for task, seen in listing.tasks.items() if seen.state == "success"]
    if succeeded:
        written = _written(filter(ours, succeeded), usual(listing.seconds))
        metadata = {TASKS: str(len(succeeded))}
        cloud.container(place).upload_blob(_key(cloud, name, job), written, overwrite=True, metadata=metadata)
    if ran:
        course = Course(job["id"], ran, cloud.time)
        runs.write(cloud, place, name, job_generations.key(job), str(job["creationTime"]), course)


def _noting(cloud: Cloud, job: str, ran: list[Ran]) -> Iterator[Mapping[str, Any]]:
    """The tasks of a job, each of which is added to `ran`; a list of them as they come would be large."""
    for task in cloud.batch().list_tasks(job, select=list(batch_runs.SELECTED)):
        raw = task.as_dict()
        ran.append(batch_runs.ran(raw))
        yield raw


def _key(cloud: Cloud, name: str, job: Mapping[str, Any]) -> str:
    """The blob of a live job of this name."""
    return f"{blobs.kept('tasks', cloud, name)}{job_generations.key(job)}.gz"


def _written(ids: Iterable[str], took: Seconds) -> bytes:
    lines = [*sorted(ids), *(f"{entry} {seconds:.3f}" for entry, seconds in sorted(took.items()))]
    return gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0)


def _read(packed: bytes) -> list[str]:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            text = file.read(LARGEST).decode("ascii")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError):
        return []
    return text.split("\n")
