"""The Batch data plane's pools: ARM's pools in the data plane's spelling, their sizes, node counts and images."""

from __future__ import annotations

from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.batch import offers
from azure_local.batch.arm import batch_account, pool_change, pool_scale
from azure_local.batch.arm import pool as arm_pool
from azure_local.batch.data import pool_spelling
from azure_local.batch.data.common import (
    ACCOUNT,
    VERSIONS,
    account,
    headers,
    listed,
    metadata,
    nodes_of,
    pool,
    selected,
)
from azure_local.batch.schema import DATA, SHAPES, heard
from azure_local.batch.shapes import invalid, missing
from azure_local.http import Answer, Call, Failure, check_match

NODE_STATES = (
    "creating", "idle", "leavingPool", "offline", "preempted", "rebooting", "reimaging", "running", "starting",
    "startTaskFailed", "unknown", "unusable", "waitingForStartTask", "deallocated", "deallocating", "upgradingOS",
)  # fmt: skip


def shown(azure: Azure, call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """A pool as the data plane shows it."""
    resource = arm_pool.shown(azure, document)
    arm = resource["properties"]
    return {
        "id": resource["name"],
        "url": f"{azure.front}/batch/{call.params['account']}/pools/{resource['name']}",
        "eTag": resource["etag"].removeprefix("W/").strip('"'),
        "lastModified": arm["lastModified"],
        "creationTime": arm["creationTime"],
        "state": "deleting" if arm["provisioningState"] == "Deleting" else "active",
        "stateTransitionTime": arm["provisioningStateTransitionTime"],
        "allocationState": arm["allocationState"].lower(),
        "allocationStateTransitionTime": arm["allocationStateTransitionTime"],
        **pool_spelling.told(resource),
    }


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    """The pool's document. Failure 404."""
    document = pool(azure, account(azure, call), call.params["pool"])
    if document is None:
        raise Failure(404, "PoolNotFound", "The specified pool does not exist.")
    return document


def _matched(azure: Azure, call: Call) -> dict[str, Any]:
    """The pool that a call changes. Failure if its ETag does not match, or it is being deleted."""
    document = lookup(azure, call)
    check_match(call, document["resource"]["etag"].removeprefix("W/"))
    pool_change.not_deleting(document)
    return document


def _owner(azure: Azure, call: Call) -> dict[str, Any]:
    document = batch_account.by_name(azure, account(azure, call))
    assert document is not None
    resource: dict[str, Any] = document["resource"]
    return resource


async def get(azure: Azure, call: Call) -> Answer:
    body = shown(azure, call, lookup(azure, call))
    return Answer(200, {**metadata(azure, call, "pools/@Element"), **selected(call, body)}, headers(azure, body))


async def head(azure: Azure, call: Call) -> Answer:
    return Answer(200, None, headers(azure, shown(azure, call, lookup(azure, call))))


async def listing(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    documents = [d for d in azure.store.list("pool") if d["account"] == name]
    return listed(azure, call, "pools", (shown(azure, call, document) for document in documents))


async def add(azure: Azure, call: Call) -> Answer:
    owner = _owner(azure, call)
    arm = pool_spelling.heard(owner, call.body, "BatchPoolCreateOptions")
    name = str(call.body["id"])
    known = pool(azure, owner["name"], name)
    if known is not None:
        pool_change.not_deleting(known)
        raise Failure(409, "PoolExists", "The specified pool already exists.")
    resource = shown(azure, call, arm_pool.make(azure, owner, name, arm))
    return Answer(201, None, {**headers(azure, resource), "Location": f"{azure.front}{call.path}/{resource['id']}"})


async def patch(azure: Azure, call: Call) -> Answer:
    document, owner = _matched(azure, call), _owner(azure, call)
    arm = pool_spelling.heard(owner, call.body, "BatchPoolUpdateOptions")
    pool_change.change(azure, owner, document, arm)
    return Answer(200, None, headers(azure, shown(azure, call, document)))


async def replace(azure: Azure, call: Call) -> Answer:
    """Replace start task, packages and metadata; without a start task in the body the pool's is removed."""
    document, owner = _matched(azure, call), _owner(azure, call)
    arm = pool_spelling.heard(owner, call.body, "BatchPoolReplaceOptions")
    arm["properties"].setdefault("startTask", {})
    pool_change.change(azure, owner, document, arm)
    return Answer(204, None, headers(azure, shown(azure, call, document)))


async def resize(azure: Azure, call: Call) -> Answer:
    document = _matched(azure, call)
    properties = document["resource"]["properties"]
    size, option = pool_spelling.resize(call.body)
    pool_scale.check_fixed(properties)
    pool_scale.check_steady(properties)
    pool_scale.size(document).update({"resizeTimeout": pool_scale.TIMEOUT, **size})
    azure.batch.pools.resize(document, option)
    azure.store.put("pool", document["resource"]["id"], document)
    return Answer(202, None, headers(azure, shown(azure, call, document)))


async def stop_resize(azure: Azure, call: Call) -> Answer:
    document = _matched(azure, call)
    azure.batch.pools.stop_resize(document)
    return Answer(202, None, headers(azure, shown(azure, call, document)))


async def remove_nodes(azure: Azure, call: Call) -> Answer:
    """Remove the named nodes from the pool, and lower its targets by their number."""
    document = _matched(azure, call)
    body = DATA.fitted("BatchNodeRemoveOptions", call.body or {})
    names = body["nodeList"]
    if not 1 <= len(names) <= 100:
        raise invalid("nodeList", names, "It must name 1 to 100 nodes.")
    options: dict[str, Any] = heard("BatchNodeRemoveOptions", body, "FixedScaleSettings")
    nodes = [node for node in nodes_of(azure, document) if node["id"] in names]
    if len(nodes) != len(set(names)):
        raise Failure(404, "NodeNotFound", "The specified node does not exist.")
    pool_scale.check_steady(document["resource"]["properties"])
    azure.batch.pools.take_out(document, nodes, options.get("nodeDeallocationOption", "Requeue"))
    azure.store.put("pool", document["resource"]["id"], document)
    return Answer(202, None, headers(azure, shown(azure, call, document)))


async def delete(azure: Azure, call: Call) -> Answer:
    document = _matched(azure, call)
    arm_pool.begin_delete(azure, document)
    return Answer(202)


async def enable_auto_scale(azure: Azure, call: Call) -> Answer:
    """Let a formula size the pool, or change its formula or interval; at most once in 30 seconds."""
    document = _matched(azure, call)
    live = document["resource"]["properties"]["scaleSettings"].get("autoScale")
    body = DATA.fitted("BatchPoolEnableAutoScaleOptions", call.body)
    formula = SHAPES.fitted("AutoScaleSettings", pool_spelling.formula(body, live), "enableautoscale")
    settings, _ = pool_scale.complete({"autoScale": formula})
    pool_scale.check_change(azure, document, settings)
    pool_scale.check_spare(azure, document)
    pool_scale.enable(azure, document, settings["autoScale"])
    azure.store.put("pool", document["resource"]["id"], document)
    return Answer(200, None, headers(azure, shown(azure, call, document)))


async def evaluate_auto_scale(azure: Azure, call: Call) -> Answer:
    """The result or the error of a formula now; the pool stays as it is."""
    document = _matched(azure, call)
    body = DATA.fitted("BatchPoolEvaluateAutoScaleOptions", call.body)
    if not body["autoScaleFormula"]:
        raise missing("autoScaleFormula")
    pool_scale.check_auto(document["resource"]["properties"])
    _, run = azure.batch.scaling.evaluate(document, str(body["autoScaleFormula"]))
    return Answer(200, {**metadata(azure, call, "AutoScaleRun"), **pool_spelling.run_told(run)})


async def disable_auto_scale(azure: Azure, call: Call) -> Answer:
    document = _matched(azure, call)
    pool_scale.disable(azure, document)
    return Answer(200, None, headers(azure, shown(azure, call, document)))


async def counts(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    documents = [d for d in azure.store.list("pool") if d["account"] == name]
    return listed(azure, call, "poolnodecounts", (_counts(azure, document) for document in documents))


def _counts(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    sides = {}
    nodes = nodes_of(azure, document)
    for side, dedicated in (("dedicated", True), ("lowPriority", False)):
        numbers = dict.fromkeys(NODE_STATES, 0)
        for node in nodes:
            if node["dedicated"] is dedicated:
                state = next(name for name in NODE_STATES if name.lower() == node["state"])
                numbers[state] += 1
        sides[side] = {**numbers, "total": sum(numbers.values())}
    return {"poolId": document["resource"]["name"], **sides}


async def images(azure: Azure, call: Call) -> Answer:
    account(azure, call)
    return listed(azure, call, "supportedimages", offers.supported())


POOLS = f"{ACCOUNT}/pools"
ONE = f"{POOLS}/{{pool}}"
SERVICE = Service(
    plane="batch",
    routes=(
        *serving.crud(ONE, POOLS, VERSIONS, listing=listing, add=add, patch=patch, get=get, head=head, delete=delete),
        *serving.posts(
            ONE,
            VERSIONS,
            updateproperties=replace,
            resize=resize,
            stopresize=stop_resize,
            removenodes=remove_nodes,
            enableautoscale=enable_auto_scale,
            evaluateautoscale=evaluate_auto_scale,
            disableautoscale=disable_auto_scale,
        ),
        Route("GET", f"{ACCOUNT}/nodecounts", counts, VERSIONS),
        Route("GET", f"{ACCOUNT}/supportedimages", images, VERSIONS),
    ),
)
