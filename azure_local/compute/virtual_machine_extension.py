"""Microsoft.Compute extensions of virtual machines: NVIDIA's driver, which needs a size with a GPU."""

from __future__ import annotations

import re
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.compute import catalogue, virtual_machine
from azure_local.compute.provider import COMPUTE
from azure_local.compute.virtual_machine_run_command import check_place, running
from azure_local.http import Answer, Call, Failure
from azure_local.tracked import Document, Type

VERSIONS = virtual_machine.VERSIONS
EXTENSION = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/virtualMachines/extensions",
    store="extension",
    versions=VERSIONS,
    shape="VirtualMachineExtension",
    seconds=150,
    offered=(
        "publisher",
        "type",
        "typeHandlerVersion",
        "autoUpgradeMinorVersion",
        "enableAutomaticUpgrade",
        "settings",
        "protectedSettings",
        "forceUpdateTag",
    ),
)
OFFERED = {("microsoft.hpccompute", "nvidiagpudriverlinux"): (340.0, 1)}
"""publisher, type → the seconds of its installation, and its major version."""
SYSTEMS = ("canonical",)
"""Publishers of images that it supports. Source: learn.microsoft.com, NVIDIA GPU driver extension for Linux."""
NEEDED = ("publisher", "type", "typeHandlerVersion")


async def put(azure: Azure, call: Call) -> Answer:
    machine = running(azure, call)
    body = tracked.body(azure, call, EXTENSION)
    settings = body["properties"]
    check_place(machine, body)
    for name in NEEDED:
        if not settings.get(name):
            text = f"Required parameter 'virtualMachineExtension.properties.{name}' is missing (null)."
            raise Failure(400, "InvalidParameter", text, target=f"virtualMachineExtension.properties.{name}")
    handler = (settings["publisher"].lower(), settings["type"].lower())
    if handler not in OFFERED:
        text = f"The VM extension with publisher '{settings['publisher']}' and type '{settings['type']}' could not "
        raise Failure(404, "NotFound", f"{text}be found in the extension repository.")
    seconds, major = OFFERED[handler]
    if not re.fullmatch(rf"{major}\.\d+", settings["typeHandlerVersion"]):
        text = f"The value '{settings['typeHandlerVersion']}' of parameter 'typeHandlerVersion' is invalid."
        raise Failure(400, "InvalidParameter", text, target="typeHandlerVersion")
    _check_alone(azure, machine, EXTENSION.key(azure, call), settings["type"])
    shown = {key: value for key, value in settings.items() if key != "protectedSettings"}
    known = {"autoUpgradeMinorVersion": False}
    return tracked.keep(azure, call, EXTENSION, {**body, "properties": {**known, **shown}}, seconds)


def _check_alone(azure: Azure, machine: Document, key: str, kind: str) -> None:
    """Failure 400 if the machine has the same extension under another name."""
    for document in azure.store.list("extension", f"{machine['resource']['id']}/"):
        other = document["resource"]
        if other["properties"]["type"].lower() == kind.lower() and other["id"].lower() != key.lower():
            text = "Multiple VMExtensions per handler not supported for OS type 'Linux'. VMExtension "
            text += f"'{other['name']}' with handler '{other['properties']['publisher']}.{kind}' already added or "
            raise Failure(400, "BadRequest", f"{text}specified in input.")


async def made(azure: Azure, data: dict[str, Any]) -> None:
    """The installation ends: it fails on a size without a GPU and on a system that the extension does not support."""
    machine = azure.store.get("virtualMachine", data["key"].rsplit("/extensions/", 1)[0])
    size = catalogue.size(machine["resource"]["properties"]["hardwareProfile"]["vmSize"]) if machine else None
    publisher = str(machine["base"]["reference"].get("publisher", "")).lower() if machine else ""
    if machine is None or machine["power"] != "running":
        raise _failure("the virtual machine is not running")
    if size is None or not size.gpus:
        raise _failure("Non-zero exit code: 1. No NVIDIA GPU was found on this virtual machine")
    if publisher not in SYSTEMS:
        raise _failure(f"Non-zero exit code: 51. The distribution of {publisher} is not supported")
    await serving.ends(EXTENSION)["extension.made"](azure, data)


def _failure(why: str) -> Failure:
    text = (
        "VM has reported a failure when processing extension 'NvidiaGpuDriverLinux' (publisher 'Microsoft.HpcCompute' "
    )
    return Failure(
        409, "VMExtensionProvisioningError", f"{text}and type 'NvidiaGpuDriverLinux'). Error message: '{why}'."
    )


async def failed(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get("extension", data["key"])
    if document is not None:
        document["error"] = data["error"]["message"]
        await serving.ends(EXTENSION)["extension.made.failed"](azure, data)


async def get(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, EXTENSION)
    if "instanceview" not in call.query.get("$expand", "").lower():
        return Answer(200, document["resource"])
    properties = document["resource"]["properties"]
    state = properties["provisioningState"].lower()
    level = "Error" if state == "failed" else "Info"
    words = document.get("error", "") if state == "failed" else f"Enable {state}"
    shown = {"level": level, "displayStatus": f"Provisioning {state}", "message": words}
    status = {"code": f"ProvisioningState/{state}", **shown, "time": azure.clock.after(0)}
    version = f"{properties['typeHandlerVersion']}.0.0"
    view = {"name": document["resource"]["name"], "typeHandlerVersion": version, "statuses": [status]}
    view["type"] = f"{properties['publisher']}.{properties['type']}"
    return Answer(200, {**document["resource"], "properties": {**properties, "instanceView": view}})


async def delete(azure: Azure, call: Call) -> Answer:
    if azure.store.get(EXTENSION.store, EXTENSION.key(azure, call)) is not None:
        running(azure, call)
    return await tracked.remove(azure, call, EXTENSION, 20)


SERVICE = serving.service(
    EXTENSION,
    above=virtual_machine.MACHINE,
    put=put,
    get=get,
    delete=delete,
    without=("patch",),
    completions={"extension.made": made, "extension.made.failed": failed},
)
