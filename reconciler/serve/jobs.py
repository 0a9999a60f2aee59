"""The jobs of a spec and how far they are; of a large one only how many of its tasks are in each state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

from reconciler.cloud import batch_jobs, batch_runs, job_generations
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.course import STATES, Ran
from reconciler.errors import Refused
from reconciler.kind.unread import UNREADABLE
from reconciler.render.pace import SHOWN, WINDOW, JobView
from reconciler.render.status import Chart, Job, Slow
from reconciler.serve.history import Course, History

MOST = 12
"""At how many jobs one look looks."""
TASKS = 5000
"""Of a job with more tasks than this, only numbers and failures are read."""
PAGE = 1000
AT_ONCE = 4
FAILED = "state eq 'completed' and executionInfo/result eq 'failure'"


class Watched(Protocol):
    """A job whose tasks are listed once, and then those that have changed."""

    def look(self) -> JobView: ...


class Watcher(Protocol):
    """Gives the watched job of a name, the same one again and again, with the cloud that it is read from now."""

    def __call__(self, cloud: Cloud, name: str) -> Watched: ...


def look(
    cloud: Cloud,
    names: Iterable[str],
    before: Mapping[str, Job],
    history: History,
    watcher: Watcher,
    most: int = TASKS,
) -> tuple[Job, ...]:
    """The jobs of these names; `before` is how they were last. One with more tasks than `most` is a large one."""

    def one(name: str) -> Job:
        last, course = before.get(name) or Job(name), history.jobs.setdefault(name, Course())
        try:
            with reading(f"the job {name}"):
                return _job(cloud, last, course, watcher, most)
        except (*UNREADABLE, Refused) as error:
            return replace(last, unread=str(error))

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="jobs") as threads:
        return tuple(threads.map(one, list(names)[:MOST]))


def _job(cloud: Cloud, last: Job, course: Course, watcher: Watcher, most: int) -> Job:
    name = last.name
    raw = job_generations.current(cloud, name) or batch_jobs.get(cloud, name)
    if raw is None:
        return Job(name)
    tasks = batch_jobs.tasks(cloud, raw["id"])
    counted = (tasks.waiting, tasks.running, tasks.succeeded, tasks.failed)
    states = {state: number for state, number in zip(STATES, counted, strict=True) if number}
    course.note(cloud.time, states | {"ended": tasks.ended})
    settled = not tasks.waiting and not tasks.running
    if settled and (last.id, last.state, dict(last.states)) == (raw["id"], raw["state"], states):
        return replace(last, unread="")
    if sum(counted) > most:
        return _large(cloud, Job(name, raw["id"], raw["state"], states, whole=False), tasks, course)
    return of(name, watcher(cloud, name).look())


def of(name: str, view: JobView) -> Job:
    """A job all of whose tasks are known."""
    course, now = view.course, view.course.now
    ran = bool(course.tasks) and any(task.begun for task in course.tasks)
    return Job(
        name,
        course.job,
        view.state,
        view.states(),
        view.pace(),
        view.left(),
        tuple(view.failures()[:SHOWN]),
        tuple(_slow(task, now) for task in view.stuck()[:SHOWN]),
        tuple(_slow(task, now) for task in course.slowest(SHOWN)),
        course.node_hours(),
        Chart(course.begin(), course.seconds(), course.steps()) if ran else None,
    )


def _slow(task: Ran, now: Any) -> Slow:
    return Slow(task.id, task.seconds(now), task.node)


def _large(cloud: Cloud, job: Job, tasks: batch_jobs.Tasks, course: Course) -> Job:
    """A job with its pace by what was seen of it so far, and why tasks have failed, by a page of them."""
    pace = course.rate("ended", WINDOW.total_seconds()) * 60
    open_ = tasks.waiting + tasks.running
    left = open_ / pace * 60 if pace and open_ else None
    failures = _failures(cloud, job.id) if tasks.failed else ()
    return replace(job, per_minute=pace, left=left, failures=failures, chart=course.chart())


def _failures(cloud: Cloud, job: str) -> tuple[tuple[str, int, str], ...]:
    pages = cloud.batch().list_tasks(job, select=list(batch_runs.SELECTED), filter=FAILED, max_results=PAGE).by_page()
    failed = [batch_runs.ran(item.as_dict()) for item in next(iter(pages), ())]
    examples = {task.failure: task.id for task in reversed(failed)}
    counted = Counter(task.failure for task in failed).most_common(SHOWN)
    return tuple((reason, number, examples[reason]) for reason, number in counted)
