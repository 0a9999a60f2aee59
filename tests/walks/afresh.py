"""What is live in a resource group, as Azure shows it, without names, times and ids that no two groups share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from reconciler.cloud import arm, batch_jobs
from reconciler.cloud.cloud import Cloud
from tests.conftest import World
from tests.walks.others import BLOBS, KEY, VERSIONS, closed

OWN = re.compile(
    r"(etag|.*Time|.*Timestamp|createdDate|.*TimeStamp|modifiedDate|customerId|lastModified|previousState.*|creationDate|clientId|principalId|tenantId|dataEndpoint|systemData"
    r"|autoScaleRun|storageUrl.*|url|resizeOperationStatus|lastKeySync|.*Hash)",
    re.IGNORECASE,
)
"""Properties that tell when or as what something was made."""
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
MARKS = re.compile(r"reconcile_(digest|keys|verified|started|tasks)")
"""Marks that tell how it came to be as it is, or what it is called."""

USUAL = (
    ("nodePlacementConfiguration", {"policy": "Regional"}),
    ("osDisk", {"caching": "None"}),
    ("upgradePolicy", {"mode": "manual"}),
    ("interNodeCommunication", "Disabled"),
    ("enableAcceleratedNetworking", False),
    ("dynamicVnetAssignmentScope", "none"),
    ("usesTaskDependencies", True),
    ("usesTaskDependencies", False),
)
"""What says the same as nothing: an update that takes a property away writes what it is by default, and a job whose
tasks depend on nothing any more may go on as one where they could."""
MORE = " is left over"


def inventory(world: World) -> dict[str, Any]:
    """What is there by its place in the group."""
    cloud = world.cloud()
    return {_plain(world, place): _bare(json.loads(_plain(world, json.dumps(body)))) for place, body in _all(cloud)}


def _plain(world: World, text: str) -> str:
    return GUID.sub("GUID", re.sub(world.account, "NAME", text, flags=re.IGNORECASE))


def _all(cloud: Cloud) -> Iterator[tuple[str, Any]]:
    for raw in arm.listing(cloud, f"{cloud.group_id}/resources", "2025-04-01"):
        name = f"{raw['type']}/{raw['name']}".lower()
        if raw["name"] == f"id-{KEY}" or raw["type"].lower() not in VERSIONS:
            continue
        yield name, arm.get(cloud, raw["id"], VERSIONS[raw["type"].lower()])
        if "/storageaccounts/" in raw["id"].lower():
            for inner in arm.listing(cloud, f"{raw['id']}/{BLOBS}"):
                if inner["name"] != KEY and not inner["name"].startswith("app-"):
                    yield f"{name}/{inner['name']}", inner
        if "/batchaccounts/" in raw["id"].lower():
            yield from _account(cloud.at(raw["name"]), raw["id"], name)
    for raw in arm.listing(cloud, f"{cloud.group_id}/providers/Microsoft.Authorization/roleAssignments"):
        properties = raw["properties"]
        if cloud.group_id.lower() in properties["scope"].lower():
            yield f"{properties['roleDefinitionId']} {properties['scope']}".lower(), {}
    yield "group", arm.get(cloud, cloud.group_id)


def _account(cloud: Cloud, place: str, name: str) -> Iterator[tuple[str, Any]]:
    for collection in ("pools", "applications"):
        for raw in arm.listing(cloud, f"{place}/{collection}"):
            yield f"{name}/{collection}/{re.sub('-g[0-9]+$', '', raw['name'].lower())}", raw
            if collection == "applications":
                for version in arm.listing(cloud, f"{raw['id']}/versions"):
                    yield f"{name}/{raw['name'].lower()}/{version['name']}", version
    for job in batch_jobs.listing(cloud) if place not in closed(cloud) else ():
        yield f"{name}/jobs/{job['id'].lower()}", job


def _bare(value: Any) -> Any:
    """`value` without what others added, our digests, and what is empty; what is in no order is sorted."""
    if isinstance(value, dict):
        items = {
            key: _bare(item) for key, item in value.items() if key not in (KEY, "id", "eTag") and not OWN.fullmatch(key)
        }
        telling = {key: item for key, item in items.items() if (key, item) not in USUAL and not MARKS.fullmatch(key)}
        return {key: item for key, item in telling.items() if item not in (None, {}, [], "")}
    if isinstance(value, list):
        kept = [item for item in value if not (isinstance(item, dict) and _aside(item))]
        return sorted(map(_bare, kept), key=lambda item: json.dumps(item, sort_keys=True))
    return value


def _aside(item: dict[str, Any]) -> bool:
    name = str(item.get("name"))
    return name == KEY or bool(MARKS.fullmatch(name))


def differences(walked: dict[str, Any], afresh: dict[str, Any]) -> list[str]:
    """Where a group that was walked to differs from one that was made at once."""
    told = [f"{place}{MORE}" for place in sorted(set(walked) - set(afresh))]
    told += [f"{place} is missing" for place in sorted(set(afresh) - set(walked))]
    for place in sorted(set(walked) & set(afresh)):
        told += [f"{place} {words}" for words in _differing("", walked[place], afresh[place])]
    return told


def _differing(path: str, walked: Any, afresh: Any) -> Iterator[str]:
    if isinstance(walked, dict) and isinstance(afresh, dict):
        for key in sorted({*walked, *afresh}):
            yield from _differing(f"{path}.{key}", walked.get(key), afresh.get(key))
    elif walked != afresh:
        yield f"{path}: {walked!r}, made at once: {afresh!r}"
