"""What an image version says of itself in its tags: its content, each input of it, and the system it started from.

A tag holds 256 characters and a resource 50 tags (learn.microsoft.com, tag resources), so the inputs are JSON, cut into
pieces. They are there for the plan to say which input has moved; the digest alone decides.
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
    """The content digest of a version, or nothing."""
    return str((raw.get("tags") or {}).get(marks.CONTENT, ""))


def made(digest: str, inputs: Mapping[str, str], own: Mapping[str, Any]) -> dict[str, str]:
    """The tags of a new version."""
    text = json.dumps(inputs, separators=(",", ":"), sort_keys=True)
    pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
    told = {f"{marks.INPUTS}{number:02d}": piece for number, piece in enumerate(pieces)}
    return {marks.CONTENT: digest, marks.OS: own["os"], marks.BASE: images.BASES[own["os"]].urn, **told}


def too_long(inputs: Mapping[str, str]) -> str:
    """Why these inputs cannot be kept in tags, or nothing."""
    size = len(json.dumps(inputs, separators=(",", ":"), sort_keys=True))
    if size <= PIECE * PIECES:
        return ""
    return f"the image has too many inputs to be told in tags ({size} characters of {PIECE * PIECES}); merge scripts"


def inputs(raw: Mapping[str, Any]) -> dict[str, str]:
    """The inputs of a version, as far as its tags can be read."""
    tags = raw.get("tags") or {}
    text = "".join(tags[name] for name in sorted(tags) if name.startswith(marks.INPUTS))
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()}


def body(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A version in the shape of the desired body."""
    tags = raw.get("tags") or {}
    profile = dict(raw["properties"].get("publishingProfile") or {})
    regions = profile.get("targetRegions") or []
    profile["targetRegions"] = {arm.region(one["name"]): one.get("regionalReplicaCount", 1) for one in regions}
    if profile.get("endOfLifeDate"):
        profile["endOfLifeDate"] = profile["endOfLifeDate"][:10]
    shown = {name: value for name, value in marks.without_mark(tags).items() if not name.startswith(marks.PREFIX)}
    return {
        "location": arm.region(raw["location"]),
        "tags": shown,
        "version": raw["name"],
        "inputs": inputs(raw),
        "stage": None,
        "properties": {"publishingProfile": profile},
    }


def unreplicated(raw: Mapping[str, Any]) -> set[str]:
    """Regions that wait for their copies."""
    status = raw["properties"].get("replicationStatus") or {}
    return {arm.region(one["region"]) for one in status.get("summary") or () if one["state"] != "Completed"}
