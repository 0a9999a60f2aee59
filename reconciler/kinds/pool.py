"""A pool: nodes of one VM size that boot one image and run tasks. Made on the ARM plane, the only one with identity.

Size, start task and metadata change in place (a new start task reaches nodes when they reboot); everything else only
while the pool is empty: steady, with no node. It is READY when it is steady at its target and every node is usable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kinds import arm, nodes, pool_image
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Diff, Mark, Observed, Rule
from reconciler.spec.spec import Spec

NAME = "pool"

WHEN_EMPTY = (
    "identity",
    "tags",
    "properties.deploymentConfiguration",
    "properties.displayName",
    "properties.interNodeCommunication",
    "properties.mountConfiguration",
    "properties.networkConfiguration",
    "properties.taskSchedulingPolicy",
    "properties.taskSlotsPerNode",
    "properties.upgradePolicy",
    "properties.userAccounts",
    "properties.vmSize",
)
FIELDS = {
    **dict.fromkeys(WHEN_EMPTY, Rule.WHEN_EMPTY),
    "properties.scaleSettings": Rule.LIVE,
    "properties.scaleSettings.fixedScale.nodeDeallocationOption": Rule.IGNORE,  # never returned by Azure
    "properties.metadata": Rule.LIVE,
    "properties.startTask": Rule.NEW_NODES,
    "properties.applicationPackages": Rule.NEW_NODES,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, own in spec.pools.items():
        assert spec.batch_account is not None
        group = f"/subscriptions/{spec.azure.subscription}/resourceGroups/{spec.azure.resource_group}"
        identities = [ref.split("/")[1] for ref in own["identity"]]
        ids = [
            f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{one}".lower() for one in identities
        ]
        body = {
            "identity": sorted(ids),
            "properties": {
                "vmSize": own["vmSize"].lower(),
                "displayName": own.get("displayName"),
                "taskSlotsPerNode": own["taskSlotsPerNode"],
                "deploymentConfiguration": {"virtualMachineConfiguration": pool_image.machine(spec, own, ids)},
                "scaleSettings": {
                    "fixedScale": {
                        "targetDedicatedNodes": own["nodes"]["dedicated"],
                        "targetLowPriorityNodes": own["nodes"]["spot"],
                    }
                },
                "startTask": _start_task(own.get("startTask")),
                "metadata": dict(own.get("metadata", {})),
            },
        }
        account = Address("batch_account", spec.batch_account["name"])
        refs = (account, *(Address("identity", one) for one in identities), *pool_image.refs(own))
        data = {"vmSize": own["vmSize"], "image": own["image"], "nodeAgentSkuId": own.get("nodeAgentSkuId")}
        yield Desired(Address(NAME, name), body, refs, own.get("protect", False), data)


def _start_task(own: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if own is None:
        return None
    return {
        "commandLine": own["commandLine"],
        "environmentSettings": dict(own.get("environmentSettings", {})),
        "maxTaskRetryCount": own.get("maxTaskRetryCount", 0),
        "waitForSuccess": own.get("waitForSuccess", True),
        "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": own.get("elevationLevel", "NonAdmin")}},
    }


def _pairs(items: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """`[{name, value}]` as a map: Batch keeps no order in them."""
    return {item["name"]: item.get("value", "") for item in items or ()}


def _listed(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs.items()]


def _observed(raw: Mapping[str, Any], counts: nodes.Counts | None) -> Observed:
    properties = dict(raw["properties"])
    metadata = _pairs(properties.get("metadata"))
    properties["metadata"] = arm.without_mark(metadata)
    properties["vmSize"] = properties["vmSize"].lower()
    machine = (properties.get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
    properties["deploymentConfiguration"] = {"virtualMachineConfiguration": pool_image.observed(machine)}
    start = properties.get("startTask")
    if start:
        properties["startTask"] = {**start, "environmentSettings": _pairs(start.get("environmentSettings"))}
    health, detail = nodes.health(properties, counts)
    return Observed(
        Address(NAME, raw["name"]),
        raw["id"],
        {"identity": arm.identity_ids(raw.get("identity")), "properties": properties},
        arm.mark_of(metadata),
        health,
        detail,
        nodes.occupants(properties, counts),
        raw.get("etag"),
    )


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    if cloud.account is None:
        return
    account = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts/{cloud.account}"
    raws = list(arm.listing(cloud, f"{account}/pools"))
    counts = nodes.all_counts(cloud) if raws else {}
    for raw in raws:
        yield _observed(raw, counts.get(raw["name"].lower()))


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    from azure.core.exceptions import HttpResponseError

    name = wanted.address.name
    try:
        raw = cloud.batch_management.pool.get(cloud.target.resource_group, cloud.account or "", name).as_dict()
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    return _observed(raw, nodes.all_counts(cloud, name).get(name.lower()))


def _wire(cloud: Cloud, desired: Desired, mark: Mark, kept: Mapping[str, str]) -> dict[str, Any]:
    """The properties of `desired` as ARM takes them; `kept` is metadata of others."""
    wanted = desired.body["properties"]
    start = wanted["startTask"]
    machine = wanted["deploymentConfiguration"]["virtualMachineConfiguration"]
    return {
        **{key: value for key, value in wanted.items() if value is not None},
        "vmSize": desired.data["vmSize"],
        "deploymentConfiguration": {
            "virtualMachineConfiguration": pool_image.wire(machine, pool_image.node_agent(cloud, desired))
        },
        # an empty object is how ARM is told to remove a start task
        "startTask": {**start, "environmentSettings": _listed(start["environmentSettings"])} if start else {},
        "metadata": _listed(arm.with_mark({**kept, **wanted["metadata"]}, mark)),
    }


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    from azure.core import MatchConditions
    from azure.core.exceptions import HttpResponseError

    properties = _wire(cloud, desired, mark, {})
    if not properties["startTask"]:
        del properties["startTask"]
    body: Any = {"identity": arm.user_assigned(desired.body["identity"]), "properties": properties}
    where = (cloud.target.resource_group, cloud.account or "", desired.address.name)
    try:
        cloud.batch_management.pool.create(*where, body, etag="*", match_condition=MatchConditions.IfMissing)
    except HttpResponseError as error:
        if error.status_code != 412:  # somebody made it meanwhile: look again
            raise
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    """PATCH the changed parts. Without any, the size again: that is what a failed resize needs."""
    from azure.core import MatchConditions

    full = _wire(cloud, desired, mark, found.body["properties"]["metadata"])
    parts = {change.path.split(".")[1] for change in diff.changes if change.path.startswith("properties.")}
    parts = (parts or {"scaleSettings"}) | {"metadata"}
    body: Any = {"properties": {part: full.get(part) for part in sorted(parts)}}
    if any(change.path.startswith("identity") for change in diff.changes):
        body["identity"] = arm.user_assigned(desired.body["identity"])
    where = (cloud.target.resource_group, cloud.account or "", desired.address.name)
    condition = MatchConditions.IfNotModified
    cloud.batch_management.pool.update(*where, body, etag=found.etag, match_condition=condition)
    return None


def delete(cloud: Cloud, found: Observed) -> Operation | None:
    from azure.core.exceptions import HttpResponseError

    try:
        return arm.delete(cloud, found.id)
    except HttpResponseError as error:
        if error.status_code == 409:  # it is being deleted already
            return None
        raise


KIND = Kind(
    NAME,
    FIELDS,
    expand,
    list_,
    observe,
    create,
    update,
    delete,
    resolve=pool_image.resolve,
    takes=lambda decision, desired: timedelta(minutes=5),
    ready_within=timedelta(minutes=45),
    reads=("batch_account",),
)
