"""Where the tasks of a job run, its poolInfo: on a pool of the spec, or on one that Batch makes for the job.

Only of a pool that is named another can be named in place, while the job is disabled. A job that has a pool of its own
keeps it as it is. Source: Batch service, Job - Update, poolInfo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.job import auto_pool
from reconciler.model import Address, Body
from reconciler.spec import networks
from reconciler.spec.pools import Pool
from reconciler.spec.sections import Job
from reconciler.spec.spec import Spec
from reconciler.words import count

AUTO = "autoPoolSpecification"
PREFIX = 20
"""The most characters of autoPoolIdPrefix. Source: BatchAutoPoolSpecification."""
KEYS = {"poolInfo.poolId": "pool", f"poolInfo.{AUTO}": "pool.autoPool"}
KEYS |= {f"poolInfo.{AUTO}.pool{path}": key for path, key in auto_pool.KEYS.items()}
"""Path in the body of a job → what the spec calls it."""
NODES = ("targetDedicatedNodes", "targetLowPriorityNodes")
USUAL = {AUTO: {"keepAlive": False, "pool": {**auto_pool.USUAL, **dict.fromkeys(NODES, 0)}}}
"""The poolInfo of a job where its spec says nothing."""


def wanted(spec: Spec, job: Job) -> dict[str, Any]:
    """The poolInfo that a spec asks for; one of the two forms is declared absent."""
    name, pool = _named(spec, job)
    if "autoPool" not in pool:
        return {"poolId": name, AUTO: None}
    asked = {
        "autoPoolIdPrefix": name[:PREFIX],
        "poolLifetimeOption": pool["autoPool"]["poolLifetimeOption"].lower(),
        "keepAlive": pool["autoPool"]["keepAlive"],
        "pool": auto_pool.wanted(spec, pool),
    }
    return {"poolId": None, AUTO: asked}


def _named(spec: Spec, job: Job) -> tuple[str, Pool]:
    name = job["pool"].split("/")[1]
    return name, spec.pools[name]


def refs(spec: Spec, job: Job) -> tuple[Address, ...]:
    """What must be there before the job: its pool, or what a pool of its own needs."""
    name, pool = _named(spec, job)
    if "autoPool" not in pool:
        return (Address("pool", name),)
    assert spec.batch_account is not None
    built = images.built(pool["image"])
    known = {application.lower(): application for application in spec.applications}
    brought = [known.get(package["id"].lower()) for package in pool["applicationPackages"]]
    return (
        Address("batch_account", spec.batch_account["name"]),
        *([Address("image_version", built)] if built else []),
        *(Address("application", application) for application in dict.fromkeys(brought) if application),
        *networks.refs(spec, (pool.get("networkConfiguration") or {}).get("subnetId")),
    )


def notes(spec: Spec, job: Job) -> tuple[str, ...]:
    """What a plan says of a pool that goes with the job, as it is not among the pools."""
    name, pool = _named(spec, job)
    if "autoPool" not in pool:
        return ()
    nodes = pool["nodes"]
    fixed = count(nodes["dedicated"] + nodes["spot"], "node") if "autoscale" not in nodes else "nodes by its formula"
    shared = pool["autoPool"]["poolLifetimeOption"] == "JobSchedule"
    whose, end = ("its jobs share", "the schedule ends") if shared else ("it gets", "the job ends")
    goes = "stays" if pool["autoPool"]["keepAlive"] else "goes"
    return (f"{whose} a pool made from pools/{name} ({fixed} of {pool['vmSize'][0]}), which {goes} when {end}",)


def observed(info: Body, pool: str | None) -> dict[str, Any]:
    """As Batch shows it; any generation of the pool that is asked for counts as that pool."""
    if pool and marks.is_generation(info.get("poolId", ""), pool):
        return {"poolId": pool}
    own = info.get(AUTO)
    return {**info, AUTO: {**own, "pool": auto_pool.observed(own.get("pool") or {})}} if own else dict(info)


def wire(cloud: Cloud, info: Body) -> dict[str, Any]:
    """As Batch takes it: with the id of the live pool that is the current generation of the spec's pool."""
    if info[AUTO] is None:
        return {"poolId": cloud.pools.get(info["poolId"], info["poolId"])}
    pool = auto_pool.wire(cloud, info[AUTO]["pool"], goes=not info[AUTO]["keepAlive"])
    return {AUTO: {**info[AUTO], "pool": pool}}


def fault(raw: Mapping[str, Any]) -> str:
    """Why Batch could not make the pool of a job, which it ends at once then; empty if it could."""
    error = (raw.get("executionInfo") or {}).get("schedulingError")
    return f"its pool could not be made: {error.get('code')}: {error.get('message', '')}".strip(": ") if error else ""
