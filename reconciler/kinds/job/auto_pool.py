"""A pool that Batch makes for a job or a schedule: as a spec asks for it, as Batch shows it, and as Batch takes it.

It is said in the section `pools` as any other and goes out in the spelling of the data plane, BatchPoolSpecification of
azure-batch 15.1. Batch shows it with its defaults in the job that it was made for, so both sides are given all of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.azure.durations import canonical
from reconciler.cloud import node_agents, pairs, registries
from reconciler.cloud.cloud import Cloud
from reconciler.kinds.job import pool_spelling
from reconciler.model import Body
from reconciler.spec import container_pools, trial, vault_secrets
from reconciler.spec.pools import Pool, StartTask
from reconciler.spec.spec import Spec

MACHINE = "virtualMachineConfiguration"
IMAGE = "imageReference"
GALLERY_IMAGE = "virtualMachineImageId"
PARTS = ("networkConfiguration", "taskSchedulingPolicy", "userAccounts", "mountConfiguration", "upgradePolicy")
BOOTED = (
    "dataDisks", "licenseType", "diskEncryptionConfiguration", "nodePlacementConfiguration", "extensions", "osDisk",
    "securityProfile", "serviceArtifactReference",
)  # fmt: skip
"""What stands in the machine of a pool."""
USUAL: Mapping[str, Any] = {
    "taskSlotsPerNode": 1,
    "resizeTimeout": "PT15M",
    "enableAutoScale": False,
    "enableInterNodeCommunication": False,
    **{name: pool_spelling.part(name, None) for name in PARTS},
    MACHINE: {name: pool_spelling.part(name, None) for name in BOOTED},
}
"""What a pool has where nothing is said. Source: the docstring of BatchPoolSpecification."""
KEYS = {
    "": "pool",
    f".{MACHINE}": "pool",
    f".{MACHINE}.{IMAGE}": "pool.image",
    f".{MACHINE}.containerConfiguration.containerImageNames": "pool.containers.images",
    ".targetDedicatedNodes": "pool.nodes.dedicated",
    ".targetLowPriorityNodes": "pool.nodes.spot",
    ".resizeTimeout": "pool.nodes.resizeTimeout",
    ".autoScaleFormula": "pool.nodes.autoscale.formula",
    ".autoScaleEvaluationInterval": "pool.nodes.autoscale.every",
    ".applicationPackageReferences": "pool.applicationPackages",
    ".enableInterNodeCommunication": "pool.interNodeCommunication",
    ".startTask.userIdentity.autoUser.elevationLevel": "pool.startTask.elevationLevel",
}
"""Path in such a pool → what the spec calls it."""


def wanted(spec: Spec, pool: Pool) -> dict[str, Any]:
    """The pool that a spec asks for; None for what it does not have."""
    return {
        "displayName": pool.get("displayName"),
        "vmSize": pool["vmSize"][0].lower(),
        MACHINE: _machine(spec, pool),
        "taskSlotsPerNode": pool["taskSlotsPerNode"],
        **_scale(pool),
        "enableInterNodeCommunication": pool.get("interNodeCommunication") == "Enabled",
        "startTask": _start_task(pool.get("startTask")),
        "applicationPackageReferences": _packages(pool),
        "metadata": _listed(pool["metadata"]),
        **{name: pool_spelling.part(name, pool.get(name)) for name in PARTS},
    }


def _machine(spec: Spec, pool: Pool) -> dict[str, Any]:
    """The image is named without a version where the spec names none: Batch takes the latest when it makes the pool.

    Source: BatchVmImageReference, virtualMachineImageId.
    """
    built, names = images.built(pool["image"]), list(pool.get("containers", {}).get("images", ()))
    machine = {name: pool_spelling.part(name, pool.get(name)) for name in BOOTED}
    gallery_image = images.gallery_id(pool["image"], spec.azure.subscription, spec.azure.resource_group)
    if built:
        image = spec.images[built]
        gallery_image = f"{spec.id_of('Microsoft.Compute/galleries', image['gallery'])}/images/{built}"
        names += registries.names(image["preload"])[0]
        machine["nodeAgentSKUId"] = images.BASES[image["os"]].agent
    if "nodeAgentSkuId" in pool:
        machine["nodeAgentSKUId"] = pool["nodeAgentSkuId"]
    machine[IMAGE] = {GALLERY_IMAGE: gallery_image.lower()} if gallery_image else images.reference(pool["image"])
    containers = {"type": "dockerCompatible", "containerImageNames": sorted(set(names))}
    return {**machine, "containerConfiguration": containers if container_pools.only(spec, pool) else None}


def _scale(pool: Pool) -> dict[str, Any]:
    nodes = pool["nodes"]
    timeout = canonical(nodes.get("resizeTimeout", USUAL["resizeTimeout"]))
    if "autoscale" not in nodes:
        size = {"targetDedicatedNodes": nodes["dedicated"], "targetLowPriorityNodes": nodes["spot"]}
        return {"enableAutoScale": False, "autoScaleFormula": None, **size, "resizeTimeout": timeout}
    every = canonical(nodes["autoscale"]["every"])
    formula = trial.formula(nodes["autoscale"], pool["taskSlotsPerNode"])
    automatic = {"enableAutoScale": True, "autoScaleFormula": formula, "autoScaleEvaluationInterval": every}
    return {**automatic, "targetDedicatedNodes": None, "targetLowPriorityNodes": None, "resizeTimeout": timeout}


def _start_task(start: StartTask | None) -> dict[str, Any] | None:
    if start is None:
        return None
    kept = ("commandLine", "maxTaskRetryCount", "waitForSuccess")
    return {
        **{name: start[name] for name in kept},  # type: ignore[literal-required]
        "environmentSettings": _listed(vault_secrets.plain(start["environmentSettings"])),
        "resourceFiles": [dict(file) for file in start["resourceFiles"]],
        "containerSettings": pool_spelling.spelled(start.get("containerSettings")),
        "userIdentity": {"autoUser": {"scope": "pool", "elevationLevel": start["elevationLevel"].lower()}},
    }


def _packages(pool: Pool) -> list[dict[str, Any]]:
    """By the names of their applications, as recorded of pools on this plane; its newest schema asks for full ids."""
    named = [{**package, "applicationId": package["id"]} for package in pool["applicationPackages"]]
    return [{key: value for key, value in package.items() if key != "id"} for package in named]


def _listed(values: Mapping[str, str]) -> list[dict[str, str]]:
    return pairs.listed(dict(sorted(values.items())))


def observed(raw: Body) -> dict[str, Any]:
    """The pool as Batch shows it in a job, with what it may have left out."""
    there = pool_spelling.spelled(raw)
    machine = there.get(MACHINE) or {}
    image = {key: str(value).lower() for key, value in (machine.get(IMAGE) or {}).items()}
    size = {} if there.get("enableAutoScale") else {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0}
    containers = machine.get("containerConfiguration")
    names = sorted((containers or {}).get("containerImageNames") or ())
    start = there.get("startTask")
    return {
        **USUAL,
        **size,
        **there,
        "vmSize": str(there.get("vmSize", "")).lower(),
        MACHINE: {
            **machine,
            **{name: pool_spelling.part(name, machine.get(name)) for name in BOOTED},
            IMAGE: image if GALLERY_IMAGE in image else {"version": "latest", **image},
            "containerConfiguration": {**containers, "containerImageNames": names} if containers else None,
        },
        "startTask": {**start, "environmentSettings": _settings(start)} if start else None,
        "applicationPackageReferences": there.get("applicationPackageReferences") or [],
        "metadata": _listed(marks.without_mark(pairs.mapped(there.get("metadata")))),
        **{name: pool_spelling.part(name, there.get(name)) for name in PARTS},
    }


def _settings(start: Body) -> list[dict[str, str]]:
    return _listed(pairs.mapped(start.get("environmentSettings")))


def wire(cloud: Cloud, pool: Body, *, goes: bool) -> dict[str, Any]:
    """The pool as Batch takes it, without what is usual; with our mark if it goes with its job.

    User accounts have passwords that are kept nowhere.
    """
    machine = _beyond(pool[MACHINE], USUAL[MACHINE])
    if "nodeAgentSKUId" not in machine:
        urn = ":".join(machine[IMAGE][key] for key in images.KEYS[:3])
        machine["nodeAgentSKUId"] = node_agents.agent_of(cloud, urn)
    accounts = [{**account, "password": f"{secrets.token_urlsafe(24)}aA1!"} for account in pool["userAccounts"] or ()]
    asked = _beyond(pool, USUAL) | {MACHINE: machine}
    asked["metadata"] = [*pool["metadata"], *(pairs.listed({marks.AUTO: cloud.owner}) if goes else [])]
    asked |= {"userAccounts": accounts} if accounts else {}
    return {name: pool_spelling.bare(value) for name, value in asked.items()}


def _beyond(body: Body, usual: Body) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value not in (None, []) and value != usual.get(name)}
