"""A Batch job, which the tasks on a pool belong to. It is on the data plane.

Priority, constraints and metadata change in place. The pool changes only while the job is disabled: each update is one
stage of disable, PATCH and enable, and running tasks are requeued. All else needs a new job. A completed job never
becomes active again, and is replaced when there is work for it: the records of its tasks go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import batch_jobs, pairs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import Kind, accounts, words
from reconciler.kind.arm import Verbs
from reconciler.kind.inverse import Inverse, Known, Section, protect
from reconciler.kind.needs import Needs
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec.schema import defaults
from reconciler.spec.spec import Spec
from reconciler.words import count

NAME = "job"
FIELDS = {
    "priority": Rule.LIVE,
    "constraints": Rule.LIVE,
    "metadata": Rule.LIVE,
    "poolInfo": Rule.LIVE,
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
UNLIMITED = "P10675199DT2H48M5.4775807S"
"""How Batch spells a maxWallClockTime without limit."""

WORDLESS: Mapping[str, tuple[Any, ...]] = {
    "allowTaskPreemption": (False,),
    "commonEnvironmentSettings": ([],),
    "jobManagerTask": (),
    "jobPreparationTask": (),
    "jobReleaseTask": (),
    "maxParallelTasks": (-1,),
    "networkConfiguration": (),
    "onAllTasksComplete": ("noaction",),
    "onTaskFailure": ("noaction",),
    "usesTaskDependencies": (False,),
}
"""Properties that a spec cannot say → what Batch shows where nobody asked for them."""


def expand(spec: Spec) -> Iterable[Desired]:
    for name, job in spec.jobs.items():
        pool = job["pool"].split("/")[1]
        body: dict[str, Any] = {
            "poolInfo": {"poolId": pool},
            "priority": job["priority"],
            "constraints": {
                "maxTaskRetryCount": job["maxTaskRetryCount"],
                "maxWallClockTime": job.get("maxWallClockTime", UNLIMITED),
            },
            "displayName": job.get("displayName"),
            "metadata": dict(job["metadata"]),
            "state": "active",
            "stage": "enabled",
        }
        if any(task["dependsOn"] for task in job.get("tasks", {}).values()):
            body["usesTaskDependencies"] = True
        data = {"filled": "convert" in job or "tasks" in job}
        yield Desired(Address(NAME, name), body, (Address("pool", pool),), job["protect"], data)


def _observed(cloud: Cloud, raw: Mapping[str, Any], desired: Desired | None) -> Observed:
    metadata = pairs.mapped(raw.get("metadata"))
    state = raw["state"]
    constraints = {"maxWallClockTime": UNLIMITED, "maxTaskRetryCount": 0, **(raw.get("constraints") or {})}
    ended = state in ("completed", "terminating")
    pool = raw["poolInfo"]
    if desired and marks.is_generation(pool.get("poolId", ""), desired.body["poolInfo"]["poolId"]):
        pool = desired.body["poolInfo"]  # any generation of the pool counts as the pool
    body = {
        **raw,
        "poolInfo": pool,
        "constraints": constraints,
        "metadata": marks.without_mark(metadata),
        "state": state if ended else "active",
        "stage": "disabled" if state == "disabled" and marks.MOVING not in metadata else "enabled",
    }
    busy = state in ("disabling", "enabling", "terminating", "deleting")
    return Observed(
        Address(NAME, raw["id"]),
        raw["id"],
        body,
        marks.mark_of(metadata),
        Health.BUSY if busy else Health.READY,
        state if busy else "",
        etag=raw.get("eTag"),
        uses=tuple(_uses(cloud, raw)),
    )


def _uses(cloud: Cloud, raw: Mapping[str, Any]) -> Iterator[str]:
    """The ids of its account, and of its pool until it has ended."""
    yield str(cloud.account_id)
    pool = raw["poolInfo"].get("poolId")
    if pool and raw["state"] != "completed":
        yield f"{cloud.account_id}/pools/{pool}"


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    known = {desired.address.name.lower(): desired for desired in wanted}
    for raw in batch_jobs.listing(cloud):
        if marks.VERIFICATION not in pairs.mapped(raw.get("metadata")):
            desired = known.get(raw["id"].lower())
            yield _ended(cloud, _observed(cloud, raw, desired), desired)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    raw = batch_jobs.get(cloud, resource.address.name)
    if raw is None:
        return None
    desired = resource if isinstance(resource, Desired) else None
    return _ended(cloud, _observed(cloud, raw, desired), desired)


def _ended(cloud: Cloud, observed: Observed, desired: Desired | None) -> Observed:
    """A job of the spec, with what it means that it has ended, and how many task records it holds."""
    if desired is None or observed.body["state"] == "active":
        return observed
    counts = cloud.batch().get_job_task_counts(observed.address.name).task_counts
    records = int(counts.active + counts.running + counts.completed)
    anew = "is made anew when there is work for it" if desired.data["filled"] else "is made anew once it is deleted"
    return replace(
        observed,
        occupants=(count(records, "task record", ","),) if records else (),
        ended=f"has ended and takes no more tasks; it {anew}",
    )


def _wire(cloud: Cloud, desired: Desired) -> dict[str, Any]:
    """The body as Batch takes it: with the id of the live pool that is the current generation of the spec's pool."""
    pool = desired.body["poolInfo"]["poolId"]
    return {**desired.body, "poolInfo": {"poolId": cloud.pools.get(pool, pool)}}


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    wire = _wire(cloud, desired)
    body = {key: value for key, value in wire.items() if key not in ("state", "stage") and value is not None}
    metadata = pairs.listed(marks.with_mark(desired.body["metadata"], mark))
    batch_jobs.create(cloud, {**body, "id": desired.address.name, "metadata": metadata})
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    """One stage: disable it for a change of pool, PATCH what differs, or enable it again."""
    from azure.batch import models
    from azure.core import MatchConditions

    match: dict[str, Any] = {"etag": observed.etag, "match_condition": MatchConditions.IfNotModified}
    parts = {change.path.split(".")[0] for change in diff.changes} - {"stage", "owner", "protect"}
    disabled = observed.body["stage"] == "disabled"
    if "poolInfo" in parts and not disabled:
        batch_jobs.post(cloud, f"/jobs/{desired.address.name}/disable", {"disableTasks": "requeue"}, observed.etag)
        return None
    if parts or not disabled:
        metadata = {**observed.body["metadata"], **desired.body["metadata"]}
        wire = _wire(cloud, desired)
        body = {part: wire[part] for part in parts} | {"metadata": pairs.listed(marks.with_mark(metadata, mark))}
        cloud.batch().update_job(desired.address.name, models.BatchJobUpdateOptions(body), **match)
        return None
    batch_jobs.post(cloud, f"/jobs/{desired.address.name}/enable", None, observed.etag)
    return None


def tell(cloud: Cloud, job: Observed) -> tuple[str, ...]:
    """Its tasks by state."""
    counts = cloud.batch().get_job_task_counts(job.address.name).task_counts
    numbers = {name: int(getattr(counts, name)) for name in ("active", "running", "succeeded", "failed")}
    told = ", ".join(f"{number:,} {name}" for name, number in numbers.items() if number)
    return (f"tasks: {told}" if told else "no tasks",)


def goes(cloud: Cloud, job: Observed) -> str:
    """The records of its tasks."""
    (told,) = tell(cloud, job)
    return f"the records of its {told}" if told != "no tasks" else "no task records"


def delete(cloud: Cloud, observed: Observed) -> Operation | None:
    batch_jobs.delete(cloud, observed.address.name)
    return None


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    """The entry of a live job in a spec, without its tasks, which are never in a spec.

    Raises Unsayable for a job of another pool, or one with properties that a spec does not know.
    """
    body = observed.body
    wordless = ", ".join(name for name, usual in WORDLESS.items() if body.get(name) not in (None, *usual))
    if wordless:
        raise words.Unsayable(f"its {wordless} cannot be said in a spec")
    pool = body["poolInfo"].get("poolId")
    if pool not in known.names("pool"):
        raise words.Unsayable(f"its pool {pool} is not in the spec" if pool else "it makes a pool of its own")
    limits = body["constraints"]
    usual = {**defaults(NAME), "maxWallClockTime": UNLIMITED, "displayName": ""}
    shape = words.definition("job")["properties"]["metadata"]
    metadata = words.pairs(body["metadata"], shape, "metadata", notes)
    settings = {
        "priority": body.get("priority", 0),
        "maxTaskRetryCount": limits["maxTaskRetryCount"],
        "maxWallClockTime": limits["maxWallClockTime"],
        "displayName": body.get("displayName"),
        "metadata": metadata,
    }
    section = {"pool": f"pools/{pool}", **words.without(settings, usual), **protect(observed)}
    words.refuse_secrets(section)
    return section


def every(cloud: Cloud, live: Sequence[Observed]) -> Iterator[Observed]:
    """All jobs; each refers to its pool by the name in the spec, whichever generation of it is live."""
    pools = (observed for observed in live if observed.address.kind == "pool")
    names = {pool.id.rsplit("/", 1)[-1]: pool.address.name for pool in pools}
    for job in list_(cloud, ()):
        pool_id = job.body["poolInfo"].get("poolId")
        yield replace(job, body={**job.body, "poolInfo": {"poolId": names[pool_id]}}) if pool_id in names else job


VERBS: Verbs = {"list": list_, "observe": observe, "create": create, "update": update, "delete": delete}
KIND = Kind(
    name=NAME,
    fields=FIELDS,
    expand=expand,
    **accounts.everywhere(VERBS, 1),
    ready_within=timedelta(minutes=15),
    keys={"constraints": "", "poolInfo.poolId": "pool"},
    usual={
        "priority": 0,
        "constraints": {"maxTaskRetryCount": 0, "maxWallClockTime": UNLIMITED},
        "state": "active",
        "stage": "enabled",
    },
    maps=("metadata",),
    reads=("batch_account",),
    tell=accounts.reader(tell, 1),
    goes=accounts.reader(goes, 1),
    section="jobs",
    job_of=lambda desired: desired.address.name,
    needs=Needs(active=lambda observed: observed.body.get("state") == "active"),
    inverse=Inverse(say=entry, every=every, unseen="convert"),
)
