"""The Batch data plane's nodes: shown, scheduled, rebooted; their files, users and extensions."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from azure_local import serving
from azure_local.azure import Azure, Route, Service
from azure_local.batch.data import files as batch_files
from azure_local.batch.data import pool_spelling
from azure_local.batch.data import pools as batch_pools
from azure_local.batch.data.common import VERSIONS, listed, metadata, nodes_of, selected
from azure_local.batch.node_states import READY, RECENT, recent
from azure_local.batch.schema import DATA, SHAPES, told
from azure_local.http import Answer, Call, Failure

Found = tuple[dict[str, Any], dict[str, Any]]


def lookup(azure: Azure, call: Call) -> Found:
    """The pool and the node. Failure 404."""
    document = batch_pools.lookup(azure, call)
    for node in nodes_of(azure, document):
        if node["id"] == call.params["node"]:
            return document, node
    raise Failure(404, "NodeNotFound", "The specified node does not exist.")


def _url(azure: Azure, node: dict[str, Any]) -> str:
    return f"{azure.front}/batch/{node['account']}/pools/{node['pool']}/nodes/{node['id']}"


def shown(azure: Azure, document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """A node as the data plane shows it."""
    properties = document["resource"]["properties"]
    machine = pool_spelling.machine(properties)
    tasks = [task for key in node["tasks"] if (task := azure.store.get("task", key))]
    body = {
        "id": node["id"],
        "url": _url(azure, node),
        "state": node["state"],
        "stateTransitionTime": node["since"],
        "allocationTime": node["made"],
        "ipAddress": node["address"],
        "affinityId": f"TVM:{node['id']}",
        "vmSize": properties["vmSize"],
        "totalTasksRun": node["ran"],
        "runningTasksCount": len(node["tasks"]),
        "runningTaskSlotsCount": sum(task["requiredSlots"] for task in tasks),
        "totalTasksSucceeded": node["succeeded"],
        "isDedicated": node["dedicated"],
        "schedulingState": node["scheduling"],
        "recentTasks": [*(recent(task) for task in tasks if task["state"] == "running"), *node["recent"]][:RECENT],
        "virtualMachineInfo": {"imageReference": machine["imageReference"]},
        "nodeAgentInfo": {"version": "1.13.3", "lastUpdateTime": node["made"]},
        **{name: node[name] for name in ("startTaskInfo", "errors", "lastBootTime") if node.get(name)},
    }
    if properties.get("startTask"):
        body["startTask"] = told("StartTask", SHAPES.shown("StartTask", properties["startTask"]), "BatchStartTask")
    endpoints = _endpoints(properties, node)
    return {**body, "endpointConfiguration": {"inboundEndpoints": endpoints}} if endpoints else body


def _endpoints(properties: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    endpoints = (properties.get("networkConfiguration") or {}).get("endpointConfiguration") or {}
    pools = endpoints.get("inboundNatPools") or []
    number = zlib.crc32(node["id"].encode())
    return [
        {
            "name": f"{pool['name']}.0",
            "protocol": pool["protocol"].lower(),
            "publicIPAddress": "127.0.0.1",
            "publicFQDN": "localhost",
            "frontendPort": pool["frontendPortRangeStart"]
            + number % (pool["frontendPortRangeEnd"] - pool["frontendPortRangeStart"] + 1),
            "backendPort": pool["backendPort"],
        }
        for pool in pools
    ]


async def listing(azure: Azure, call: Call) -> Answer:
    document = batch_pools.lookup(azure, call)
    return listed(azure, call, "nodes", (shown(azure, document, node) for node in nodes_of(azure, document)))


async def get(azure: Azure, call: Call) -> Answer:
    document, node = lookup(azure, call)
    return Answer(200, {**metadata(azure, call, "nodes/@Element"), **selected(call, shown(azure, document, node))})


def _option(call: Call, name: str) -> str:
    """The option of that name in the body, whose shape is named after the option."""
    shape = f"Batch{name[:1].upper()}{name[1:]}s"
    return str(DATA.fitted(shape, call.body or {}).get(name, "requeue"))


def _allowed(node: dict[str, Any], states: tuple[str, ...]) -> None:
    if node["state"] == "unusable" and "unusable" not in states:
        raise Failure(409, "NodeStateUnusable", "The state of the specified node is unusable.")
    if node["state"] not in states or node.get("pending"):
        text = f"The specified operation is not valid on the node: its state is {node['state']}."
        raise Failure(409, "OperationNotValidOnNode", text)


async def reboot(azure: Azure, call: Call) -> Answer:
    """Reboot a node, also one that does not work, as a reboot may repair it.

    Inferred: the REST reference allows it for idle and running nodes only, Microsoft's guides advise it for others too.
    """
    _, node = lookup(azure, call)
    _allowed(node, (*READY, "starttaskfailed", "unusable"))
    azure.batch.nodes.after_tasks(node, "rebooting", _option(call, "nodeRebootOption"))
    return Answer(202)


async def reimage(azure: Azure, call: Call) -> Answer:
    """Refused for every node: all are of virtual machines. Recorded."""
    lookup(azure, call)
    _option(call, "nodeReimageOption")
    reason = "Operation reimage can be invoked only on pools created with cloudServiceConfiguration"
    raise Failure(
        409, "OperationNotValidOnNode", "The specified operation is not valid on the node.", {"Reason": reason}
    )


async def deallocate(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    _allowed(node, READY)
    azure.batch.nodes.after_tasks(node, "deallocating", _option(call, "nodeDeallocateOption"))
    return Answer(202)


async def start(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    _allowed(node, ("deallocated",))
    azure.batch.nodes.start(node)
    return Answer(202)


async def disable_scheduling(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    how = _option(call, "nodeDisableSchedulingOption")
    _scheduling(node, "disabled")
    azure.batch.nodes.disable(node, how)
    return Answer(200)


async def enable_scheduling(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    _scheduling(node, "enabled")
    azure.batch.nodes.enable(node)
    return Answer(200)


def _scheduling(node: dict[str, Any], state: str) -> None:
    if node["state"] == "unusable":
        raise Failure(409, "NodeStateUnusable", "The state of the specified node is unusable.")
    if node["scheduling"] == state:
        text = "The specified node is already in the target scheduling state."
        raise Failure(409, "NodeAlreadyInTargetSchedulingState", text)


async def login(azure: Azure, call: Call) -> Answer:
    lookup(azure, call)
    body = {"remoteLoginIPAddress": "127.0.0.1", "remoteLoginPort": 50000}
    return Answer(200, {**metadata(azure, call, "remoteloginsettings/@Element"), **body})


async def add_user(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    _allowed(node, (*READY, "starttaskfailed", "offline", "waitingforstarttask"))
    body = DATA.fitted("BatchNodeUserCreateOptions", call.body)
    if body.get("name") in node["users"]:
        raise Failure(409, "NodeUserExists", "The specified node user already exists.")
    azure.batch.nodes.keep_users(node, [*node["users"], str(body["name"])])
    return Answer(201, None, {"Location": f"{_url(azure, node)}/users/{body['name']}"})


async def user(azure: Azure, call: Call) -> Answer:
    """PUT changes a user's password, DELETE removes the user."""
    _, node = lookup(azure, call)
    if call.params["user"] not in node["users"]:
        raise Failure(404, "NodeUserNotFound", "The specified node user does not exist.")
    if call.method == "PUT":
        DATA.fitted("BatchNodeUserReplaceOptions", call.body)
        return Answer(200)
    azure.batch.nodes.keep_users(node, [name for name in node["users"] if name != call.params["user"]])
    return Answer(200)


def _extensions(document: dict[str, Any]) -> list[dict[str, Any]]:
    machine = document["resource"]["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    return [_extension(SHAPES.shown("VMExtension", settings)) for settings in machine.get("extensions") or ()]


def _extension(extension: dict[str, Any]) -> dict[str, Any]:
    status = {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
    view = {"name": extension["name"], "statuses": [status]}
    return {"provisioningState": "Succeeded", "vmExtension": extension, "instanceView": view}


async def extensions(azure: Azure, call: Call) -> Answer:
    document, _ = lookup(azure, call)
    return listed(azure, call, "extensions", _extensions(document))


async def extension(azure: Azure, call: Call) -> Answer:
    document, _ = lookup(azure, call)
    for item in _extensions(document):
        if item["vmExtension"]["name"].lower() == call.params["extension"].lower():
            return Answer(200, {**metadata(azure, call, "extensions/@Element"), **item})
    raise Failure(404, "ResourceNotFound", "The specified extension does not exist.")


def _folder(azure: Azure, node: dict[str, Any]) -> Path:
    folder = azure.batch.machine.root(node)
    if not folder.is_dir() or node["state"] in ("deallocated", "preempted"):
        raise Failure(409, "OperationNotValidOnNode", "The node does not run: its files cannot be reached.")
    return folder


async def files(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    return batch_files.listing(azure, call, _folder(azure, node), _url(azure, node))


async def file(azure: Azure, call: Call) -> Answer:
    _, node = lookup(azure, call)
    if call.method == "DELETE":
        return batch_files.remove(call, _folder(azure, node))
    return batch_files.file(call, _folder(azure, node), _url(azure, node))


ALL = f"{batch_pools.ONE}/nodes"
ONE = f"{ALL}/{{node}}"
SERVICE = Service(
    plane="batch",
    routes=(
        *serving.crud(ONE, ALL, VERSIONS, listing=listing, get=get),
        *serving.posts(
            ONE,
            VERSIONS,
            reboot=reboot,
            reimage=reimage,
            deallocate=deallocate,
            start=start,
            disablescheduling=disable_scheduling,
            enablescheduling=enable_scheduling,
        ),
        Route("GET", f"{ONE}/remoteloginsettings", login, VERSIONS),
        *serving.crud(f"{ONE}/users/{{user}}", f"{ONE}/users", VERSIONS, add=add_user, put=user, delete=user),
        *serving.crud(
            f"{ONE}/extensions/{{extension}}", f"{ONE}/extensions", VERSIONS, listing=extensions, get=extension
        ),
        *serving.crud(
            f"{ONE}/files/{{file:path}}", f"{ONE}/files", VERSIONS, listing=files, get=file, head=file, delete=file
        ),
    ),
)
