"""Microsoft.Compute virtual machines: making and deleting them; `virtual_machine_power` starts and stops them.

A machine needs room in the quotas of its region, an image that exists, and network interfaces of its own. Parts with
`deleteOption: Delete` are deleted with it. A generalized machine never starts again.
"""

from __future__ import annotations

import uuid
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.compute import catalogue, disk, image_version, login
from azure_local.compute.login import invalid, missing
from azure_local.compute.provider import COMPUTE
from azure_local.http import Answer, Call, Failure
from azure_local.identity.assigned import identities, patched
from azure_local.settings import TENANT
from azure_local.tracked import Document, Type

VERSIONS = catalogue.VERSIONS
MACHINE = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/virtualMachines",
    store="virtualMachine",
    versions=VERSIONS,
    shape="VirtualMachine",
    seconds=150,
    offered=(
        "hardwareProfile",
        "storageProfile",
        "osProfile",
        "networkProfile",
        "securityProfile",
        "diagnosticsProfile",
        "priority",
        "evictionPolicy",
        "licenseType",
        "extensionsTimeBudget",
        "scheduledEventsProfile",
        "billingProfile",
        "userData",
    ),
    naming=r"[A-Za-z0-9]([\w.-]{0,62}\w)?",
)
FIXED = ("osProfile", "networkProfile", "priority", "securityProfile")
IMAGE_SIZE, LARGEST = 30, 4095
"""GB of the images' OS disk, and of the largest OS disk. Source of the latter: learn.microsoft.com, managed disks."""


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Compute")
    body = tracked.body(azure, call, MACHINE)
    key, settings, location = MACHINE.key(azure, call), body["properties"], body["location"]
    existing = azure.store.get(MACHINE.store, key)
    if existing is not None:
        return _again(azure, call, existing, body)
    size = catalogue.check_size(location, (settings.get("hardwareProfile") or {}).get("vmSize"))
    storage = settings.get("storageProfile") or {}
    os_disk = _os_disk(storage)
    profile = settings.get("osProfile") or {}
    login.check(profile)
    interfaces = _interfaces(azure, settings, key, location)
    image, base = _image(azure, storage, location)
    catalogue.check_capacity(azure, location, size, spot=settings.get("priority") == "Spot")
    properties = {
        **{name: value for name, value in settings.items() if name != "userData"},
        "hardwareProfile": {**settings["hardwareProfile"], "vmSize": size.name},
        "osProfile": login.shown(profile),
        "vmId": str(uuid.uuid4()),
        "timeCreated": azure.clock.after(0),
    }
    machine = {**body, **_identity(azure, body, key), "id": key, "name": call.params[MACHINE.last]}
    properties["storageProfile"] = _add_disk(azure, machine, os_disk, image, base["generation"])
    resource = {**machine, "properties": properties}
    kept = {"power": "starting", "generalized": False, "base": base, "asked": settings}
    answer = tracked.keep(azure, call, MACHINE, resource, **kept)
    for interface in interfaces:
        interface["resource"]["properties"]["virtualMachine"] = {"id": key}
        azure.store.put("interface", interface["resource"]["id"], interface)
    return answer


def _again(azure: Azure, call: Call, existing: Document, body: Document) -> Answer:
    """A PUT of an existing machine: only its tags and identity can change here."""
    tracked.idle(MACHINE, existing)
    _check_ungeneralized(existing, "update")
    before, settings = existing["asked"], body["properties"]
    for name in FIXED:
        if name in settings and settings[name] != before.get(name):
            raise _fixed(name)
    for name in ("imageReference", "osDisk"):
        asked = (settings.get("storageProfile") or {}).get(name)
        if asked is not None and asked != before["storageProfile"].get(name):
            raise _fixed(name)
    size = str((settings.get("hardwareProfile") or {}).get("vmSize", "")).lower()
    if size and size != existing["resource"]["properties"]["hardwareProfile"]["vmSize"].lower():
        raise invalid("vmSize", "The local Azure does not resize virtual machines.")
    resource = {**existing["resource"], "tags": body["tags"], **_identity(azure, body, existing["resource"]["id"])}
    return tracked.keep(azure, call, MACHINE, resource, 20)


def _fixed(name: str) -> Failure:
    return Failure(409, "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", target=name)


def _check_ungeneralized(document: Document, operation: str) -> None:
    if document["generalized"]:
        text = f"Operation '{operation}' is not allowed on VM '{document['resource']['name']}' since the VM is "
        raise Failure(409, "OperationNotAllowed", f"{text}generalized.")


def _os_disk(storage: Document) -> Document:
    """The osDisk of a request. Failure 400 if no such disk can be made."""
    if "imageReference" not in storage:
        raise missing("storageProfile.imageReference")
    if storage.get("dataDisks"):
        raise invalid("dataDisks", "Data disks are not offered by the local Azure.")
    os_disk: Document = storage.get("osDisk", {"createOption": "FromImage"})
    if os_disk["createOption"] != "FromImage":
        text = (
            f"The value of parameter osDisk.createOption is {os_disk['createOption']}, which does not go with an image."
        )
        raise invalid("osDisk.createOption", text)
    size = os_disk.get("diskSizeGB", IMAGE_SIZE)
    disk.check_size(size, LARGEST)
    if size < IMAGE_SIZE:
        text = f"The specified disk size {size} GB is smaller than the size of the corresponding disk in the VM image: "
        raise invalid(
            "osDisk.diskSizeGB", f"{text}{IMAGE_SIZE} GB. This is not allowed. Please choose equal or greater size."
        )
    return os_disk


def _add_disk(azure: Azure, machine: Document, os_disk: Document, image: Document, generation: str) -> Document:
    kind = (os_disk.get("managedDisk") or {}).get("storageAccountType", "Standard_LRS")
    name = os_disk.get("name") or f"{machine['name']}_OsDisk_1_{uuid.uuid4().hex}"
    size = os_disk.get("diskSizeGB", IMAGE_SIZE)
    disk_id = disk.attach(azure, machine, name, generation, kind, size)
    shown = {"caching": "ReadWrite", "deleteOption": "Detach", **os_disk, "osType": "Linux", "name": name}
    shown |= {"diskSizeGB": size, "managedDisk": {"id": disk_id, "storageAccountType": kind}}
    return {"imageReference": image, "osDisk": shown, "dataDisks": []}


def _interfaces(azure: Azure, settings: Document, key: str, location: str) -> list[Document]:
    references = (settings.get("networkProfile") or {}).get("networkInterfaces") or []
    if not references:
        raise missing("networkProfile.networkInterfaces")
    primary = [reference for reference in references if (reference.get("properties") or {}).get("primary")]
    if len(references) > 1 and len(primary) != 1:
        text = f"Virtual machine {key} must have one network interface set as the primary."
        raise Failure(400, "VirtualMachineMustHaveOneNetworkInterfaceAsPrimary", text)
    return [_interface(azure, str(reference.get("id", "")), key, location) for reference in references]


def _interface(azure: Azure, interface_id: str, key: str, location: str) -> Document:
    document = azure.store.get("interface", interface_id)
    if document is None or document["resource"]["location"] != location:
        text = (
            f"Resource {interface_id} referenced by resource {key} was not found. Please make sure that the referenced "
        )
        text += "resource exists, and that both resources are in the same region."
        raise Failure(400, "InvalidResourceReference", text)
    properties = document["resource"]["properties"]
    if user := properties.get("virtualMachine"):
        text = f"Network Interface {interface_id} is used by existing resource {user['id']}."
        raise Failure(400, "NicInUse", text)
    if properties["provisioningState"] != "Succeeded":
        inner = (("ReferencedResourceNotProvisioned", f"Resource {interface_id} is not in Succeeded state."),)
        raise Failure(429, "RetryableError", "A retryable error occurred.", details=inner)
    return document


def _image(azure: Azure, storage: Document, location: str) -> tuple[Document, Document]:
    """The imageReference of the answer, and the base: the marketplace image that it comes from, and its generation."""
    reference: Document = storage["imageReference"]
    if "id" in reference:
        return reference, _gallery_base(azure, reference, location)
    for name in ("publisher", "offer", "sku", "version"):
        if name not in reference:
            raise missing(f"imageReference.{name}")
    name, version = catalogue.urn(reference), reference["version"]
    known = catalogue.versions(azure, name)
    exact = known[-1] if known and version == "latest" else version
    if exact not in known:
        full = ":".join(reference[part] for part in ("publisher", "offer", "sku", "version"))
        text = (
            f"The platform image '{full}' is not available. Verify that all fields in the storage profile are correct. "
        )
        text += "For more details about storage profile information, please refer to https://aka.ms/storageprofile"
        raise Failure(404, "PlatformImageNotFound", text, target="imageReference")
    base = {"reference": {**reference, "version": exact}, "generation": catalogue.IMAGES[name][1]}
    return {**reference, "exactVersion": exact}, base


def _gallery_base(azure: Azure, reference: Document, location: str) -> Document:
    if {"publisher", "offer", "sku", "version"} & set(reference):
        raise invalid("imageReference", "id cannot stand beside publisher, offer, sku and version.")
    document = image_version.bootable(azure, reference["id"], location)
    if document is None:
        text = (
            f"The gallery image {reference['id']} is not available in {location} region. Please contact image owner to "
        )
        text += "replicate to this region, or change your requested region."
        raise Failure(404, "GalleryImageNotFound", text, target="imageReference")
    base: Document = document["base"]
    return base


def _identity(azure: Azure, body: Document, key: str) -> Document:
    """`{"identity": ...}` as it is shown, or an empty dictionary."""
    identity = body.get("identity") or {}
    kind = identity.get("type", "None")
    if kind == "None":
        return {}
    shown: Document = {"type": kind}
    if "SystemAssigned" in kind:
        shown |= {"principalId": azure.principal_id(f"{key.lower()} system"), "tenantId": TENANT}
    if "UserAssigned" in kind:
        if not identity.get("userAssignedIdentities"):
            text = "The identity type 'UserAssigned' needs userAssignedIdentities."
            raise Failure(400, "InvalidIdentityValues", text)
        shown["userAssignedIdentities"] = identities(azure, identity)
    return {"identity": shown}


async def made(azure: Azure, data: dict[str, Any]) -> None:
    """The machine has booted and its agent is ready, or a change of it is done."""
    document = azure.store.get(MACHINE.store, data["key"])
    if document is not None:
        document["power"] = "running" if document["power"] == "starting" else document["power"]
        await serving.ends(MACHINE)["virtualMachine.made"](azure, data)


async def failed(azure: Azure, data: dict[str, Any]) -> None:
    document = azure.store.get(MACHINE.store, data["key"])
    if document is not None:
        document |= {"power": "stopped", "error": data["error"]}
        await serving.ends(MACHINE)["virtualMachine.made.failed"](azure, data)


async def delete(azure: Azure, call: Call) -> Answer:
    return await tracked.remove(azure, call, MACHINE, azure.seconds["vmDeletion"])


async def gone(azure: Azure, data: dict[str, Any]) -> None:
    """Delete the machine, with its run commands, extensions and the parts that are deleted with it."""
    document = azure.store.get(MACHINE.store, data["key"])
    if document is None:
        return
    properties = document["resource"]["properties"]
    os_disk = properties["storageProfile"]["osDisk"]
    disk.detach(azure, os_disk["managedDisk"]["id"])
    if os_disk["deleteOption"] == "Delete":
        azure.store.delete("disk", os_disk["managedDisk"]["id"])
    for reference in properties["networkProfile"]["networkInterfaces"]:
        _release(azure, reference)
    for kind in ("runCommand", "extension"):
        for key, _ in azure.store.items(kind, f"{data['key']}/"):
            azure.store.delete(kind, key)
    azure.store.delete(MACHINE.store, data["key"])


def _release(azure: Azure, reference: Document) -> None:
    interface = azure.store.get("interface", reference["id"])
    if interface is None:
        return
    interface["resource"]["properties"].pop("virtualMachine", None)
    azure.store.put("interface", reference["id"], interface)
    if (reference.get("properties") or {}).get("deleteOption") == "Delete":
        azure.store.delete("interface", reference["id"])


async def patch(azure: Azure, call: Call) -> Answer:
    """Change tags and identity."""
    document = tracked.lookup(azure, call, MACHINE)
    changes = tracked.changes(call, MACHINE)
    _check_ungeneralized(document, "update")
    if changes["properties"]:
        raise invalid("properties", "The local Azure changes nothing but the tags and the identity of a machine.")
    resource = document["resource"]
    resource["tags"] = changes.get("tags", resource["tags"])
    if "identity" in changes:
        left = patched(resource.pop("identity", {}), call.body["identity"])
        resource |= _identity(azure, {"identity": left}, resource["id"])
    return tracked.update(azure, MACHINE, document, 20)
