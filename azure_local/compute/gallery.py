"""Microsoft.Compute galleries: they hold image definitions, and can be deleted only when they hold none."""

from __future__ import annotations

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.common import registered
from azure_local.compute.provider import COMPUTE
from azure_local.http import Answer, Call, Failure
from azure_local.tracked import Changing, Document, Type

VERSIONS = ("2024-03-03", "2026-03-03", "2025-12-03", "2023-07-03", "2022-08-03", "2021-10-01")
GALLERY = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/galleries",
    store="gallery",
    versions=VERSIONS,
    shape="Gallery",
    seconds=15,
    changing=Changing.AT_ONCE,  # as in recordings of Azure
    offered=("description", "identifier", "sharingProfile", "softDeletePolicy"),
    naming=r"[A-Za-z0-9]([\w.]{0,78}[A-Za-z0-9])?",
)


def _check(properties: Document) -> None:
    """Failure 400 for settings that Azure supports but the local Azure does not."""
    if (properties.get("sharingProfile") or {}).get("permissions", "Private") != "Private":
        raise _refused("gallery.properties.sharingProfile", "Sharing a gallery")
    if (properties.get("softDeletePolicy") or {}).get("isSoftDeleteEnabled"):
        raise _refused("gallery.properties.softDeletePolicy", "Soft delete")


def _refused(target: str, what: str) -> Failure:
    return Failure(400, "InvalidParameter", f"{what} is not offered by the local Azure.", target=target)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Compute")
    body = tracked.body(azure, call, GALLERY)
    _check(body["properties"])
    key = GALLERY.key(azure, call)
    unique = f"{key.split('/')[2]}-{call.params['galleries'].upper()}"
    properties = {**body["properties"], "identifier": {"uniqueName": unique}}
    return tracked.keep(azure, call, GALLERY, {**body, "properties": properties})


async def patch(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, GALLERY)
    changes = tracked.changes(call, GALLERY)
    _check(changes["properties"])
    resource = document["resource"]
    identifier = resource["properties"]["identifier"]
    resource["properties"] |= {**changes["properties"], "identifier": identifier}
    resource["tags"] = changes.get("tags", resource["tags"])
    return tracked.update(azure, GALLERY, document)


async def delete(azure: Azure, call: Call) -> Answer:
    tracked.check_empty(azure, GALLERY.key(azure, call), "images", "imageDefinition")
    return await tracked.remove(azure, call, GALLERY)


SERVICE = serving.service(GALLERY, put=put, patch=patch, delete=delete)
