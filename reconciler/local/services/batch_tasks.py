"""The Batch data plane's tasks: adding one or a hundred, their states, and the files that they leave."""

from __future__ import annotations

import json
import mimetypes
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.local.azure import Azure
from reconciler.local.http import Answer, Call, Failure, Route, check_match, only
from reconciler.local.services import batch_jobs
from reconciler.local.services.batch_common import VERSIONS, headers, listed, metadata, selected, stamped

KNOWN = (
    "id", "displayName", "commandLine", "resourceFiles", "environmentSettings", "userIdentity", "constraints",
    "requiredSlots", "exitConditions", "outputFiles", "affinityInfo", "dependsOn", "applicationPackageReferences",
    "containerSettings", "multiInstanceSettings",
)  # fmt: skip
MISSING = (
    "outputFiles",
    "dependsOn",
    "applicationPackageReferences",
    "containerSettings",
    "multiInstanceSettings",
    "exitConditions",
)
MOST, LARGEST = 100, 1_048_576
RETENTION = "P7D"


def key(job: dict[str, Any], task: str) -> str:
    return f"{job['account']}/{job['id']}/{task}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    job = batch_jobs.lookup(azure, call)
    found = azure.store.get("task", key(job, call.params["task"]))
    if found is None:
        raise Failure(404, "TaskNotFound", "The specified task does not exist.")
    return found


def shown(task: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if name not in ("account", "job", "pid", "folder")}


def _new(azure: Azure, job: dict[str, Any], body: Any) -> dict[str, Any]:
    """A checked task of a job that takes tasks, kept. Failure as Batch words it."""
    if job["state"] not in ("active", "disabled", "disabling", "enabling"):
        raise Failure(
            409, "JobCompleted" if job["state"] != "deleting" else "JobBeingDeleted", "The job takes no tasks."
        )
    only(body, KNOWN, "TaskAddParameter")
    for member in MISSING:
        if body.get(member):
            azure.gaps[f"task {member}"] = azure.gaps.get(f"task {member}", 0) + 1
            raise Failure(400, "InvalidRequestBody", f"{member} is not offered by the local Azure.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(body.get("id", ""))):
        raise Failure(400, "InvalidPropertyValue", "The task id is not valid.")
    if not body.get("commandLine"):
        raise Failure(400, "MissingRequiredProperty", "The property commandLine is required.")
    if azure.store.get("task", key(job, body["id"])) is not None:
        raise Failure(409, "TaskExists", "The specified task already exists.")
    now = azure.clock.after(0)
    retries = job["constraints"]["maxTaskRetryCount"]
    limits = {"maxWallClockTime": batch_jobs.LONGEST, "retentionTime": RETENTION, "maxTaskRetryCount": retries}
    task = {
        "userIdentity": {"autoUser": {"scope": "task", "elevationLevel": "nonadmin"}},
        "requiredSlots": 1,
        **body,
        "constraints": {**limits, **(body.get("constraints") or {})},
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


async def add(azure: Azure, call: Call) -> Answer:
    task = _new(azure, batch_jobs.lookup(azure, call), call.body)
    return Answer(201, None, {**headers(azure, task), "Location": task["url"]})


async def add_collection(azure: Azure, call: Call) -> Answer:
    """Each task gets its own answer: success, clienterror or servererror."""
    job = batch_jobs.lookup(azure, call)
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
            told = {name: task[name] for name in ("eTag", "lastModified")}
            results.append({"status": "success", "taskId": task_id, **told, "location": task["url"]})
        except Failure as failure:
            error = {"code": failure.code, "message": {"lang": "en-US", "value": failure.message}}
            results.append({"status": "clienterror", "taskId": task_id, "error": error})
    return Answer(200, {**metadata(azure, call, "taskaddresult"), "value": results})


async def get(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    body = {**metadata(azure, call, "tasks/@Element"), **selected(call, shown(task))}
    return Answer(200, body, headers(azure, task))


async def listing(azure: Azure, call: Call) -> Answer:
    job = batch_jobs.lookup(azure, call)
    tasks = azure.store.list("task", f"{job['account']}/{job['id']}/")
    return listed(azure, call, "tasks", (shown(task) for task in tasks))


async def terminate(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    check_match(call, task["eTag"])
    if task["state"] == "completed":
        raise Failure(409, "TaskCompleted", "The specified task is completed already.")
    azure.batch.end_task(task)
    return Answer(204)


async def reactivate(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    if task["state"] != "completed":
        raise Failure(409, "TaskNotCompleted", "The specified task is not completed.")
    if task["executionInfo"].get("exitCode") == 0:
        raise Failure(409, "TaskCompleted", "A task that completed successfully cannot be reactivated.")
    azure.batch.requeue(task, retries=0)
    return Answer(204)


async def delete(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    azure.batch.end_task(task)
    azure.store.delete("task", f"{task['account']}/{task['job']}/{task['id']}")
    return Answer(200)


def _folder(task: dict[str, Any]) -> Path:
    folder = Path(task.get("folder") or "/nowhere")
    if not folder.is_dir():
        raise Failure(409, "NodeNotFound", "The task has not run, or its node is gone, and its files with it.")
    return folder


async def files(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    folder = _folder(task)
    deep = call.query.get("recursive", "false").lower() == "true"
    found = []
    for path in sorted(folder.rglob("*") if deep else folder.glob("*")):
        name = str(path.relative_to(folder))
        entry: dict[str, Any] = {
            "name": name,
            "url": f"{task['url']}/files/{quote(name)}",
            "isDirectory": path.is_dir(),
        }
        if not path.is_dir():
            size = path.stat().st_size
            entry["properties"] = {
                "contentLength": str(size),
                "lastModified": task["lastModified"],
                "contentType": mimetypes.guess_type(name)[0] or "application/octet-stream",
                "fileMode": oct(path.stat().st_mode),
            }
        found.append(entry)
    return listed(azure, call, "files", found)


async def file(azure: Azure, call: Call) -> Answer:
    """A file's bytes, whole or the range of `ocp-range`."""
    task = lookup(azure, call)
    folder = _folder(task)
    path = (folder / call.params["file"]).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise Failure(404, "FileNotFound", "The specified file does not exist.")
    data = path.read_bytes()
    asked = call.headers.get("ocp-range", "")
    if match := re.fullmatch(r"bytes=(\d+)-(\d*)", asked):
        data = data[int(match[1]) : int(match[2]) + 1 if match[2] else None]
    told = {
        "ocp-batch-file-isdirectory": "False",
        "ocp-batch-file-mode": oct(path.stat().st_mode),
        "ocp-batch-file-url": f"{task['url']}/files/{quote(call.params['file'])}",
        "ocp-creation-time": headers(azure, task)["Last-Modified"],
        "Last-Modified": headers(azure, task)["Last-Modified"],
        "Content-Type": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "Content-Length": str(len(data)),
    }
    return Answer(200, None if call.method == "HEAD" else data, told)


ALL = f"{batch_jobs.ONE}/tasks"
ONE = f"{ALL}/{{task}}"
ROUTES = (
    Route("POST", ALL, add, VERSIONS),
    Route("POST", f"{batch_jobs.ONE}/addtaskcollection", add_collection, VERSIONS),
    Route("GET", ALL, listing, VERSIONS),
    Route("GET", ONE, get, VERSIONS),
    Route("DELETE", ONE, delete, VERSIONS),
    Route("POST", f"{ONE}/terminate", terminate, VERSIONS),
    Route("POST", f"{ONE}/reactivate", reactivate, VERSIONS),
    Route("GET", f"{ONE}/files", files, VERSIONS),
    Route("GET", f"{ONE}/files/{{file:path}}", file, VERSIONS),
    Route("HEAD", f"{ONE}/files/{{file:path}}", file, VERSIONS),
)
