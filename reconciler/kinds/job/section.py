"""The jobs in the section `jobs` of a spec, and how they depend on one another: checks that no schema can say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reconciler.azure import durations
from reconciler.errors import Problem
from reconciler.kinds.job import auto_pool_checks, kept_checks, limits, on_done, previewed, secrets
from reconciler.spec import jobs, order
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.sections import Job, Schedule
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    needs = jobs.needs(spec)
    for name, job in spec.jobs.items():
        yield from _needs(document, spec, name)
        yield from _filled(document, spec, name)
        yield from auto_pool_checks.problems(document, spec, name)
        yield from on_done.problems(document, spec, name)
        yield from secrets.problems(document, spec, name)
        yield from kept_checks.problems(document, spec, name)
        if "schedule" in job:
            yield from _beside(document, ("jobs", name), job)
            yield from _times(document, ("jobs", name, "schedule"), job["schedule"])
    if circle := order.circle(needs):
        message = f"depend on each other in a circle: {' → '.join(circle)}; take one of these out"
        yield document.problem(("jobs", circle[0], "dependsOn"), message)


def _beside(document: Document, path: Path_, job: Job) -> Iterator[Problem]:
    """What the jobs of a schedule are. Source: Batch service, Job Schedule - Create, JobSpecification."""
    for key in ("tasks", "convert"):
        if key in job:
            message = "cannot be given to the jobs of a schedule, which are made anew each time"
            remedy = "what they do stands in jobManagerTask: {id: main, commandLine: ...}"
            yield document.problem((*path, key), f"{message}; {remedy}", at_key=True)
    if job["whenReplaced"] != "Terminate":
        message = "has no meaning with schedule, whose changes count from its next job on; take it out"
        yield document.problem((*path, "whenReplaced"), message, at_key=True)
    if "jobManagerTask" not in job:
        message = "makes jobs without tasks; say what they do: jobManagerTask: {id: main, commandLine: ...}"
        yield document.problem((*path, "schedule"), message, at_key=True)
        return
    ends = job["onAllTasksComplete"] == "TerminateJob" or job["jobManagerTask"]["killJobOnCompletion"]
    if "recurrenceInterval" in job["schedule"] and not ends and "maxWallClockTime" not in job:
        message = "its first job would never end, so that no second one begins; write onAllTasksComplete: TerminateJob"
        yield document.problem((*path, "jobManagerTask", "killJobOnCompletion"), message)


def _times(document: Document, path: Path_, schedule: Schedule) -> Iterator[Problem]:
    lengths = {key: schedule.get(key, "PT1M") for key in ("recurrenceInterval", "startWindow")}
    for key, length in lengths.items():
        if (durations.seconds(str(length)) or 0) < 60:
            yield document.problem((*path, key), "is shorter than a minute, which Batch does not take; write PT1M")
    times = {key: str(schedule.get(key, "")) for key in ("doNotRunUntil", "doNotRunAfter")}
    for key, text in times.items():
        if text and _moment(text) is None:
            yield document.problem((*path, key), "is no time that there is; look at its month, day and hour")
    first, last = map(_moment, times.values())
    if first and last and last <= first:
        yield document.problem((*path, "doNotRunAfter"), "is not after doNotRunUntil, so that no job would begin")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _needs(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    """Who begins after others, and these, must have work of which the spec knows."""
    path: Path_ = ("jobs", name, "dependsOn")
    if spec.jobs[name]["dependsOn"] and not jobs.works(spec.jobs[name]):
        message = "has no meaning without tasks or convert, as nothing of the job could wait; take it out"
        yield document.problem(path, message, at_key=True)
    for index, need in enumerate(spec.jobs[name]["dependsOn"]):
        other = spec.jobs.get(need.removeprefix("jobs/"))
        if other is not None and not jobs.works(other):
            message = f"{need} has neither tasks nor convert, whose end could be waited for; take it out"
            yield document.problem((*path, index), message)


def _filled(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    """A container that tasks are made for and that the work of another job fills, or the lock or runs."""
    before = order.before(jobs.needs(spec), name)
    for task, entry in spec.jobs[name].get("tasks", {}).items():
        for other in jobs.filling(spec, entry["forEach"]) if "forEach" in entry else ():
            if other != name and other not in before:
                message = f"is filled by jobs/{other}, so that its blobs are not there yet"
                remedy = f"write dependsOn: [jobs/{other}] in jobs/{name}"
                yield document.problem(("jobs", name, "tasks", task, "forEach"), f"{message}; {remedy}")
        for key, holds in (("lock", "the blob of the lock"), ("audit", "the records of runs")):
            if entry.get("forEach") and entry.get("forEach") == spec.sections.get(key):
                message = f"has {holds} in it, which would get a task, too; give {key} a container of its own"
                yield document.problem(("jobs", name, "tasks", task, "forEach"), message)


def _advice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    yield from auto_pool_checks.advice(spec)
    yield from limits.advice(spec)


SECTION = Section(key="jobs", spell=on_done.spell, check=check, advice=_advice, preview=previewed.preview)
