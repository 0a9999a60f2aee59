"""Microsoft.Batch pools on the ARM plane: what they are made of, and which changes Batch takes when."""

from __future__ import annotations

import re
from typing import Any

from reconciler.local import operations
from reconciler.local.azure import SECONDS, Azure
from reconciler.local.http import Answer, Call, Failure, Route, check_match, etag, only, page
from reconciler.local.services import batch_account, offers

VERSIONS = batch_account.VERSIONS
TYPE = "Microsoft.Batch/batchAccounts/pools"
ANY_TIME = ("scaleSettings", "startTask", "metadata", "applicationPackages")
WHEN_EMPTY = (
    "vmSize", "deploymentConfiguration", "displayName", "interNodeCommunication", "networkConfiguration",
    "taskSlotsPerNode", "taskSchedulingPolicy", "userAccounts", "mountConfiguration", "upgradePolicy",
)  # fmt: skip
BODY = ("id", "name", "type", "etag", "tags", "identity", "properties")


def _key(azure: Azure, call: Call) -> str:
    account = batch_account.lookup(azure, call)["resource"]
    return f"{account['id']}/pools/{call.params['pool']}"


def lookup(azure: Azure, call: Call) -> dict[str, Any]:
    found = azure.store.get("pool", _key(azure, call))
    if found is None:
        raise Failure(404, "PoolNotFound", "The specified pool does not exist.")
    return found


def shown(azure: Azure, document: dict[str, Any]) -> dict[str, Any]:
    """The pool as ARM shows it: with its node counts, without what is write-only."""
    resource = document["resource"]
    dedicated, spot = azure.batch.current(document)
    counts = {"currentDedicatedNodes": dedicated, "currentLowPriorityNodes": spot}
    properties = {**resource["properties"], **counts}
    start = properties.get("startTask")
    if start:
        properties["startTask"] = start
    return {**resource, "properties": properties}


def _invalid(name: str, value: Any, reason: str) -> Failure:
    values = {"PropertyName": name, "PropertyValue": str(value), "Reason": reason}
    text = f"The value provided for one of the properties in the request body is invalid: {name}: {reason}"
    return Failure(400, "InvalidPropertyValue", text, values)


def _properties(azure: Azure, body: Any) -> dict[str, Any]:
    """Checked and canonicalised properties of a PUT or PATCH."""
    only(body or {}, BODY, "Pool")
    properties = dict(only((body or {}).get("properties") or {}, (*ANY_TIME, *WHEN_EMPTY), "PoolProperties"))
    if "vmSize" in properties:
        if offers.cores(properties["vmSize"]) is None:
            raise _invalid("vmSize", properties["vmSize"], "The specified VM size is not offered in the region.")
        properties["vmSize"] = properties["vmSize"].lower()
    if "deploymentConfiguration" in properties:
        properties["deploymentConfiguration"] = _deployment(properties["deploymentConfiguration"])
    if "scaleSettings" in properties:
        properties["scaleSettings"] = _scale(properties["scaleSettings"])
    if "startTask" in properties:
        properties["startTask"] = _start_task(properties["startTask"])
    for name in properties.get("metadata") or []:
        only(name, ("name", "value"), "MetadataItem")
    return properties


def _deployment(deployment: dict[str, Any]) -> dict[str, Any]:
    machine = (deployment or {}).get("virtualMachineConfiguration")
    if not machine:
        raise _invalid("deploymentConfiguration", deployment, "virtualMachineConfiguration is required.")
    known = (
        "imageReference", "nodeAgentSkuId", "windowsConfiguration", "dataDisks", "licenseType", "osDisk",
        "containerConfiguration", "diskEncryptionConfiguration", "nodePlacementConfiguration", "extensions",
        "securityProfile", "serviceArtifactReference",
    )  # fmt: skip
    only(machine, known, "VirtualMachineConfiguration")
    image = only(machine.get("imageReference"), ("publisher", "offer", "sku", "version", "id"), "ImageReference")
    agent = offers.agent(image)
    if agent is None:
        raise _invalid("imageReference", image, "The specified image is not supported by Batch.")
    if machine.get("nodeAgentSkuId") != agent:
        raise _invalid("nodeAgentSkuId", machine.get("nodeAgentSkuId"), "The node agent SKU does not fit the image.")
    placement = {"policy": "Regional"}
    return {
        "virtualMachineConfiguration": {
            "nodePlacementConfiguration": placement,
            "osDisk": {"caching": "None"},
            **machine,
            "imageReference": {"version": "latest", **image},
        }
    }


def _scale(scale: dict[str, Any]) -> dict[str, Any]:
    only(scale, ("fixedScale", "autoScale"), "ScaleSettings")
    if "autoScale" in scale:
        raise Failure(400, "InvalidRequestBody", "Autoscale is not offered by the local Azure.")
    known = ("resizeTimeout", "targetDedicatedNodes", "targetLowPriorityNodes", "nodeDeallocationOption")
    fixed = dict(only(scale.get("fixedScale") or {}, known, "FixedScaleSettings"))
    for name in known[1:3]:
        if not isinstance(fixed.setdefault(name, 0), int) or fixed[name] < 0:
            raise _invalid(name, fixed[name], "The number of nodes must not be negative.")
    option = fixed.pop("nodeDeallocationOption", "Requeue")
    if option not in ("Requeue", "Terminate", "TaskCompletion", "RetainedData"):
        raise _invalid("nodeDeallocationOption", option, "The option is not known.")
    return {"fixedScale": {**fixed, "resizeTimeout": _duration(fixed.get("resizeTimeout", "PT15M"))}}


def _duration(text: str) -> str:
    """`PT06M00S` comes back as `PT6M`."""
    match = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    if not match:
        raise _invalid("resizeTimeout", text, "It is not a duration.")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    clock = "".join(f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number)
    return f"P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}" if days or clock else "PT0S"


def _start_task(start: Any) -> dict[str, Any] | None:
    if not start:  # an empty object removes it
        return None
    known = (
        "commandLine", "resourceFiles", "environmentSettings", "userIdentity", "maxTaskRetryCount", "waitForSuccess",
        "containerSettings",
    )  # fmt: skip
    only(start, known, "StartTask")
    if not start.get("commandLine"):
        raise _invalid("startTask.commandLine", "", "It must not be empty.")
    user = {"autoUser": {"scope": "Pool", "elevationLevel": "NonAdmin"}}
    return {"userIdentity": user, "maxTaskRetryCount": 0, "waitForSuccess": True, **start}


def _check_slots(properties: dict[str, Any]) -> None:
    cores = offers.cores(properties["vmSize"]) or 1
    slots = properties["taskSlotsPerNode"]
    if not isinstance(slots, int) or not 1 <= slots <= min(256, 4 * cores):
        raise _invalid("taskSlotsPerNode", slots, f"It must be between 1 and {min(256, 4 * cores)} for this VM size.")


def _identity(azure: Azure, body: dict[str, Any]) -> dict[str, Any]:
    wanted = body.get("identity") or {"type": "None"}
    if wanted.get("type") == "None":
        return {"type": "None"}
    if wanted.get("type") != "UserAssigned":
        raise _invalid("identity.type", wanted.get("type"), "A pool can have user-assigned identities only.")
    return {"type": "UserAssigned", "userAssignedIdentities": batch_account.identities(azure, wanted)}


async def put(azure: Azure, call: Call) -> Answer:
    account, key, name = batch_account.lookup(azure, call)["resource"], _key(azure, call), call.params["pool"]
    existing = azure.store.get("pool", key)
    check_match(call, existing["resource"]["etag"] if existing else None)
    if existing is not None:
        _not_deleting(existing)
        return change(azure, existing, call.body)
    document = make(azure, account, name, call.body)
    return Answer(200, shown(azure, document), {"ETag": document["resource"]["etag"]})


def make(azure: Azure, account: dict[str, Any], name: str, body: dict[str, Any]) -> dict[str, Any]:
    """A new pool of the account, kept and resizing. Failure as Batch words it."""
    key = f"{account['id']}/pools/{name}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        raise Failure(400, "InvalidPoolName", "The specified pool id is not valid.")
    pools = [d for d in azure.store.list("pool") if d["account"] == account["name"]]
    if len(pools) >= account["properties"]["poolQuota"]:
        raise Failure(409, "PoolQuotaReached", "The pool quota of the account has been reached.")
    given = _properties(azure, body)
    for needed in ("vmSize", "deploymentConfiguration"):
        if needed not in given:
            raise _invalid(needed, "", "It is required.")
    now = azure.clock.after(0)
    properties = {
        "taskSlotsPerNode": 1,
        "taskSchedulingPolicy": {"nodeFillType": "Spread"},
        "interNodeCommunication": "Disabled",
        "networkConfiguration": {
            "dynamicVnetAssignmentScope": "none",
            "enableAcceleratedNetworking": False,
            "publicIPAddressConfiguration": {"provision": "BatchManaged"},
        },
        "upgradePolicy": {"mode": "manual"},
        "scaleSettings": _scale({}),
        **{name: value for name, value in given.items() if value is not None},
        "provisioningState": "Succeeded",
        "provisioningStateTransitionTime": now,
        "creationTime": now,
        "lastModified": now,
        "allocationState": "Resizing",
        "allocationStateTransitionTime": now,
    }
    _check_slots(properties)
    resource: dict[str, Any] = {
        "id": key,
        "name": name,
        "type": TYPE,
        "etag": f'W/"{etag()}"',
        "properties": properties,
    }
    resource["identity"] = _identity(azure, body)
    if body.get("tags"):
        resource["tags"] = body["tags"]
    document = {"account": account["name"], "resource": resource}
    azure.batch.resize(document)
    return azure.store.put("pool", key, document)


def _not_deleting(document: dict[str, Any]) -> None:
    if document["resource"]["properties"]["provisioningState"] == "Deleting":
        raise Failure(409, "PoolBeingDeleted", "The specified pool is being deleted.")


async def patch(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    check_match(call, document["resource"]["etag"])
    _not_deleting(document)
    return change(azure, document, call.body)


def change(azure: Azure, document: dict[str, Any], body: dict[str, Any]) -> Answer:
    """Change what `body` names, as far as the pool's state allows."""
    resource, given = document["resource"], _properties(azure, body)
    properties = resource["properties"]
    empty = properties["allocationState"] == "Steady" and azure.batch.current(document) == (0, 0)
    moved = [name for name in WHEN_EMPTY if name in given and not _within(given[name], properties.get(name))]
    if moved and not empty:
        text = f"The properties {', '.join(moved)} can be updated only when the pool is steady and has no nodes."
        raise Failure(409, "OperationInvalidForCurrentState", text)
    changed = {**properties, **given}
    if "startTask" in given and given["startTask"] is None:
        del changed["startTask"]
    _check_slots(changed)
    if "scaleSettings" in given and properties["allocationState"] != "Steady":
        raise Failure(409, "PoolBeingResized", "The specified pool is being resized.")
    if "identity" in body:
        resource["identity"] = _identity(azure, body)
    if "tags" in body:
        resource["tags"] = body["tags"]
    resource["properties"] = changed
    changed["lastModified"] = azure.clock.after(0)
    resource["etag"] = f'W/"{etag()}"'
    if "scaleSettings" in given:
        azure.batch.resize(document)
    azure.store.put("pool", resource["id"], document)
    return Answer(200, shown(azure, document), {"ETag": resource["etag"]})


def _within(given: Any, live: Any) -> bool:
    """Whether every given field is as it is live."""
    if isinstance(given, dict) and isinstance(live, dict):
        return all(_within(value, live.get(key)) for key, value in given.items())
    if isinstance(given, str) and isinstance(live, str):
        return given.lower() == live.lower()
    return bool(given == live)


async def get(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    return Answer(200, shown(azure, document), {"ETag": document["resource"]["etag"]})


async def listing(azure: Azure, call: Call) -> Answer:
    account = batch_account.lookup(azure, call)["resource"]
    documents = azure.store.list("pool", f"{account['id']}/pools/")
    body = page(documents, call, int(call.query.get("maxresults", azure.page_size)))
    return Answer(200, {**body, "value": [shown(azure, document) for document in body["value"]]})


async def delete(azure: Azure, call: Call) -> Answer:
    key = _key(azure, call)
    document = azure.store.get("pool", key)
    if document is None:
        return Answer(204)
    await azure.batch.delete_pool(document)
    headers = operations.start(azure, "Microsoft.Batch", SECONDS["deletion"], "pool.delete", key=key)
    return Answer(202, None, headers)


async def deleted(azure: Azure, data: dict[str, Any]) -> None:
    await azure.batch.pool_gone(data["key"])


async def stop_resize(azure: Azure, call: Call) -> Answer:
    document = lookup(azure, call)
    if document["resource"]["properties"]["allocationState"] == "Resizing":
        azure.batch.stop_resize(document)
    return Answer(200, shown(azure, document), {"ETag": document["resource"]["etag"]})


ALL = f"{batch_account.ONE}/pools"
ONE = f"{ALL}/{{pool}}"
ROUTES = (
    Route("PUT", ONE, put, VERSIONS),
    Route("PATCH", ONE, patch, VERSIONS),
    Route("GET", ONE, get, VERSIONS),
    Route("DELETE", ONE, delete, VERSIONS),
    Route("GET", ALL, listing, VERSIONS),
    Route("POST", f"{ONE}/stopResize", stop_resize, VERSIONS),
)
COMPLETIONS = {"pool.delete": deleted}
