"""The Batch data plane's jobs: their states, their changes, and the counts of their tasks."""

from __future__ import annotations

from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.batch import events
from azure_local.batch.data import auto_pools
from azure_local.batch.data.common import (
    ACCOUNT,
    LONGEST,
    VERSIONS,
    account,
    headers,
    listed,
    metadata,
    selected,
    stamped,
)
from azure_local.batch.data.job_making import check, key, make, save
from azure_local.batch.schema import DATA
from azure_local.batch.shapes import invalid
from azure_local.http import Answer, Call, Failure, check_match

HIDDEN = ("account", "next", "disableTasks", "released", "scheduleId", "satisfied")
"""Members of a job's document that are not shown."""


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The job's resource. Failure 404."""
    job = azure.store.get("job", key(account(azure, call), call.params["job"]))
    if job is None:
        raise Failure(404, "JobNotFound", "The specified job does not exist.")
    return job


def shown(job: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in job.items() if name not in HIDDEN}
    shown_job: dict[str, Any] = DATA.shown("BatchJobCreateOptions", kept)
    return shown_job


def move(azure: Azure, job: dict[str, Any], state: str) -> None:
    """Change the state, remembering the one before."""
    job["previousState"], job["previousStateTransitionTime"] = job["state"], job["stateTransitionTime"]
    job["state"], job["stateTransitionTime"] = state, azure.clock.after(0)
    save(azure, job)
    events.job_moved(azure, job)


async def add(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    body = DATA.fitted("BatchJobCreateOptions", call.body)
    check(azure, name, body)
    job = make(azure, name, body)
    return Answer(201, None, {**headers(azure, job), "Location": job["url"]})


async def get(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    body = {**metadata(azure, call, "jobs/@Element"), **selected(call, shown(job))}
    return Answer(200, body, headers(azure, job))


async def listing(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    return listed(azure, call, "jobs", (shown(job) for job in azure.store.list("job", f"{name}/")))


async def patch(azure: Azure, call: Call) -> Answer:
    """PATCH keeps members that the body leaves out, PUT resets them."""
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    body = DATA.fitted("BatchJob" if call.method == "PUT" else "BatchJobUpdateOptions", call.body)
    if job["state"] in ("deleting", "terminating"):
        code = "JobBeingDeleted" if job["state"] == "deleting" else "JobBeingTerminated"
        raise Failure(409, code, "The specified job is being deleted or terminated.")
    if "poolInfo" in body:
        body["poolInfo"] = auto_pools.changed(job["poolInfo"], body["poolInfo"])
    check(azure, job["account"], body, scheduled=":" in job["id"])
    if "poolInfo" in body and body["poolInfo"] != job["poolInfo"] and job["state"] != "disabled":
        raise Failure(409, "JobNotDisabled", "The operation can be performed only on a disabled job.")
    if body.get("onAllTasksComplete") == "noaction" and job["onAllTasksComplete"] == "terminatejob":
        raise invalid("onAllTasksComplete", "noaction", "It cannot be changed back.")
    if call.method == "PUT":
        defaults = {"priority": 0, "metadata": [], "onAllTasksComplete": "noaction"}
        body = {**defaults, **body}
    constraints = {"maxWallClockTime": LONGEST, "maxTaskRetryCount": 0, **(body.get("constraints") or {})}
    if "constraints" in body or call.method == "PUT":
        body = {**body, "constraints": constraints}
    job.update(body)
    if "poolId" in job["poolInfo"]:  # its schema: "the two IDs are the same"
        job["executionInfo"]["poolId"] = job["poolInfo"]["poolId"]
    stamp = stamped(azure, job)
    save(azure, job)
    return Answer(200, None, stamp)


async def delete(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    if job["state"] == "deleting":
        raise Failure(409, "JobBeingDeleted", "The specified job is being deleted.")
    azure.batch.jobs.stop(job, "deleting")
    return Answer(202)


async def disable(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    how = DATA.fitted("BatchJobDisableOptions", call.body or {})["disableTasks"]
    if job["state"] not in ("active", "disabling", "disabled"):
        raise Failure(409, "InvalidJobState", f"The operation cannot be performed in the job's state {job['state']}.")
    job["disableTasks"] = how
    azure.batch.jobs.stop(job, "disabling")
    return Answer(202, None, headers(azure, job))


async def enable(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    if job["state"] not in ("disabled", "disabling"):
        raise Failure(409, "InvalidJobState", f"The operation cannot be performed in the job's state {job['state']}.")
    azure.batch.jobs.stop(job, "enabling")
    return Answer(202, None, headers(azure, job))


async def terminate(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    if job["state"] in ("completed", "terminating", "deleting"):
        raise Failure(409, "JobCompleted", "The specified job is completed already.")
    job["executionInfo"]["terminateReason"] = DATA.fitted("BatchJobTerminateOptions", call.body or {}).get(
        "terminateReason", "UserTerminate"
    )
    azure.batch.jobs.stop(job, "terminating")
    return Answer(202, None, headers(azure, job))


async def counts(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    tasks = azure.batch.index.of(job)
    numbers = _with_completed({kind: len(listed) for kind, listed in tasks.by.items()})
    slots = _with_completed(tasks.slots)
    return Answer(200, {**metadata(azure, call, "taskcounts/@Element"), "taskCounts": numbers, "taskSlotCounts": slots})


def _with_completed(numbers: dict[str, int]) -> dict[str, int]:
    return {**numbers, "completed": numbers["succeeded"] + numbers["failed"]}


async def preparations(azure: Azure, call: Call) -> Answer:
    """How the job's preparation and release tasks went, node by node."""
    job = lookup(azure, call)
    if "jobPreparationTask" not in job:
        raise Failure(409, "JobPreparationTaskNotSpecified", "The specified job has no job preparation task.")
    documents = azure.store.list("preparation", f"{job['account']}/{job['id']}/")
    return listed(azure, call, "jobpreparationandreleasetaskstatuslist", documents)


ALL = f"{ACCOUNT}/jobs"
ONE = f"{ALL}/{{job}}"
SERVICE = Service(
    plane="batch",
    routes=(
        *serving.crud(ONE, ALL, VERSIONS, add=add, listing=listing, get=get, patch=patch, put=patch, delete=delete),
        *serving.posts(ONE, VERSIONS, disable=disable, enable=enable, terminate=terminate),
        Route("GET", f"{ONE}/taskcounts", counts, VERSIONS),
        Route("GET", f"{ONE}/jobpreparationandreleasetaskstatus", preparations, VERSIONS),
    ),
)
