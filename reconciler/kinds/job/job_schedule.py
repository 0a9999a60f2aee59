"""A Batch job schedule, which makes a job at each recurrence once the one before has ended. It is on the data plane.

When it makes jobs and what these are like changes in place, for the next job on: one that is there goes on as it was
made. A schedule that has completed, because its doNotRunAfter has passed, makes no more jobs, and is made anew when the
spec gives it another time. It is deleted with all its jobs and their tasks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, batch_schedules, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, accounts, permissions
from reconciler.kind.arm import Verbs
from reconciler.kind.inverse import Inverse
from reconciler.kind.permissions import Permissions
from reconciler.kinds.job import body, costs, inverse, kept, needs, pool_info, schedule, secrets, work
from reconciler.kinds.job.schedule import SPECIFICATION
from reconciler.model import Action, Address, Decision, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec import log_places
from reconciler.spec.spec import Spec
from reconciler.words import count

NAME = "job_schedule"
FIELDS = {
    "schedule": Rule.LIVE,
    SPECIFICATION: Rule.LIVE,
    "metadata": Rule.LIVE,
    "state": Rule.REPLACE,
    "stage": Rule.LIVE,
    "id": Rule.REPLACE,
    "displayName": Rule.REPLACE,
}
"""Source: the docstring of BatchJobScheduleUpdateOptions in azure-batch 15.1. `stage` is enabled or disabled."""
COUNTED = 1_000
"""The most jobs of a schedule that are counted."""


def expand(spec: Spec) -> Iterable[Desired]:
    for name, job in spec.jobs.items():
        if "schedule" in job:
            refs = (*pool_info.refs(spec, job), *secrets.refs(spec, job), *kept.refs(spec, job))
            notes, data = (*pool_info.notes(spec, job), *kept.notes(spec, job)), {"logs": log_places.of_job(spec, job)}
            yield Desired(Address(NAME, name), schedule.wanted(spec, job), refs, job["protect"], data, notes=notes)


def _observed(cloud: Cloud, raw: Mapping[str, Any], desired: Desired | None) -> Observed:
    busy = raw["state"] in ("terminating", "deleting")
    pool = desired.body[SPECIFICATION]["poolInfo"]["poolId"] if desired else ""
    seen = schedule.observed(raw, pool)
    ended = seen["state"] == "completed" and desired is not None and seen["schedule"] == desired.body["schedule"]
    return Observed(
        Address(NAME, raw["id"]),
        raw["id"],
        seen,
        marks.mark_of(pairs.mapped(raw.get("metadata"))),
        Health.BUSY if busy else Health.READY,
        raw["state"] if busy else "",
        etag=raw.get("eTag"),
        uses=tuple(_uses(cloud, raw)),
        ended="has ended and makes no more jobs; another schedule makes it anew" if ended else "",
    )


def _uses(cloud: Cloud, raw: Mapping[str, Any]) -> Iterator[str]:
    """The ids of its account, and of its pool until it has ended."""
    yield str(cloud.account_id)
    pool = raw[SPECIFICATION]["poolInfo"].get("poolId")
    if pool and raw["state"] != "completed":
        yield f"{cloud.account_id}/pools/{pool}"


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    known = {desired.address.name.lower(): desired for desired in wanted}
    for raw in batch_schedules.listing(cloud):
        yield _observed(cloud, raw, known.get(raw["id"].lower()))


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = batch_schedules.get(cloud, resource.address.name)
    return _observed(cloud, raw, resource if isinstance(resource, Desired) else None) if raw else None


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    metadata = marks.with_mark(desired.body["metadata"], mark)
    wire = schedule.wire(cloud, desired.body, metadata, desired.data["logs"])
    batch_schedules.create(cloud, {**wire, "id": desired.address.name})
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """PATCH what differs, or enable it again."""
    from azure.batch import models
    from azure.core import MatchConditions

    match: dict[str, Any] = {"etag": observed.etag, "match_condition": MatchConditions.IfNotModified}
    parts = {change.path.split(".")[0] for change in diff.changes} - {"stage", "owner", "protect", "expires"}
    if not parts and observed.body["stage"] == "disabled":
        cloud.batch().enable_job_schedule(desired.address.name, **match)
        return None
    metadata = {**observed.body["metadata"], **desired.body["metadata"]}
    body = schedule.changed(desired.body, observed.body)
    wire = schedule.wire(cloud, body, marks.with_mark(metadata, mark), desired.data["logs"])
    changed = {part: wire[part] for part in {*parts, "metadata"}}
    cloud.batch().update_job_schedule(desired.address.name, models.BatchJobScheduleUpdateOptions(changed), **match)
    return None


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    batch_schedules.delete(cloud, observed.address.name)
    return None


def tell(cloud: Cloud, observed: Observed) -> tuple[str, ...]:
    """When its next job is due, and how far its last one is."""
    info = observed.body.get("executionInfo") or {}
    told = [f"next job {schedule.moment(info['nextRunTime'])}"] if "nextRunTime" in info else []
    last = (info.get("recentJob") or {}).get("id")
    job = batch_jobs.get(cloud, last) if last else None
    if job is None:
        return (*told, "no job so far" if last is None else f"last job {last}, which is gone")
    error = ((job.get("executionInfo") or {}).get("schedulingError") or {}).get("message", "")
    return (*told, f"last job {last} {job['state']}{f' ({error})' if error else ''}", work.told(cloud, job["id"]))


def goes(cloud: Cloud, observed: Observed, anew: Desired | None) -> str:
    """Its jobs with their tasks. Source: Batch service, Job Schedule - Delete."""
    jobs = list(islice(batch_schedules.jobs(cloud, observed.address.name), COUNTED))
    active = sum(job["state"] not in batch_jobs.ENDED for job in jobs)
    more = " or more" if len(jobs) == COUNTED else ""
    running = f", {active} of them active" if active else ""
    return f"{count(len(jobs), 'job', ',')}{more} with all tasks and their records{running}" if jobs else ""


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """Source: Batch service, Job Schedule - Update: `jobSpecification` is that of jobs that begin afterwards."""
    told = any(change.path.startswith(SPECIFICATION) for change in decision.diff.changes)
    return "from its next job on" if told and decision.action is Action.UPDATE else ""


def every(cloud: Cloud, live: Sequence[Observed]) -> Iterable[Observed]:
    return inverse.named(list_(cloud, ()), live, SPECIFICATION)


VERBS: Verbs = {"list": list_, "observe": observe, "create": create, "update": update, "delete": delete}
KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 1),
    ready_within=timedelta(minutes=15),
    keys={
        f"{SPECIFICATION}.constraints": "",
        **{f"{SPECIFICATION}.{path}": key for path, key in pool_info.KEYS.items()},
        SPECIFICATION: "",
        "state": "schedule",
    },
    usual={
        SPECIFICATION: {
            "priority": 0,
            **body.USUAL,
            "poolInfo": pool_info.USUAL,
            "constraints": {"maxTaskRetryCount": 0},
            "onAllTasksComplete": "noaction",
        },
        "state": "active",
        "stage": "enabled",
    },
    maps=("metadata", *(f"{SPECIFICATION}.{path}" for path in body.MAPS)),
    reads=("batch_account",),
    tell=accounts.reader(tell, 1),
    goes=accounts.reader(goes, 1),
    disturbs=disturbs,
    section="jobs",
    needs=needs.NEEDS,
    traits=needs.TRAITS,
    costs=costs.COSTS,
    permissions=Permissions(
        sees=(f"{permissions.SCHEDULES}/read",),
        reads=(
            f"{permissions.JOBS}/read",
            f"{permissions.POOLS}/read",
        ),
        writes=(f"{permissions.SCHEDULES}/write", f"{permissions.SCHEDULES}/delete"),
        deletes=(f"{permissions.SCHEDULES}/delete",),
        of=needs.permitted,
    ),
    inverse=Inverse(say=inverse.recurring, every=every),
)
