"""Records that other programs read: `image_metadata.json` and `batch_metadata.json`, with the fields they expect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused

if TYPE_CHECKING:
    from reconciler.cloud.cloud import Cloud
    from reconciler.model import Address, Desired
    from reconciler.spec import Spec

SHAPES = {"imageMetadata": "image-metadata", "batchMetadata": "batch-metadata"}


def record(spec: Spec, reached: Cloud, shape: str, name: str | None) -> dict[str, Any]:
    """One record of what is live. Refused where it is not, or where there is no telling which is meant."""
    from reconciler.engine.resolve import resolve
    from reconciler.kinds import KINDS

    return _record(spec, resolve(spec, reached, KINDS), reached, shape, name)


def write(spec: Spec, desired: Mapping[Address, Desired], reached: Cloud) -> None:
    """Write the records that the spec asks for, where what they tell of is live."""
    for key, path in spec.outputs.items():
        target = spec.folder / path
        try:
            found = _records(spec, desired, reached, SHAPES[key])
        except Refused:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f"{target.name}.new")
        new.write_text(json.dumps(found[0] if len(found) == 1 else found, indent=2) + "\n")
        new.replace(target)


def _records(spec: Spec, desired: Mapping[Address, Desired], reached: Cloud, shape: str) -> list[dict[str, Any]]:
    names = spec.images if shape == "image-metadata" else spec.pools
    return [_record(spec, desired, reached, shape, name) for name in names]


def _record(
    spec: Spec, desired: Mapping[Address, Desired], reached: Cloud, shape: str, name: str | None
) -> dict[str, Any]:
    from reconciler.cloud.errors import translated

    section, word = (spec.images, "image") if shape == "image-metadata" else (spec.pools, "pool")
    if name is None and len(section) != 1:
        raise Refused(f"say which {word} with --name; {spec.file} has {', '.join(section) or 'none'}")
    name = name or next(iter(section))
    if name not in section:
        raise Refused(f"{spec.file} has no {word} {name}; it has {', '.join(section) or 'none'}")
    with translated():
        return (_image if word == "image" else _pool)(spec, desired, reached, name)


def _image(spec: Spec, desired: Mapping[Address, Desired], reached: Cloud, name: str) -> dict[str, Any]:
    from reconciler.azure import images
    from reconciler.cloud import registries
    from reconciler.kinds.image import image_version
    from reconciler.kinds.pool import image
    from reconciler.model import Address

    want = desired[Address(image_version.NAME, name)]
    found = image_version.observe(reached, want)
    if found is None or found.body["version"] != want.body["version"]:
        raise Refused(f"version {want.body['version']} of images/{name} is not there yet; run apply")
    own = spec.images[name]
    containers, _ = registries.names(own["preload"])
    return {
        "imageId": found.id,
        "nodeAgentSku": image.agent_of(reached, images.BASES[own["os"]].urn) if spec.batch_account else None,
        "galleryName": own["gallery"],
        "imageName": name,
        "version": found.body["version"],
        "vmSize": own["buildVm"]["size"],
        "location": want.body["location"],
        "baseOS": own["os"],
        "gpuEnabled": own["gpu"],
        "containerImage": containers[0] if len(containers) == 1 else containers or None,
    }


def _pool(spec: Spec, desired: Mapping[Address, Desired], reached: Cloud, name: str) -> dict[str, Any]:
    from reconciler.kinds.pool import pool
    from reconciler.model import Address

    found = pool.observe(reached, desired[Address(pool.NAME, name)])
    if found is None:
        raise Refused(f"pools/{name} is not there yet; run apply")
    properties = found.body["properties"]
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]["imageReference"]
    return {
        "batchAccount": reached.account,
        "poolId": found.id.rsplit("/", 1)[-1],
        "imageId": machine.get("id") or ":".join(machine.values()),
        "vmSize": desired[Address(pool.NAME, name)].data["vmSize"],
        "nodes": properties["currentDedicatedNodes"] + properties["currentLowPriorityNodes"],
        "state": properties["allocationState"].lower(),
    }
