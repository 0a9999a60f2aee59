"""Pools that Batch makes for a job, or for all jobs of a schedule, and deletes with it unless it is to keep them.

Recorded: the pool's id is the prefix and a GUID in capitals; the job shows the specification with Batch's defaults; a
pool that cannot be made is the job's schedulingError, and the job is completed at once. Inferred: the quota's code.
"""

from __future__ import annotations

import uuid
from typing import Any

from azure_local.azure import Azure
from azure_local.batch.arm import batch_account
from azure_local.batch.arm import pool as arm_pool
from azure_local.batch.data import pool_spelling
from azure_local.batch.data.common import USER, pool
from azure_local.batch.shapes import invalid, missing
from azure_local.http import Failure

SPEC = "autoPoolSpecification"
QUOTA = {"PoolQuotaReached": "AutoPoolCreationFailedWithQuotaReached"}
"""Code of a refusal to make a pool → that of the job's schedulingError, if it is another."""
DEFAULTS = {
    "taskSlotsPerNode": 1,
    "taskSchedulingPolicy": {"nodeFillType": "Spread"},
    "resizeTimeout": "PT15M",
    "enableAutoScale": False,
    "enableInterNodeCommunication": False,
}
START = {"userIdentity": USER, "maxTaskRetryCount": 0, "waitForSuccess": True}


def check(info: dict[str, Any], *, scheduled: bool) -> None:
    """Failure unless the poolInfo of a job, or of a schedule's jobs, names a pool or says how to make one."""
    if ("poolId" in info) == (SPEC in info):
        raise invalid("poolInfo", "", f"It must have either a poolId or an {SPEC}.")
    if SPEC not in info:
        return
    if info[SPEC]["poolLifetimeOption"] == "jobschedule" and not scheduled:
        raise invalid("poolLifetimeOption", "jobschedule", "It can be applied only to job schedules.")
    if "pool" not in info[SPEC]:
        raise missing(f"poolInfo.{SPEC}.pool")


def completed(info: dict[str, Any]) -> dict[str, Any]:
    """A checked poolInfo with what Batch fills in."""
    if SPEC not in info:
        return info
    spec = info[SPEC]
    targets = {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}
    wanted = {**DEFAULTS, **({} if spec["pool"].get("enableAutoScale") else targets), **spec["pool"]}
    if "startTask" in wanted:
        wanted["startTask"] = {**START, **wanted["startTask"]}
    return {SPEC: {"keepAlive": False, **spec, "pool": wanted}}


def changed(live: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The poolInfo of a job after a change: of a pool of its own only keepAlive can change (Batch's schema)."""
    if SPEC not in given:
        return given
    kept = live.get(SPEC)
    others = {name: value for name, value in given[SPEC].items() if name != "keepAlive"}
    if kept is None or kept["poolLifetimeOption"] != "job":
        raise invalid(SPEC, "", "It can be changed only of a job that has a pool of its own.")
    if completed({SPEC: {**kept, **others}})[SPEC] != kept:
        raise invalid(SPEC, "", "Only its keepAlive can be changed.")
    return {SPEC: {**kept, **given[SPEC], "pool": kept["pool"]}}


def name(info: dict[str, Any]) -> str:
    """The id of the pool that a job runs on: the one that is named, or a new one."""
    if SPEC not in info:
        return str(info["poolId"])
    prefix, unique = info[SPEC].get("autoPoolIdPrefix"), str(uuid.uuid4()).upper()
    return f"{prefix}_{unique}" if prefix else unique


def make(azure: Azure, account: str, info: dict[str, Any], pool_id: str) -> dict[str, Any] | None:
    """Make the pool if it is not there; the schedulingError if that is refused."""
    if SPEC not in info or pool(azure, account, pool_id) is not None:
        return None
    owner = batch_account.by_name(azure, account)
    assert owner is not None
    try:
        body = pool_spelling.heard(owner["resource"], info[SPEC]["pool"], "BatchPoolSpecification")
        arm_pool.make(azure, owner["resource"], pool_id, body)
    except Failure as failure:
        details = [{"name": key, "value": value} for key, value in failure.values.items()]
        code = QUOTA.get(failure.code, failure.code)
        return {"category": "usererror", "code": code, "message": failure.message, "details": details}
    return None


def drop(azure: Azure, account: str, info: dict[str, Any], pool_id: str, lifetime: str) -> None:
    """Delete the pool if it was made for a `job` or `jobschedule` that has ended, unless it is to be kept."""
    spec = info.get(SPEC)
    document = pool(azure, account, pool_id) if spec else None
    if spec is None or document is None or spec["keepAlive"] or spec["poolLifetimeOption"] != lifetime:
        return
    if document["resource"]["properties"]["provisioningState"] != "Deleting":
        arm_pool.begin_delete(azure, document)
