"""What is kept of the preparation and release tasks of a job whose pool keeps `logs`: all that they print. Pure.

Batch has output files for neither, so their commands run within a program of ours, as those of start tasks do. It is no
part of the body: what a job does stays the same with it, and a job that is there is not made anew for it.

One that runs in a container is left as it is, as the image may lack a shell or Python. The program adds some 3,300
characters to each command. Inferred, not tried on Azure: that the longest command line is that of other tasks, and
that AZ_BATCH_TASK_DIR is set for these tasks, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.model import Address
from reconciler.nodelogs import startline
from reconciler.spec import log_places
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec

STAGES = {"jobPreparationTask": "preparation", "jobReleaseTask": "release"}
LINE, CONTAINER = "commandLine", "containerSettings"
Logs = tuple[str, str]
"""A container of the spec, and the ARM id of who writes there."""


def refs(spec: Spec, job: Job) -> Iterator[Address]:
    """What must be there before these tasks can bring what they print."""
    if any(name in job for name in STAGES):
        yield from log_places.refs(spec, job)


def notes(spec: Spec, job: Job) -> tuple[str, ...]:
    """What a plan says of what is not kept."""
    tasks: Mapping[str, Any] = job
    inside = [f"{name} prints" for name in STAGES if CONTAINER in tasks.get(name, ())]
    if not inside or log_places.of_job(spec, job) is None:
        return ()
    return (f"what {' and '.join(inside)} is not kept, as it runs in a container; its node has it while it is there",)


def wire(name: str, task: Mapping[str, Any], logs: Logs | None, url: Callable[[str], str]) -> dict[str, Any]:
    """What a job runs of its own, one of AROUND, with the command line that keeps what it prints; `url` of a place."""
    if logs is None or name not in STAGES or task.get(CONTAINER):
        return dict(task)
    place, identity = logs
    settings = {"identity": identity, "logs": {"in": place, "of": STAGES[name], "url": url(place)}}
    return {**task, LINE: startline.wrapped(task[LINE], settings)}


def observed(task: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `wire`, whatever program it was."""
    read = startline.read(str(task.get(LINE) or ""))
    return {**task, LINE: read.line} if read else dict(task)
