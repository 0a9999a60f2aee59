"""A job schedule's properties: as a spec asks for them, as Batch shows them, and as Batch takes them.

What the spec says of the job stands in `jobSpecification`, in the form that the body of a job has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reconciler import marks
from reconciler.azure.durations import canonical
from reconciler.cloud import pairs
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.job import body as jobs
from reconciler.kinds.job.kept import Logs
from reconciler.model import Body
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec

SPECIFICATION = "jobSpecification"
TIMES = ("doNotRunUntil", "doNotRunAfter")
LENGTHS = ("recurrenceInterval", "startWindow")
ENDED = ("completed", "terminating")
"""States of a schedule that makes no more jobs."""
KEPT = ("metadata", "commonEnvironmentSettings")
"""Maps of its jobs in which keys of others stay."""


def wanted(spec: Spec, job: Job) -> dict[str, Any]:
    """The body that a spec asks for."""
    specification = {key: value for key, value in jobs.wanted(spec, job).items() if key not in ("state", "stage")}
    return {
        "schedule": _times(job.get("schedule", {})),
        SPECIFICATION: {**specification, "onAllTasksComplete": job["onAllTasksComplete"].lower()},
        "metadata": {},
        "state": "active",
        "stage": "enabled",
    }


def observed(raw: Mapping[str, Any], pool: str | None) -> dict[str, Any]:
    """The body as Batch shows it; any generation of the pool that is asked for counts as that pool."""
    state, specification = raw["state"], raw[SPECIFICATION]
    job = jobs.observed({"onAllTasksComplete": "noaction", **specification, "state": "active"}, pool)
    return {
        **raw,
        "schedule": _times(raw.get("schedule") or {}),
        SPECIFICATION: {key: value for key, value in job.items() if key not in ("state", "stage")},
        "metadata": marks.without_mark(pairs.mapped(raw.get("metadata"))),
        "state": state if state in ENDED else "active",
        "stage": "disabled" if state == "disabled" else "enabled",
    }


def _times(given: Mapping[str, Any]) -> dict[str, Any]:
    """When jobs are made, with None for what nobody asks for."""
    told = {key: canonical(given[key]) if given.get(key) else None for key in LENGTHS}
    return told | {key: moment(given[key]) if given.get(key) else None for key in TIMES}


def moment(text: str) -> str:
    """A time in one spelling, to the second."""
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def wire(cloud: Cloud, body: Body, metadata: Mapping[str, str], logs: Logs | None) -> dict[str, Any]:
    """The body as Batch takes it; `logs` as for a job."""
    specification = body[SPECIFICATION]
    own = {key: value for key, value in specification["metadata"].items() if value is not None}
    return {
        "schedule": {key: value for key, value in body["schedule"].items() if value is not None},
        SPECIFICATION: jobs.wire(cloud, specification, own, logs),
        "metadata": pairs.listed(metadata),
    }


def changed(body: Body, live: Body) -> dict[str, Any]:
    """The body that is asked for, with what others gave to its jobs: a specification is written as a whole."""
    wanted, there = body[SPECIFICATION], live[SPECIFICATION]
    return {**body, SPECIFICATION: {**there, **wanted, **{name: {**there[name], **wanted[name]} for name in KEPT}}}
