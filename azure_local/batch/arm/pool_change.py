"""When Batch changes a pool's properties: some at any time, most only while the pool is empty, its name never.

Source: learn.microsoft.com/azure/batch/batch-pool-update-properties. Existing nodes keep what they started
with: a new start task and packages take effect at a reboot, an identity after the pool has been empty.
"""

from __future__ import annotations

from typing import Any

from azure_local import common
from azure_local.azure import Azure
from azure_local.batch.arm import pool_properties, pool_scale
from azure_local.batch.schema import SHAPES
from azure_local.http import Failure, etag
from azure_local.identity import assigned

ANY_TIME = ("scaleSettings", "startTask", "metadata", "applicationPackages")
WHEN_EMPTY = (
    "vmSize", "deploymentConfiguration", "displayName", "interNodeCommunication", "networkConfiguration",
    "taskSlotsPerNode", "taskSchedulingPolicy", "userAccounts", "mountConfiguration", "upgradePolicy",
)  # fmt: skip


def not_deleting(document: dict[str, Any]) -> None:
    if document["resource"]["properties"]["provisioningState"] == "Deleting":
        raise Failure(409, "PoolBeingDeleted", "The specified pool is being deleted.")


def change(azure: Azure, owner: dict[str, Any], document: dict[str, Any], body: dict[str, Any]) -> None:
    """Change what `body` names. Failure 409 if the pool's state forbids it. An empty start task removes the pool's."""
    not_deleting(document)
    properties = pool_properties.read(azure, owner, body)
    if body.get("identity") is not None:
        body = {**body, "identity": assigned.patched(document["resource"]["identity"], body["identity"])}
    option = properties.pop("nodeDeallocationOption", "Requeue")
    _apply(azure, document, properties, body, option, resizing="scaleSettings" in properties)


def replace(azure: Azure, owner: dict[str, Any], document: dict[str, Any], body: dict[str, Any]) -> None:
    """Change all properties: those that `body` does not name get the values of a new pool."""
    not_deleting(document)
    whole = pool_properties.complete(pool_properties.read(azure, owner, body))
    option = whole.pop("nodeDeallocationOption")
    known = {*ANY_TIME, *WHEN_EMPTY}
    properties = {**dict.fromkeys(known - set(whole)), **whole}
    resizing = whole["scaleSettings"] != document["resource"]["properties"]["scaleSettings"]
    _apply(azure, document, properties, {"tags": {}, "identity": {"type": "None"}, **body}, option, resizing=resizing)


def _apply(
    azure: Azure, document: dict[str, Any], named: dict[str, Any], body: dict[str, Any], option: str, *, resizing: bool
) -> None:
    """Check everything, then change it: `named` are properties, where None removes one."""
    resource = document["resource"]
    properties, tags = resource["properties"], resource.get("tags", {})
    empty = properties["allocationState"] == "Steady" and azure.batch.pools.current(document) == (0, 0)
    moved = [name for name in WHEN_EMPTY if name in named and not _same(name, named[name], properties.get(name))]
    wanted_tags = common.check_tags(body) if body.get("tags") is not None else tags
    moved += ["tags"] if wanted_tags != tags else []
    if moved and not empty:
        text = f"The properties {', '.join(moved)} can be updated only when the pool is steady and has no nodes."
        raise Failure(409, "OperationInvalidForCurrentState", text)
    # an unchanged property keeps its live value, which has passwords that the request may leave out
    changes = {name: value for name, value in named.items() if name in ANY_TIME or name in moved}
    scale = changes.pop("scaleSettings", {})
    changed = {name: value for name, value in {**properties, **changes}.items() if value not in (None, {}, [])}
    identity = pool_properties.identity(azure, body) if body.get("identity") is not None else resource["identity"]
    pool_properties.check(changed, identity)
    if resizing:
        pool_scale.check_change(azure, document, scale)
    resource.update(properties=changed, identity=identity, etag=f'W/"{etag()}"')
    resource.update({"tags": wanted_tags} if wanted_tags or "tags" in resource else {})
    changed["lastModified"] = azure.clock.after(0)
    if empty:
        document["nodeIdentity"] = identity
    if resizing:
        pool_scale.change(azure, document, scale, option)
    azure.store.put("pool", resource["id"], document)


def _same(name: str, value: Any, live: Any) -> bool:
    """Whether a property stays the same; letter case and secrets that `value` leaves out do not count."""
    if not value or not live:
        return not value and not live
    return _within(value, live) and _within(SHAPES.shown("PoolProperties", {name: live})[name], value)


def _within(value: Any, live: Any) -> bool:
    """Whether every field of `value` equals that of `live`."""
    if isinstance(value, dict) and isinstance(live, dict):
        return all(_within(item, live.get(key)) for key, item in value.items())
    if isinstance(value, list) and isinstance(live, list):
        return len(value) == len(live) and all(map(_within, value, live))
    if isinstance(value, str) and isinstance(live, str):
        return value.lower() == live.lower()
    return bool(value == live)
