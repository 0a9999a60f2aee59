"""Troubles that tests and demonstrations cause over the control API: failing nodes, missing capacity, low quotas."""

from __future__ import annotations

from typing import Any

from azure_local.azure import Azure

STATES = ("unusable", "starttaskfailed", "offline", "unknown", "preempted", "idle")


def trouble(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    """The troubles set for a pool's allocations."""
    return azure.store.get("trouble", f"{document['account']}/{document['resource']['name']}") or {}


def strike(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"account", "pool", "state"}`, with `node`, or for the first node that works: set that state.

    `seconds` is how long a preempted node stays away; `idle` repairs a node. `lasting` true: no boot repairs it.
    """
    nodes = azure.store.list("node", f"{body['account']}/{body['pool']}/")
    state = str(body["state"]).lower()
    spot = state == "preempted"
    fit = [node for node in nodes if body.get("node") in (None, node["id"]) and not (spot and node["dedicated"])]
    working = sorted(fit, key=lambda node: node["state"] not in ("running", "idle"))
    if state not in STATES or not working:
        return {"error": f"there is no such node, or it cannot be {state}"}
    node = working[0]
    node["lasting"] = state if body.get("lasting") is True else None
    if spot:
        azure.batch.nodes.preempt(node, body.get("seconds"))
    elif state == "starttaskfailed":
        azure.batch.nodes.fail(node, state, "StartTaskFailed", "The start task of the node failed.")
    elif state == "offline":
        azure.batch.nodes.disable(node, "requeue")
    elif state == "idle":
        azure.batch.nodes.start(node)
    else:
        azure.batch.nodes.fail(node, state, "NodeAgentUnreachable", "The node does not answer.")
    return {"node": node["id"], "state": node["state"]}


def allocation(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"account", "pool"}` and any of `times`, `code`, `message`, `creating` and `starting`.

    The next `times` resizes get no capacity, with that code and message; nodes take `creating` simulated seconds longer
    to be allocated, and `starting` longer to boot.
    """
    known = ("times", "code", "message", "creating", "starting")
    key = f"{body['account']}/{body['pool']}"
    return azure.store.put("trouble", key, {name: body[name] for name in known if name in body})


def quota(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"account"}` and any of the account's quotas; `families` maps a VM family to its cores."""
    for document in azure.store.list("batchAccount"):
        properties = document["resource"]["properties"]
        if document["resource"]["name"] != body["account"]:
            continue
        for name in ("dedicatedCoreQuota", "lowPriorityCoreQuota", "poolQuota", "activeJobAndJobScheduleQuota"):
            properties[name] = body.get(name, properties[name])
        known = {family["name"]: family["coreQuota"] for family in properties["dedicatedCoreQuotaPerVMFamily"]}
        known |= body.get("families", {})
        listed = [{"name": name, "coreQuota": cores} for name, cores in known.items()]
        properties["dedicatedCoreQuotaPerVMFamily"] = listed
        azure.store.put("batchAccount", document["resource"]["id"], document)
        return properties
    return {"error": f"there is no account {body['account']}"}


SETTINGS = {"nodes": strike, "allocations": allocation, "batch-quotas": quota}
"""Path below `/local/` → what a POST there does."""
