"""The Batch data plane's pools and nodes: the pools of ARM in its own spelling, node counts, nodes and images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.local import operations
from reconciler.local.azure import SECONDS, Azure
from reconciler.local.http import Answer, Call, Failure, Route, check_match, only
from reconciler.local.services import batch_account, offers
from reconciler.local.services import pool as arm_pool
from reconciler.local.services.batch_common import ACCOUNT, VERSIONS, account, headers, listed, metadata, pool, selected

NODE_STATES = (
    "creating", "idle", "leavingPool", "offline", "preempted", "rebooting", "reimaging", "running", "starting",
    "startTaskFailed", "unknown", "unusable", "waitingForStartTask", "deallocated", "deallocating", "upgradingOS",
)  # fmt: skip


def shown(azure: Azure, call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """A pool as the data plane shows it."""
    resource = arm_pool.shown(azure, document)
    arm = resource["properties"]
    machine = arm["deploymentConfiguration"]["virtualMachineConfiguration"]
    fixed = arm["scaleSettings"]["fixedScale"]
    deleting = arm["provisioningState"] == "Deleting"
    body = {
        "id": resource["name"],
        "url": f"{azure.front}/batch/{call.params['account']}/pools/{resource['name']}",
        "eTag": resource["etag"].removeprefix("W/").strip('"'),
        "lastModified": arm["lastModified"],
        "creationTime": arm["creationTime"],
        "state": "deleting" if deleting else "active",
        "stateTransitionTime": arm["provisioningStateTransitionTime"],
        "allocationState": arm["allocationState"].lower(),
        "allocationStateTransitionTime": arm["allocationStateTransitionTime"],
        "vmSize": arm["vmSize"],
        "virtualMachineConfiguration": {
            "imageReference": machine["imageReference"],
            "nodeAgentSKUId": machine["nodeAgentSkuId"],
        },
        "resizeTimeout": fixed["resizeTimeout"],
        "currentDedicatedNodes": arm["currentDedicatedNodes"],
        "targetDedicatedNodes": fixed["targetDedicatedNodes"],
        "currentLowPriorityNodes": arm["currentLowPriorityNodes"],
        "targetLowPriorityNodes": fixed["targetLowPriorityNodes"],
        "enableAutoScale": False,
        "enableInterNodeCommunication": arm["interNodeCommunication"] == "Enabled",
        "taskSlotsPerNode": arm["taskSlotsPerNode"],
        "taskSchedulingPolicy": {"nodeFillType": arm["taskSchedulingPolicy"]["nodeFillType"].lower()},
        "metadata": arm.get("metadata", []),
    }
    if "displayName" in arm:
        body["displayName"] = arm["displayName"]
    errors = arm.get("resizeOperationStatus", {}).get("errors")
    return {**body, "resizeErrors": errors} if errors else body


def _lookup(azure: Azure, call: Call) -> dict[str, Any]:
    found = pool(azure, account(azure, call), call.params["pool"])
    if found is None:
        raise Failure(404, "PoolNotFound", "The specified pool does not exist.")
    return found


async def get(azure: Azure, call: Call) -> Answer:
    body = shown(azure, call, _lookup(azure, call))
    return Answer(200, {**metadata(azure, call, "pools/@Element"), **selected(call, body)}, headers(azure, body))


async def head(azure: Azure, call: Call) -> Answer:
    return Answer(200, None, headers(azure, shown(azure, call, _lookup(azure, call))))


async def listing(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    documents = [d for d in azure.store.list("pool") if d["account"] == name]
    return listed(azure, call, "pools", (shown(azure, call, one) for one in documents))


ADD = (
    "id", "displayName", "vmSize", "virtualMachineConfiguration", "targetDedicatedNodes", "targetLowPriorityNodes",
    "resizeTimeout", "enableAutoScale", "enableInterNodeCommunication", "startTask", "metadata", "taskSlotsPerNode",
    "taskSchedulingPolicy",
)  # fmt: skip
PATCH = ("startTask", "metadata", "displayName", "vmSize", "virtualMachineConfiguration", "taskSlotsPerNode")


def _arm(body: dict[str, Any]) -> dict[str, Any]:
    """The properties of a pool on the ARM plane, from the data plane's."""
    plain = ("displayName", "vmSize", "metadata", "taskSlotsPerNode")
    properties = {name: body[name] for name in plain if name in body}
    machine = body.get("virtualMachineConfiguration")
    if machine is not None:
        kept = {name: value for name, value in machine.items() if name != "nodeAgentSKUId"}
        machine = {**kept, "nodeAgentSkuId": machine.get("nodeAgentSKUId")}
        properties["deploymentConfiguration"] = {"virtualMachineConfiguration": machine}
    if "taskSchedulingPolicy" in body:
        properties["taskSchedulingPolicy"] = {"nodeFillType": body["taskSchedulingPolicy"]["nodeFillType"].title()}
    if body.get("enableInterNodeCommunication"):
        properties["interNodeCommunication"] = "Enabled"
    if "startTask" in body:
        properties["startTask"] = _arm_start_task(body["startTask"])
    return {"properties": properties}


def _arm_start_task(start: dict[str, Any]) -> dict[str, Any]:
    user = (start.get("userIdentity") or {}).get("autoUser")
    if user is None:
        return start
    words = {"task": "Task", "pool": "Pool", "nonadmin": "NonAdmin", "admin": "Admin"}
    return {**start, "userIdentity": {"autoUser": {key: words.get(value, value) for key, value in user.items()}}}


async def add(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    body = only(call.body, ADD, "PoolAddParameter")
    if body.get("enableAutoScale"):
        raise Failure(400, "InvalidRequestBody", "Autoscale is not offered by the local Azure.")
    found = pool(azure, name, str(body.get("id", "")))
    if found is not None:
        being = found["resource"]["properties"]["provisioningState"] == "Deleting"
        raise Failure(409, "PoolBeingDeleted" if being else "PoolExists", "The specified pool already exists.")
    arm = _arm(body)
    sizes = ("targetDedicatedNodes", "targetLowPriorityNodes")
    fixed: dict[str, Any] = {size: _number(size, body.get(size, 0)) for size in sizes}
    if "resizeTimeout" in body:
        fixed["resizeTimeout"] = body["resizeTimeout"]
    arm["properties"]["scaleSettings"] = {"fixedScale": fixed}
    owner = batch_account.by_name(azure, name)
    assert owner is not None
    document = arm_pool.make(azure, owner["resource"], str(body.get("id", "")), arm)
    made = shown(azure, call, document)
    return Answer(201, None, {**headers(azure, made), "Location": f"{azure.front}{call.path}/{made['id']}"})


async def patch(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    check_match(call, document["resource"]["etag"].removeprefix("W/"))
    arm_pool.change(azure, document, _arm(only(call.body, PATCH, "PoolPatchParameter")))
    return Answer(200, None, headers(azure, shown(azure, call, document)))


async def resize(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    properties = document["resource"]["properties"]
    check_match(call, document["resource"]["etag"].removeprefix("W/"))
    if properties["allocationState"] != "Steady":
        raise Failure(409, "PoolBeingResized", "The specified pool is being resized.")
    fixed = properties["scaleSettings"]["fixedScale"]
    for name in ("targetDedicatedNodes", "targetLowPriorityNodes"):
        fixed[name] = _number(name, (call.body or {}).get(name, fixed[name]))
    azure.batch.resize(document)
    azure.store.put("pool", document["resource"]["id"], document)
    return Answer(202, None, headers(azure, shown(azure, call, document)))


def _number(name: str, value: Any) -> int:
    """A number of nodes; a numeral in quotes counts, which is how the az CLI sends it."""
    if not str(value).isdigit():
        values = {"PropertyName": name, "PropertyValue": str(value), "Reason": "It is no number of nodes."}
        raise Failure(400, "InvalidPropertyValue", "The value of a property is invalid.", values)
    return int(value)


async def stop_resize(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    azure.batch.stop_resize(document)
    return Answer(202, None, headers(azure, shown(azure, call, document)))


async def delete(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    await azure.batch.delete_pool(document)
    key = document["resource"]["id"]
    operations.start(azure, "Microsoft.Batch", SECONDS["deletion"], "pool.delete", key=key)
    return Answer(202)


async def counts(azure: Azure, call: Call) -> Answer:
    name = account(azure, call)
    documents = [d for d in azure.store.list("pool") if d["account"] == name]
    return listed(azure, call, "poolnodecounts", (_counts(azure, one) for one in documents))


def _counts(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    sides = {}
    nodes = azure.batch.nodes(document)
    for side, dedicated in (("dedicated", True), ("lowPriority", False)):
        found = dict.fromkeys(NODE_STATES, 0)
        for node in nodes:
            if node["dedicated"] is dedicated:
                state = next(name for name in NODE_STATES if name.lower() == node["state"])
                found[state] += 1
        sides[side] = {**found, "total": sum(found.values())}
    return {"poolId": document["resource"]["name"], **sides}


def _node(azure: Azure, call: Call, document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    base = f"{azure.front}/batch/{call.params['account']}/pools/{document['resource']['name']}/nodes/{node['id']}"
    body = {
        "id": node["id"],
        "url": base,
        "state": node["state"],
        "stateTransitionTime": node["since"],
        "allocationTime": node["made"],
        "ipAddress": "127.0.0.1",
        "affinityId": f"TVM:{node['id']}",
        "vmSize": document["resource"]["properties"]["vmSize"],
        "totalTasksRun": node["ran"],
        "runningTasksCount": len(node["tasks"]),
        "runningTaskSlotsCount": len(node["tasks"]),
        "totalTasksSucceeded": node["succeeded"],
        "isDedicated": node["dedicated"],
        "schedulingState": "enabled",
    }
    if node.get("startTaskInfo"):
        body["startTaskInfo"] = node["startTaskInfo"]
    return body


async def nodes(azure: Azure, call: Call) -> Answer:
    document = _lookup(azure, call)
    found = (_node(azure, call, document, node) for node in azure.batch.nodes(document))
    return listed(azure, call, "nodes", found)


def _one_node(azure: Azure, call: Call) -> tuple[dict[str, Any], dict[str, Any]]:
    document = _lookup(azure, call)
    for node in azure.batch.nodes(document):
        if node["id"] == call.params["node"]:
            return document, node
    raise Failure(404, "NodeNotFound", "The specified node does not exist.")


async def node(azure: Azure, call: Call) -> Answer:
    document, found = _one_node(azure, call)
    return Answer(200, {**metadata(azure, call, "nodes/@Element"), **_node(azure, call, document, found)})


async def reboot(azure: Azure, call: Call) -> Answer:
    document, found = _one_node(azure, call)
    await azure.batch.reboot(document, found)
    return Answer(202)


async def images(azure: Azure, call: Call) -> Answer:
    account(azure, call)
    return listed(azure, call, "supportedimages", offers.supported())


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Relative name and path of everything below `folder`, sorted."""
    for path in sorted(folder.rglob("*")):
        yield str(path.relative_to(folder)), path


POOLS = f"{ACCOUNT}/pools"
ONE = f"{POOLS}/{{pool}}"
ROUTES = (
    Route("GET", POOLS, listing, VERSIONS),
    Route("POST", POOLS, add, VERSIONS),
    Route("PATCH", ONE, patch, VERSIONS),
    Route("GET", ONE, get, VERSIONS),
    Route("HEAD", ONE, head, VERSIONS),
    Route("DELETE", ONE, delete, VERSIONS),
    Route("POST", f"{ONE}/resize", resize, VERSIONS),
    Route("POST", f"{ONE}/stopresize", stop_resize, VERSIONS),
    Route("GET", f"{ONE}/nodes", nodes, VERSIONS),
    Route("GET", f"{ONE}/nodes/{{node}}", node, VERSIONS),
    Route("POST", f"{ONE}/nodes/{{node}}/reboot", reboot, VERSIONS),
    Route("GET", f"{ACCOUNT}/nodecounts", counts, VERSIONS),
    Route("GET", f"{ACCOUNT}/supportedimages", images, VERSIONS),
)
