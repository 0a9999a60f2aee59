"""Whom a job tells that it has ended, in the section `jobs` of a spec: its forms, and checks that no schema can say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.azure import durations
from reconciler.errors import Problem
from reconciler.spec import jobs, webhooks
from reconciler.spec.document import Document
from reconciler.spec.schema import Path_
from reconciler.spec.sections import OnDone
from reconciler.spec.spec import Spec

KEY = "onDone"
LONGEST = 86_400
"""Seconds that a command may take."""


def spell(job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A list, also of one."""
    return {**job, KEY: [job[KEY]]} if isinstance(job.get(KEY), dict) else job


def problems(document: Document, spec: Spec, name: str) -> Iterator[Problem]:
    job, path = spec.jobs[name], ("jobs", name, KEY)
    if not job["onDone"]:
        return
    if "schedule" in job:
        message = "has no meaning with schedule, at the ends of whose jobs no reconcile is there"
        remedy = "let the jobManagerTask tell its end, or take this out"
        yield document.problem(path, f"{message}; {remedy}", at_key=True)
    elif not jobs.works(job):
        message = "has no meaning without tasks or convert, of whose end reconcile would know; take it out"
        yield document.problem(path, message, at_key=True)
    elif not jobs.kept_in(job):
        message = "needs a container in which is kept what has been told; write staging: storage/ACCOUNT/CONTAINER"
        yield document.problem(path, f"{message} in the job", at_key=True)
    single = path not in document.values or (*path, 0) not in document.values
    for index, entry in enumerate(job["onDone"]):
        yield from _entry(document, path if single else (*path, index), entry)


def _entry(document: Document, path: Path_, entry: OnDone) -> Iterator[Problem]:
    if "webhook" not in entry and "command" not in entry:
        yield document.problem(path, "tells nobody; write webhook: or command: there")
    address = entry.get("webhook", "")
    if isinstance(address, str) and address and (reason := webhooks.fault(address)):
        yield document.problem((*path, "webhook"), reason)
    if not 1 <= (durations.seconds(entry["maxWallClockTime"]) or 0) <= LONGEST:
        yield document.problem((*path, "maxWallClockTime"), "is not between a second and a day; write PT10M")
