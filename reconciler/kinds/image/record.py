"""`image_metadata.json`: the current version of an image for other programs, with the fields that they expect."""

from __future__ import annotations

from typing import Any

from reconciler.azure import images
from reconciler.cloud import node_agents, registries
from reconciler.cloud.cloud import Cloud
from reconciler.errors import Refused
from reconciler.kind import Record
from reconciler.model import Desired, Observed
from reconciler.spec.spec import Spec


def _make(cloud: Cloud, spec: Spec, desired: Desired, version: Observed | None) -> dict[str, Any]:
    name, wanted = desired.address.name, desired.body["version"]
    if version is None or version.body["version"] != wanted:
        raise Refused(f"version {wanted} of images/{name} is not there yet; run apply")
    own = spec.images[name]
    containers, _ = registries.names(own["preload"])
    return {
        "imageId": version.id,
        "nodeAgentSku": node_agents.agent_of(cloud, images.BASES[own["os"]].urn) if spec.batch_account else None,
        "galleryName": own["gallery"],
        "imageName": name,
        "version": version.body["version"],
        "vmSize": own["buildVm"]["size"],
        "location": desired.body["location"],
        "baseOS": own["os"],
        "gpuEnabled": own["gpu"],
        "containerImage": containers[0] if len(containers) == 1 else containers or None,
    }


RECORD = Record("image-metadata", "imageMetadata", "image", _make)
