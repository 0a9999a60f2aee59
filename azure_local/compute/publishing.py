"""The publishing profile of an image version: the regions and the number of its copies, and its end of life."""

from __future__ import annotations

from typing import Any

from azure_local.common import REGIONS
from azure_local.compute.image_definition import check_date
from azure_local.http import Failure

Document = dict[str, Any]
MOST = 100
"""Replicas of a version in a region. Source: learn.microsoft.com, limits of the Azure Compute Gallery."""
WORDS = (
    "Australia East,Brazil South,Canada Central,Central India,Central US,East Asia,East US,East US 2,France Central,"
    "Germany West Central,Italy North,Japan East,Korea Central,North Central US,North Europe,Norway East,"
    "Poland Central,South Central US,Southeast Asia,Spain Central,Sweden Central,Switzerland North,UAE North,"
    "UK South,West Europe,"
    "West US,West US 2,West US 3"
)
SHOWN = {name.replace(" ", "").lower(): name for name in WORDS.split(",")}
"""Region → its display name, which galleries always show."""
PLACE = "galleryImageVersion.properties.publishingProfile"


def _invalid(name: str, text: str) -> Failure:
    return Failure(400, "InvalidParameter", text, target=f"{PLACE}.{name}")


def region(target: Document) -> str:
    """The canonical region of a target region, whose name may be a display name."""
    return str(target["name"]).replace(" ", "").lower()


def completed(profile: Document, location: str) -> Document:
    """The profile with defaults, as it is kept and shown. Failure 400 if it is not possible."""
    check_date(profile, f"{PLACE}.endOfLifeDate")
    if profile.get("targetExtendedLocations"):
        raise _invalid("targetExtendedLocations", "Extended locations are not offered by the local Azure.")
    count = profile.get("replicaCount", 1)
    _check_count("replicaCount", count)
    kind = profile.get("storageAccountType", "Standard_LRS")
    shown = [_target(target, count, kind) for target in profile.get("targetRegions") or [{"name": location}]]
    names = [region(target) for target in shown]
    if twice := {name for name in names if names.count(name) > 1}:
        text = f"The target regions have duplicates: {', '.join(sorted(twice))}."
        raise _invalid("targetRegions", text)
    if location not in names:
        text = f"The publishing profile's target regions must include the location of the image version, '{location}'."
        raise _invalid("targetRegions", text)
    return {
        "excludeFromLatest": False,
        "replicaCount": count,
        "storageAccountType": kind,
        "replicationMode": "Full",
        **profile,
        "targetRegions": shown,
    }


def _check_count(name: str, count: int) -> None:
    if not 1 <= count <= MOST:
        text = f"The value '{count}' of parameter '{name}' is out of range. Value must be between '1' and '{MOST}'."
        raise _invalid(name, text)


def _target(target: Document, count: int, kind: str) -> Document:
    if region(target) not in REGIONS:
        text = f"The target region '{target['name']}' is not a valid region, or is not supported."
        raise _invalid("targetRegions.name", text)
    for name in ("additionalReplicaSets", "encryption"):
        if target.get(name):
            raise _invalid(f"targetRegions.{name}", f"{name} is not offered by the local Azure.")
    full = {"regionalReplicaCount": count, "storageAccountType": kind, **target, "name": SHOWN[region(target)]}
    _check_count("regionalReplicaCount", full["regionalReplicaCount"])
    return full


def changed(live: Document, changes: Document, location: str, *, may_shrink: bool) -> Document:
    """`live` with the changes of a PATCH or PUT. Failure 400 or 409 if they are not possible."""
    for name in ("storageAccountType", "replicationMode"):
        if name in changes and changes[name] != live.get(name):
            raise _fixed(f"{PLACE}.{name}")
    merged = {**live, **changes}
    profile = completed({name: value for name, value in merged.items() if name != "publishedDate"}, location)
    before = {region(target): target for target in live["targetRegions"]}
    for target in profile["targetRegions"]:
        old = before.get(region(target))
        if old and old["storageAccountType"] != target["storageAccountType"]:
            raise _fixed(f"{PLACE}.targetRegions.storageAccountType")
    lost = set(before) - {region(target) for target in profile["targetRegions"]}
    if lost and not may_shrink:
        text = (
            f"The image version cannot be removed from {', '.join(sorted(lost))}: its safetyProfile does not allow the "
        )
        raise Failure(409, "OperationNotAllowed", f"{text}deletion of replicated locations.")
    return {**profile, "publishedDate": live["publishedDate"]}


def _fixed(name: str) -> Failure:
    return Failure(409, "PropertyChangeNotAllowed", f"Changing property '{name}' is not allowed.", target=name)
