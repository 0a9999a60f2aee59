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
    name, version_name = desired.address.name, desired.body["version"]
    if version is None or version.body["version"] != version_name:
        raise Refused(f"version {version_name} of images/{name} is not there yet; run apply")
    image = spec.images[name]
    base = images.BASES[image["os"]]
    containers, _ = registries.names(image["preload"])
    return {
        "imageId": version.id,
        "nodeAgentSku": node_agents.agent_of(cloud, base.urn) if spec.batch_account else base.agent,
        "galleryName": image["gallery"],
        "imageName": name,
        "version": version.body["version"],
        "vmSize": image["buildVm"]["size"],
        "location": desired.body["location"],
        "baseOS": image["os"],
        "gpuEnabled": image["gpu"],
        "containerImage": containers[0] if len(containers) == 1 else containers or None,
    }


RECORD = Record("image-metadata", "imageMetadata", "image", _make)
