"""The jobs in the section `jobs` of a spec, and how they depend on one another: checks that no schema can say."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.errors import Problem
from reconciler.spec import jobs, order
from reconciler.spec.document import Document
from reconciler.spec.family import Section
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    needs = jobs.needs(spec)
    for name in spec.jobs:
        yield from _needs(document, spec, name)
        yield from _filled(document, spec, name)
    if circle := order.circle(needs):
        message = f"depend on each other in a circle: {' → '.join(circle)}; take one of these out"
        yield document.problem(("jobs", circle[0], "dependsOn"), message)


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
    """A container that tasks are made for and that the work of another job fills."""
    before = order.before(jobs.needs(spec), name)
    for task, entry in spec.jobs[name].get("tasks", {}).items():
        for other in jobs.filling(spec, entry["forEach"]) if "forEach" in entry else ():
            if other != name and other not in before:
                message = f"is filled by jobs/{other}, so that its blobs are not there yet"
                remedy = f"write dependsOn: [jobs/{other}] in jobs/{name}"
                yield document.problem(("jobs", name, "tasks", task, "forEach"), f"{message}; {remedy}")


SECTION = Section(key="jobs", check=check)
