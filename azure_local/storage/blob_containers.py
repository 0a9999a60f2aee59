"""Containers as the blob service tells of them, in ARM's words: both planes show the same container.

A container is a document with `name`, `etag` and `properties`, of which the blob service knows those below.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from azure_local.clock import stamp

Document = dict[str, Any]
META = "x-ms-meta-"


def listed(content: bytes) -> tuple[list[Document], str]:
    """The containers of a page of a listing, and the marker of the next page."""
    listing = ET.fromstring(content)  # noqa: S314  # our own blob service wrote it
    containers = []
    for element in listing.iterfind("./Containers/Container"):
        told = {child.tag.lower(): child.text or "" for child in element.iterfind("./Properties/*")}
        metadata = {child.tag: child.text or "" for child in element.iterfind("./Metadata/*")}
        containers.append(_document(element.findtext("Name") or "", told, told.get("publicaccess", ""), metadata))
    return containers, listing.findtext("NextMarker") or ""


def headed(name: str, headers: list[tuple[str, str]]) -> Document:
    """The container of an answer to Get Container Properties; the names of headers are as they were sent."""
    told = {key.lower().removeprefix("x-ms-").replace("lease-", "lease"): value for key, value in headers}
    metadata = {key[len(META) :]: value for key, value in headers if key.lower().startswith(META)}
    return _document(name, told, told.get("blob-public-access", ""), metadata)


def _document(name: str, told: Mapping[str, str], access: str, metadata: Mapping[str, str]) -> Document:
    properties: Document = {
        "publicAccess": access.title() or "None",
        "leaseStatus": told["leasestatus"].title(),
        "leaseState": told["leasestate"].title(),
        "lastModifiedTime": stamp(parsedate_to_datetime(told["last-modified"])),
        "hasImmutabilityPolicy": False,
        "hasLegalHold": False,
    }
    return {
        "name": name,
        "etag": told["etag"],
        "properties": {**properties, **({"metadata": {**metadata}} if metadata else {})},
    }


def metadata(settings: Mapping[str, Any]) -> dict[str, str]:
    """The headers that set the metadata of a container."""
    return {f"{META}{name}": value for name, value in (settings.get("metadata") or {}).items()}


def access(settings: Mapping[str, Any]) -> dict[str, str]:
    """The header that sets who may read a container without signing in."""
    value = str(settings.get("publicAccess") or "None")
    return {} if value == "None" else {"x-ms-blob-public-access": value.lower()}
