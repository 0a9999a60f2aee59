"""The live versions of an image definition, which a plan lists only once.

Which version the spec means depends on those that exist, so `resolve` lists them first. The `list` of the kind comes
right after it and takes that answer; everything later lists them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud

Versions = list[dict[str, Any]]


def now(cloud: Cloud, definition: str) -> Versions:
    """The versions of the definition of that id."""
    return list(arm.listing(cloud, f"{definition}/versions"))


def resolved(cloud: Cloud, definition: str) -> Versions:
    """The versions now, which are also kept for the next `listed`."""
    cloud.versions[definition] = rows = now(cloud, definition)
    return rows


def listed(cloud: Cloud, definition: str) -> Versions:
    """The versions that `resolved` has kept, or else those of now."""
    rows = cloud.versions.pop(definition, None)
    return now(cloud, definition) if rows is None else rows


def ours(cloud: Cloud, versions: Iterable[dict[str, Any]]) -> Versions:
    """Versions of this spec, newest first."""
    mine = [raw for raw in versions if marks.is_ours(cloud.owner, raw.get("tags"))]
    return sorted(mine, key=lambda raw: images.semantic(raw["name"]), reverse=True)


def named(versions: Iterable[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((raw for raw in versions if raw["name"] == name), None)
