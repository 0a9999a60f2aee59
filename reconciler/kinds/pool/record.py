"""`batch_metadata.json`: a live pool for other programs, with the fields that they expect."""

from __future__ import annotations

from typing import Any

from reconciler.cloud.cloud import Cloud
from reconciler.errors import Refused
from reconciler.kind import Record
from reconciler.model import Desired, Observed
from reconciler.spec.spec import Spec


def _make(cloud: Cloud, spec: Spec, desired: Desired, pool: Observed | None) -> dict[str, Any]:
    if pool is None:
        raise Refused(f"pools/{desired.address.name} is not there yet; run apply")
    properties = pool.body["properties"]
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]["imageReference"]
    return {
        "batchAccount": cloud.account,
        "poolId": pool.id.rsplit("/", 1)[-1],
        "imageId": machine.get("id") or ":".join(machine.values()),
        "vmSize": desired.data["vmSize"],
        "nodes": properties["currentDedicatedNodes"] + properties["currentLowPriorityNodes"],
        "state": properties["allocationState"].lower(),
    }


RECORD = Record("batch-metadata", "batchMetadata", "pool", _make)
