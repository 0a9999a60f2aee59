"""New tasks: what Batch refuses and fills in."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.batch import containers
from azure_local.batch.arm import applications, batch_account, pool_access
from azure_local.batch.data.common import LONGEST, USER, stamped
from azure_local.batch.data.pool_spelling import package_heard
from azure_local.batch.schema import DATA
from azure_local.batch.shapes import invalid, malformed, missing
from azure_local.http import Failure

RETENTION = "P7D"
OVER = {"completed": "JobCompleted", "terminating": "JobBeingTerminated", "deleting": "JobBeingDeleted"}
"""State of a job that takes no tasks → the error (Batch's list of codes)."""


def key(job: dict[str, Any], task: str) -> str:
    return f"{job['account']}/{job['id']}/{task}"


def check_open(job: dict[str, Any]) -> None:
    """Failure 409 if the job is over, or is about to be."""
    if job["state"] in OVER:
        raise Failure(409, OVER[job["state"]], f"The specified job is {job['state']}.")


def new(azure: Azure, job: dict[str, Any], content: Any) -> dict[str, Any]:
    """Check and store a new task of a job. Failure as Batch words it."""
    check_open(job)
    body = _read(azure, job, content)
    if azure.store.get("task", key(job, body["id"])) is not None:
        raise Failure(409, "TaskExists", "The specified task already exists.")
    if body["id"].lower() in job.get("satisfied", ()):
        job["satisfied"].remove(body["id"].lower())  # a new task, which has not ended
        azure.store.put("job", f"{job['account']}/{job['id']}", job)
    return _keep(azure, job, body)


def make_manager(azure: Azure, job: dict[str, Any]) -> None:
    """Store the job's manager task, which is a task like others but for its place and what its end means.

    Its `manager` member says so: `exclusive` use of its node, whether it may run on `spot` nodes, and whether its end
    `ends` the job.
    """
    body = dict(job["jobManagerTask"])
    names = {"exclusive": "runExclusive", "spot": "allowLowPriorityNode", "ends": "killJobOnCompletion"}
    manager = {name: body.pop(spelt) for name, spelt in names.items()}
    _keep(azure, job, body, manager=manager)


def _keep(azure: Azure, job: dict[str, Any], body: dict[str, Any], **more: Any) -> dict[str, Any]:
    now = azure.clock.after(0)
    task = {
        "userIdentity": USER,
        "requiredSlots": 1,
        **body,
        "constraints": {**limits(job), **(body.get("constraints") or {})},
        "account": job["account"],
        "job": job["id"],
        "url": f"{job['url']}/tasks/{body['id']}",
        "creationTime": now,
        "state": "active",
        "stateTransitionTime": now,
        "executionInfo": {"retryCount": 0, "requeueCount": 0},
        **more,
    }
    stamped(azure, task)
    return azure.store.put("task", key(job, body["id"]), task)


def _read(azure: Azure, job: dict[str, Any], content: Any) -> dict[str, Any]:
    """A task's checked body. Failure as Batch words it."""
    body = DATA.fitted("BatchTaskCreateOptions", content)
    check_run(azure, job["account"], body)
    if "dependsOn" in body and not job["usesTaskDependencies"]:
        text = "The task depends on others, but its job was not made with usesTaskDependencies."
        raise Failure(400, "TaskDependenciesNotSpecifiedOnJob", text)
    for options in exits(body):
        if "jobAction" in options and job["onTaskFailure"] == "noaction":
            raise invalid("jobAction", options["jobAction"], "The job's onTaskFailure is noaction.")
        if "dependencyAction" in options and not job["usesTaskDependencies"]:
            raise invalid("dependencyAction", options["dependencyAction"], "The job has no usesTaskDependencies.")
    return body


def check_run(azure: Azure, account: str, body: dict[str, Any]) -> None:
    """Failure unless a task's command, container, packages and files fit the account."""
    containers.check(body)
    if len(body.get("userIdentity", USER)) != 1:
        raise malformed("username and autoUser are mutually exclusive, and one of them must be set.")
    if not body.get("commandLine") and not ("commandLine" in body and "containerSettings" in body):
        raise missing("commandLine")
    owner = batch_account.by_name(azure, account)
    assert owner is not None
    references = [
        package_heard(owner["resource"], reference) for reference in body.get("applicationPackageReferences") or ()
    ]
    applications.check_references(azure, owner["resource"], references)
    several = body.get("multiInstanceSettings", {})
    if several and body.get("requiredSlots", 1) != 1:
        raise invalid("requiredSlots", body["requiredSlots"], "It must be 1 for a multi-instance task.")
    for file in (*body.get("resourceFiles", ()), *several.get("commonResourceFiles", ())):
        pool_access.resource_file(file, auto_storage="autoStorage" in owner["resource"]["properties"])


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


def limits(job: dict[str, Any]) -> dict[str, Any]:
    retries = job["constraints"]["maxTaskRetryCount"]
    return {"maxWallClockTime": LONGEST, "retentionTime": RETENTION, "maxTaskRetryCount": retries}
