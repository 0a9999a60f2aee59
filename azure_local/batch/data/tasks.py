"""The Batch data plane's tasks: adding one or up to a hundred, their states and their files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Service
from azure_local.batch import containers
from azure_local.batch.arm import applications, batch_account, pool_access
from azure_local.batch.data import files as batch_files
from azure_local.batch.data import jobs
from azure_local.batch.data.common import VERSIONS, headers, listed, metadata, selected, stamped
from azure_local.batch.data.pool_spelling import package_heard
from azure_local.batch.schema import DATA
from azure_local.batch.shapes import invalid, malformed, missing
from azure_local.http import Answer, Call, Failure, check_match

MOST, LARGEST = 100, 1_048_576
RETENTION = "P7D"


def key(job: dict[str, Any], task: str) -> str:
    return f"{job['account']}/{job['id']}/{task}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    job = jobs.lookup(azure, call)
    task = azure.store.get("task", key(job, call.params["task"]))
    if task is None:
        raise Failure(404, "TaskNotFound", "The specified task does not exist.")
    return task


def shown(task: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in task.items() if name not in ("account", "job", "pid", "folder")}
    shown_task: dict[str, Any] = DATA.shown("BatchTaskCreateOptions", kept)
    return shown_task


def _new(azure: Azure, job: dict[str, Any], body: Any) -> dict[str, Any]:
    """Check and store a new task of a job. Failure as Batch words it."""
    if job["state"] not in ("active", "disabled", "disabling", "enabling"):
        raise Failure(
            409, "JobCompleted" if job["state"] != "deleting" else "JobBeingDeleted", "The job takes no tasks."
        )
    body = _read(azure, job, body)
    if azure.store.get("task", key(job, body["id"])) is not None:
        raise Failure(409, "TaskExists", "The specified task already exists.")
    now = azure.clock.after(0)
    task = {
        "userIdentity": jobs.USER,
        "requiredSlots": 1,
        **body,
        "constraints": {**_limits(job), **(body.get("constraints") or {})},
        "account": job["account"],
        "job": job["id"],
        "url": f"{job['url']}/tasks/{body['id']}",
        "creationTime": now,
        "state": "active",
        "stateTransitionTime": now,
        "executionInfo": {"retryCount": 0, "requeueCount": 0},
    }
    stamped(azure, task)
    return azure.store.put("task", key(job, body["id"]), task)


def _read(azure: Azure, job: dict[str, Any], content: Any) -> dict[str, Any]:
    """A task's checked body. Failure as Batch words it."""
    body = DATA.fitted("BatchTaskCreateOptions", content)
    if "multiInstanceSettings" in body:
        azure.gaps["multiInstanceSettings"] = azure.gaps.get("multiInstanceSettings", 0) + 1
        raise malformed("multiInstanceSettings is not offered by the local Azure.")
    containers.check(body)
    if not body.get("commandLine") and not ("commandLine" in body and "containerSettings" in body):
        raise missing("commandLine")
    if "dependsOn" in body and not job["usesTaskDependencies"]:
        text = "The task depends on others, but its job was not made with usesTaskDependencies."
        raise Failure(400, "TaskDependenciesNotSpecifiedOnJob", text)
    for options in exits(body):
        if "jobAction" in options and job["onTaskFailure"] == "noaction":
            raise invalid("jobAction", options["jobAction"], "The job's onTaskFailure is noaction.")
        if "dependencyAction" in options and not job["usesTaskDependencies"]:
            raise invalid("dependencyAction", options["dependencyAction"], "The job has no usesTaskDependencies.")
    owner = batch_account.by_name(azure, job["account"])
    assert owner is not None
    references = [
        package_heard(owner["resource"], reference) for reference in body.get("applicationPackageReferences") or ()
    ]
    applications.check_references(azure, owner["resource"], references)
    for file in body.get("resourceFiles") or ():
        pool_access.resource_file(file, auto_storage="autoStorage" in owner["resource"]["properties"])
    return body


def exits(task: dict[str, Any]) -> list[dict[str, Any]]:
    """All the exit options of a task."""
    conditions = task.get("exitConditions") or {}
    mapped = [
        mapping["exitOptions"] for name in ("exitCodes", "exitCodeRanges") for mapping in conditions.get(name) or ()
    ]
    return [
        *mapped,
        *(conditions[name] for name in ("preProcessingError", "fileUploadError", "default") if name in conditions),
    ]


async def add(azure: Azure, call: Call) -> Answer:
    task = _new(azure, jobs.lookup(azure, call), call.body)
    return Answer(201, None, {**headers(azure, task), "Location": task["url"]})


async def add_collection(azure: Azure, call: Call) -> Answer:
    """Each task gets its own answer: success, clienterror or servererror."""
    job = jobs.lookup(azure, call)
    bodies = (call.body or {}).get("value")
    if not isinstance(bodies, list) or not 1 <= len(bodies) <= MOST:
        raise Failure(400, "InvalidRequestBody", f"A collection has 1 to {MOST} tasks.")
    if len(json.dumps(call.body)) > LARGEST:
        raise Failure(413, "RequestBodyTooLarge", "The size of the request body exceeds the maximum permitted.")
    results = []
    for body in bodies:
        task_id = str((body or {}).get("id", ""))
        try:
            task = _new(azure, job, body)
            stamp = {name: task[name] for name in ("eTag", "lastModified")}
            results.append({"status": "success", "taskId": task_id, **stamp, "location": task["url"]})
        except Failure as failure:
            error = {"code": failure.code, "message": {"lang": "en-US", "value": failure.message}}
            results.append({"status": "clienterror", "taskId": task_id, "error": error})
    return Answer(200, {**metadata(azure, call, "taskaddresult"), "value": results})


async def get(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    body = {**metadata(azure, call, "tasks/@Element"), **selected(call, shown(task))}
    return Answer(200, body, headers(azure, task))


async def listing(azure: Azure, call: Call) -> Answer:
    job = jobs.lookup(azure, call)
    tasks = azure.store.list("task", f"{job['account']}/{job['id']}/")
    return listed(azure, call, "tasks", tasks, shown)


async def terminate(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    check_match(call, task["eTag"])
    if task["state"] == "completed":
        raise Failure(409, "TaskCompleted", "The specified task is completed already.")
    azure.batch.tasks.end(task)
    return Answer(204)


async def reactivate(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    if task["state"] != "completed":
        raise Failure(409, "TaskNotCompleted", "The specified task is not completed.")
    if task["executionInfo"].get("exitCode") == 0:
        raise Failure(409, "TaskCompleted", "A task that completed successfully cannot be reactivated.")
    azure.batch.tasks.requeue(task, retries=0)
    return Answer(204)


async def replace(azure: Azure, call: Call) -> Answer:
    """Replace a task's constraints; those that the body leaves out get their defaults."""
    task, job = lookup(azure, call), jobs.lookup(azure, call)
    check_match(call, task["eTag"])
    if task["state"] == "completed":
        raise Failure(409, "TaskCompleted", "The specified task is completed already.")
    body = DATA.fitted("BatchTask", call.body)
    task["constraints"] = {**_limits(job), **body.get("constraints", {})}
    stamp = stamped(azure, task)
    azure.store.put("task", key(job, task["id"]), task)
    return Answer(200, None, stamp)


def _limits(job: dict[str, Any]) -> dict[str, Any]:
    retries = job["constraints"]["maxTaskRetryCount"]
    return {"maxWallClockTime": jobs.LONGEST, "retentionTime": RETENTION, "maxTaskRetryCount": retries}


async def delete(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    azure.batch.tasks.end(task)
    azure.store.delete("task", f"{task['account']}/{task['job']}/{task['id']}")
    return Answer(200)


def _folder(task: dict[str, Any]) -> Path:
    folder = Path(task.get("folder") or "/nowhere")
    if not folder.is_dir():
        raise Failure(409, "NodeNotFound", "The task has not run, or its node is gone, and its files with it.")
    return folder


async def files(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    return batch_files.listing(azure, call, _folder(task), task["url"])


async def file(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    if call.method == "DELETE":
        return batch_files.remove(call, _folder(task))
    return batch_files.file(call, _folder(task), task["url"])


ALL = f"{jobs.ONE}/tasks"
ONE = f"{ALL}/{{task}}"
FILES = f"{ONE}/files"
FILE = f"{FILES}/{{file:path}}"
SERVICE = Service(
    plane="batch",
    routes=(
        *serving.crud(ONE, ALL, VERSIONS, add=add, listing=listing, get=get, put=replace, delete=delete),
        *serving.posts(jobs.ONE, VERSIONS, addtaskcollection=add_collection),
        *serving.posts(ONE, VERSIONS, terminate=terminate, reactivate=reactivate),
        *serving.crud(FILE, FILES, VERSIONS, listing=files, get=file, head=file, delete=file),
    ),
)
