"""A pool's machines: checks image, disks, encryption, extensions, security and containers against size and system."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure
from azure_local.batch import containers, offers
from azure_local.batch.arm import pool_certificates, pool_image
from azure_local.batch.shapes import invalid, missing
from azure_local.compute import sizes
from azure_local.compute.catalogue import WITHOUT_ZONES

RESERVED = "customscript"
"""Documented (Use extensions with Batch pools): this type is the service's own."""
ALL_DISKS = ("OsDisk", "TemporaryDisk")


def windows(machine: dict[str, Any]) -> bool:
    return str(machine["nodeAgentSkuId"]).startswith("batch.node.windows")


def complete(azure: Azure, deployment: dict[str, Any], location: str) -> dict[str, Any]:
    """A checked deploymentConfiguration with what Azure fills in. Failure 400."""
    configuration = deployment.get("virtualMachineConfiguration")
    if not configuration:
        raise missing("deploymentConfiguration.virtualMachineConfiguration")
    machine: dict[str, Any] = {
        **configuration,
        "imageReference": pool_image.check(azure, configuration, location),
    }
    if "nodePlacementConfiguration" in machine:
        machine["nodePlacementConfiguration"] = {"policy": "Regional", **machine["nodePlacementConfiguration"]}
    if "osDisk" in machine:
        machine["osDisk"] = _system_disk(machine["osDisk"])
    if "containerConfiguration" in machine:
        machine["containerConfiguration"] = containers.configuration(machine["containerConfiguration"])
    if "dataDisks" in machine:
        machine["dataDisks"] = [_data_disk(disk) for disk in machine["dataDisks"]]
    _system(machine)
    _encryption(machine)
    _extensions(machine.get("extensions") or [])
    if _zonal(machine) and location in WITHOUT_ZONES:
        raise invalid("policy", "Zonal", f"The region {location} has no availability zones.")
    return {"virtualMachineConfiguration": machine}


def shown(deployment: dict[str, Any]) -> dict[str, Any]:
    """A deploymentConfiguration as Azure shows it.

    Recorded on the data plane: an osDisk that was asked for has ephemeralOSDiskSettings, empty if it is not ephemeral.
    That ARM shows the same is inferred.
    """
    machine = deployment["virtualMachineConfiguration"]
    if "osDisk" not in machine:
        return deployment
    return {"virtualMachineConfiguration": {**machine, "osDisk": {"ephemeralOSDiskSettings": {}, **machine["osDisk"]}}}


def _system_disk(disk: dict[str, Any]) -> dict[str, Any]:
    """An osDisk that was asked for, with what Azure fills in; empty settings ask for nothing."""
    asked = {name: value for name, value in disk.items() if value != {}}
    return {"caching": "None", **asked}


def _zonal(machine: dict[str, Any]) -> bool:
    return bool((machine.get("nodePlacementConfiguration") or {}).get("policy") == "Zonal")


def _data_disk(disk: dict[str, Any]) -> dict[str, Any]:
    managed = {"storageAccountType": "Standard_LRS", **disk.get("managedDisk", {})}
    return {"caching": "None", **disk, "managedDisk": managed}


def _system(machine: dict[str, Any]) -> None:
    """Failure 400 for settings of Windows on a Linux machine."""
    if windows(machine):
        return
    for name in ("windowsConfiguration", "licenseType"):
        if name in machine:
            raise invalid(name, machine[name], "It must not be set when the image is a Linux image.")


def _encryption(machine: dict[str, Any]) -> None:
    encryption = machine.get("diskEncryptionConfiguration")
    if not encryption:
        return
    targets, key = encryption.get("targets") or [], encryption.get("customerManagedKey")
    for name in ("keyUrl", "identityReference") if key else ():
        if name not in key:
            raise missing(f"customerManagedKey.{name}")
    if targets:
        _targets(machine, targets)


def _targets(machine: dict[str, Any], targets: list[str]) -> None:
    """Failure 400 for disks that cannot be encrypted together on this system."""
    if windows(machine):
        if sorted(targets) != list(ALL_DISKS):
            raise invalid("targets", targets, "On Windows, OsDisk and TemporaryDisk must both be encrypted.")
    elif targets != ["TemporaryDisk"]:
        raise invalid("targets", targets, "On Linux, TemporaryDisk alone can be encrypted.")
    elif "id" in machine["imageReference"]:
        reason = "Disk encryption is not supported on Linux pools made from an image of a compute gallery."
        raise invalid("diskEncryptionConfiguration", targets, reason)


def _extensions(extensions: list[dict[str, Any]]) -> None:
    names = [extension["name"].lower() for extension in extensions]
    for extension in extensions:
        if extension["type"].lower() == RESERVED:
            raise invalid("extensions", extension["name"], "The type CustomScript is reserved for the Batch service.")
        if names.count(extension["name"].lower()) > 1:
            raise invalid("extensions", extension["name"], "The names of extensions must be unique.")
        for before in extension.get("provisionAfterExtensions") or ():
            if before.lower() not in names or before.lower() == extension["name"].lower():
                raise invalid("provisionAfterExtensions", before, "There is no other extension of that name.")


def check(properties: dict[str, Any], identities: set[str]) -> None:
    """Failure if size, image and settings of the machines do not fit together."""
    size, machine = properties["vmSize"], properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    _disks(size, machine)
    _security(size, machine)
    _upgrade(properties.get("upgradePolicy") or {"mode": "manual"}, machine)
    pool_certificates.check(machine, windows=windows(machine))
    key = (machine.get("diskEncryptionConfiguration") or {}).get("customerManagedKey")
    if key:
        known_identity(key["identityReference"], identities)


def known_identity(reference: dict[str, Any] | None, identities: set[str]) -> None:
    """Failure if the reference names no identity of the pool."""
    if reference and reference["resourceId"].lower() not in identities:
        reason = "The identity is not one of the pool's user-assigned identities."
        raise invalid("identityReference", reference["resourceId"], reason)


def _disks(size: str, machine: dict[str, Any]) -> None:
    disks, system = machine.get("dataDisks") or [], machine.get("osDisk") or {}
    luns = [disk["lun"] for disk in disks]
    for lun in luns:
        if luns.count(lun) > 1:
            raise invalid("lun", lun, "It must be unique in the pool.")
    most = sizes.data_disks(size)
    if len(disks) > most:
        raise invalid("dataDisks", len(disks), f"The VM size {size} takes at most {most} data disks.")
    kinds = [(disk.get("managedDisk") or {}).get("storageAccountType") for disk in (*disks, system)]
    if "Premium_LRS" in kinds and not sizes.premium(size):
        raise invalid("storageAccountType", "Premium_LRS", f"The VM size {size} does not support premium storage.")
    if "ephemeralOSDiskSettings" in system and not sizes.premium(size):
        raise invalid("ephemeralOSDiskSettings", "CacheDisk", f"The VM size {size} has no cache for an OS disk.")
    if system.get("writeAcceleratorEnabled"):
        raise invalid("writeAcceleratorEnabled", "true", f"The VM size {size} does not support write accelerator.")


def _security(size: str, machine: dict[str, Any]) -> None:
    profile = machine.get("securityProfile") or {}
    kind = profile.get("securityType")
    if "uefiSettings" in profile and kind is None:
        raise invalid("uefiSettings", "", "It can be set only when securityType is set.")
    if kind and offers.generation(machine["imageReference"]) == 1:
        raise invalid("securityType", kind, "The image must be of generation 2.")
    disk = (machine.get("osDisk") or {}).get("managedDisk") or {}
    encryption = (disk.get("securityProfile") or {}).get("securityEncryptionType")
    if kind == "confidentialVM":
        if not sizes.confidential(size):
            raise invalid("securityType", kind, f"The VM size {size} does not support confidential VMs.")
        if encryption is None:
            raise missing("osDisk.managedDisk.securityProfile.securityEncryptionType")
    elif encryption is not None:
        raise invalid("securityEncryptionType", encryption, "It can be set only for confidential VMs.")


def _upgrade(policy: dict[str, Any], machine: dict[str, Any]) -> None:
    system, rolling = policy.get("automaticOSUpgradePolicy") or {}, policy.get("rollingUpgradePolicy") or {}
    if policy["mode"] == "rolling" and not rolling:
        raise missing("upgradePolicy.rollingUpgradePolicy")
    if rolling.get("enableCrossZoneUpgrade") and not _zonal(machine):
        raise invalid("enableCrossZoneUpgrade", "true", "It can be set only when nodes are placed zonally.")
    batch, unhealthy = rolling.get("maxBatchInstancePercent", 20), rolling.get("maxUnhealthyInstancePercent")
    if unhealthy is not None and batch > unhealthy:
        reason = "It must not be more than maxUnhealthyInstancePercent."
        raise invalid("maxBatchInstancePercent", batch, reason)
    windows_own = (machine.get("windowsConfiguration") or {}).get("enableAutomaticUpdates")
    if system.get("enableAutomaticOSUpgrade") and windows_own:
        reason = "It must be false in windowsConfiguration when enableAutomaticOSUpgrade is true."
        raise invalid("enableAutomaticUpdates", "true", reason)
