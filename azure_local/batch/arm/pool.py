"""Microsoft.Batch pools on the ARM plane: how they are made, shown, changed and deleted."""

from __future__ import annotations

from typing import Any

from azure_local import common, operations, serving
from azure_local.azure import Azure, Service
from azure_local.batch.arm import batch_account, pool_change, pool_properties, pool_scale
from azure_local.batch.arm.pool_filter import condition
from azure_local.http import Answer, Call, Failure, check_match, etag, page

VERSIONS = batch_account.VERSIONS
TYPE = "Microsoft.Batch/batchAccounts/pools"


def _key(azure: Azure, call: Call) -> str:
    account = batch_account.lookup(azure, call)["resource"]
    return f"{account['id']}/pools/{call.params['pool']}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    document = azure.store.get("pool", _key(azure, call))
    if document is None:
        raise Failure(404, "PoolNotFound", "The specified pool does not exist.")
    return document


def shown(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    """The pool as ARM shows it: with its node counts, an identity only if it has one, and no write-only members."""
    resource = document["resource"]
    dedicated, spot = azure.batch.pools.current(document)
    counts = {"currentDedicatedNodes": dedicated, "currentLowPriorityNodes": spot}
    told = {name: value for name, value in resource.items() if name != "identity" or value["type"] != "None"}
    return {**told, "properties": {**pool_properties.shown(resource["properties"]), **counts}}


def answer(azure: Azure, document: dict[str, Any]) -> Answer:
    return Answer(200, shown(azure, document), {"ETag": document["resource"]["etag"]})


async def put(azure: Azure, call: Call) -> Answer:
    """Make a new pool, or replace all properties of an existing one."""
    owner, key = batch_account.lookup(azure, call)["resource"], _key(azure, call)
    existing = azure.store.get("pool", key)
    check_match(call, existing["resource"]["etag"] if existing else None)
    if existing is None:
        return answer(azure, make(azure, owner, call.params["pool"], call.body))
    pool_change.replace(azure, owner, existing, call.body)
    return answer(azure, existing)


def make(azure: Azure, owner: dict[str, Any], name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store a new pool of the account and start its resize. Failure as Batch words it."""
    pool_properties.check_name(name)
    pools = [d for d in azure.store.list("pool") if d["account"] == owner["name"]]
    if len(pools) >= owner["properties"]["poolQuota"]:
        raise Failure(409, "PoolQuotaReached", "The pool quota of the account has been reached.")
    properties = pool_properties.complete(pool_properties.read(azure, owner, body))
    identity = pool_properties.identity(azure, body)
    option = properties.pop("nodeDeallocationOption")
    pool_properties.check(properties, identity)
    now = azure.clock.after(0)
    properties |= {
        "provisioningState": "Succeeded",
        "provisioningStateTransitionTime": now,
        "creationTime": now,
        "lastModified": now,
        "allocationState": "Resizing",
        "allocationStateTransitionTime": now,
    }
    key = f"{owner['id']}/pools/{name}"
    resource = {"id": key, "name": name, "type": TYPE, "etag": f'W/"{etag()}"', "properties": properties}
    resource["identity"] = identity
    if body.get("tags"):
        resource["tags"] = common.check_tags(body)
    document = {"account": owner["name"], "resource": resource, "nodeIdentity": identity}
    pool_scale.begin(azure, document, option)
    return azure.store.put("pool", key, document)


async def patch(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    check_match(call, document["resource"]["etag"])
    pool_change.change(azure, batch_account.lookup(azure, call)["resource"], document, call.body)
    return answer(azure, document)


async def get(azure: Azure, call: Call) -> Answer:
    return answer(azure, lookup(azure, call))


async def listing(azure: Azure, call: Call) -> Answer:
    """The pools that match `$filter`, each with the members that `$select` names."""
    account = batch_account.lookup(azure, call)["resource"]
    test = condition(call.query.get("$filter"))
    documents = azure.store.list("pool", f"{account['id']}/pools/")
    pools = [pool for pool in (shown(azure, document) for document in documents) if test(pool)]
    names = {name.strip() for name in call.query.get("$select", "").split(",") if name.strip()}
    if names:
        pools = [_selected(pool, names) for pool in pools]
    return Answer(200, page(pools, call, int(call.query.get("maxresults", azure.page_size))))


def _selected(pool: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The members that `$select` names: members of the pool, and members of `properties` as `properties/vmSize`."""
    properties = {k: v for k, v in pool["properties"].items() if f"properties/{k}" in names or "properties" in names}
    kept = {name: value for name, value in pool.items() if name in names or name in ("id", "name", "type", "etag")}
    return {**kept, "properties": properties}


async def delete(azure: Azure, call: Call) -> Answer:
    document = azure.store.get("pool", _key(azure, call))
    if document is None:
        return Answer(204)
    pool_change.not_deleting(document)
    return Answer(202, None, begin_delete(azure, document))


def begin_delete(azure: Azure, document: dict[str, Any]) -> dict[str, str]:
    """Start deleting a pool; the headers that tell where to ask for the end of it."""
    azure.batch.pools.delete(document)
    key = document["resource"]["id"]
    return operations.start(azure, "Microsoft.Batch", azure.seconds["deletion"], "pool.delete", key=key)


async def deleted(azure: Azure, data: dict[str, Any]) -> None:
    await azure.batch.pools.gone(data["key"])


async def stop_resize(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    pool_change.not_deleting(document)
    azure.batch.pools.stop_resize(document)
    return answer(azure, document)


async def disable_auto_scale(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    pool_change.not_deleting(document)
    pool_scale.disable(azure, document)
    return answer(azure, document)


ALL = f"{batch_account.ACCOUNT.one}/pools"
ONE = f"{ALL}/{{pool}}"
SERVICE = Service(
    routes=(
        *serving.crud(ONE, ALL, VERSIONS, put=put, patch=patch, get=get, delete=delete, listing=listing),
        *serving.posts(ONE, VERSIONS, stopResize=stop_resize, disableAutoScale=disable_auto_scale),
    ),
    completions={"pool.delete": deleted},
)
