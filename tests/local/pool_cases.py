"""Pools for the tests of the local Batch: wrong ones with the error that they get, and one of everything."""

from __future__ import annotations

from typing import Any

RULE = {"priority": 150, "access": "Allow", "sourceAddressPrefix": "*"}
NAT = {
    "name": "web",
    "protocol": "TCP",
    "backendPort": 80,
    "frontendPortRangeStart": 1000,
    "frontendPortRangeEnd": 1099,
}
BLOBS = {"accountName": "account", "containerName": "data", "relativeMountPath": "data"}
START = {"commandLine": "/bin/true"}
WINDOWS = {
    "imageReference": {
        "publisher": "microsoftwindowsserver",
        "offer": "windowsserver",
        "sku": "2022-datacenter",
    },
    "nodeAgentSkuId": "batch.node.windows amd64",
}


def nat(*pools: dict[str, Any]) -> dict[str, Any]:
    return {"networkConfiguration": {"endpointConfiguration": {"inboundNatPools": [{**NAT, **pool} for pool in pools]}}}


def rules(*given: dict[str, Any]) -> dict[str, Any]:
    return nat({"networkSecurityGroupRules": [{**RULE, **one} for one in given]})


def addresses(**given: Any) -> dict[str, Any]:
    return {"networkConfiguration": {"publicIPAddressConfiguration": given}}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"vmSize": "Standard_Nothing"}, "InvalidPropertyValue", "vmSize"),
    ({"vmSize": None}, "MissingRequiredProperty", "properties.vmSize"),
    ({"deploymentConfiguration": {}}, "MissingRequiredProperty", "deploymentConfiguration.virtualMachineConfiguration"),
    ({"taskSlotsPerNode": 0}, "InvalidPropertyValue", "taskSlotsPerNode"),
    ({"taskSlotsPerNode": 9}, "InvalidPropertyValue", "taskSlotsPerNode"),
    ({"taskSlotsPerNode": "2"}, "InvalidRequestBody", ""),
    ({"taskSchedulingPolicy": {"nodeFillType": "Random"}}, "InvalidPropertyValue", "nodeFillType"),
    ({"interNodeCommunication": "Sometimes"}, "InvalidPropertyValue", "interNodeCommunication"),
    ({"displayName": "x" * 1025}, "InvalidPropertyValue", "displayName"),
    ({"metadata": [{"name": "a"}]}, "MissingRequiredProperty", "properties.metadata.value"),
    ({"certificates": []}, "InvalidRequestBody", ""),
    ({"targetNodeCommunicationMode": "Simplified"}, "InvalidRequestBody", ""),
    ({"applicationLicenses": []}, "InvalidRequestBody", ""),
    ({"unknown": 1}, "InvalidRequestBody", ""),
    ({"scaleSettings": {"autoScale": {"formula": "x"}}}, "AutoScalingFormulaSyntaxError", ""),
    ({"scaleSettings": {"fixedScale": {"targetDedicatedNodes": -1}}}, "InvalidPropertyValue", "targetDedicatedNodes"),
    (
        {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0, "resizeTimeout": "PT4M"}}},
        "InvalidPropertyValue",
        "resizeTimeout",
    ),
    ({"networkConfiguration": {"subnetId": "nodes"}}, "InvalidPropertyValue", "subnetId"),
    ({"networkConfiguration": {"subnetId": "{network}/subnets/none"}}, "InvalidPropertyValue", "subnetId"),
    (
        {"networkConfiguration": {"dynamicVnetAssignmentScope": "all"}},
        "InvalidPropertyValue",
        "dynamicVnetAssignmentScope",
    ),
    (
        {"networkConfiguration": {"enableAcceleratedNetworking": True}, "vmSize": "Standard_A2"},
        "InvalidPropertyValue",
        "enableAcceleratedNetworking",
    ),
    (addresses(provision="NoPublicIPAddresses"), "InvalidPropertyValue", "provision"),
    (addresses(provision="BatchManaged", ipAddressIds=["x"]), "InvalidPropertyValue", "ipAddressIds"),
    (addresses(ipFamilies=["IPv6"]), "InvalidPropertyValue", "ipFamilies"),
    (nat({"backendPort": 29876}), "InvalidPropertyValue", "backendPort"),
    (nat({"name": "-x"}), "InvalidPropertyValue", "name"),
    (nat({}, {"name": "two", "backendPort": 81}), "InvalidPropertyValue", "frontendPortRangeStart"),
    (nat({}, {"frontendPortRangeStart": 2000, "frontendPortRangeEnd": 2099}), "InvalidPropertyValue", "name"),
    (nat({"frontendPortRangeEnd": 1010}), "InvalidPropertyValue", "frontendPortRangeEnd"),
    (nat({"frontendPortRangeEnd": 51000}), "InvalidPropertyValue", "frontendPortRangeStart"),
    (rules({"priority": 149}), "InvalidPropertyValue", "priority"),
    (rules({"priority": 4097}), "InvalidPropertyValue", "priority"),
    (rules({}, {"access": "Deny"}), "InvalidPropertyValue", "priority"),
    (rules({"sourceAddressPrefix": "10.0.0.300"}), "InvalidPropertyValue", "sourceAddressPrefix"),
    (rules({"sourcePortRanges": ["1-70000"]}), "InvalidPropertyValue", "sourcePortRanges"),
    (rules({"sourcePortRanges": ["1-10", "5"]}), "InvalidPropertyValue", "sourcePortRanges"),
    (
        {"mountConfiguration": [{"azureBlobFileSystemConfiguration": BLOBS}]},
        "InvalidRequestBody",
        "",
    ),
    (
        {"mountConfiguration": [{"azureBlobFileSystemConfiguration": {**BLOBS, "accountKey": "k", "sasKey": "s"}}]},
        "InvalidRequestBody",
        "",
    ),
    (
        {"mountConfiguration": [{"nfsMountConfiguration": {"source": "s", "relativeMountPath": "../x"}}]},
        "InvalidPropertyValue",
        "relativeMountPath",
    ),
    (
        {"mountConfiguration": [{"nfsMountConfiguration": {"source": "s", "relativeMountPath": "x"}}] * 2},
        "InvalidPropertyValue",
        "relativeMountPath",
    ),
    ({"mountConfiguration": [{}]}, "InvalidPropertyValue", "mountConfiguration"),
    (
        {
            "mountConfiguration": [
                {"cifsMountConfiguration": {"source": "s", "relativeMountPath": "x", "userName": "u"}}
            ]
        },
        "MissingRequiredProperty",
        "properties.mountConfiguration.cifsMountConfiguration.password",
    ),
    ({"userAccounts": [{"name": "a"}]}, "MissingRequiredProperty", "properties.userAccounts.password"),
    ({"userAccounts": [{"name": "a" * 21, "password": "p"}]}, "InvalidPropertyValue", "name"),
    ({"userAccounts": [{"name": "a", "password": "p"}] * 2}, "InvalidPropertyValue", "name"),
    (
        {"userAccounts": [{"name": "a", "password": "p", "linuxUserConfiguration": {"uid": 5}}]},
        "InvalidPropertyValue",
        "linuxUserConfiguration",
    ),
    (
        {"userAccounts": [{"name": "a", "password": "p", "windowsUserConfiguration": {"loginMode": "Batch"}}]},
        "InvalidPropertyValue",
        "windowsUserConfiguration",
    ),
    ({"startTask": {"maxTaskRetryCount": 1}}, "InvalidPropertyValue", "commandLine"),
    ({"startTask": {**START, "userIdentity": {"userName": "nobody"}}}, "InvalidPropertyValue", "userName"),
    ({"startTask": {**START, "resourceFiles": [{"filePath": "x"}]}}, "InvalidRequestBody", ""),
    (
        {"startTask": {**START, "resourceFiles": [{"httpUrl": "https://x/y"}]}},
        "MissingRequiredProperty",
        "resourceFile.filePath",
    ),
    (
        {"startTask": {**START, "resourceFiles": [{"httpUrl": "https://x/y", "filePath": "y", "fileMode": "rw"}]}},
        "InvalidPropertyValue",
        "fileMode",
    ),
    ({"upgradePolicy": {}}, "MissingRequiredProperty", "properties.upgradePolicy.mode"),
    ({"upgradePolicy": {"mode": "rolling"}}, "MissingRequiredProperty", "upgradePolicy.rollingUpgradePolicy"),
    (
        {"upgradePolicy": {"mode": "rolling", "rollingUpgradePolicy": {"maxBatchInstancePercent": 4}}},
        "InvalidPropertyValue",
        "maxBatchInstancePercent",
    ),
    (
        {"upgradePolicy": {"mode": "rolling", "rollingUpgradePolicy": {"enableCrossZoneUpgrade": True}}},
        "InvalidPropertyValue",
        "enableCrossZoneUpgrade",
    ),
    ({"machine": {"nodeAgentSkuId": "batch.node.centos 7"}}, "InvalidPropertyValue", "nodeAgentSkuId"),
    ({"machine": {"licenseType": "Windows_Server"}}, "InvalidPropertyValue", "licenseType"),
    ({"machine": {"windowsConfiguration": {}}}, "InvalidPropertyValue", "windowsConfiguration"),
    ({"machine": {"dataDisks": [{"lun": 64, "diskSizeGB": 1}]}}, "InvalidPropertyValue", "lun"),
    ({"machine": {"dataDisks": [{"lun": 1, "diskSizeGB": 1}] * 2}}, "InvalidPropertyValue", "lun"),
    (
        {"machine": {"dataDisks": [{"lun": lun, "diskSizeGB": 1} for lun in range(5)]}},
        "InvalidPropertyValue",
        "dataDisks",
    ),
    (
        {"machine": {"dataDisks": [{"lun": 1, "diskSizeGB": 1, "storageAccountType": "Standard_LRS"}]}},
        "InvalidRequestBody",
        "",
    ),
    (
        {"machine": {"osDisk": {"managedDisk": {"storageAccountType": "Premium_LRS"}}}, "vmSize": "Standard_D2_v3"},
        "InvalidPropertyValue",
        "storageAccountType",
    ),
    (
        {"machine": {"osDisk": {"ephemeralOSDiskSettings": {"placement": "Nowhere"}}}},
        "InvalidPropertyValue",
        "placement",
    ),
    ({"machine": {"diskEncryptionConfiguration": {"targets": ["OsDisk"]}}}, "InvalidPropertyValue", "targets"),
    (
        {"machine": {"extensions": [{"name": "a", "publisher": "p", "type": "t"}] * 2}},
        "InvalidPropertyValue",
        "extensions",
    ),
    (
        {"machine": {"extensions": [{"name": "a", "publisher": "p", "type": "t", "provisionAfterExtensions": ["b"]}]}},
        "InvalidPropertyValue",
        "provisionAfterExtensions",
    ),
    ({"machine": {"extensions": [{"name": "a", "publisher": "p"}]}}, "MissingRequiredProperty", "extensions.type"),
    ({"machine": {"securityProfile": {"securityType": "none"}}}, "InvalidPropertyValue", "securityType"),
    ({"machine": {"securityProfile": {"uefiSettings": {}}}}, "InvalidPropertyValue", "uefiSettings"),
    ({"machine": {"securityProfile": {"securityType": "confidentialVM"}}}, "InvalidPropertyValue", "securityType"),
    ({"machine": {"nodePlacementConfiguration": {"policy": "Somewhere"}}}, "InvalidPropertyValue", "policy"),
    (
        {"applicationPackages": [{"id": "{account}/applications/none"}]},
        "InvalidApplicationPackageReferences",
        "",
    ),
]

FULL: dict[str, Any] = {
    "displayName": "everything",
    "metadata": [{"name": "a", "value": "b"}],
    "taskSchedulingPolicy": {"nodeFillType": "Pack", "jobDefaultOrder": "CreationTime"},
    "interNodeCommunication": "Enabled",
    "taskSlotsPerNode": 4,
    "networkConfiguration": {
        "subnetId": "{network}/subnets/nodes",
        "enableAcceleratedNetworking": True,
        "endpointConfiguration": {
            "inboundNatPools": [{**NAT, "networkSecurityGroupRules": [{**RULE, "sourcePortRanges": ["*"]}]}]
        },
    },
    "userAccounts": [
        {"name": "ann", "password": "very secret", "elevationLevel": "Admin"},
        {
            "name": "bob",
            "password": "very secret",
            "linuxUserConfiguration": {"uid": 7, "gid": 8, "sshPrivateKey": "k"},
        },
    ],
    "mountConfiguration": [
        {"azureBlobFileSystemConfiguration": {**BLOBS, "accountKey": "very secret"}},
        {"nfsMountConfiguration": {"source": "host:/x", "relativeMountPath": "nfs"}},
        {
            "cifsMountConfiguration": {
                "source": "//host/x",
                "relativeMountPath": "cifs",
                "userName": "u",
                "password": "very secret",
            }
        },
        {
            "azureFileShareConfiguration": {
                "accountName": "account",
                "azureFileUrl": "https://account.file.core.windows.net/share",
                "accountKey": "very secret",
                "relativeMountPath": "files",
            }
        },
    ],
    "startTask": {
        "commandLine": "/bin/true",
        "userIdentity": {"userName": "ann"},
        "environmentSettings": [{"name": "A", "value": "1"}],
        "resourceFiles": [{"httpUrl": "https://x/y", "filePath": "y", "fileMode": "0755"}],
        "waitForSuccess": False,
        "maxTaskRetryCount": 2,
    },
    "upgradePolicy": {
        "mode": "rolling",
        "rollingUpgradePolicy": {"maxBatchInstancePercent": 20, "pauseTimeBetweenBatches": "PT2S"},
    },
}
MACHINE_FULL: dict[str, Any] = {
    "dataDisks": [
        {"lun": 0, "diskSizeGB": 32, "caching": "ReadOnly", "managedDisk": {"storageAccountType": "Premium_LRS"}}
    ],
    "osDisk": {"caching": "ReadWrite", "diskSizeGB": 64, "ephemeralOSDiskSettings": {"placement": "CacheDisk"}},
    "extensions": [
        {
            "name": "watch",
            "publisher": "p",
            "type": "t",
            "typeHandlerVersion": "1.0",
            "autoUpgradeMinorVersion": True,
            "settings": {"a": "b"},
            "protectedSettings": {"c": "very secret"},
        }
    ],
    "securityProfile": {
        "securityType": "trustedLaunch",
        "encryptionAtHost": True,
        "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
    },
    "nodePlacementConfiguration": {"policy": "Zonal"},
    "diskEncryptionConfiguration": {"targets": ["TemporaryDisk"]},
}
