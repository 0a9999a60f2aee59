"""The image that the nodes of a pool boot: from the marketplace, from this spec, or from another team's gallery.

Names that move (`latest`, the current version of an image of ours) are looked up when the plan is made, so that a new
version shows as a change. The container images that an image of ours contains are declared on the pool.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm, node_agents, registries
from reconciler.cloud.cloud import Cloud
from reconciler.errors import ReconcileError
from reconciler.kinds.pool import claims
from reconciler.model import Address, Desired
from reconciler.spec.pools import Pool
from reconciler.spec.spec import Spec

IMAGE = "image_version"


def machine(spec: Spec, pool: Pool, identities: list[str]) -> dict[str, Any]:
    """The part of virtualMachineConfiguration about the image, as far as it follows from the spec alone."""
    image = pool["image"]
    if images.built(image):
        return {"imageReference": {}, "containerConfiguration": _containers(spec, pool, identities)}
    gallery_image = images.gallery_id(image, spec.azure.subscription, spec.azure.resource_group)
    reference = {"id": gallery_image.lower()} if gallery_image else images.reference(image)
    return {"imageReference": reference, "containerConfiguration": _containers(spec, pool, identities)}


def refs(pool: Pool) -> tuple[Address, ...]:
    name = images.built(pool["image"])
    return (Address(IMAGE, name),) if name else ()


def claims_of(spec: Spec, pool: Pool) -> dict[str, Any]:
    """What the image of a pool holds, as far as the spec says it."""
    name = images.built(pool["image"])
    return claims.of_spec(spec.images[name]) if name else dict(claims.NONE)


def _containers(spec: Spec, pool: Pool, identities: list[str]) -> dict[str, Any] | None:
    """containerConfiguration: image names, and registries with the identity that pulls; None for a pool without.

    Where it is set, Batch runs tasks in containers only.
    """
    declared = pool.get("containers", {})
    names, servers = set(declared.get("images", ())), set(declared.get("registries", ()))
    if name := images.built(pool["image"]):
        preloaded, logins = registries.names(spec.images[name]["preload"])
        names, servers = names | set(preloaded), servers | set(logins)
    if "containers" not in pool and not names:
        return None
    pulled_by = dict.fromkeys(sorted(servers), identities[0]) if identities else {}
    return {"type": "DockerCompatible", "containerImageNames": sorted(names), "containerRegistries": pulled_by}


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """With the exact version of an image of ours, or of a gallery image that is named without a version."""
    image = desired.data["image"]
    if name := images.built(image):
        version = before[Address(IMAGE, name)]
        image_id = f"{version.data['definition']}/versions/{version.body['version']}".lower()
        return _with(desired, image_id, images.BASES[version.data["image"]["os"]].urn)
    gallery_image = images.gallery_id(image, cloud.target.subscription, cloud.target.resource_group)
    if gallery_image is None:
        return desired
    definition, _, version_name = gallery_image.partition("/versions/")
    raws = list(arm.listing(cloud, f"{definition}/versions"))
    raw = _chosen(raws, version_name)
    if raw is None:
        return replace(desired, obstacle=_none_such(cloud, definition, version_name, raws))
    return _holding(_with(desired, raw["id"].lower(), (raw.get("tags") or {}).get(marks.BASE)), raw)


def _holding(desired: Desired, raw: Mapping[str, Any]) -> Desired:
    """With what the version says that it holds: as configuration of the pool if asked, else as advice what to write."""
    held = claims.of_version(raw.get("tags"))
    desired = replace(desired, data={**desired.data, "claims": held})
    machine = desired.body["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    if desired.data["preloaded"]:
        if not held["images"]:
            what = f"{raw['id']} does not say which container images it holds"
            return replace(desired, obstacle=f"{what}; name them under containers.images instead of preloaded: true")
        return _configured(desired, machine, held)
    if held["images"] and machine["containerConfiguration"] is None:
        names = ", ".join(held["images"])
        advice = f"its image holds {names}; for tasks that run in containers, write containers: {{preloaded: true}}"
        return replace(desired, notes=(advice,))
    return desired


def _configured(desired: Desired, machine: Mapping[str, Any], held: Mapping[str, Any]) -> Desired:
    """With the container images of the version beside those that the spec names."""
    said, identities = machine["containerConfiguration"], desired.body["identity"]
    pulled_by = dict.fromkeys(held["registries"], identities[0]) if identities else {}
    containers = {
        "type": "DockerCompatible",
        "containerImageNames": sorted({*said["containerImageNames"], *held["images"]}),
        "containerRegistries": {**pulled_by, **said["containerRegistries"]},
    }
    properties = desired.body["properties"]
    deployment = {"virtualMachineConfiguration": {**machine, "containerConfiguration": containers}}
    body = {**desired.body, "properties": {**properties, "deploymentConfiguration": deployment}}
    return replace(desired, body=body)


def _with(desired: Desired, image_id: str, base: str | None) -> Desired:
    properties = dict(desired.body["properties"])
    deployment = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    properties["deploymentConfiguration"] = {
        "virtualMachineConfiguration": {**deployment, "imageReference": {"id": image_id}}
    }
    body = {**desired.body, "properties": properties}
    return replace(desired, body=body, data={**desired.data, "base": base})


def _chosen(raws: list[dict[str, Any]], version: str) -> dict[str, Any] | None:
    """The version named `version`; if that is empty, the highest that `latest` may mean."""
    if version:
        return next((raw for raw in raws if raw["name"] == version), None)
    usable = [raw for raw in raws if _in_latest(raw)]
    return max(usable, key=lambda raw: images.semantic(raw["name"]), default=None)


def _in_latest(raw: Mapping[str, Any]) -> bool:
    properties = raw["properties"]
    excluded = (properties.get("publishingProfile") or {}).get("excludeFromLatest", False)
    return properties.get("provisioningState") in ("Succeeded", "Updating") and not excluded


def _none_such(cloud: Cloud, definition: str, version: str, raws: list[dict[str, Any]]) -> str:
    """The message for a gallery image that does not exist, with those that do: the most similar names first."""
    gallery, _, name = definition.partition("/images/")
    if raws:
        known = sorted((raw["name"] for raw in raws), key=images.semantic, reverse=True)
        what = f"version {version}" if version else "version that `latest` may mean"
        return f"the image {name} has no {what}; it has {', '.join(known[:10])}"
    there = [raw["name"] for raw in arm.listing(cloud, f"{gallery}/images")]
    near = difflib.get_close_matches(name, there, n=len(there) or 1, cutoff=0.0)
    shown = ", ".join(near[:10]) or "none"
    return f"the gallery {gallery.rsplit('/', 1)[-1]} has no version of an image {name}; its images: {shown}"


def node_agent(cloud: Cloud, desired: Desired) -> str:
    """The node agent SKU for the image. ReconcileError lists the nearest images if Batch has none for it."""
    if desired.data.get("nodeAgentSkuId"):
        return str(desired.data["nodeAgentSkuId"])
    reference = desired.body["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]["imageReference"]
    name = desired.data.get("base")
    if "id" in reference and not name:
        text = f"nobody says which system {reference['id']} holds; set nodeAgentSkuId on the pool"
        raise ReconcileError(f"{text}, for example batch.node.ubuntu 22.04")
    name = name or ":".join(reference[key] for key in images.KEYS[:3])
    return node_agents.agent_of(cloud, name)


def observed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """virtualMachineConfiguration as Azure reports it, in the shape of `machine`."""
    reference = raw.get("imageReference") or {}
    if reference.get("id"):
        image = {"id": reference["id"].lower()}
    else:
        known = {key: str(value).lower() for key, value in reference.items() if key in images.KEYS}
        image = {"version": "latest", **known}
    booted = {**raw, "imageReference": image}
    containers = raw.get("containerConfiguration")
    if containers:
        booted["containerConfiguration"] = {
            "type": containers["type"],
            "containerImageNames": sorted(containers.get("containerImageNames") or ()),
            "containerRegistries": {
                registry["registryServer"]: str((registry.get("identityReference") or {}).get("resourceId", "")).lower()
                for registry in containers.get("containerRegistries") or ()
            },
        }
    return booted


def wire(machine: Mapping[str, Any], agent: str) -> dict[str, Any]:
    """virtualMachineConfiguration as ARM takes it."""
    body: dict[str, Any] = {"imageReference": machine["imageReference"], "nodeAgentSkuId": agent}
    containers = machine["containerConfiguration"]
    if containers is not None:
        pulled_by = {server: who for server, who in containers["containerRegistries"].items() if who is not None}
        references = {server: {"resourceId": who} for server, who in pulled_by.items()}
        listed = [{"registryServer": server, "identityReference": who} for server, who in references.items()]
        body["containerConfiguration"] = {**containers, "containerRegistries": listed}
    return body
