"""A pool's properties: read member by member, completed with Azure's defaults, and checked against each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from azure_local.azure import Azure
from azure_local.batch import containers
from azure_local.batch.arm import applications, pool_access, pool_machine, pool_network, pool_scale
from azure_local.batch.schema import SHAPES
from azure_local.batch.shapes import invalid, missing
from azure_local.compute import sizes
from azure_local.http import Failure
from azure_local.identity.assigned import identities

AUTO_USER = {"scope": "Pool", "elevationLevel": "NonAdmin"}
DEFAULTS: dict[str, Any] = {
    "taskSlotsPerNode": 1,
    "taskSchedulingPolicy": {"jobDefaultOrder": "None", "nodeFillType": "Spread"},
    "interNodeCommunication": "Disabled",
}
"""What Azure fills in and shows. Recorded: nothing else of a pool is there that was not asked for."""
DECIDED = ("startTask", "metadata", "applicationPackages", "displayName", "userAccounts", "mountConfiguration")
"""Properties that have no default: a PUT that does not name them removes them."""


def read(azure: Azure, owner: dict[str, Any], body: Any) -> dict[str, Any]:
    """The properties in a PUT or PATCH, canonical; an empty start task removes the pool's. Failure 400."""
    properties: dict[str, Any] = SHAPES.fitted("Pool", body).get("properties", {})
    location = owner["location"]
    if "vmSize" in properties and sizes.cores(properties["vmSize"]) is None:
        raise invalid("vmSize", properties["vmSize"], "The specified VM size is not offered in the region.")
    completed: dict[str, Callable[[Any], Any]] = {
        "deploymentConfiguration": lambda value: pool_machine.complete(azure, value, location),
        "networkConfiguration": lambda value: pool_network.complete(azure, value, location),
        "startTask": lambda value: _start_task(owner, value),
        "taskSchedulingPolicy": lambda value: {**DEFAULTS["taskSchedulingPolicy"], **value},
        "userAccounts": pool_access.users,
        "mountConfiguration": pool_access.mounts,
    }
    for name, complete_one in completed.items():
        if name in properties:
            properties[name] = complete_one(properties[name])
    if "scaleSettings" in properties:
        properties["scaleSettings"], properties["nodeDeallocationOption"] = pool_scale.complete(
            properties["scaleSettings"]
        )
    applications.check_references(azure, owner, properties.get("applicationPackages") or [])
    return properties


def _start_task(owner: dict[str, Any], start: dict[str, Any]) -> dict[str, Any]:
    if not start:
        return {}
    containers.check(start)
    if not start.get("commandLine") and not ("commandLine" in start and "containerSettings" in start):
        raise invalid("startTask.commandLine", "", "It must not be empty.")
    for file in start.get("resourceFiles") or ():
        pool_access.resource_file(file, auto_storage="autoStorage" in owner["properties"])
    user = start.get("userIdentity") or {"autoUser": {}}
    if "autoUser" in user:
        user = {**user, "autoUser": {**AUTO_USER, **user["autoUser"]}}
    return {"maxTaskRetryCount": 0, "waitForSuccess": True, **start, "userIdentity": user}


def complete(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties with defaults for those that are missing. Failure 400 if a required one is missing."""
    for needed in ("vmSize", "deploymentConfiguration"):
        if needed not in properties:
            raise missing(f"properties.{needed}")
    scale, option = pool_scale.complete({})
    whole = {**DEFAULTS, "scaleSettings": scale, "nodeDeallocationOption": option, **properties}
    return {name: value for name, value in whole.items() if not (name in DECIDED and value in ({}, []))}


def check(properties: dict[str, Any], identity: dict[str, Any]) -> None:
    """Failure 400 if the properties of a whole pool do not fit together."""
    identities = {name.lower() for name in identity.get("userAssignedIdentities") or {}}
    cores = sizes.cores(properties["vmSize"]) or 1
    slots = properties["taskSlotsPerNode"]
    if slots > min(256, 4 * cores):
        raise invalid("taskSlotsPerNode", slots, f"It must be from 1 to {min(256, 4 * cores)} for this VM size.")
    pool_machine.check(properties, identities)
    pool_network.check(properties)
    pool_access.check(properties, identities)
    containers.check_start_task(properties)
    start = properties.get("startTask")
    if start:
        pool_access.check_user(start["userIdentity"], properties)
        for file in start.get("resourceFiles") or ():
            pool_machine.known_identity(file.get("identityReference"), identities)


def shown(kept: dict[str, Any]) -> dict[str, Any]:
    """The properties as ARM shows them. Recorded: the VM size in capitals, and no target of Spot nodes that is 0."""
    properties: dict[str, Any] = SHAPES.shown("PoolProperties", kept)
    deployment = properties["deploymentConfiguration"]
    told = {
        "vmSize": properties["vmSize"].upper(),
        "deploymentConfiguration": pool_machine.shown(deployment),
    }
    if "userAccounts" in properties:
        on_windows = pool_machine.windows(deployment["virtualMachineConfiguration"])
        told["userAccounts"] = pool_access.shown(properties["userAccounts"], on_windows=on_windows)
    status = properties.get("resizeOperationStatus")
    if status and not status["targetLowPriorityNodes"]:
        told["resizeOperationStatus"] = {k: v for k, v in status.items() if k != "targetLowPriorityNodes"}
    return {**properties, **told}


def check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise Failure(400, "InvalidPoolName", "The specified pool id is not valid.")


def identity(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    """The identity block of a body, filled in. Failure 400."""
    block = body.get("identity") or {"type": "None"}
    if block.get("type") == "None":
        if block.get("userAssignedIdentities"):
            raise invalid("identity.type", "None", "There can be no identities beside it.")
        return {"type": "None"}
    if block.get("type") != "UserAssigned":
        raise invalid("identity.type", block.get("type"), "A pool can have user-assigned identities only.")
    if not block.get("userAssignedIdentities"):
        raise invalid("identity.userAssignedIdentities", "", "At least one is required.")
    return {"type": "UserAssigned", "userAssignedIdentities": identities(azure, block)}
