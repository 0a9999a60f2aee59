"""Virtual machines that are made: their instance view, starting, stopping, generalizing.

During such an operation the machine is `Updating`, and a second operation is refused. Only a stopped machine can be
generalized; Azure marks it so, and never removes the mark.
"""

from __future__ import annotations

from typing import Any

from azure_local import operations, serving, tracked
from azure_local.azure import Azure, Handler, Route
from azure_local.compute import virtual_machine
from azure_local.compute.virtual_machine import MACHINE, VERSIONS
from azure_local.http import Answer, Call, Failure
from azure_local.tracked import Document

STATES = {"creating": "Creating", "updating": "Updating", "deleting": "Deleting"}


async def get(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, MACHINE)
    if "instanceview" not in call.query.get("$expand", "").lower():
        return Answer(200, document["resource"])
    shown = {**document["resource"]["properties"], "instanceView": _view(azure, document)}
    return Answer(200, {**document["resource"], "properties": shown})


async def view(azure: Azure, call: Call) -> Answer:
    return Answer(200, _view(azure, tracked.lookup(azure, call, MACHINE)))


def _view(azure: Azure, document: Document) -> Document:
    resource, now = document["resource"], azure.clock.after(0)
    statuses = [_provisioning(document, now)]
    if document["generalized"]:
        statuses.append({"code": "OSState/generalized", "level": "Info", "displayStatus": "VM generalized"})
    power = document["power"]
    statuses.append({"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"})
    instance_view: Document = {"statuses": statuses, "hyperVGeneration": document["base"]["generation"]}
    os_disk = resource["properties"]["storageProfile"]["osDisk"]["name"]
    attached = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    instance_view["disks"] = [{"name": os_disk, "statuses": [{**attached, "time": now}]}]
    if power == "running":
        ready = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"}
        status = {**ready, "message": "Guest Agent is running", "time": now}
        instance_view["computerName"] = resource["properties"]["osProfile"]["computerName"]
        instance_view["vmAgent"] = {"vmAgentVersion": "2.14.0.1", "extensionHandlers": [], "statuses": [status]}
    return instance_view


def _provisioning(document: Document, now: str) -> Document:
    state = document["resource"]["properties"]["provisioningState"].lower()
    if state == "failed":
        error = document.get("error", {"code": "InternalExecutionError", "message": "The operation failed."})
        shown = {"level": "Error", "displayStatus": "Provisioning failed", "message": error["message"]}
        return {"code": f"ProvisioningState/failed/{error['code']}", **shown, "time": now}
    words = STATES.get(state, f"Provisioning {state}")
    return {"code": f"ProvisioningState/{state}", "level": "Info", "displayStatus": words, "time": now}


def _post(operation: str, before: str, after: str) -> Handler:
    async def act(azure: Azure, call: Call) -> Answer:
        document = tracked.lookup(azure, call, MACHINE)
        tracked.idle(MACHINE, document)
        if operation == "start" and document["generalized"]:
            name = document["resource"]["name"]
            text = f"Operation 'start' is not allowed on VM '{name}' since the VM is generalized."
            raise Failure(409, "OperationNotAllowed", text)
        key, was = document["resource"]["id"], document["power"]
        stays = was == "deallocated" and operation == "powerOff"
        document["power"] = was if stays else before
        document["resource"]["properties"]["provisioningState"] = "Updating"
        azure.store.put(MACHINE.store, key, document)
        data = {"key": key, "was": was, "after": was if stays else after}
        name, takes = f"virtualMachine.{operation}", azure.seconds["deallocate"]
        return Answer(
            202, None, operations.monitored(operations.start_async(azure, "Microsoft.Compute", takes, name, **data))
        )

    return act


async def ended(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get(MACHINE.store, data["key"])
    if document is not None:
        document["power"] = data["after"]
        await serving.ends(MACHINE)["virtualMachine.made"](azure, data)


async def failed(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get(MACHINE.store, data["key"])
    if document is not None:
        document |= {"power": data["was"], "error": data["error"]}
        await serving.ends(MACHINE)["virtualMachine.made.failed"](azure, data)


async def generalize(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, MACHINE)
    tracked.idle(MACHINE, document)
    if document["power"] not in ("deallocated", "stopped"):
        name = document["resource"]["name"]
        text = (
            f"Operation 'generalize' is not allowed on VM '{name}' since the VM is running. The VM must be stopped or "
        )
        raise Failure(409, "OperationNotAllowed", f"{text}deallocated before it can be generalized.")
    document["generalized"] = True
    azure.store.put(MACHINE.store, document["resource"]["id"], document)
    return Answer(200)


STEPS = {
    "deallocate": ("deallocating", "deallocated"),
    "powerOff": ("stopping", "stopped"),
    "start": ("starting", "running"),
}
"""Operation → the power state during it, and after it."""
SERVICE = serving.service(
    MACHINE,
    put=virtual_machine.put,
    patch=virtual_machine.patch,
    get=get,
    delete=virtual_machine.delete,
    routes=(
        Route("GET", f"{MACHINE.one}/instanceView", view, VERSIONS),
        *serving.posts(
            MACHINE.one, VERSIONS, generalize=generalize, **{name: _post(name, *step) for name, step in STEPS.items()}
        ),
    ),
    completions={
        "virtualMachine.made": virtual_machine.made,
        "virtualMachine.made.failed": virtual_machine.failed,
        "virtualMachine.gone": virtual_machine.gone,
        **{f"virtualMachine.{name}": ended for name in STEPS},
        **{f"virtualMachine.{name}.failed": failed for name in STEPS},
    },
    seconds={"vmDeletion": 60, "powerOff": 60, "deallocate": 60},
)
