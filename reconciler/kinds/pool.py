"""A pool: nodes of one VM size that boot one image and run tasks. Made on the ARM plane, the only one with identity.

Size, start task and metadata change in place (a new start task reaches nodes when they reboot); everything else only
while the pool is empty: steady, with no node. It is READY when it is steady at its target and every node is usable.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler.cloud.cloud import Cloud, Operation
from reconciler.kinds import arm, nodes, pairs, pool_image, pool_properties, pool_repair, pool_rollout, pool_scale
from reconciler.kinds.kind import Kind
from reconciler.model import Address, Desired, Diff, Health, Mark, Observed, Rule
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
    "stage": Rule.LIVE,
    "properties.applicationPackages": Rule.NEW_NODES,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, own in spec.pools.items():
        assert spec.batch_account is not None
        identities = [ref.split("/")[1] for ref in own["identity"]]
        ids = [
            f"{spec.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{one}".lower()
            for one in identities
        ]
        account = Address("batch_account", spec.batch_account["name"])
        body = {
            "tags": dict(own.get("tags", {})),
            "stage": None,
            "identity": sorted(ids),
            "properties": {
                "vmSize": own["vmSize"].lower(),
                "displayName": own.get("displayName"),
                "taskSlotsPerNode": own["taskSlotsPerNode"],
                "deploymentConfiguration": {
                    "virtualMachineConfiguration": {
                        **pool_image.machine(spec, own, ids),
                        **pool_properties.machine(own),
                    }
                },
                "scaleSettings": pool_scale.wanted(own),
                **pool_properties.wanted(
                    own, f"{spec.group_id}/providers/Microsoft.Batch/batchAccounts/{account.name}"
                ),
                "startTask": _start_task(own.get("startTask")),
                "metadata": dict(own.get("metadata", {})),
            },
        }
        refs = (account, *(Address("identity", one) for one in identities), *pool_image.refs(own))
        refs += pool_properties.applications(spec, own)
        rollout = {"whenEmpty": "wait", "drainWithin": "PT1H", "maxUnavailable": 1, **own.get("rollout", {})}
        data = {"vmSize": own["vmSize"], "image": own["image"], "nodeAgentSkuId": own.get("nodeAgentSkuId")}
        data |= {"rollout": rollout}
        drains = rollout["whenEmpty"] == "drain"
        yield Desired(Address(NAME, name), body, refs, own.get("protect", False), data, drains=drains)


def _start_task(own: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if own is None:
        return None
    return {
        "commandLine": own["commandLine"],
        "environmentSettings": dict(own.get("environmentSettings", {})),
        "maxTaskRetryCount": own.get("maxTaskRetryCount", 0),
        "waitForSuccess": own.get("waitForSuccess", True),
        "resourceFiles": pool_properties.normal(own.get("resourceFiles", [])),
        "containerSettings": own.get("containerSettings"),
        "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": own.get("elevationLevel", "NonAdmin")}},
    }


def _observed(raw: Mapping[str, Any], counts: nodes.Counts | None) -> Observed:
    properties = dict(raw["properties"])
    metadata = pairs.mapped(properties.get("metadata"))
    properties["metadata"] = arm.without_mark(metadata)
    properties["vmSize"] = properties["vmSize"].lower()
    properties["displayName"] = properties.get("displayName") or None
    machine = (properties.get("deploymentConfiguration") or {}).get("virtualMachineConfiguration") or {}
    booted = pool_properties.observed(pool_image.observed(machine), pool_properties.MACHINE_DEFAULTS)
    properties["deploymentConfiguration"] = {"virtualMachineConfiguration": booted}
    properties["scaleSettings"] = pool_scale.observed(properties.get("scaleSettings") or {})
    own = {name: properties.get(name) for name in pool_properties.DEFAULTS}
    properties |= pool_properties.observed(own, pool_properties.DEFAULTS)
    start = properties.get("startTask")
    if start:
        files = pool_properties.normal(start.get("resourceFiles") or [])
        settings = pairs.mapped(start.get("environmentSettings"))
        properties["startTask"] = {**start, "environmentSettings": settings, "resourceFiles": files}
    health, detail = nodes.health(properties, counts)
    return Observed(
        Address(NAME, raw["name"]),
        raw["id"],
        {
            "identity": arm.identity_ids(raw.get("identity")),
            "tags": raw.get("tags") or {},
            "stage": None,
            "broken": nodes.broken(counts),
            "properties": properties,
        },
        arm.mark_of(metadata),
        health,
        detail,
        nodes.occupants(properties, counts),
        raw.get("etag"),
    )


def _rolling(cloud: Cloud, desired: Desired | None, found: Observed, metadata: Mapping[str, str]) -> Observed:
    """`found`, with how far a rolling change of its nodes is."""
    since = metadata.get(pool_rollout.BEGAN)
    if since is None or desired is None or not pool_rollout.rolls(desired) or found.health is Health.FAILED:
        return found
    nodes = pool_rollout.read(cloud, desired.address.name, since)
    health, detail, stage = pool_rollout.seen(found, nodes, desired.data["rollout"]["maxUnavailable"])
    body = {**found.body, "stage": stage, "nodes": nodes}
    return replace(found, body=body, health=health, detail=detail)


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    if cloud.account_id is None:
        return
    known = {desired.address.name.lower(): desired for desired in wanted}
    raws = list(arm.listing(cloud, f"{cloud.account_id}/pools"))
    counts = nodes.all_counts(cloud) if raws else {}
    for raw in raws:
        found = _observed(raw, counts.get(raw["name"].lower()))
        metadata = pairs.mapped(raw["properties"].get("metadata"))
        yield _rolling(cloud, known.get(raw["name"].lower()), found, metadata)


def observe(cloud: Cloud, wanted: Desired | Observed) -> Observed | None:
    from azure.core.exceptions import HttpResponseError

    name = wanted.address.name
    try:
        raw = cloud.batch_management.pool.get(cloud.target.resource_group, cloud.account or "", name).as_dict()
    except HttpResponseError as error:
        if error.status_code == 404:
            return None
        raise
    found = _observed(raw, nodes.all_counts(cloud, name).get(name.lower()))
    if found.body["broken"] and found.health is Health.FAILED:
        words, logs = pool_repair.told(cloud, name)
        found = replace(found, detail=f"{found.detail} ({words})" if words else found.detail, logs=logs)
    metadata = pairs.mapped(raw["properties"].get("metadata"))
    return _rolling(cloud, wanted if isinstance(wanted, Desired) else None, found, metadata)


def _wire(cloud: Cloud, desired: Desired, mark: Mark, kept: Mapping[str, str]) -> dict[str, Any]:
    """The properties of `desired` as ARM takes them; `kept` is metadata of others."""
    wanted = desired.body["properties"]
    start = wanted["startTask"]
    machine = wanted["deploymentConfiguration"]["virtualMachineConfiguration"]
    booted = pool_image.wire(machine, pool_image.node_agent(cloud, desired))
    parts = {name: machine[name] for name in pool_properties.MACHINE_DEFAULTS if machine[name] not in (None, [])}
    return {
        **{key: pool_properties.bare(value) for key, value in wanted.items() if value is not None},
        "displayName": wanted["displayName"] or "",  # nothing else takes one away
        "vmSize": desired.data["vmSize"],
        "deploymentConfiguration": {"virtualMachineConfiguration": {**pool_properties.bare(parts), **booted}},
        "scaleSettings": pool_scale.wire(wanted["scaleSettings"]),
        "userAccounts": pool_properties.with_passwords(wanted["userAccounts"]),
        # an empty object is how ARM is told to remove a start task
        "startTask": pool_properties.bare({**start, "environmentSettings": pairs.listed(start["environmentSettings"])})
        if start
        else {},
        "metadata": pairs.listed(arm.with_mark({**kept, **wanted["metadata"]}, mark)),
    }


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    from azure.core import MatchConditions
    from azure.core.exceptions import HttpResponseError

    properties = _wire(cloud, desired, mark, {})
    for name in ("startTask", "displayName"):
        if not properties[name]:
            del properties[name]
    body: Any = {"identity": arm.user_assigned(desired.body["identity"]), "properties": properties}
    if desired.body["tags"]:
        body["tags"] = desired.body["tags"]
    where = (cloud.target.resource_group, cloud.account or "", desired.address.name)
    try:
        cloud.batch_management.pool.create(*where, body, etag="*", match_condition=MatchConditions.IfMissing)
    except HttpResponseError as error:
        if error.status_code != 412:  # somebody made it meanwhile: look again
            raise
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> Operation | None:
    """PATCH the changed parts. Without any, the size again: that is what a failed resize needs.

    Where a part needs an empty pool and the spec says drain, its nodes leave first: each update is one stage.
    """
    from azure.core import MatchConditions

    if found.health is Health.FAILED and found.body["broken"]:
        properties = found.body["properties"]
        total = properties["currentDedicatedNodes"] + properties["currentLowPriorityNodes"]
        pool_repair.mend(cloud, desired.address.name, total)
        if not diff:
            return None
    rolling = found.body.get("nodes")
    if rolling is not None and rolling.old and diff.rule < Rule.NEW_NODES:
        pool_rollout.advance(cloud, desired.address.name, rolling, desired.data["rollout"]["maxUnavailable"])
        return None
    if found.occupants and diff.rule >= Rule.WHEN_EMPTY:
        body: Any = {"properties": {"scaleSettings": _leaving(desired, found)}}
    else:
        body = _changed(cloud, desired, mark, found, diff)
    where = (cloud.target.resource_group, cloud.account or "", desired.address.name)
    condition = MatchConditions.IfNotModified
    cloud.batch_management.pool.update(*where, body, etag=found.etag, match_condition=condition)
    return None


def _leaving(desired: Desired, found: Observed) -> dict[str, Any]:
    """All nodes go: their tasks may end; if they did not in time, they are requeued."""
    fixed = found.body["properties"]["scaleSettings"]["fixedScale"] or {}
    asked = fixed.get("targetDedicatedNodes") == 0 and fixed.get("targetLowPriorityNodes") == 0
    return pool_scale.drained("Requeue" if asked else "TaskCompletion", desired.data["rollout"]["drainWithin"])


def _changed(cloud: Cloud, desired: Desired, mark: Mark, found: Observed, diff: Diff) -> dict[str, Any]:
    full = _wire(cloud, desired, mark, found.body["properties"]["metadata"])
    parts = {c.path.split(".")[1].partition("[")[0] for c in diff.changes if c.path.startswith("properties.")}
    staged = any(change.path == "stage" for change in diff.changes)
    parts = (parts or (set() if staged else {"scaleSettings"})) | {"metadata"}
    if pool_rollout.rolls(desired) and diff.rule is Rule.NEW_NODES and found.occupants:
        full["metadata"].append({"name": pool_rollout.BEGAN, "value": pool_rollout.began(cloud)})
    body: dict[str, Any] = {"properties": {part: full.get(part) for part in sorted(parts)}}
    tops = {change.path.split(".")[0] for change in diff.changes}
    if "identity" in tops:
        body["identity"] = arm.user_assigned(desired.body["identity"])
    if "tags" in tops:
        body["tags"] = {**found.body["tags"], **desired.body["tags"]}
    return body


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
    attempts=2,
    ready_within=timedelta(minutes=45),
    reads=("batch_account",),
)
