"""Work that is to be done again because a command says so: the tasks of a job, or those that match a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import reading
from reconciler.errors import WrongUsage
from reconciler.kind import Kinds
from reconciler.model import Address, Desired
from reconciler.spec.references import nearest
from reconciler.words import some


def chosen(
    cloud: Cloud, kinds: Kinds, desired: Mapping[Address, Desired], names: Iterable[str]
) -> dict[Address, Desired]:
    """`desired`, with what `names` (JOB or JOB/PATTERN) choose to be run again. WrongUsage for a job without tasks."""
    patterns: dict[str, list[str]] = {}
    for name in names:
        job, _, pattern = name.partition("/")
        patterns.setdefault(job, []).append(pattern or "*")
    again, jobs = dict(desired), []
    for address, want in desired.items():
        kind = kinds[address.kind]
        if kind.rerun and kind.job_of:
            jobs.append(kind.job_of(want))
            if meant := patterns.get(jobs[-1], []):
                with reading(f"when the tasks of {jobs[-1]} ended"):
                    again[address] = kind.rerun(cloud, want, tuple(meant))
    for job in patterns.keys() - jobs:
        known = nearest(job, jobs) or (f"; there are {some(jobs)}" if jobs else ", nor any other")
        raise WrongUsage(f"--rerun: there is no job {job or repr(job)} with tasks{known}")
    return again
