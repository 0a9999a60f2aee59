"""What a start task is made of, on both planes; its parts are those of every task."""

from __future__ import annotations

from azure_local.batch.shapes import Choice, Flag, Many, Number, Record, Text

ELEVATION = Choice(("NonAdmin", "Admin"))
IDENTITY = Record("ComputeNodeIdentityReference", {"resourceId": Text()}, ("resourceId",))
REGISTRY = Record(
    "ContainerRegistry",
    {"username": Text(), "password": Text(secret=True), "registryServer": Text(), "identityReference": IDENTITY},
)
RESOURCE_FILE = Record(
    "ResourceFile",
    {
        "autoStorageContainerName": Text(),
        "storageContainerUrl": Text(),
        "httpUrl": Text(),
        "blobPrefix": Text(),
        "filePath": Text(),
        "fileMode": Text(pattern="[0-7]{3,4}"),
        "identityReference": IDENTITY,
    },
)
BIND_MOUNT = Record(
    "ContainerHostBatchBindMountEntry",
    {
        "source": Choice(("Shared", "Startup", "VfsMounts", "Task", "JobPrep", "Applications"), "same"),
        "isReadOnly": Flag(),
    },
)
CONTAINER_SETTINGS = Record(
    "TaskContainerSettings",
    {
        "containerRunOptions": Text(),
        "imageName": Text(),
        "registry": REGISTRY,
        "workingDirectory": Choice(("TaskWorkingDirectory", "ContainerImageDefault"), "camel"),
        "containerHostBatchBindMounts": Many(BIND_MOUNT),
    },
    ("imageName",),
)
START_TASK = Record(
    "StartTask",
    {
        "commandLine": Text(),
        "resourceFiles": Many(RESOURCE_FILE),
        "environmentSettings": Many(Record("EnvironmentSetting", {"name": Text(), "value": Text()}, ("name",))),
        "userIdentity": Record(
            "UserIdentity",
            {
                "userName": Text(),
                "autoUser": Record(
                    "AutoUserSpecification", {"scope": Choice(("Task", "Pool")), "elevationLevel": ELEVATION}
                ),
            },
            data={"userName": "username"},
        ),
        "maxTaskRetryCount": Number(-1),
        "waitForSuccess": Flag(),
        "containerSettings": CONTAINER_SETTINGS,
    },
)
