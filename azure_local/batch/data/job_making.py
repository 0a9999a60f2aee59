"""New jobs: what Batch refuses and fills in, and the quota of active ones."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.batch import containers, events
from azure_local.batch.arm import batch_account
from azure_local.batch.data import auto_pools, task_making
from azure_local.batch.data.common import LONGEST, USER, stamped
from azure_local.batch.shapes import invalid
from azure_local.http import Failure


def key(name: str, job: str) -> str:
    return f"{name}/{job}"


def save(azure: Azure, job: dict[str, Any]) -> None:
    azure.store.put("job", key(job["account"], job["id"]), job)


def check(azure: Azure, name: str, body: dict[str, Any], *, scheduled: bool = False) -> None:
    """Failure unless the checked body of a job, or of a schedule's jobs, fits this account.

    The pool need not be there: tasks run once it is (Batch's schema, recorded).
    """
    if "poolInfo" in body:
        auto_pools.check(body["poolInfo"], scheduled=scheduled)
    if "jobManagerTask" in body:
        task_making.check_run(azure, name, body["jobManagerTask"])
    for name in ("jobPreparationTask", "jobReleaseTask"):
        containers.check(body.get(name, {}))
    if "jobReleaseTask" in body and "jobPreparationTask" not in body:
        raise invalid("jobReleaseTask", "", "It needs a jobPreparationTask.")


def make(azure: Azure, name: str, body: dict[str, Any], pool_id: str | None = None) -> dict[str, Any]:
    """Store a new, active job from a checked body. Failure 409 if its id is taken, or there are too many jobs.

    `pool_id` is the pool that its schedule has made, if there is one.
    """
    existing = azure.store.get("job", key(name, body["id"]))
    if existing is not None:
        being = existing["state"] == "deleting"
        code, text = ("JobBeingDeleted", "is being deleted") if being else ("JobExists", "already exists")
        raise Failure(409, code, f"The specified job {text}.")
    if ":" not in body["id"] and azure.store.get("schedule", key(name, body["id"])) is not None:
        raise Failure(409, "JobExists", "A job schedule with the specified id exists.")
    check_quota(azure, name)
    now = azure.clock.after(0)
    url = f"{azure.front}/batch/{name}/jobs/{body['id']}"
    job = {
        **completed(body),
        "account": name,
        "url": url,
        "creationTime": now,
        "state": "active",
        "stateTransitionTime": now,
        "executionInfo": {"startTime": now, "poolId": pool_id or auto_pools.name(body["poolInfo"])},
    }
    error = auto_pools.make(azure, name, job["poolInfo"], job["executionInfo"]["poolId"])
    if error is not None:
        job["state"] = "completed"
        job["executionInfo"] |= {"endTime": now, "schedulingError": error}
    stamped(azure, job)
    save(azure, job)
    events.job(azure, job, "JobStartEvent")
    if "jobManagerTask" in job and error is None:
        task_making.make_manager(azure, job)
    return job


def completed(body: dict[str, Any]) -> dict[str, Any]:
    """The checked body of a job, or of the jobs of a schedule, with what Azure fills in. Recorded."""
    job = {
        "priority": 0,
        "maxParallelTasks": -1,
        "allowTaskPreemption": False,
        "usesTaskDependencies": False,
        "onAllTasksComplete": "noaction",
        "onTaskFailure": "noaction",
        **body,
        "poolInfo": auto_pools.completed(body["poolInfo"]),
        "constraints": {"maxWallClockTime": LONGEST, "maxTaskRetryCount": 0, **(body.get("constraints") or {})},
    }
    if "jobManagerTask" in job:
        job["jobManagerTask"] = _manager(job, job["jobManagerTask"])
    preparation = job.get("jobPreparationTask")
    if preparation:
        defaults = {"id": "jobpreparation", "waitForSuccess": True, "rerunOnNodeRebootAfterSuccess": True}
        limits = {"maxWallClockTime": LONGEST, "retentionTime": "P7D", "maxTaskRetryCount": 0}
        limited = {"constraints": {**limits, **preparation.get("constraints", {})}}
        job["jobPreparationTask"] = {**defaults, "userIdentity": USER, **preparation, **limited}
    if job.get("jobReleaseTask"):
        defaults = {"id": "jobrelease", "maxWallClockTime": "PT15M", "retentionTime": "P7D", "userIdentity": USER}
        job["jobReleaseTask"] = {**defaults, **job["jobReleaseTask"]}
    return job


def _manager(job: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """A job manager task with its documented defaults."""
    return {
        "killJobOnCompletion": True,
        "runExclusive": True,
        "allowLowPriorityNode": True,
        "requiredSlots": 1,
        "userIdentity": USER,
        **given,
        "constraints": {**task_making.limits(job), **given.get("constraints", {})},
    }


def check_quota(azure: Azure, name: str) -> None:
    """Failure 409 if the account has as many active jobs and schedules as it may."""
    owner = batch_account.by_name(azure, name)
    assert owner is not None
    items = [*azure.store.list("job", f"{name}/"), *azure.store.list("schedule", f"{name}/")]
    active = [item for item in items if item["state"] not in ("completed", "deleting")]
    if len(active) >= owner["resource"]["properties"]["activeJobAndJobScheduleQuota"]:
        text = "The active job and job schedule quota of the account has been reached."
        raise Failure(409, "ActiveJobAndScheduleQuotaReached", text)
