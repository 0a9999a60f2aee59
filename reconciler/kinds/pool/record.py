"""`batch_metadata.json`: a live pool for other programs, with the fields that they expect."""

from __future__ import annotations

from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
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
        "imageId": _spelled(cloud, machine["id"]) if "id" in machine else ":".join(machine.values()),
        "vmSize": desired.data["vmSize"],
        "nodes": properties["currentDedicatedNodes"] + properties["currentLowPriorityNodes"],
        "state": properties["allocationState"].lower(),
    }


def _spelled(cloud: Cloud, image: str) -> str:
    """The id of a gallery image as Azure shows it where the image is; as it is given if that cannot be read."""
    with tolerated(403, 404):
        raw = arm.get(cloud, image)
        return str(raw["id"]) if raw else image
    return image


RECORD = Record("batch-metadata", "batchMetadata", "pool", _make)
