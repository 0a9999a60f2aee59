"""What happens to pools, jobs and tasks, told with the bodies that the account's service log has.

Source: Microsoft's pages of the events (azure-docs, batch-*-event.md). Events of jobs are only counted and have
no body. Inferred: that a task which somebody ends has not failed, and the code of a failed resize. Preparation and
release tasks are not told of: the name of that event is not published.
"""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure, Event
from azure_local.batch.shapes import seconds

Document = dict[str, Any]
SUCCESS = {"resultCode": "Success", "resultMessage": "The operation succeeded"}
OF_JOBS = {
    "disabling": "JobDisableStartEvent",
    "disabled": "JobDisableCompleteEvent",
    "terminating": "JobTerminateStartEvent",
    "completed": "JobTerminateCompleteEvent",
    "deleting": "JobDeleteStartEvent",
}
"""State that a job has come to → its event."""


def _of_pool(azure: Azure, document: Document, name: str, body: Document) -> None:
    pool = document["resource"]["name"]
    azure.happened(Event(document["account"], name, {"id": pool, **body}, pool=pool))


def _scale(document: Document) -> tuple[Document, bool]:
    """The pool's targets, and whether a formula sets them."""
    settings = document["resource"]["properties"]["scaleSettings"]
    return settings.get("fixedScale") or document.get("size") or {}, "autoScale" in settings


def pool_created(azure: Azure, document: Document) -> None:
    properties = document["resource"]["properties"]
    size, automatic = _scale(document)
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    image = {"imageReference": machine["imageReference"], "nodeAgentId": machine["nodeAgentSkuId"]}
    body = {
        "displayName": properties.get("displayName", ""),
        "vmSize": properties["vmSize"],
        "imageType": "VirtualMachineConfiguration",
        "virtualMachineConfiguration": image,
        "networkConfiguration": {"subnetId": (properties.get("networkConfiguration") or {}).get("subnetId", "")},
        "resizeTimeout": str(int((seconds(size.get("resizeTimeout")) or 900) * 1000)),
        "targetDedicatedNodes": size.get("targetDedicatedNodes", 0),
        "targetLowPriorityNodes": size.get("targetLowPriorityNodes", 0),
        "taskSlotsPerNode": properties["taskSlotsPerNode"],
        "vmFillType": properties["taskSchedulingPolicy"]["nodeFillType"],
        "enableAutoScale": automatic,
        "enableInterNodeCommunication": properties["interNodeCommunication"] == "Enabled",
        "isAutoPool": False,
    }
    _of_pool(azure, document, "PoolCreateEvent", body)


def _sizes(azure: Azure, document: Document) -> Document:
    size, automatic = _scale(document)
    dedicated, spot = azure.batch.pools.current(document)
    status = document["resource"]["properties"]["resizeOperationStatus"]
    target = size["targetDedicatedNodes"], size["targetLowPriorityNodes"]
    grows = target[0] >= dedicated and target[1] >= spot
    return {
        "nodeDeallocationOption": "invalid" if grows else status["nodeDeallocationOption"].lower(),
        "currentDedicatedNodes": dedicated,
        "targetDedicatedNodes": target[0],
        "currentLowPriorityNodes": spot,
        "targetLowPriorityNodes": target[1],
        "enableAutoScale": automatic,
        "isAutoPool": False,
    }


def resize_started(azure: Azure, document: Document) -> None:
    _of_pool(azure, document, "PoolResizeStartEvent", _sizes(azure, document))


def resize_ended(azure: Azure, document: Document) -> None:
    status = document["resource"]["properties"]["resizeOperationStatus"]
    times = {"startTime": status["startTime"], "endTime": azure.clock.after(0)}
    errors = [{"resultCode": one["code"], "resultMessage": one["message"]} for one in status.get("errors", [])]
    result = errors[0] if errors else SUCCESS
    _of_pool(azure, document, "PoolResizeCompleteEvent", {**_sizes(azure, document), **times, **result})


def scaled(azure: Azure, document: Document, formula: str) -> None:
    """A formula was evaluated."""
    run = document["resource"]["properties"]["autoScaleRun"]
    error = run.get("error")
    told: Document = {"code": "", "message": "", "values": []}
    if error:
        values = [{"name": one["code"], "value": one["message"]} for one in error["details"]]
        told = {"code": error["code"], "message": error["message"], "values": values}
    body = {"timestamp": run["evaluationTime"], "formula": formula, "results": run["results"], "error": told}
    _of_pool(azure, document, "PoolAutoScaleEvent", body)


def pool_deleting(azure: Azure, document: Document) -> None:
    _of_pool(azure, document, "PoolDeleteStartEvent", {"startTime": azure.clock.after(0)})


def pool_deleted(azure: Azure, document: Document) -> None:
    began = document["resource"]["properties"]["provisioningStateTransitionTime"]
    _of_pool(azure, document, "PoolDeleteCompleteEvent", {"startTime": began, "endTime": azure.clock.after(0)})


def job(azure: Azure, document: Document, name: str) -> None:
    pool = document["executionInfo"].get("poolId", "")
    azure.happened(Event(document["account"], name, {}, pool=pool, job=document["id"]))


def job_moved(azure: Azure, document: Document) -> None:
    """A job has come to another state."""
    if document["state"] in OF_JOBS:
        job(azure, document, OF_JOBS[document["state"]])


def task_moved(azure: Azure, document: Document) -> None:
    """A task has come to another state. One that failed has completed, too (documented)."""
    if document["state"] == "running":
        task(azure, "TaskStartEvent", document)
    elif document["state"] == "completed":
        task(azure, "TaskCompleteEvent", document)
        info = document["executionInfo"]
        if info.get("result") == "failure" and info.get("failureInfo", {}).get("code") != "TaskEnded":
            task(azure, "TaskFailEvent", document)


def task_unscheduled(azure: Azure, document: Document) -> None:
    """A task could not run where it was to run, as the preparation of its job failed there."""
    text = "The job preparation task of the job failed on the node."
    error = {"category": "UserError", "code": "JobPreparationTaskFailed", "message": text}
    task(azure, "TaskScheduleFailEvent", document, schedulingError=error)


def task(azure: Azure, name: str, document: Document, **more: Any) -> None:
    info, node = document["executionInfo"], document.get("nodeInfo") or {}
    owner = azure.store.get("job", f"{document['account']}/{document['job']}")
    pool = node.get("poolId") or (owner["executionInfo"].get("poolId", "") if owner else "")
    failure = info.get("failureInfo")
    if failure and "exitCode" not in info:
        more["schedulingError"] = {key: failure.get(key, "") for key in ("category", "code", "message")}
    body = {
        "jobId": document["job"],
        "id": document["id"],
        "taskType": "JobManager" if "manager" in document else "User",
        "systemTaskVersion": 0,
        "requiredSlots": document["requiredSlots"],
        "nodeInfo": {"poolId": pool, "nodeId": node.get("nodeId", "")},
        "multiInstanceSettings": {
            "numberOfInstances": document.get("multiInstanceSettings", {}).get("numberOfInstances", 1)
        },
        "constraints": {"maxTaskRetryCount": document["constraints"]["maxTaskRetryCount"]},
        "executionInfo": {key: info[key] for key in _told(name) if key in info},
        **more,
    }
    azure.happened(Event(document["account"], name, body, pool=pool, job=document["job"]))


def _told(name: str) -> tuple[str, ...]:
    """What an event tells of how a task ran."""
    started = ("retryCount",)
    return (
        started
        if name == "TaskStartEvent"
        else ("startTime", "endTime", "exitCode", *started, "requeueCount", "result")
    )
