"""Microsoft.Compute image definitions: the common properties of an image's versions, most of which cannot change."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from azure_local import serving, tracked
from azure_local.azure import Azure
from azure_local.compute import gallery
from azure_local.compute.provider import COMPUTE
from azure_local.http import Answer, Call, Failure
from azure_local.tracked import Document, Type

VERSIONS = gallery.VERSIONS
FIXED = ("osType", "osState", "hyperVGeneration", "identifier", "architecture", "purchasePlan")
FREE = (
    "description", "eula", "privacyStatementUri", "releaseNoteUri", "endOfLifeDate", "recommended", "disallowed",
    "features", "allowUpdateImage",
)  # fmt: skip
DEFINITION = Type(
    provider=COMPUTE,
    name="Microsoft.Compute/galleries/images",
    store="imageDefinition",
    versions=VERSIONS,
    shape="GalleryImage",
    seconds=15,
    left=20,
    offered=(*FIXED, *FREE),
    naming=r"[A-Za-z0-9]([\w.-]{0,78}[A-Za-z0-9])?",
)
LONGEST = {"publisher": 128, "offer": 64, "sku": 64}
"""Characters of an identifier's parts. Source: Azure's portal and CLI refuse longer ones."""


def _invalid(name: str, text: str) -> Failure:
    return Failure(400, "InvalidParameter", text, target=name)


async def put(azure: Azure, call: Call) -> Answer:
    tracked.parent(azure, call, gallery.GALLERY)
    body = tracked.body(azure, call, DEFINITION)
    settings, key = body["properties"], DEFINITION.key(azure, call)
    if not settings:
        name = "galleryImage.properties"
        raise _invalid(name, f"Required parameter '{name}' is missing (null).")
    _check_identifier(settings["identifier"])
    check_date(settings, "galleryImage.properties.endOfLifeDate")
    properties = {"hyperVGeneration": "V1", "architecture": "x64", **settings}
    existing = azure.store.get(DEFINITION.store, key)
    _check_fixed(existing, properties)
    words = _words(settings["identifier"])
    for other in azure.store.list(DEFINITION.store, key.rsplit("/", 1)[0] + "/"):
        same = _words(other["resource"]["properties"]["identifier"]) == words
        if same and other["resource"]["id"].lower() != key.lower():
            text = "The gallery image identifier (publisher, offer, sku) is used by another image of the gallery: "
            raise Failure(409, "Conflict", f"{text}{other['resource']['id']}.")
    return tracked.keep(azure, call, DEFINITION, {**body, "properties": properties})


def _words(identifier: Document) -> tuple[str, ...]:
    return tuple(identifier[name].lower() for name in LONGEST)


def _check_identifier(identifier: Document) -> None:
    for name, longest in LONGEST.items():
        full = f"galleryImage.properties.identifier.{name}"
        if not re.fullmatch(rf"[A-Za-z0-9]([\w.-]{{0,{longest - 2}}}\w)?", identifier[name], re.ASCII):
            raise _invalid(full, f"The value of parameter {full} is invalid.")


def check_date(properties: Document, name: str) -> None:
    """Failure 400 if `endOfLifeDate` is there and no date."""
    text = properties.get("endOfLifeDate")
    try:
        datetime.fromisoformat(str(text or "2000-01-01"))
    except ValueError:
        raise Failure(400, "BadRequest", f"Could not convert string to DateTime: {text}. Path '{name}'.") from None


def _check_fixed(existing: dict[str, Any] | None, properties: Document) -> None:
    live = existing["resource"]["properties"] if existing else {}
    for name in FIXED:
        if existing and name in properties and live.get(name) != properties[name]:
            full = f"galleryImage.properties.{name}"
            raise Failure(409, "PropertyChangeNotAllowed", f"Changing property '{full}' is not allowed.", target=full)


async def patch(azure: Azure, call: Call) -> Answer:
    document = tracked.lookup(azure, call, DEFINITION)
    changes = tracked.changes(call, DEFINITION)
    _check_fixed(document, changes["properties"])
    check_date(changes["properties"], "galleryImage.properties.endOfLifeDate")
    tracked.idle(DEFINITION, document)
    resource = document["resource"]
    resource["properties"] |= changes["properties"]
    resource["tags"] = changes.get("tags", resource["tags"])
    return tracked.update(azure, DEFINITION, document, 5)


async def delete(azure: Azure, call: Call) -> Answer:
    tracked.check_empty(azure, DEFINITION.key(azure, call), "versions", "imageVersion")
    return await tracked.remove(azure, call, DEFINITION)


SERVICE = serving.service(DEFINITION, above=gallery.GALLERY, put=put, patch=patch, delete=delete)
