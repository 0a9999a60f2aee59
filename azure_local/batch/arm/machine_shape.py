"""What a pool's virtualMachineConfiguration is made of: image, disks, encryption, extensions, security, containers."""

from __future__ import annotations

from azure_local.batch.shapes import Choice, Flag, Many, Number, Record, Shape, Text
from azure_local.batch.task_shape import IDENTITY, REGISTRY

ENCRYPTED = ("NonPersistedTPM", "VMGuestStateOnly", "DiskWithVMGuestState")
ENCRYPTION_SET = Record("DiskEncryptionSetParameters", {"id": Text()}, ("id",))
MANAGED_DISK = Record(
    "ManagedDisk",
    {
        "storageAccountType": Choice(("Standard_LRS", "Premium_LRS", "StandardSSD_LRS")),
        "securityProfile": Record(
            "VMDiskSecurityProfile",
            {
                "securityEncryptionType": Choice(
                    ("NonPersistedTPM", "VMGuestStateOnly", "DiskWithVMGuestState"), "same"
                ),
                "diskEncryptionSet": ENCRYPTION_SET,
            },
        ),
        "diskEncryptionSet": ENCRYPTION_SET,
    },
)
CACHING = Choice(("None", "ReadOnly", "ReadWrite"))
HOST = Record(
    "HostEndpointSettings",
    {"mode": Choice(("Audit", "Enforce"), "same"), "inVMAccessControlProfileReferenceId": Text()},
)
EXTENSION = Record(
    "VMExtension",
    {
        "name": Text(shortest=1),
        "publisher": Text(shortest=1),
        "type": Text(shortest=1),
        "typeHandlerVersion": Text(),
        "autoUpgradeMinorVersion": Flag(),
        "enableAutomaticUpgrade": Flag(),
        "settings": Shape(),
        "protectedSettings": Shape(secret=True),
        "provisionAfterExtensions": Many(Text()),
    },
    ("name", "publisher", "type"),
)
SECURITY = Record(
    "SecurityProfile",
    {
        "securityType": Choice(("trustedLaunch", "confidentialVM"), "same"),
        "encryptionAtHost": Flag(),
        "uefiSettings": Record("UefiSettings", {"secureBootEnabled": Flag(), "vTpmEnabled": Flag()}),
        "proxyAgentSettings": Record("ProxyAgentSettings", {"enabled": Flag(), "imds": HOST, "wireServer": HOST}),
    },
)
MACHINE = Record(
    "VirtualMachineConfiguration",
    {
        "imageReference": Record(
            "ImageReference",
            {
                name: Text()
                for name in (
                    "publisher",
                    "offer",
                    "sku",
                    "version",
                    "id",
                    "sharedGalleryImageId",
                    "communityGalleryImageId",
                )
            },
            data={"id": "virtualMachineImageId"},
        ),
        "nodeAgentSkuId": Text(),
        "windowsConfiguration": Record("WindowsConfiguration", {"enableAutomaticUpdates": Flag()}),
        "dataDisks": Many(
            Record(
                "DataDisk",
                {"lun": Number(0, 63), "caching": CACHING, "diskSizeGB": Number(1, 32767), "managedDisk": MANAGED_DISK},
                ("lun", "diskSizeGB"),
            )
        ),
        "licenseType": Choice(("Windows_Server", "Windows_Client"), "same"),
        "containerConfiguration": Record(
            "ContainerConfiguration",
            {
                "type": Choice(("DockerCompatible", "CriCompatible"), "camel"),
                "containerImageNames": Many(Text()),
                "containerRegistries": Many(REGISTRY),
            },
            ("type",),
        ),
        "diskEncryptionConfiguration": Record(
            "DiskEncryptionConfiguration",
            {
                "targets": Many(Choice(("OsDisk", "TemporaryDisk"))),
                "customerManagedKey": Record(
                    "DiskCustomerManagedKey",
                    {"keyUrl": Text(), "rotationToLatestKeyVersionEnabled": Flag(), "identityReference": IDENTITY},
                ),
            },
        ),
        "nodePlacementConfiguration": Record("NodePlacementConfiguration", {"policy": Choice(("Regional", "Zonal"))}),
        "extensions": Many(EXTENSION),
        "osDisk": Record(
            "OSDisk",
            {
                "ephemeralOSDiskSettings": Record("DiffDiskSettings", {"placement": Choice(("CacheDisk",))}),
                "caching": CACHING,
                "managedDisk": MANAGED_DISK,
                "diskSizeGB": Number(1, 4095),
                "writeAcceleratorEnabled": Flag(),
            },
        ),
        "securityProfile": SECURITY,
        "serviceArtifactReference": Record("ServiceArtifactReference", {"id": Text()}, ("id",)),
    },
    ("imageReference", "nodeAgentSkuId"),
    {"nodeAgentSkuId": "nodeAgentSKUId"},
)
