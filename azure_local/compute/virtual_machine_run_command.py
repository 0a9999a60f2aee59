"""Microsoft.Compute run commands: scripts for a running virtual machine, one resource each.

The script is not run, as there is no machine. `script_trial` reads it and predicts how it would end.
"""

from __future__ import annotations

from typing import Any

from azure_local import operations, serving, tracked
from azure_local.azure import Azure
from azure_local.compute import script_trial, virtual_machine
from azure_local.compute.provider import COMPUTE
from azure_local.http import Answer, Call, Failure, page
from azure_local.tracked import Document, Type

VERSIONS = virtual_machine.VERSIONS
COMMAND = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/virtualMachines/runCommands",
    store="runCommand",
    versions=VERSIONS,
    shape="VirtualMachineRunCommand",
    seconds=150,
    offered=(
        "source",
        "parameters",
        "protectedParameters",
        "asyncExecution",
        "runAsUser",
        "runAsPassword",
        "timeoutInSeconds",
        "treatFailureAsDeploymentFailure",
    ),
)
SOURCES = ("script", "scriptUri", "commandId", "galleryScriptReferenceId")
SECRETS = ("protectedParameters", "runAsPassword")
MOST = 25
"""The most run commands of a machine. Source: learn.microsoft.com, managed run commands."""
LONGEST = 5400
"""Seconds that a script may take at most, and by default. Source: learn.microsoft.com, run command: 90 minutes."""
SHOWN = 4096
"""Bytes of output that the instance view keeps: the last ones."""
STARTS = 5
"""Seconds until the agent has fetched a script and started it."""


def running(azure: Azure, call: Call) -> Document:
    """The machine of the command. Failure 404 if there is none, 409 if it does not run."""
    machine = tracked.parent(azure, call, virtual_machine.MACHINE)
    if machine["resource"]["properties"]["provisioningState"] in ("Creating", "Deleting"):
        tracked.idle(virtual_machine.MACHINE, machine)
    if machine["power"] != "running":
        text = "Cannot modify extensions in the VM when the VM is not running."
        raise Failure(409, "OperationNotAllowed", text)
    return machine


def check_place(machine: Document, body: Document) -> None:
    """Failure 400 unless the body has the same location as its machine."""
    if body["location"] != machine["resource"]["location"]:
        text = f"The location '{body['location']}' differs from that of the virtual machine."
        raise Failure(400, "InvalidParameter", text, target="location")


async def put(azure: Azure, call: Call) -> Answer:
    machine = running(azure, call)
    body = tracked.body(azure, call, COMMAND)
    settings, key = body["properties"], COMMAND.key(azure, call)
    check_place(machine, body)
    _check(settings)
    if existing := azure.store.get(COMMAND.store, key):
        tracked.idle(COMMAND, existing)
    elif len(azure.store.list("runCommand", f"{machine['resource']['id']}/")) >= MOST:
        text = f"The maximum number of run commands on a virtual machine is {MOST}. Delete some of them first."
        raise Failure(409, "OperationNotAllowed", text)
    code, output = await script_trial.tried(azure, machine, settings["source"]["script"])
    seconds = script_trial.seconds(settings["source"]["script"]) if code == 0 else 10.0
    allowed = float(settings.get("timeoutInSeconds") or LONGEST)
    shown = {name: value for name, value in settings.items() if name not in SECRETS}
    ends = min(seconds, allowed)
    lasts = STARTS if settings.get("asyncExecution") else STARTS + ends + 1
    view = {"executionState": "Pending", "exitCode": 0, "output": "", "error": ""}
    run = (existing or {"run": 0})["run"] + 1
    answer = tracked.keep(azure, call, COMMAND, {**body, "properties": shown}, lasts, view=view, run=run)
    data = {"key": key, "run": run}
    operations.start_async(azure, "Microsoft.Compute", STARTS, "runCommand.started", **data)
    data |= {"exitCode": code, "output": output, "state": "TimedOut" if seconds > allowed else ""}
    operations.start_async(azure, "Microsoft.Compute", STARTS + ends, "runCommand.ended", **data)
    return answer


def _check(settings: Document) -> None:
    source = settings.get("source") or {}
    named = [name for name in SOURCES if source.get(name)]
    if len(named) != 1:
        text = f"Exactly one of {', '.join(SOURCES)} must be given in 'source'."
        raise Failure(400, "InvalidParameter", text, target="source")
    if named != ["script"]:
        text = f"source.{named[0]} is not offered by the local Azure."
        raise Failure(400, "InvalidParameter", text, target=f"source.{named[0]}")
    if not 0 <= settings.get("timeoutInSeconds", 0) <= LONGEST:
        text = f"The value '{settings['timeoutInSeconds']}' of parameter 'timeoutInSeconds' is out of range. "
        raise Failure(
            400, "InvalidParameter", f"{text}Value must be between '0' and '{LONGEST}'.", target="timeoutInSeconds"
        )


async def started(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get("runCommand", data["key"])
    if document is not None and document["run"] == data["run"]:
        document["view"] |= {"executionState": "Running", "startTime": azure.clock.after(0)}
        azure.store.put("runCommand", data["key"], document)


async def ended(azure: Azure, data: dict[str, Any]) -> None:
    machine = azure.store.get("virtualMachine", data["key"].rsplit("/runCommands/", 1)[0])
    if machine is None or machine["power"] != "running":
        data = {**data, "exitCode": -1, "output": "the machine was stopped\n", "state": "Canceled"}
    _end(azure, data)
    document = azure.store.get("runCommand", data["key"])
    if document and not data["exitCode"] and "poweroff" in document["resource"]["properties"]["source"]["script"]:
        place = data["key"].rsplit("/runCommands/", 1)[0]
        after = {"key": place, "was": "running", "after": "stopped"}
        operations.start_async(
            azure, "Microsoft.Compute", azure.seconds["powerOff"], "virtualMachine.powerOff", **after
        )


async def failed(azure: Azure, data: dict[str, Any]) -> None:
    _end(azure, {**data, "exitCode": 1, "output": f"{data['error']['message']}\n", "state": ""})


def _end(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get("runCommand", data["key"])
    if document is None or document["run"] != data["run"]:
        return
    code, late = data["exitCode"], data["state"] == "TimedOut"
    state = data["state"] or ("Failed" if code else "Succeeded")
    result = {"error" if code or late else "output": data["output"][-SHOWN:]}
    if late:
        result = {"executionMessage": "The script did not end in time and was stopped.", "error": ""}
    document["view"] |= {"startTime": azure.clock.after(0), **document["view"], **result}
    document["view"] |= {"executionState": state, "exitCode": code if not late else -1, "endTime": azure.clock.after(0)}
    azure.store.put("runCommand", data["key"], document)


async def made(azure: Azure, data: dict[str, Any]) -> None:
    """The resource is made; a failed script makes it fail only if the request says so."""
    document = azure.store.get("runCommand", data["key"])
    if document is None:
        return
    properties = document["resource"]["properties"]
    strict = properties.get("treatFailureAsDeploymentFailure") and not properties.get("asyncExecution")
    if strict and document["view"]["executionState"] != "Succeeded":
        text = f"Run command '{document['resource']['name']}' failed with exit code {document['view']['exitCode']}."
        raise Failure(409, "VMExtensionProvisioningError", text)
    await serving.ends(COMMAND)["runCommand.made"](azure, data)


def _shown(call: Call, document: Document) -> Document:
    resource: Document = document["resource"]
    if "instanceview" not in call.query.get("$expand", "").lower():
        return resource
    return {**resource, "properties": {**resource["properties"], "instanceView": document["view"]}}


async def get(azure: Azure, call: Call) -> Answer:
    return Answer(200, _shown(call, tracked.lookup(azure, call, COMMAND)))


async def listing(azure: Azure, call: Call) -> Answer:
    machine = tracked.parent(azure, call, virtual_machine.MACHINE)
    documents = azure.store.list("runCommand", f"{machine['resource']['id']}/")
    return Answer(200, page((_shown(call, document) for document in documents), call, azure.page_size))


async def delete(azure: Azure, call: Call) -> Answer:
    """Delete the command, which stops a running script."""
    if azure.store.get(COMMAND.store, COMMAND.key(azure, call)) is not None:
        running(azure, call)
    return await tracked.remove(azure, call, COMMAND, 10)


SERVICE = serving.service(
    COMMAND,
    above=virtual_machine.MACHINE,
    put=put,
    get=get,
    delete=delete,
    listing=listing,
    without=("patch",),
    completions={
        "runCommand.made": made,
        "runCommand.started": started,
        "runCommand.ended": ended,
        "runCommand.ended.failed": failed,
    },
)
