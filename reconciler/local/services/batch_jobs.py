"""The Batch data plane's jobs: their states, what of them may change when, and the counts of their tasks."""

from __future__ import annotations

import re
from typing import Any

from reconciler.local.azure import Azure
from reconciler.local.http import Answer, Call, Failure, Route, check_match, only
from reconciler.local.services.batch_common import (
    ACCOUNT,
    VERSIONS,
    account,
    headers,
    listed,
    metadata,
    pool,
    selected,
    stamped,
)

LONGEST = "P10675199DT2H48M5.4775807S"
"""How Batch spells "no limit"."""
CREATE = (
    "id", "displayName", "usesTaskDependencies", "priority", "allowTaskPreemption", "maxParallelTasks", "constraints",
    "commonEnvironmentSettings", "poolInfo", "onAllTasksComplete", "onTaskFailure", "networkConfiguration", "metadata",
)  # fmt: skip
CHANGE = (
    "priority", "allowTaskPreemption", "maxParallelTasks", "constraints", "poolInfo", "onAllTasksComplete", "metadata",
    "networkConfiguration",
)  # fmt: skip
QUOTA = 300


def key(name: str, job: str) -> str:
    return f"{name}/{job}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The job's resource. Failure 404."""
    found = azure.store.get("job", key(account(azure, call), call.params["job"]))
    if found is None:
        raise Failure(404, "JobNotFound", "The specified job does not exist.")
    return found


def save(azure: Azure, job: dict[str, Any]) -> None:
    azure.store.put("job", key(job["account"], job["id"]), job)


def shown(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in job.items() if name not in ("account", "next", "disableTasks")}


def move(azure: Azure, job: dict[str, Any], state: str) -> None:
    """Change the state, remembering the one before."""
    job["previousState"], job["previousStateTransitionTime"] = job["state"], job["stateTransitionTime"]
    job["state"], job["stateTransitionTime"] = state, azure.clock.after(0)
    save(azure, job)


def _check(azure: Azure, name: str, body: dict[str, Any]) -> None:
    pool_id = (body.get("poolInfo") or {}).get("poolId")
    if "poolInfo" in body and (not pool_id or pool(azure, name, pool_id) is None):
        text = "The specified pool does not exist."
        raise Failure(404, "PoolNotFound", text)
    if not -1000 <= body.get("priority", 0) <= 1000:
        values = {"PropertyName": "priority", "PropertyValue": str(body["priority"]), "Reason": "-1000 to 1000"}
        raise Failure(400, "InvalidPropertyValue", "The value of a property is invalid.", values)
    if body.get("onAllTasksComplete", "noaction") not in ("noaction", "terminatejob"):
        raise Failure(400, "InvalidPropertyValue", "onAllTasksComplete must be noaction or terminatejob.")


async def add(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    for member in ("jobManagerTask", "jobPreparationTask", "jobReleaseTask"):
        if member in (call.body or {}):
            azure.gaps[member] = azure.gaps.get(member, 0) + 1
            raise Failure(400, "InvalidRequestBody", f"{member} is not offered by the local Azure.")
    body = only(call.body, CREATE, "JobAddParameter")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(body.get("id", ""))):
        raise Failure(400, "InvalidPropertyValue", "The job id is not valid.")
    if "poolInfo" not in body:
        raise Failure(400, "MissingRequiredProperty", "The property poolInfo is required.")
    _check(azure, name, body)
    existing = azure.store.get("job", key(name, body["id"]))
    if existing is not None:
        being = existing["state"] == "deleting"
        code, text = ("JobBeingDeleted", "is being deleted") if being else ("JobExists", "already exists")
        raise Failure(409, code, f"The specified job {text}.")
    active = [j for j in azure.store.list("job", f"{name}/") if j["state"] not in ("completed", "deleting")]
    if len(active) >= QUOTA:
        text = "The active job and job schedule quota of the account has been reached."
        raise Failure(409, "ActiveJobAndScheduleQuotaReached", text)
    now = azure.clock.after(0)
    url = f"{azure.front}/batch/{name}/jobs/{body['id']}"
    job = {
        "priority": 0,
        "maxParallelTasks": -1,
        "allowTaskPreemption": False,
        "usesTaskDependencies": False,
        "onAllTasksComplete": "noaction",
        "onTaskFailure": "noaction",
        **body,
        "constraints": {"maxWallClockTime": LONGEST, "maxTaskRetryCount": 0, **(body.get("constraints") or {})},
        "account": name,
        "url": url,
        "creationTime": now,
        "state": "active",
        "stateTransitionTime": now,
        "executionInfo": {"startTime": now, "poolId": body["poolInfo"]["poolId"]},
    }
    stamp = stamped(azure, job)
    save(azure, job)
    return Answer(201, None, {**stamp, "Location": url})


async def get(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    body = {**metadata(azure, call, "jobs/@Element"), **selected(call, shown(job))}
    return Answer(200, body, headers(azure, job))


async def listing(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    return listed(azure, call, "jobs", (shown(job) for job in azure.store.list("job", f"{name}/")))


async def patch(azure: Azure, call: Call) -> Answer:
    """PATCH keeps what is not given, PUT resets it."""
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    body = only(call.body, CHANGE, "JobUpdateParameter")
    if job["state"] in ("deleting", "terminating"):
        code = "JobBeingDeleted" if job["state"] == "deleting" else "JobBeingTerminated"
        raise Failure(409, code, "The specified job is being deleted or terminated.")
    _check(azure, job["account"], body)
    if "poolInfo" in body and body["poolInfo"] != job["poolInfo"] and job["state"] != "disabled":
        raise Failure(409, "JobNotDisabled", "The operation can be performed only on a disabled job.")
    if body.get("onAllTasksComplete") == "noaction" and job["onAllTasksComplete"] == "terminatejob":
        raise Failure(400, "InvalidPropertyValue", "onAllTasksComplete cannot be changed back to noaction.")
    if call.method == "PUT":
        defaults = {"priority": 0, "metadata": [], "onAllTasksComplete": "noaction"}
        body = {**defaults, **body}
    constraints = {"maxWallClockTime": LONGEST, "maxTaskRetryCount": 0, **(body.get("constraints") or {})}
    if "constraints" in body or call.method == "PUT":
        body = {**body, "constraints": constraints}
    job.update(body)
    stamp = stamped(azure, job)
    save(azure, job)
    return Answer(200, None, stamp)


async def delete(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    if job["state"] == "deleting":
        raise Failure(409, "JobBeingDeleted", "The specified job is being deleted.")
    azure.batch.stop_job(job, "deleting")
    return Answer(202)


async def disable(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    how = (call.body or {}).get("disableTasks")
    if how not in ("requeue", "terminate", "wait"):
        raise Failure(400, "InvalidPropertyValue", "disableTasks must be requeue, terminate or wait.")
    if job["state"] not in ("active", "enabling"):
        raise Failure(409, "InvalidJobState", f"The operation cannot be performed in the job's state {job['state']}.")
    job["disableTasks"] = how
    azure.batch.stop_job(job, "disabling")
    return Answer(202, None, headers(azure, job))


async def enable(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    if job["state"] not in ("disabled", "disabling"):
        raise Failure(409, "InvalidJobState", f"The operation cannot be performed in the job's state {job['state']}.")
    move(azure, job, "active")
    return Answer(202, None, headers(azure, job))


async def terminate(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    check_match(call, job["eTag"])
    if job["state"] in ("completed", "terminating", "deleting"):
        raise Failure(409, "JobCompleted", "The specified job is completed already.")
    job["executionInfo"]["terminateReason"] = (call.body or {}).get("terminateReason", "UserTerminate")
    azure.batch.stop_job(job, "terminating")
    return Answer(202, None, headers(azure, job))


async def counts(azure: Azure, call: Call) -> Answer:
    job = lookup(azure, call)
    found = dict.fromkeys(("active", "running", "completed", "succeeded", "failed"), 0)
    slots = dict(found)
    for task in azure.store.list("task", f"{job['account']}/{job['id']}/"):
        states = ["running" if task["state"] == "preparing" else task["state"]]
        if task["state"] == "completed":
            states.append("succeeded" if task["executionInfo"]["result"] == "success" else "failed")
        for state in states:
            found[state] += 1
            slots[state] += task["requiredSlots"]
    return Answer(200, {**metadata(azure, call, "taskcounts/@Element"), "taskCounts": found, "taskSlotCounts": slots})


ALL = f"{ACCOUNT}/jobs"
ONE = f"{ALL}/{{job}}"
ROUTES = (
    Route("POST", ALL, add, VERSIONS),
    Route("GET", ALL, listing, VERSIONS),
    Route("GET", ONE, get, VERSIONS),
    Route("PATCH", ONE, patch, VERSIONS),
    Route("PUT", ONE, patch, VERSIONS),
    Route("DELETE", ONE, delete, VERSIONS),
    Route("POST", f"{ONE}/disable", disable, VERSIONS),
    Route("POST", f"{ONE}/enable", enable, VERSIONS),
    Route("POST", f"{ONE}/terminate", terminate, VERSIONS),
    Route("GET", f"{ONE}/taskcounts", counts, VERSIONS),
)
