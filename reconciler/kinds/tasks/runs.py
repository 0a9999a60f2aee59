"""What became of the jobs of a name, kept in their staging container: how each task ran, for people to look at.

A blob for each job, `runs/ACCOUNT/JOB/KEY.json.gz`: the sums are its metadata, so that a list tells them. Who may write
it may write the files that tasks run, too; what is none, or cannot be read, counts as nothing. Jobs of which only the
record of what had succeeded is there, `tasks/ACCOUNT/JOB/KEY.gz`, are told with what that says.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none, tolerated
from reconciler.course import GONE, STATES, Course, Ran, Run
from reconciler.kinds.tasks import blobs
from reconciler.kinds.tasks.group import entry_of
from reconciler.model import Desired

END = ".json.gz"
TITLES = 50
"""So many of the slowest tasks are kept with what people call them."""
LARGEST = 1 << 26
"""The most bytes of a course that are read: some 800,000 tasks."""
BATCH = {"waiting": "active", "running": "running", "succeeded": "completed", "failed": "completed"}
"""State → what Batch calls it."""


def write(cloud: Cloud, place: str, name: str, key: str, made: str, course: Course) -> None:
    """Keep how the tasks of a live job ran so far; `made` is when it was made."""
    states = {state: str(number) for state, number in course.states().items()}
    sums = {"seconds": f"{course.seconds():.3f}", "node_hours": f"{course.node_hours():.5f}"}
    metadata = {**states, **sums, "job": course.job, "made": made, "kept": course.now.isoformat()}
    packed = gzip.compress(json.dumps(_document(course), separators=(",", ":")).encode(), mtime=0)
    cloud.container(place).upload_blob(_blob(cloud, name, key), packed, overwrite=True, metadata=metadata)


def numbers(cloud: Cloud, place: str, name: str, key: str) -> tuple[int, int] | None:
    """How many tasks had succeeded and failed when a job was kept last; None if it was not."""
    client = cloud.container(place).get_blob_client(_blob(cloud, name, key))
    blob = missing_is_none(client.get_blob_properties)
    states = _states(blob.metadata or {}) if blob else {}
    return (states.get("succeeded", 0), states.get("failed", 0)) if states else None


def past(cloud: Cloud, desired: Desired) -> Iterator[Run]:
    """The jobs of this name that were kept, in two requests for 5,000 each."""
    place, name = desired.data["staging"], desired.address.name
    if not place:
        return
    container, keys = cloud.container(place), set()
    with tolerated(404):
        for blob in container.list_blobs(name_starts_with=blobs.kept("runs", cloud, name), include=["metadata"]):
            run = _run(container, blob)
            keys.add(run.key)
            yield run
        for blob in container.list_blobs(name_starts_with=blobs.kept("tasks", cloud, name), include=["metadata"]):
            key = blob.name.rpartition("/")[2].removesuffix(".gz")
            if key not in keys:
                states = _states({"succeeded": (blob.metadata or {}).get("tasks", "")})
                yield Run(key, name, GONE, states, kept=blob.last_modified)


def _blob(cloud: Cloud, name: str, key: str) -> str:
    return f"{blobs.kept('runs', cloud, name)}{key}{END}"


def _run(container: Any, blob: Any) -> Run:
    told = blob.metadata or {}
    key = blob.name.rpartition("/")[2].removesuffix(END)
    made, kept = (_moment(told.get(name)) for name in ("made", "kept"))
    sums = [_number(told.get(name)) for name in ("seconds", "node_hours")]
    course = partial(_course, container, blob.name)
    return Run(key, str(told.get("job", "")), GONE, _states(told), made, kept, sums[0], sums[1], course)


def _states(told: Mapping[str, str]) -> dict[str, int]:
    texts = {state: told.get(state, "") for state in STATES}
    return {state: int(text) for state, text in texts.items() if text.isascii() and text.isdecimal() and len(text) < 10}


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e9 else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _document(course: Course) -> dict[str, Any]:
    """The course as JSON; times are seconds after its begin, nodes and reasons are told once."""
    begin, titled = course.begin(), {task.id for task in course.slowest(TITLES)}
    nodes: dict[str, int] = {}
    reasons: dict[str, int] = {}
    rows = []
    for task in course.tasks:
        times = [
            round((time - begin).total_seconds(), 3) if time else None for time in (task.made, task.begun, task.ended)
        ]
        where = nodes.setdefault(task.node, len(nodes))
        why = reasons.setdefault(task.failure, len(reasons))
        title = task.title if task.id in titled else ""
        rows.append([task.id, STATES.index(task.outcome), *times, where, why, task.before, title])
    ends = {"begin": begin.isoformat(), "now": course.now.isoformat()}
    return {"job": course.job, **ends, "nodes": list(nodes), "reasons": list(reasons), "tasks": rows}


def _course(container: Any, name: str) -> Course | None:
    """What `_document` made; None if that is something else."""
    packed = missing_is_none(lambda: container.download_blob(name).readall())
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed or b"")) as file:
            told = json.loads(file.read(LARGEST))
        begin, now = _moment(told["begin"]), _moment(told["now"])
        if begin is None or now is None:
            return None
        tasks = tuple(_task(row, begin, told["nodes"], told["reasons"]) for row in told["tasks"])
        course = Course(str(told["job"]), tasks, now, entry_of)
        course.steps()
    except (OSError, EOFError, zlib.error, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return None
    return course


def _task(row: Any, begin: datetime, nodes: list[str], reasons: list[str]) -> Ran:
    name, state, *times, where, why, before, title = row
    made, begun, ended = (None if time is None else begin + timedelta(seconds=time) for time in times)
    outcome = STATES[state]
    failure = str(reasons[why]) or "failed" if outcome == "failed" else ""
    return Ran(str(name), BATCH[outcome], begun, ended, str(nodes[where]), failure, made, str(title), int(before))
