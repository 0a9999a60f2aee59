"""How the jobs of a spec relate: whose work begins after whose."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model import Address
from reconciler.spec.order import Needs
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec
from reconciler.spec.tasks import places_filled

WORK = {"tasks": "tasks", "convert": "conversion"}
"""Keys of a job that say what is done in it → the kinds of that."""
AROUND = ("jobManagerTask", "jobPreparationTask", "jobReleaseTask")
"""What a job runs of its own: a task that begins with it, and on each node before its first and after its last task."""


def kept_in(job: Job) -> str:
    """The container in which is kept what a job remembers, as storage/ACCOUNT/CONTAINER; empty if it has none."""
    return job.get("staging") or (job["convert"]["scripts"] if "convert" in job else "")


def needs(spec: Spec) -> Needs:
    """Every job → the jobs that it depends on."""
    return {name: [need.removeprefix("jobs/") for need in job["dependsOn"]] for name, job in spec.jobs.items()}


def works(job: Job) -> list[str]:
    """The kinds of what is done in a job."""
    return [kind for key, kind in WORK.items() if job.get(key)]


def followed(spec: Spec, name: str) -> tuple[Address, ...]:
    """The work that the work of a job begins after."""
    return tuple(Address(kind, need) for need in needs(spec)[name] for kind in works(spec.jobs[need]))


def awaited(spec: Spec, name: str) -> bool:
    """Whether apply waits until the work of a job has ended: the job says so, or others begin after it."""
    return spec.jobs[name]["wait"] or any(name in some for some in needs(spec).values())


def filling(spec: Spec, place: str) -> Iterator[str]:
    """The jobs that write to a container, `storage/ACCOUNT/CONTAINER`."""
    for name, job in spec.jobs.items():
        if place in places_filled(job.get("tasks", {})) or ("convert" in job and job["convert"]["to"] == place):
            yield name
