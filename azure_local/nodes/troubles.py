"""Troubles that tests and demonstrations cause over the control API: failing nodes, missing capacity, low quotas."""

from __future__ import annotations

from typing import Any

from azure_local.asked import Wrong, flag, mapping, members, number, text, whole
from azure_local.azure import Azure, Setting

STATES = ("unusable", "starttaskfailed", "offline", "unknown", "preempted", "idle")


QUOTAS = ("dedicatedCoreQuota", "lowPriorityCoreQuota", "poolQuota", "activeJobAndJobScheduleQuota")


def trouble(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    """The troubles set for a pool's allocations."""
    return azure.store.get("trouble", f"{document['account']}/{document['resource']['name']}") or {}


def strike(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"account", "pool", "state"}`, with `node`, or for the first node that works: set that state.

    `seconds` is how long a preempted node stays away, and `unusable` how long it shows that before it shows preempted;
    `idle` repairs a node. `code` and `message` are the error of an unusable one. `lasting` true: no boot repairs it.
    """
    nodes = azure.store.list("node", f"{body['account']}/{body['pool']}/")
    state = body["state"].lower()
    spot = state == "preempted"
    fit = [node for node in nodes if body.get("node") in (None, node["id"]) and not (spot and node["dedicated"])]
    working = sorted(fit, key=lambda node: node["state"] not in ("running", "idle"))
    if state not in STATES:
        raise Wrong(f"state must be one of {', '.join(STATES)}")
    if not working:
        raise Wrong(f"pool: it has no such node, or none that can be {state}")
    node = working[0]
    node["lasting"] = state if body.get("lasting") is True else None
    if spot:
        azure.batch.nodes.preempt(node, body.get("seconds"), body.get("unusable"))
    elif state == "starttaskfailed":
        azure.batch.nodes.fail(node, state, "StartTaskFailed", "The start task of the node failed.")
    elif state == "offline":
        azure.batch.nodes.disable(node, "requeue")
    elif state == "idle":
        azure.batch.nodes.start(node)
    else:
        code, message = body.get("code", "NodeAgentUnreachable"), body.get("message", "The node does not answer.")
        azure.batch.nodes.fail(node, state, code, message)
    return {"node": node["id"], "state": node["state"]}


def allocation(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"account", "pool"}` and any of `times`, `code`, `message`, `creating` and `starting`.

    The next `times` resizes get no capacity, with that code and message; nodes take `creating` simulated seconds longer
    to be allocated, and `starting` longer to boot.
    """
    key = f"{body['account']}/{body['pool']}"
    return azure.store.put("trouble", key, {name: body[name] for name in body if name not in ("account", "pool")})


def quota(azure: Azure, body: dict[str, Any]) -> Any:
    """`{"account"}` and any of the account's quotas; `families` maps a VM family to its cores."""
    for document in azure.store.list("batchAccount"):
        properties = document["resource"]["properties"]
        if document["resource"]["name"] != body["account"]:
            continue
        for name in QUOTAS:
            properties[name] = body.get(name, properties[name])
        known = {family["name"]: family["coreQuota"] for family in properties["dedicatedCoreQuotaPerVMFamily"]}
        known |= body.get("families", {})
        listed = [{"name": name, "coreQuota": cores} for name, cores in known.items()]
        properties["dedicatedCoreQuotaPerVMFamily"] = listed
        azure.store.put("batchAccount", document["resource"]["id"], document)
        return properties
    raise Wrong(f"account: there is no account {body['account']}")


_POOL = {"account": text, "pool": text}
SETTINGS = {
    "nodes": Setting(
        members(
            {
                **_POOL,
                "node": text,
                "state": text,
                "seconds": number(),
                "unusable": number(),
                "code": text,
                "message": text,
                "lasting": flag,
            },
            "account",
            "pool",
            "state",
        ),
        strike,
    ),
    "allocations": Setting(
        members(
            {**_POOL, "times": whole(), "code": text, "message": text, "creating": number(), "starting": number()},
            "account",
            "pool",
        ),
        allocation,
    ),
    "batch-quotas": Setting(
        members({"account": text, **dict.fromkeys(QUOTAS, whole()), "families": mapping(whole())}, "account"), quota
    ),
}
"""Path below `/local/` → what a POST there does."""
