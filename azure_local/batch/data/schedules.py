"""The Batch data plane's job schedules, which make new jobs until they are disabled or have ended."""

from __future__ import annotations

from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.batch.data import job_making
from azure_local.batch.data import jobs as batch_jobs
from azure_local.batch.data.common import ACCOUNT, VERSIONS, account, headers, listed, metadata, selected, stamped
from azure_local.batch.schema import DATA
from azure_local.clock import parsed
from azure_local.http import Answer, Call, Failure, check_match

OVER = ("completed", "terminating", "deleting")


def key(schedule: dict[str, Any]) -> str:
    return f"{schedule['account']}/{schedule['id']}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The schedule's resource. Failure 404."""
    schedule = azure.store.get("schedule", f"{account(azure, call)}/{call.params['schedule']}")
    if schedule is None:
        raise Failure(404, "JobScheduleNotFound", "The specified job schedule does not exist.")
    return schedule


def move(azure: Azure, schedule: dict[str, Any], state: str) -> None:
    """Change the state, remembering the one before."""
    schedule["previousState"] = schedule["state"]
    schedule["previousStateTransitionTime"] = schedule["stateTransitionTime"]
    schedule["state"], schedule["stateTransitionTime"] = state, azure.clock.after(0)
    if state == "completed":
        schedule["executionInfo"]["endTime"] = schedule["stateTransitionTime"]
        schedule["executionInfo"].pop("nextRunTime", None)
    azure.store.put("schedule", key(schedule), schedule)


def _shown(schedule: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in schedule.items() if name not in ("account", "jobs", "poolId")}
    shown: dict[str, Any] = DATA.shown("BatchJobScheduleCreateOptions", kept)
    return shown


async def add(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    body = DATA.fitted("BatchJobScheduleCreateOptions", call.body)
    job_making.check(azure, name, body["jobSpecification"], scheduled=True)
    if azure.store.get("schedule", f"{name}/{body['id']}") is not None:
        raise Failure(409, "JobScheduleExists", "The specified job schedule already exists.")
    if azure.store.get("job", job_making.key(name, body["id"])) is not None:
        text = "A job with the specified job schedule id exists. Job and job schedule cannot have the same id."
        raise Failure(409, "JobWithSameIdExists", text)
    job_making.check_quota(azure, name)
    now = azure.clock.after(0)
    first = body["schedule"].get("doNotRunUntil", now)
    schedule = {
        **body,
        "jobSpecification": job_making.completed(body["jobSpecification"]),
        "account": name,
        "url": f"{azure.front}/batch/{name}/jobschedules/{body['id']}",
        "creationTime": now,
        "state": "active",
        "stateTransitionTime": now,
        "executionInfo": {"nextRunTime": first},
        "jobs": 0,
    }
    stamp = stamped(azure, schedule)
    azure.store.put("schedule", key(schedule), schedule)
    return Answer(201, None, {**stamp, "Location": schedule["url"]})


async def get(azure: Azure, call: Call) -> Answer:
    schedule = lookup(azure, call)
    body = {**metadata(azure, call, "jobschedules/@Element"), **selected(call, _shown(schedule))}
    return Answer(200, None if call.method == "HEAD" else body, headers(azure, schedule))


async def listing(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    return listed(azure, call, "jobschedules", map(_shown, azure.store.list("schedule", f"{name}/")))


async def jobs(azure: Azure, call: Call) -> Answer:
    schedule = lookup(azure, call)
    documents = azure.store.list("job", f"{key(schedule)}:")
    return listed(azure, call, "jobs", (batch_jobs.shown(job) for job in documents))


async def patch(azure: Azure, call: Call) -> Answer:
    """PATCH keeps members that the body leaves out, PUT resets them; changes take effect with the next job."""
    schedule = lookup(azure, call)
    check_match(call, schedule["eTag"])
    if schedule["state"] in OVER:
        raise Failure(409, "JobScheduleCompleted", f"The specified job schedule is {schedule['state']}.")
    body = DATA.fitted("BatchJobSchedule" if call.method == "PUT" else "BatchJobScheduleUpdateOptions", call.body)
    if "jobSpecification" in body:
        job_making.check(azure, schedule["account"], body["jobSpecification"], scheduled=True)
        body["jobSpecification"] = job_making.completed(body["jobSpecification"])
    if call.method == "PUT":
        body = {"metadata": [], **body}
    schedule.update(body)
    first, due = schedule["schedule"].get("doNotRunUntil"), schedule["executionInfo"].get("nextRunTime")
    if first and due and parsed(first) > parsed(due):
        schedule["executionInfo"]["nextRunTime"] = first
    stamp = stamped(azure, schedule)
    azure.store.put("schedule", key(schedule), schedule)
    return Answer(200, None, stamp)


async def switch(azure: Azure, call: Call) -> Answer:
    """Disable or enable the schedule; a running job goes on."""
    schedule = lookup(azure, call)
    check_match(call, schedule["eTag"])
    state = "disabled" if call.path.lower().endswith("/disable") else "active"
    if schedule["state"] in OVER:
        raise Failure(409, "JobScheduleCompleted", f"The specified job schedule is {schedule['state']}.")
    if schedule["state"] != state:
        move(azure, schedule, state)
    return Answer(204, None, headers(azure, schedule))


async def terminate(azure: Azure, call: Call) -> Answer:
    schedule = lookup(azure, call)
    check_match(call, schedule["eTag"])
    if schedule["state"] in OVER:
        raise Failure(409, "JobScheduleCompleted", f"The specified job schedule is {schedule['state']}.")
    azure.batch.schedules.stop(schedule, "terminating")
    return Answer(202, None, headers(azure, schedule))


async def delete(azure: Azure, call: Call) -> Answer:
    schedule = lookup(azure, call)
    check_match(call, schedule["eTag"])
    if schedule["state"] == "deleting":
        raise Failure(409, "JobScheduleBeingDeleted", "The specified job schedule is being deleted.")
    azure.batch.schedules.stop(schedule, "deleting")
    return Answer(202)


ALL = f"{ACCOUNT}/jobschedules"
ONE = f"{ALL}/{{schedule}}"
SERVICE = Service(
    plane="batch",
    routes=(
        *serving.crud(
            ONE, ALL, VERSIONS, add=add, listing=listing, get=get, head=get, patch=patch, put=patch, delete=delete
        ),
        *serving.posts(ONE, VERSIONS, disable=switch, enable=switch, terminate=terminate),
        Route("GET", f"{ONE}/jobs", jobs, VERSIONS),
    ),
)
