"""The Batch data plane's tasks: adding one or up to a hundred, their states and their files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.batch.data import files as batch_files
from azure_local.batch.data import job_making, jobs, task_making
from azure_local.batch.data.common import VERSIONS, headers, listed, metadata, selected, stamped
from azure_local.batch.schema import DATA
from azure_local.http import Answer, Call, Failure, check_match

MOST, LARGEST = 100, 1_048_576
HIDDEN = ("account", "job", "pid", "folder", "manager", "subtasks")
"""Members of a task's document that are not shown."""


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    job = jobs.lookup(azure, call)
    task = azure.store.get("task", task_making.key(job, call.params["task"]))
    if task is None:
        raise Failure(404, "TaskNotFound", "The specified task does not exist.")
    return task


def shown(task: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in task.items() if name not in HIDDEN}
    shown_task: dict[str, Any] = DATA.shown("BatchTaskCreateOptions", kept)
    return shown_task


async def add(azure: Azure, call: Call) -> Answer:
    task = task_making.new(azure, jobs.lookup(azure, call), call.body)
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
            task = task_making.new(azure, job, body)
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
    return listed(azure, call, "tasks", azure.batch.index.of(job).all.values(), shown)


async def terminate(azure: Azure, call: Call) -> Answer:
    task = lookup(azure, call)
    check_match(call, task["eTag"])
    if task["state"] == "completed":
        raise Failure(409, "TaskCompleted", "The specified task is completed already.")
    azure.batch.tasks.end(task)
    return Answer(204)


async def reactivate(azure: Azure, call: Call) -> Answer:
    """Run a failed task again, of a job that is not over."""
    task = lookup(azure, call)
    task_making.check_open(jobs.lookup(azure, call))
    if task["state"] != "completed":
        raise Failure(409, "TaskNotCompleted", "The specified task is not completed.")
    if task["executionInfo"].get("exitCode") == 0:
        raise Failure(409, "TaskSucceeded", "A task that completed successfully cannot be reactivated.")
    azure.batch.tasks.requeue(task, retries=0)
    return Answer(204)


async def replace(azure: Azure, call: Call) -> Answer:
    """Replace a task's constraints; those that the body leaves out get their defaults."""
    task, job = lookup(azure, call), jobs.lookup(azure, call)
    check_match(call, task["eTag"])
    if task["state"] == "completed":
        raise Failure(409, "TaskCompleted", "The specified task is completed already.")
    body = DATA.fitted("BatchTask", call.body)
    task["constraints"] = {**task_making.limits(job), **body.get("constraints", {})}
    stamp = stamped(azure, task)
    azure.store.put("task", task_making.key(job, task["id"]), task)
    return Answer(200, None, stamp)


async def delete(azure: Azure, call: Call) -> Answer:
    """A dependency that is deleted counts as satisfied only if it had ended so.

    Documented: its files on its node go with it, whatever its retention; those of subtasks go later.
    """
    task, job = lookup(azure, call), jobs.lookup(azure, call)
    azure.batch.tasks.end(task)
    if job["usesTaskDependencies"] and azure.batch.tasks.satisfies(task):
        job["satisfied"] = [*job.get("satisfied", ()), task["id"].lower()]
        job_making.save(azure, job)
    azure.store.delete("task", task_making.key(job, task["id"]))
    if "folder" in task:
        shutil.rmtree(task["folder"], ignore_errors=True)
    return Answer(200)


async def subtasks(azure: Azure, call: Call) -> Answer:
    """What runs on the other nodes of a multi-instance task; nothing for any other task."""
    return Answer(200, {**metadata(azure, call, "subtasks"), "value": lookup(azure, call).get("subtasks", [])})


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
        Route("GET", f"{ONE}/subtasksinfo", subtasks, VERSIONS),
        *serving.crud(FILE, FILES, VERSIONS, listing=files, get=file, head=file, delete=file),
    ),
)
