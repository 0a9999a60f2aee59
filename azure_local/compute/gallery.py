"""Microsoft.Compute galleries: they hold image definitions, and go only when they hold none."""

from __future__ import annotations

from azure_local import tracked
from azure_local.azure import Azure, Route, Service
from azure_local.common import registered
from azure_local.http import Answer, Call, Failure
from azure_local.tracked import Document, Type

VERSIONS = ("2024-03-03", "2026-03-03", "2025-12-03", "2023-07-03", "2022-08-03", "2021-10-01")
GALLERY = Type(
    "Microsoft.Compute/galleries", "gallery", VERSIONS, "gallery", "Gallery",
    ("description", "identifier", "sharingProfile", "softDeletePolicy"), r"[A-Za-z0-9]([\w.]{0,78}[A-Za-z0-9])?",
)  # fmt: skip


def _check(given: Document) -> None:
    """Failure 400 for what a gallery can be asked for, but not of the local Azure."""
    if (given.get("sharingProfile") or {}).get("permissions", "Private") != "Private":
        raise _refused("gallery.properties.sharingProfile", "Sharing a gallery")
    if (given.get("softDeletePolicy") or {}).get("isSoftDeleteEnabled"):
        raise _refused("gallery.properties.softDeletePolicy", "Soft delete")


def _refused(target: str, what: str) -> Failure:
    return Failure(400, "InvalidParameter", f"{what} is not offered by the local Azure.", target=target)


async def put(azure: Azure, call: Call) -> Answer:
    registered(azure, "Microsoft.Compute")
    wanted = tracked.body(azure, call, GALLERY)
    _check(wanted["properties"])
    key = GALLERY.key(azure, call)
    unique = f"{key.split('/')[2]}-{call.params['galleries'].upper()}"
    properties = {**wanted["properties"], "identifier": {"uniqueName": unique}}
    return tracked.keep(azure, call, GALLERY, {**wanted, "properties": properties})


async def patch(azure: Azure, call: Call) -> Answer:
    """Done at once, as the recorded ones are."""
    document = tracked.lookup(azure, call, GALLERY)
    wanted = tracked.changes(call, GALLERY)
    tracked.idle(document)
    _check(wanted["properties"])
    resource = document["resource"]
    identifier = resource["properties"]["identifier"]
    resource["properties"] |= {**wanted["properties"], "identifier": identifier}
    resource["tags"] = wanted.get("tags", resource["tags"])
    azure.store.put(GALLERY.store, resource["id"], document)
    return Answer(200, resource)


async def delete(azure: Azure, call: Call) -> Answer:
    tracked.check_empty(azure, GALLERY.key(azure, call), "images", "imageDefinition")
    return tracked.remove(azure, call, GALLERY)


SERVICE = Service(
    routes=(*tracked.routes(GALLERY, put, delete), Route("PATCH", GALLERY.one, patch, VERSIONS)),
    types={GALLERY.store: GALLERY.name},
    completions=tracked.completions(GALLERY),
    seconds={"gallery": 15, "left": 20},
)
