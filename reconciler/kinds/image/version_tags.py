"""The tags of an image version: the digest of its content, each of its inputs, and the system that it is based on.

A tag holds 256 characters and a resource 50 tags (learn.microsoft.com, tag resources), so the inputs are JSON, cut into
pieces. They are only for the plan, which tells the inputs that differ; the digest alone decides whether to build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm

PIECE, PIECES = 256, 20


def content(raw: Mapping[str, Any]) -> str:
    """The content digest of a version, or empty."""
    return str((raw.get("tags") or {}).get(marks.CONTENT, ""))


def new(digest: str, inputs: Mapping[str, str], image: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a new version."""
    text = json.dumps(inputs, separators=(",", ":"), sort_keys=True)
    starts = range(0, len(text), PIECE)
    pieces = {f"{marks.INPUTS}{number:02d}": text[start : start + PIECE] for number, start in enumerate(starts)}
    return {marks.CONTENT: digest, marks.OS: image["os"], marks.BASE: images.BASES[image["os"]].urn, **pieces}


def too_long(inputs: Mapping[str, str]) -> str:
    """Why these inputs cannot be kept in tags; empty if they can."""
    size = len(json.dumps(inputs, separators=(",", ":"), sort_keys=True))
    if size <= PIECE * PIECES:
        return ""
    return f"the image has too many inputs to be told in tags ({size} characters of {PIECE * PIECES}); merge scripts"


def body(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A version in the shape of the desired body."""
    tags = raw.get("tags") or {}
    profile = dict(raw["properties"].get("publishingProfile") or {})
    regions = profile.get("targetRegions") or []
    profile["targetRegions"] = {arm.region(region["name"]): region.get("regionalReplicaCount", 1) for region in regions}
    if profile.get("endOfLifeDate"):
        profile["endOfLifeDate"] = profile["endOfLifeDate"][:10]
    shown = {name: value for name, value in marks.without_mark(tags).items() if not name.startswith(marks.PREFIX)}
    return {
        "location": arm.region(raw["location"]),
        "tags": shown,
        "version": raw["name"],
        "inputs": marks.inputs(tags),
        "stage": None,
        "properties": {"publishingProfile": profile},
    }


def unreplicated(raw: Mapping[str, Any]) -> set[str]:
    """The regions that do not have their replicas yet."""
    status = raw["properties"].get("replicationStatus") or {}
    return {arm.region(region["region"]) for region in status.get("summary") or () if region["state"] != "Completed"}
