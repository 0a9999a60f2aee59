"""A Batch job, which the tasks on a pool belong to. It is on the data plane.

Priority, constraints and metadata change in place. The pool changes only while the job is disabled: each update is one
stage of disable, PATCH and enable, and running tasks are requeued. All else needs a new job, its next generation: the
old one is deleted, once its running tasks have ended if the spec wants that, and goes slowly. A completed job never
becomes active again, and is replaced when there is work for it: the records of its tasks go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, job_generations, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.diff import diff
from reconciler.kind import Kind, accounts, permissions
from reconciler.kind.arm import Verbs
from reconciler.kind.inverse import Inverse
from reconciler.kind.permissions import Permissions
from reconciler.kinds.job import body, costs, inverse, kept, needs, pool_info, secrets, work
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec import log_places
from reconciler.spec.spec import Spec

NAME = "job"
FIELDS = {
    "priority": Rule.LIVE,
    "constraints": Rule.LIVE,
    "metadata": Rule.LIVE,
    "poolInfo": Rule.LIVE,
    f"poolInfo.{pool_info.AUTO}": Rule.REPLACE,
    "maxParallelTasks": Rule.LIVE,
    "allowTaskPreemption": Rule.LIVE,
    "networkConfiguration": Rule.LIVE,
    "onAllTasksComplete": Rule.LIVE,
    "state": Rule.REPLACE,
    "stage": Rule.LIVE,
    "id": Rule.REPLACE,
    "displayName": Rule.REPLACE,
    "usesTaskDependencies": Rule.REPLACE,
    "commonEnvironmentSettings": Rule.REPLACE,
    "jobManagerTask": Rule.REPLACE,
    "jobPreparationTask": Rule.REPLACE,
    "jobReleaseTask": Rule.REPLACE,
    "onTaskFailure": Rule.REPLACE,
}
"""Source: the docstring of BatchJobUpdateOptions in azure-batch 15.1. `stage` is enabled or disabled."""


def expand(spec: Spec) -> Iterable[Desired]:
    for name, job in spec.jobs.items():
        if "schedule" not in job:
            refs = (*pool_info.refs(spec, job), *secrets.refs(spec, job), *kept.refs(spec, job))
            notes = (*pool_info.notes(spec, job), *kept.notes(spec, job))
            data = {"filled": "convert" in job or "tasks" in job, work.REPLACED: job["whenReplaced"]}
            data["logs"] = log_places.of_job(spec, job)
            yield Desired(Address(NAME, name), body.wanted(spec, job), refs, job["protect"], data, notes=notes)


def _observed(cloud: Cloud, raw: Mapping[str, Any], desired: Desired | None, name: str) -> Observed:
    metadata, state = pairs.mapped(raw.get("metadata")), raw["state"]
    busy = state in ("disabling", "enabling", "terminating", "deleting")
    return Observed(
        Address(NAME, name),
        raw["id"],
        body.observed(raw, desired.body["poolInfo"]["poolId"] if desired else ""),
        marks.mark_of(metadata),
        Health.BUSY if busy else Health.READY,
        state if busy else pool_info.fault(raw),
        etag=raw.get("eTag"),
        state=state,
        uses=tuple(_uses(cloud, raw)),
        byproduct=batch_jobs.scheduled(raw["id"]),
    )


def _uses(cloud: Cloud, raw: Mapping[str, Any]) -> Iterator[str]:
    """The ids of its account, and of its pool until it has ended."""
    yield str(cloud.account_id)
    pool = raw["poolInfo"].get("poolId")
    if pool and raw["state"] != "completed":
        yield f"{cloud.account_id}/pools/{pool}"


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    known = {desired.address.name.lower(): desired for desired in wanted}
    seen: set[str] = set()
    for raw in sorted(batch_jobs.listing(cloud), key=lambda job: -marks.generation(job["id"])):
        if marks.VERIFICATION in pairs.mapped(raw.get("metadata")):
            continue
        name = job_generations.name_of(cloud, raw)
        desired = known.get(name.lower())
        if job_generations.going(raw) and (desired or name.lower() in seen):
            continue
        seen.add(name.lower())
        if desired:
            name = desired.address.name
            cloud.jobs[name] = raw["id"]
        yield _ended(_observed(cloud, raw, desired, name), desired)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    name = resource.address.name
    if isinstance(resource, Observed):
        raw = batch_jobs.get(cloud, resource.id or job_generations.live_id(cloud, name))
        return _observed(cloud, raw, None, name) if raw else None
    raw = job_generations.current(cloud, name)
    if raw is None:
        return None
    observed = _observed(cloud, raw, resource, name)
    return observed if pool_info.fault(raw) else _ended(observed, resource)  # made just now, it did not become one


def _ended(observed: Observed, desired: Desired | None) -> Observed:
    """A job of the spec, with what it means that it has ended, or that its running tasks end before it is replaced."""
    if desired is None:
        return observed
    if observed.state == "disabling" and diff(KIND.rule, desired.body, observed.body).rule is Rule.REPLACE:
        return replace(observed, health=Health.READY)
    if observed.body["state"] == "active":
        return observed
    anew = "is made anew when there is work for it" if desired.data["filled"] else "is made anew once it is deleted"
    ended = observed.detail or "has ended and takes no more tasks"
    return replace(observed, ended=f"{ended}; it {anew}")


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    metadata = marks.with_mark(desired.body["metadata"], mark)
    wire = body.wire(cloud, desired.body, metadata, desired.data["logs"])
    job_generations.create(cloud, desired.address.name, wire, metadata)
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, differs: Diff) -> Operation | None:
    """One stage: disable it for a change of pool, PATCH what differs, or enable it again."""
    from azure.batch import models
    from azure.core import MatchConditions

    match: dict[str, Any] = {"etag": observed.etag, "match_condition": MatchConditions.IfNotModified}
    parts = {change.path.split(".")[0] for change in differs.changes} - {"stage", "owner", "protect", "expires"}
    disabled = observed.body["stage"] == "disabled"
    if "poolInfo" in parts and not disabled:
        batch_jobs.post(cloud, f"/jobs/{observed.id}/disable", {"disableTasks": "requeue"}, observed.etag)
        return None
    if parts or not disabled:
        metadata = {**observed.body["metadata"], **desired.body["metadata"]}
        marked = {**marks.with_mark(metadata, mark), **job_generations.mark(observed.id, desired.address.name)}
        wire = body.wire(cloud, desired.body, marked, desired.data["logs"])
        changed = {part: wire.get(part, desired.body[part]) for part in {*parts, "metadata"}}
        cloud.batch().update_job(observed.id, models.BatchJobUpdateOptions(changed), **match)
        return None
    batch_jobs.post(cloud, f"/jobs/{observed.id}/enable", None, observed.etag)
    return None


def vacate(cloud: Cloud, desired: Desired, observed: Observed) -> str:
    """Let its running tasks end, if the spec wants that, and begin none: until then it is disabling, then disabled."""
    state = observed.state
    if desired.data[work.REPLACED] != work.WAIT or state in ("disabled", *batch_jobs.ENDED):
        return ""
    if state == "active":
        batch_jobs.post(cloud, f"/jobs/{observed.id}/disable", {"disableTasks": "wait"}, observed.etag)
    return work.ending(cloud, observed)


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    batch_jobs.delete(cloud, observed.id)
    return None


def every(cloud: Cloud, live: Sequence[Observed]) -> Iterable[Observed]:
    """All jobs but those of schedules, which go with these."""
    return inverse.named((job for job in list_(cloud, ()) if not job.byproduct), live)


VERBS: Verbs = {"list": list_, "observe": observe, "create": create, "update": update, "delete": delete}
KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 1),
    ready_within=timedelta(minutes=15),
    keys={"constraints": "", **pool_info.KEYS},
    usual={
        "priority": 0,
        **body.USUAL,
        "poolInfo": pool_info.USUAL,
        "constraints": {"maxTaskRetryCount": 0},
        "state": "active",
        "stage": "enabled",
    },
    maps=body.MAPS,
    reads=("batch_account",),
    tell=accounts.reader(work.tell, 1),
    goes=accounts.reader(work.goes, 1),
    vacate=vacate,
    disturbs=work.disturbs,
    section="jobs",
    job_of=lambda desired: desired.address.name,
    needs=replace(needs.NEEDS, spent=work.spent),
    traits=needs.TRAITS,
    costs=costs.COSTS,
    permissions=Permissions(
        sees=(f"{permissions.JOBS}/read",),
        reads=(f"{permissions.POOLS}/read",),
        writes=(f"{permissions.JOBS}/write", f"{permissions.JOBS}/delete"),
        deletes=(f"{permissions.JOBS}/delete",),
        of=needs.permitted,
    ),
    inverse=Inverse(say=inverse.entry, every=every, unseen="convert", seen=inverse.seen, finished=inverse.finished),
)
