"""The bodies of Batch's requests: Microsoft's shapes of both planes, and rules that Batch has in addition.

ARM's bodies have the shapes of Microsoft.Batch 2025-06-01, the data plane's those of its own 2025-06-01, which spells
some members and most words differently. Pools are kept in ARM's spelling, jobs and tasks in the data plane's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from azure_local.batch.shapes import at_most, between, having, interval, lower, one_of, refusal, text
from azure_local.shapes import Rule, Shapes, load

PATH, SECRET = text(1), text(1, secret=True)
ACCOUNT_NAME = text(3, 24, "[a-z0-9]+")
PORT, FRONT_PORT = between(1, 65535), between(1, 65534)
RULES: Mapping[str, Rule] = {
    "ActivateApplicationPackageParameters.format": one_of("zip"),
    "AutoScaleSettings.evaluationInterval": interval(300, 168 * 3600),
    "AutoScaleSettings.formula": text(1, 10**6),
    "AzureBlobFileSystemConfiguration.accountKey": SECRET,
    "AzureBlobFileSystemConfiguration.accountName": ACCOUNT_NAME,
    "AzureBlobFileSystemConfiguration.containerName": text(0, 63, "[a-z0-9$](-?[a-z0-9])*"),
    "AzureBlobFileSystemConfiguration.relativeMountPath": PATH,
    "AzureBlobFileSystemConfiguration.sasKey": SECRET,
    "AzureFileShareConfiguration.accountKey": SECRET,
    "AzureFileShareConfiguration.accountName": ACCOUNT_NAME,
    "AzureFileShareConfiguration.azureFileUrl": text(pattern="https://.+/.+"),
    "AzureFileShareConfiguration.relativeMountPath": PATH,
    "CifsMountConfiguration.password": SECRET,
    "CifsMountConfiguration.relativeMountPath": PATH,
    "CifsMountConfiguration.source": PATH,
    "CifsMountConfiguration.userName": PATH,
    "ComputeNodeIdentityReference": having("resourceId"),
    "DataDisk.diskSizeGB": between(1, 32767),
    "DataDisk.lun": between(0, 63),
    "FixedScaleSettings.resizeTimeout": interval(300),
    "FixedScaleSettings.targetDedicatedNodes": between(0),
    "FixedScaleSettings.targetLowPriorityNodes": between(0),
    "InboundNatPool.backendPort": PORT,
    "InboundNatPool.frontendPortRangeEnd": FRONT_PORT,
    "InboundNatPool.frontendPortRangeStart": FRONT_PORT,
    "InboundNatPool.name": text(1, 77, r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"),
    "LinuxUserConfiguration.gid": between(1),
    "LinuxUserConfiguration.uid": between(1),
    "NFSMountConfiguration.relativeMountPath": PATH,
    "NFSMountConfiguration.source": PATH,
    "NetworkSecurityGroupRule.priority": between(150, 4096),
    "OSDisk.diskSizeGB": between(1, 4095),
    "PoolEndpointConfiguration.inboundNatPools": at_most(5),
    "PoolProperties.displayName": text(0, 1024),
    "PoolProperties.mountConfiguration": at_most(10),
    "PoolProperties.taskSlotsPerNode": between(1, 256),
    "PoolProperties.vmSize": lower,
    "ResourceFile.fileMode": text(pattern="[0-7]{3,4}"),
    "RollingUpgradePolicy.pauseTimeBetweenBatches": interval(),
    "StartTask.maxTaskRetryCount": between(-1),
    "UserAccount.name": text(0, 20, r"[^\s/\\\[\]:;|=,+*?<>@\"]+"),
    "UserAccount.password": text(1, 256, secret=True),
    "VMExtension.name": PATH,
    "VMExtension.publisher": PATH,
    "VMExtension.type": PATH,
    "VirtualMachineConfiguration.licenseType": one_of("Windows_Server", "Windows_Client"),
}
ID = text(1, 64, "[A-Za-z0-9_-]+")
NAME, RETRIES, PRIORITY = text(0, 1024), between(-1), between(-1000, 1000)
DATA_RULES: Mapping[str, Rule] = {
    "BatchAutoPoolSpecification.autoPoolIdPrefix": text(0, 20),
    "BatchJobConstraints.maxTaskRetryCount": RETRIES,
    "BatchJobCreateOptions.displayName": NAME,
    "BatchJobCreateOptions.id": ID,
    "BatchJobCreateOptions.maxParallelTasks": RETRIES,
    "BatchJobCreateOptions.priority": PRIORITY,
    "BatchJobManagerTask.displayName": NAME,
    "BatchJobManagerTask.id": ID,
    "BatchJobManagerTask.requiredSlots": between(1, 256),
    "BatchJobPreparationTask.id": ID,
    "BatchJobReleaseTask.id": ID,
    "BatchJobScheduleConfiguration.recurrenceInterval": interval(60),
    "BatchJobScheduleConfiguration.startWindow": interval(60),
    "BatchJobScheduleCreateOptions.displayName": NAME,
    "BatchJobScheduleCreateOptions.id": ID,
    "BatchJobSpecification.displayName": NAME,
    "BatchJobSpecification.maxParallelTasks": RETRIES,
    "BatchJobSpecification.priority": PRIORITY,
    "BatchJobUpdateOptions.maxParallelTasks": RETRIES,
    "BatchJobUpdateOptions.priority": PRIORITY,
    "BatchNodeIdentityReference": having("resourceId"),
    "BatchNodeRemoveOptions.resizeTimeout": interval(300),
    "BatchNodeUserCreateOptions.name": text(1, 20),
    "BatchPoolResizeOptions.resizeTimeout": interval(300),
    "BatchPoolResizeOptions.targetDedicatedNodes": between(0),
    "BatchPoolResizeOptions.targetLowPriorityNodes": between(0),
    "BatchTaskConstraints.maxTaskRetryCount": RETRIES,
    "BatchTaskCreateOptions.displayName": NAME,
    "BatchTaskCreateOptions.id": ID,
    "BatchTaskCreateOptions.requiredSlots": between(1, 256),
    "BatchTaskIdRange.end": between(0),
    "BatchTaskIdRange.start": between(0),
    "MultiInstanceSettings.coordinationCommandLine": PATH,
    "MultiInstanceSettings.numberOfInstances": between(1),
    "OutputFile.filePattern": PATH,
    "OutputFileBlobContainerDestination.containerUrl": PATH,
    "ResourceFile.fileMode": text(pattern="[0-7]{3,4}"),
}
SHAPES = Shapes(load("batch"), refusal, RULES, exact=True)
DATA = Shapes(load("batch-data"), refusal, DATA_RULES, exact=True)
RENAMED = {("ImageReference", "id"): "virtualMachineImageId", ("BatchVmImageReference", "virtualMachineImageId"): "id"}
"""Members with another name on the other plane, by shape; all others differ only in letter case."""


def told(kind: str, value: Any, data: str) -> Any:
    """A value of ARM's shape `kind`, in the spelling of the data plane's shape `data`."""
    return _respelled(SHAPES.table, f"#{kind}", DATA.table, f"#{data}", value)


def heard(data: str, value: Any, kind: str) -> Any:
    """A value of the data plane's shape `data`, in the spelling of ARM's shape `kind`."""
    return _respelled(DATA.table, f"#{data}", SHAPES.table, f"#{kind}", value)


def _respelled(here: Mapping[str, Any], kind: Any, there: Mapping[str, Any], other: Any, value: Any) -> Any:
    if isinstance(kind, list):
        return [_respelled(here, kind[0], there, other[0], item) for item in value]
    if isinstance(other, dict) and "enum" in other:
        return next((word for word in other["enum"] if word.lower() == value.lower()), value)
    if not (isinstance(kind, str) and kind.startswith("#") and isinstance(other, str) and other.startswith("#")):
        return value
    members, others = here[kind[1:]], there[other[1:]]
    names = {name.lower(): name for name in others}
    respelled = {}
    for name, item in value.items():
        spelt = RENAMED.get((kind[1:], name)) or names.get(name.lower(), name)
        respelled[spelt] = _respelled(here, members.get(name, "any"), there, others.get(spelt, "any"), item)
    return respelled
