"""Microsoft.Compute's catalogue: marketplace images, VM sizes and their regions, quotas and usage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from azure_local.azure import Azure, Route, Service
from azure_local.common import REGIONS, check_subscription, registered
from azure_local.compute import sizes
from azure_local.http import Answer, Call, Failure

VERSIONS = ("2025-04-01", "2026-04-01", "2024-11-01", "2024-07-01", "2024-03-01", "2023-09-01", "2022-11-01")
SKU_VERSIONS = ("2021-07-01", "2019-04-01")


@dataclass(frozen=True, slots=True)
class Size:
    """One VM size: its quota family, what it has, and the regions that offer it."""

    name: str
    family: str
    cores: int
    memory: float
    gpus: int = 0
    regions: tuple[str, ...] = tuple(REGIONS)


GPU_REGIONS = (
    "eastus", "eastus2", "japaneast", "northeurope", "southcentralus", "swedencentral", "uksouth", "westeurope",
    "westus2", "westus3",
)  # fmt: skip


def _series(pattern: str, family: str, cores: tuple[int, ...], memory: float, **more: Any) -> tuple[Size, ...]:
    return tuple(Size(pattern.format(n), family, n, memory * n, **more) for n in cores)


SIZES = (
    *_series("Standard_D{}_v3", "standardDv3Family", (2, 4, 8, 16, 32, 48, 64), 4),
    *_series("Standard_D{}s_v3", "standardDSv3Family", (2, 4, 8, 16, 32, 48, 64), 4),
    *_series("Standard_D{}s_v4", "standardDSv4Family", (2, 4, 8, 16, 32, 48, 64), 4),
    *_series("Standard_D{}s_v5", "standardDSv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4),
    *_series("Standard_D{}ds_v5", "standardDDSv5Family", (2, 4, 8, 16, 32, 48, 64, 96), 4),
    *_series("Standard_E{}s_v5", "standardESv5Family", (2, 4, 8, 16, 20, 32, 48, 64, 96), 8),
    *_series("Standard_F{}s_v2", "standardFSv2Family", (2, 4, 8, 16, 32, 48, 64, 72), 2),
    *_series("Standard_NC{}as_T4_v3", "Standard NCASv3_T4 Family", (4, 8, 16), 7, gpus=1, regions=GPU_REGIONS),
    Size("Standard_NC64as_T4_v3", "Standard NCASv3_T4 Family", 64, 440, 4, GPU_REGIONS),
)
QUOTA = {"cores": 100, "lowPriorityCores": 100, "Standard NCASv3_T4 Family": 16}
FAMILY_QUOTA = 50
WITHOUT_ZONES = ("northcentralus", "westus")
DISKS = ("StandardSSD_LRS", "Premium_LRS")

TOTALS = {"cores": "Total Regional", "lowPriorityCores": "LowPriority"}
"""Quota that is not of a family → its name in errors."""

# urn → (versions, Hyper-V generation)
IMAGES: dict[str, tuple[tuple[str, ...], str]] = {
    "canonical:0001-com-ubuntu-server-jammy:22_04-lts": (("22.04.202510010", "22.04.202511150"), "V1"),
    "canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2": (("22.04.202510010", "22.04.202511150"), "V2"),
    "canonical:ubuntu-24_04-lts:server": (("24.04.202510020", "24.04.202511120"), "V2"),
    "canonical:ubuntu-24_04-lts:server-gen1": (("24.04.202510020", "24.04.202511120"), "V1"),
    "almalinux:almalinux-x86_64:8-gen2": (("8.10.202510270",), "V2"),
    "almalinux:almalinux-x86_64:9-gen2": (("9.6.202510270", "9.7.202511190"), "V2"),
    "debian:debian-12:12-gen2": (("0.20251101.2281",), "V2"),
}


def size(name: str) -> Size | None:
    return next((vm_size for vm_size in SIZES if vm_size.name.lower() == name.lower()), None)


def limit(azure: Azure, location: str, name: str) -> int:
    """A quota of the region: set over the control API, or the usual one."""
    document = azure.store.get("quota", f"{location}/{name}")
    return int(document["limit"]) if document else QUOTA.get(name, FAMILY_QUOTA)


def used(azure: Azure, location: str, name: str) -> int:
    """Cores of the region's virtual machines, of one family or of all; deallocated machines count as well."""
    total = 0
    for document in azure.store.list("virtualMachine"):
        properties = document["resource"]["properties"]
        vm_size = size(properties["hardwareProfile"]["vmSize"])
        if vm_size is None or document["resource"]["location"] != location:
            continue
        spot = properties.get("priority") == "Spot"
        counted = ("lowPriorityCores",) if spot else ("cores", vm_size.family)
        total += vm_size.cores if name in counted else 0
    return total


def check_size(location: str, name: str | None) -> Size:
    """The size of this name. Failure 400 unless the region has it."""
    if not name:
        text = "Required parameter 'hardwareProfile.vmSize' is missing (null)."
        raise Failure(400, "InvalidParameter", text, target="hardwareProfile.vmSize")
    vm_size = size(name)
    if vm_size is None or location not in vm_size.regions:
        here = ",".join(available.name for available in SIZES if location in available.regions)
        text = f"The value {name} provided for the VM size is not valid. The valid sizes in the current region are: "
        text += f"{here}. Find out more on the valid VM sizes in each region at https://aka.ms/azure-regions."
        raise Failure(400, "InvalidParameter", text, target="vmSize")
    return vm_size


def check_capacity(azure: Azure, location: str, vm_size: Size, *, spot: bool) -> None:
    """Failure 409 as Compute words it, unless a VM of this size can be made in the region now."""
    restriction = azure.store.get("restriction", f"{location}/{vm_size.name}")
    if restriction is not None and not restriction.get("zones"):
        text = (
            f"The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: {vm_size.name}"
        )
        text += (
            f"' is currently not available in location '{location}'. Please try another size or deploy to a different "
        )
        text += "location or different zone. See https://aka.ms/azureskunotavailable for details."
        raise Failure(409, "SkuNotAvailable", text)
    for quota in ("lowPriorityCores",) if spot else (vm_size.family, "cores"):
        allowed, now = limit(azure, location, quota), used(azure, location, quota)
        if now + vm_size.cores > allowed:
            words = TOTALS.get(quota, quota)
            text = f"Operation could not be completed as it results in exceeding approved {words} Cores quota. "
            text += f"Additional details - Deployment Model: Resource Manager, Location: {location}, Current Limit: "
            text += (
                f"{allowed}, Current Usage: {now}, Additional Required: {vm_size.cores}, (Minimum) New Limit Required: "
            )
            text += f"{now + vm_size.cores}. Setup Alerts when Quota reaches threshold. Learn more at "
            text += "https://aka.ms/quotamonitoringalerting . Submit a request for Quota increase at https://aka.ms/"
            text += "ProdportalCRP by specifying parameters listed in the 'Details' section for deployment to succeed. "
            text += (
                "Please read more about quota limits at https://docs.microsoft.com/en-us/azure/azure-supportability/"
            )
            raise Failure(409, "OperationNotAllowed", f"{text}regional-quota-requests")


def urn(reference: dict[str, Any]) -> str:
    return ":".join(str(reference.get(key, "")).lower() for key in ("publisher", "offer", "sku"))


def versions(azure: Azure, name: str) -> list[str]:
    """The versions of a marketplace image, oldest first; none if there is no such image."""
    if name not in IMAGES:
        return []
    published = azure.store.get("platformImage", name) or {"versions": []}
    return [*IMAGES[name][0], *published["versions"]]


def _urn(call: Call) -> str:
    return ":".join(call.params[key] for key in ("publisher", "offer", "sku")).lower()


def _location(azure: Azure, call: Call) -> str:
    """The region of the path. Failure 400 if Azure has no such region, 409 if Compute is not registered."""
    check_subscription(call)
    registered(azure, "Microsoft.Compute")
    location = call.params["location"].lower()
    if location not in REGIONS:
        text = f"No registered resource provider found for location '{call.params['location']}' and API version "
        text += f"'{call.query.get('api-version')}' for type 'locations'."
        raise Failure(400, "NoRegisteredProviderFound", text)
    return location


def _known(azure: Azure, call: Call) -> list[str]:
    """The versions of the image in the path. Failure 404 if there is no such image."""
    names = versions(azure, _urn(call))
    if not names:
        raise Failure(404, "NotFound", "Artifact: VMImage was not found.")
    return names


async def list_versions(azure: Azure, call: Call) -> Answer:
    location, names = _location(azure, call), _known(azure, call)
    if call.query.get("$orderby", "").lower() == "name desc":
        names = names[::-1]
    names = names[: int(call.query.get("$top", len(names)))]
    base = call.path.rstrip("/")
    return Answer(200, [{"location": location, "name": name, "id": f"{base}/{name}"} for name in names])


async def get_version(azure: Azure, call: Call) -> Answer:
    """One version by its number: `latest` is allowed in image references only."""
    location, version = _location(azure, call), call.params["version"]
    if version not in _known(azure, call):
        raise Failure(404, "NotFound", "Artifact: VMImage was not found.")
    properties = {
        "osDiskImage": {"operatingSystem": "Linux"},
        "dataDiskImages": [],
        "hyperVGeneration": IMAGES[_urn(call)][1],
        "architecture": "x64",
        "automaticOSUpgradeProperties": {"automaticOSUpgradeSupported": True},
    }
    return Answer(200, {"id": call.path.rstrip("/"), "name": version, "location": location, "properties": properties})


async def usages(azure: Azure, call: Call) -> Answer:
    location = _location(azure, call)
    families = dict.fromkeys(vm_size.family for vm_size in SIZES)
    words = {"cores": "Total Regional vCPUs", **{name: _words(name) for name in families}}
    words["lowPriorityCores"] = "Total Regional Low-priority vCPUs"
    shown = [_usage(name, used(azure, location, name), limit(azure, location, name), words[name]) for name in words]
    machines = sum(document["resource"]["location"] == location for document in azure.store.list("virtualMachine"))
    return Answer(200, {"value": [*shown, _usage("virtualMachines", machines, 25000, "Virtual Machines")]})


def _words(family: str) -> str:
    """`standardDSv3Family` → `Standard DSv3 Family vCPUs`."""
    return re.sub(r"^standard(\w+)Family$", r"Standard \1 Family", family) + " vCPUs"


def _usage(name: str, now: int, allowed: int, words: str) -> dict[str, Any]:
    return {
        "unit": "Count",
        "currentValue": now,
        "limit": allowed,
        "name": {"value": name, "localizedValue": words},
    }


async def skus(azure: Azure, call: Call) -> Answer:
    """VM sizes and disks; sizes that a region lacks are left out, those sold out have a restriction."""
    check_subscription(call)
    registered(azure, "Microsoft.Compute")
    match = re.fullmatch(r"location eq '(\w+)'", call.query.get("$filter", "location eq 'all'"))
    if match is None:
        raise Failure(
            400, "InvalidFilter", "The filter is not supported: only location eq 'name' is.", target="$filter"
        )
    regions = [region for region in REGIONS if match[1].lower() in ("all", region)]
    disks = [_disk(name, region) for region in regions for name in DISKS]
    sizes = [_sku(azure, vm_size, region) for region in regions for vm_size in SIZES if region in vm_size.regions]
    return Answer(200, {"value": [*disks, *sizes]})


def _disk(name: str, region: str) -> dict[str, Any]:
    return {
        "resourceType": "disks",
        "name": name,
        "tier": name.split("_")[0],
        "size": "P10" if name.startswith("Premium") else "E10",
        "locations": [region],
        "locationInfo": [{"location": region, "zones": ["1", "2", "3"], "zoneDetails": []}],
        "capabilities": [{"name": "MaxSizeGiB", "value": "128"}, {"name": "MinSizeGiB", "value": "64"}],
        "restrictions": [],
    }


def _sku(azure: Azure, vm_size: Size, region: str) -> dict[str, Any]:
    """A size in a region that offers it, with a restriction if it is sold out."""
    capabilities = {
        "vCPUs": str(vm_size.cores),
        "MemoryGB": f"{vm_size.memory:g}",
        **({"GPUs": str(vm_size.gpus)} if vm_size.gpus else {}),
        "HyperVGenerations": "V1,V2",
        "CpuArchitectureType": "x64",
        "LowPriorityCapable": "True",
        "PremiumIO": str(sizes.premium(vm_size.name)),
        "MaxDataDiskCount": str(sizes.data_disks(vm_size.name)),
        "AcceleratedNetworkingEnabled": str(sizes.accelerated(vm_size.name)),
        "EphemeralOSDiskSupported": str(sizes.premium(vm_size.name)),
        "EncryptionAtHostSupported": str(sizes.premium(vm_size.name)),
        "RdmaEnabled": "False",
    }
    restriction = azure.store.get("restriction", f"{region}/{vm_size.name}")
    zones = [] if region in WITHOUT_ZONES else ["1", "2", "3"]
    return {
        "resourceType": "virtualMachines",
        "name": vm_size.name,
        "tier": "Standard",
        "size": vm_size.name.removeprefix("Standard_"),
        "family": vm_size.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": zones, "zoneDetails": []}],
        "capabilities": [{"name": key, "value": value} for key, value in capabilities.items()],
        "restrictions": [_restriction(region, restriction.get("zones"))] if restriction else [],
    }


def _restriction(region: str, zones: list[str] | None) -> dict[str, Any]:
    """The restriction of a size that is sold out, in the whole region or in some of its zones."""
    where = {"locations": [region], **({"zones": zones} if zones else {})}
    kind = "Zone" if zones else "Location"
    return {
        "type": kind,
        "values": [region],
        "restrictionInfo": where,
        "reasonCode": "NotAvailableForSubscription",
    }


PLACE = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
IMAGE = f"{PLACE}/publishers/{{publisher}}/artifacttypes/vmimage/offers/{{offer}}/skus/{{sku}}/versions"
SERVICE = Service(
    namespace="Microsoft.Compute",
    routes=(
        Route("GET", IMAGE, list_versions, VERSIONS),
        Route("GET", f"{IMAGE}/{{version}}", get_version, VERSIONS),
        Route("GET", f"{PLACE}/usages", usages, VERSIONS),
        Route("GET", "/subscriptions/{subscription}/providers/Microsoft.Compute/skus", skus, SKU_VERSIONS),
    ),
)
