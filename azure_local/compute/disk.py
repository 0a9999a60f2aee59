"""Microsoft.Compute disks: an OS disk is made with its virtual machine, and a disk in use cannot be deleted."""

from __future__ import annotations

import uuid
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.compute.provider import COMPUTE
from azure_local.http import Answer, Call, Failure
from azure_local.operations import monitored
from azure_local.tracked import Type

VERSIONS = ("2025-01-02", "2026-03-02", "2024-03-02", "2023-10-02", "2023-04-02")
DISK = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/disks",
    store="disk",
    versions=VERSIONS,
    shape="Disk",
    seconds=10,
    offered=("creationData", "diskSizeGB", "osType", "hyperVGeneration", "networkAccessPolicy", "publicNetworkAccess"),
    naming=r"\w([\w.-]{0,78}\w)?",
)
LARGEST = 32767


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Compute")
    body = tracked.body(azure, call, DISK)
    settings = body["properties"]
    if "creationData" not in settings:
        raise _missing("disk.properties.creationData")
    option = settings["creationData"]["createOption"]
    if option != "Empty":
        text = f"createOption {option} is not offered by the local Azure."
        raise Failure(400, "InvalidParameter", text, target="disk.creationData.createOption")
    if "diskSizeGB" not in settings:
        raise _missing("disk.diskSizeGB")
    check_size(settings["diskSizeGB"], LARGEST)
    existing = azure.store.get("disk", DISK.key(azure, call))
    if existing is not None and existing["resource"]["properties"]["diskSizeGB"] > settings["diskSizeGB"]:
        text = "Shrinking a disk is not supported. The new size of a disk must be at least the present one."
        raise Failure(409, "OperationNotAllowed", text)
    kind = body.get("sku", {}).get("name", "Standard_LRS")
    before = existing["resource"]["properties"] if existing else {"uniqueId": str(uuid.uuid4())}
    known = {"diskState": "Unattached", "timeCreated": azure.clock.after(0), "uniqueId": before["uniqueId"]}
    properties = {**settings, **known, "diskSizeBytes": settings["diskSizeGB"] * 2**30}
    answer = tracked.keep(azure, call, DISK, {**body, "sku": _sku(kind), "properties": properties})
    return Answer(202, answer.body, monitored(dict(answer.headers)))


def _missing(name: str) -> Failure:
    return Failure(400, "InvalidParameter", f"Required parameter '{name}' is missing (null).", target=name)


def check_size(size: int, largest: int) -> None:
    if not 1 <= size <= largest:
        text = (
            f"The value '{size}' of parameter 'diskSizeGB' is out of range. Value must be between '1' and '{largest}'"
        )
        raise Failure(400, "InvalidParameter", f"{text}, inclusive.", target="diskSizeGB")


def _sku(kind: str) -> dict[str, str]:
    return {"name": kind, "tier": "Premium" if kind.startswith("Premium") else "Standard"}


def attach(azure: Azure, machine: dict[str, Any], name: str, generation: str, kind: str, size: int) -> str:
    """Make the OS disk of a new virtual machine, with the machine's tags; its id."""
    key = f"{machine['id'].split('/providers/')[0]}/providers/Microsoft.Compute/disks/{name}"
    properties = {
        "osType": "Linux",
        "hyperVGeneration": generation,
        "diskSizeGB": size,
        "diskSizeBytes": size * 2**30,
        "creationData": {"createOption": "FromImage"},
        "diskState": "Attached",
        "timeCreated": azure.clock.after(0),
        "uniqueId": str(uuid.uuid4()),
        "provisioningState": "Succeeded",
    }
    resource = {
        "id": key,
        "name": name,
        "type": DISK.name,
        "location": machine["location"],
        "tags": machine["tags"],
        "managedBy": machine["id"],
        "sku": _sku(kind),
        "properties": properties,
    }
    azure.store.put("disk", key, {"resource": resource})
    return key


def detach(azure: Azure, key: str) -> None:
    document = azure.store.get("disk", key)
    if document is not None:
        document["resource"].pop("managedBy", None)
        document["resource"]["properties"]["diskState"] = "Unattached"
        azure.store.put("disk", key, document)


async def patch(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, DISK)
    changes = tracked.changes(call, DISK)
    if changes["properties"] or "sku" in changes:
        raise Failure(400, "InvalidParameter", "The local Azure changes nothing but the tags of a disk.")
    document["resource"]["tags"] = changes.get("tags", document["resource"]["tags"])
    azure.store.put("disk", document["resource"]["id"], document)
    return Answer(200, document["resource"])


async def delete(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("disk", DISK.key(azure, call))
    if document is not None and document["resource"].get("managedBy"):
        text = f"Disk {document['resource']['name']} is attached to VM {document['resource']['managedBy']}."
        raise Failure(409, "OperationNotAllowed", text)
    return await tracked.remove(azure, call, DISK, 10)


SERVICE = serving.service(DISK, put=put, patch=patch, delete=delete)
