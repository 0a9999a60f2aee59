"""What a pool can be made of: every member of Microsoft.Batch/batchAccounts/pools@2025-06-01 with its type and limits.

What 2025-06-01 has no more (certificates, targetNodeCommunicationMode, applicationLicenses, a data disk's
storageAccountType) is unknown here too.
"""

from __future__ import annotations

from azure_local.batch.arm.machine_shape import MACHINE
from azure_local.batch.shapes import Choice, Duration, Flag, Lower, Many, Number, Record, Text
from azure_local.batch.task_shape import ELEVATION, IDENTITY, START_TASK

PORT = Number(1, 65535)
NETWORK = Record(
    "NetworkConfiguration",
    {
        "subnetId": Text(),
        "dynamicVnetAssignmentScope": Choice(("none", "job")),
        "endpointConfiguration": Record(
            "PoolEndpointConfiguration",
            {
                "inboundNatPools": Many(
                    Record(
                        "InboundNatPool",
                        {
                            "name": Text(77, r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9_])?"),
                            "protocol": Choice(("TCP", "UDP")),
                            "backendPort": PORT,
                            "frontendPortRangeStart": Number(1, 65534),
                            "frontendPortRangeEnd": Number(1, 65534),
                            "networkSecurityGroupRules": Many(
                                Record(
                                    "NetworkSecurityGroupRule",
                                    {
                                        "priority": Number(150, 4096),
                                        "access": Choice(("Allow", "Deny")),
                                        "sourceAddressPrefix": Text(),
                                        "sourcePortRanges": Many(Text()),
                                    },
                                    ("priority", "access", "sourceAddressPrefix"),
                                )
                            ),
                        },
                        ("name", "protocol", "backendPort", "frontendPortRangeStart", "frontendPortRangeEnd"),
                    ),
                    5,
                )
            },
            ("inboundNatPools",),
            {"inboundNatPools": "inboundNATPools"},
        ),
        "publicIPAddressConfiguration": Record(
            "PublicIPAddressConfiguration",
            {
                "provision": Choice(("BatchManaged", "UserManaged", "NoPublicIPAddresses")),
                "ipAddressIds": Many(Text()),
                "ipFamilies": Many(Choice(("IPv4", "IPv6"), "same")),
                "ipTags": Many(Record("IPTag", {"ipTagType": Text(), "tag": Text()})),
            },
        ),
        "enableAcceleratedNetworking": Flag(),
    },
    data={"dynamicVnetAssignmentScope": "dynamicVNetAssignmentScope"},
)
USER = Record(
    "UserAccount",
    {
        "name": Text(20, r"[^\s/\\\[\]:;|=,+*?<>@\"]+"),
        "password": Text(256, secret=True, shortest=1),
        "elevationLevel": ELEVATION,
        "linuxUserConfiguration": Record(
            "LinuxUserConfiguration", {"uid": Number(1), "gid": Number(1), "sshPrivateKey": Text(secret=True)}
        ),
        "windowsUserConfiguration": Record("WindowsUserConfiguration", {"loginMode": Choice(("Batch", "Interactive"))}),
    },
    ("name", "password"),
)
PATH = Text(shortest=1)
KEY = Text(secret=True, shortest=1)
MOUNT = Record(
    "MountConfiguration",
    {
        "azureBlobFileSystemConfiguration": Record(
            "AzureBlobFileSystemConfiguration",
            {
                "accountName": Text(24, "[a-z0-9]{3,24}"),
                "containerName": Text(63, "[a-z0-9$](-?[a-z0-9])*"),
                "accountKey": KEY,
                "sasKey": KEY,
                "blobfuseOptions": Text(),
                "relativeMountPath": PATH,
                "identityReference": IDENTITY,
            },
            ("accountName", "containerName", "relativeMountPath"),
        ),
        "nfsMountConfiguration": Record(
            "NFSMountConfiguration",
            {"source": PATH, "relativeMountPath": PATH, "mountOptions": Text()},
            ("source", "relativeMountPath"),
        ),
        "cifsMountConfiguration": Record(
            "CifsMountConfiguration",
            {"userName": PATH, "source": PATH, "relativeMountPath": PATH, "mountOptions": Text(), "password": KEY},
            ("userName", "source", "relativeMountPath", "password"),
            {"userName": "username"},
        ),
        "azureFileShareConfiguration": Record(
            "AzureFileShareConfiguration",
            {
                "accountName": Text(24, "[a-z0-9]{3,24}"),
                "azureFileUrl": Text(pattern="https://.+/.+"),
                "accountKey": KEY,
                "relativeMountPath": PATH,
                "mountOptions": Text(),
            },
            ("accountName", "azureFileUrl", "accountKey", "relativeMountPath"),
        ),
    },
)
UPGRADE = Record(
    "UpgradePolicy",
    {
        "mode": Choice(("automatic", "manual", "rolling")),
        "automaticOSUpgradePolicy": Record(
            "AutomaticOSUpgradePolicy",
            {
                "disableAutomaticRollback": Flag(),
                "enableAutomaticOSUpgrade": Flag(),
                "useRollingUpgradePolicy": Flag(),
                "osRollingUpgradeDeferral": Flag(),
            },
        ),
        "rollingUpgradePolicy": Record(
            "RollingUpgradePolicy",
            {
                "enableCrossZoneUpgrade": Flag(),
                "maxBatchInstancePercent": Number(5, 100),
                "maxUnhealthyInstancePercent": Number(5, 100),
                "maxUnhealthyUpgradedInstancePercent": Number(0, 100),
                "pauseTimeBetweenBatches": Duration(),
                "prioritizeUnhealthyInstances": Flag(),
                "rollbackFailedInstancesOnPolicyBreach": Flag(),
            },
        ),
    },
    ("mode",),
)
RESIZE = Record(
    "FixedScaleSettings",
    {
        "resizeTimeout": Duration(300),
        "targetDedicatedNodes": Number(0),
        "targetLowPriorityNodes": Number(0),
        "nodeDeallocationOption": Choice(("Requeue", "Terminate", "TaskCompletion", "RetainedData")),
    },
)
AUTO_SCALE = Record(
    "AutoScaleSettings",
    {"formula": Text(10**6, shortest=1), "evaluationInterval": Duration(300, 168 * 3600)},
    ("formula",),
)
READ_ONLY = (
    "lastModified", "creationTime", "provisioningState", "provisioningStateTransitionTime", "allocationState",
    "allocationStateTransitionTime", "currentDedicatedNodes", "currentLowPriorityNodes", "autoScaleRun",
    "resizeOperationStatus",
)  # fmt: skip
METADATA = Many(Record("MetadataItem", {"name": Text(), "value": Text()}, ("name", "value")))
POOL = Record(
    "PoolProperties",
    {
        "displayName": Text(1024),
        "vmSize": Lower(),
        "deploymentConfiguration": Record("DeploymentConfiguration", {"virtualMachineConfiguration": MACHINE}),
        "scaleSettings": Record("ScaleSettings", {"fixedScale": RESIZE, "autoScale": AUTO_SCALE}),
        "interNodeCommunication": Choice(("Enabled", "Disabled"), "same"),
        "networkConfiguration": NETWORK,
        "taskSlotsPerNode": Number(1, 256),
        "taskSchedulingPolicy": Record(
            "TaskSchedulingPolicy",
            {"jobDefaultOrder": Choice(("None", "CreationTime")), "nodeFillType": Choice(("Spread", "Pack"))},
            ("nodeFillType",),
        ),
        "userAccounts": Many(USER),
        "metadata": METADATA,
        "startTask": START_TASK,
        "applicationPackages": Many(Record("ApplicationPackageReference", {"id": Text(), "version": Text()}, ("id",))),
        "mountConfiguration": Many(MOUNT, 10),
        "upgradePolicy": UPGRADE,
    },
    readonly=READ_ONLY,
)
