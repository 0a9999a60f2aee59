"""The current version of a VM image: built on a temporary machine when its content differs from every version's.

Regions, replicas, latest and end of life change in place; content never does: other content is the next version, and
the one before stays. Old versions are deleted when there are more than `keep`, but never one that a pool or job
schedule uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.azure import images
from reconciler.cloud import arm, capacity
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.digest import digest
from reconciler.errors import AzureError
from reconciler.kind import ArmType, Kind
from reconciler.kind.going import Neighbours
from reconciler.kind.needs import Needs
from reconciler.kind.traits import Traits
from reconciler.kinds.image import (
    build,
    costs,
    leftovers,
    machine,
    preload,
    recipe,
    record,
    version_tags,
    version_use,
    versions,
)
from reconciler.kinds.image.state import State, state_of
from reconciler.model import Address, Decision, Desired, Diff, Health, Mark, Observed, Rule
from reconciler.spec import networks, role_targets
from reconciler.spec.spec import Spec

NAME = "image_version"
NODES_PER_REPLICA = 300
"""A required ratio; Microsoft recommends a replica per 20 machines that are made at once, at most 50 of them."""
FIELDS = {
    **arm.TAGGED,
    "version": Rule.NEW_VERSION,
    "inputs": Rule.NEW_VERSION,
    "stage": Rule.LIVE,
    "properties.publishingProfile": Rule.LIVE,
    "properties.publishingProfile.storageAccountType": Rule.REFUSE,
    "properties.publishingProfile.replicationMode": Rule.REFUSE,
    "properties.storageProfile": Rule.NEW_VERSION,
    "properties.safetyProfile": Rule.LIVE,
    "properties.securityProfile": Rule.NEW_VERSION,
    "properties.restore": Rule.IGNORE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for name, image in spec.images.items():
        home = images.home(image.get("regions", {}), spec.azure.location)
        profile: dict[str, Any] = {"targetRegions": image.get("regions") or {home: _replicas(spec, name)}}
        if image["excludeFromLatest"] != "untilVerified":
            profile["excludeFromLatest"] = image["excludeFromLatest"]
        profile["endOfLifeDate"] = image.get("endOfLife")
        body = {
            **arm.tagged(spec, image),
            "location": home,
            "stage": None,
            "properties": {"publishingProfile": profile},
        }
        definition = f"{spec.id_of('Microsoft.Compute/galleries', image['gallery'])}/images/{name}"
        identity = image.get("identity", "").removeprefix("identities/")
        data = {"image": image, "definition": definition, "identity": identity, "pinned": _pinned(spec)}
        refs = [Address("image_definition", name), *preload.refs(spec, image["preload"]), *_roles(spec, identity)]
        refs += networks.refs(spec, image["buildVm"].get("subnet"))
        yield Desired(Address(NAME, name), body, tuple(refs), image["protect"], data)


def _pinned(spec: Spec) -> list[str]:
    """The ids, in lower case, of gallery images that pools of the spec name directly."""
    where = (spec.azure.subscription, spec.azure.resource_group)
    return [image_id.lower() for pool in spec.pools.values() if (image_id := images.gallery_id(pool["image"], *where))]


def _replicas(spec: Spec, name: str) -> int:
    """A replica for every 300 nodes of the pools that boot the image."""
    scales = [pool["nodes"] for pool in spec.pools.values() if pool["image"] == f"images/{name}"]
    nodes = sum(
        int(scale["autoscale"].get("max", 1)) if "autoscale" in scale else scale["dedicated"] + scale["spot"]
        for scale in scales
    )
    return max(1, math.ceil(nodes / NODES_PER_REPLICA))


def _roles(spec: Spec, identity: str) -> list[Address]:
    """The identity that the machine pulls with, and its roles on the registries."""
    if not identity:
        return []
    registries = [Address("registry", name) for name in spec.registries]
    return [Address("identity", identity), *role_targets.reaching(spec, identity, registries)]


def resolve(cloud: Cloud, desired: Desired, before: Mapping[Address, Desired]) -> Desired:
    """With the inputs of the image as they are now, and the version for them: an existing one, or the next."""
    image = desired.data["image"]
    base = image.get("baseVersion") or _newest_base(cloud, image["os"], desired.body["location"])
    pins = [preload.resolve(cloud, reference, before) for reference in image["preload"]]
    missing = [reference for reference, pin in zip(image["preload"], pins, strict=True) if pin is None]
    pulls = tuple(pin.pull for pin in pins if pin)
    digests = {reference: pin.digest for reference, pin in zip(image["preload"], pins, strict=True) if pin}
    inputs = recipe.inputs(image, base, digests)
    content = digest(inputs)
    raws = versions.resolved(cloud, desired.data["definition"])
    version = _version(image["version"], content, versions.ours(cloud, raws), raws)
    data = {**desired.data, "base": base, "content": content, "pulls": pulls}
    body = {**desired.body, "version": version, "inputs": inputs}
    resolved = replace(desired, body=body, data=data)
    return replace(resolved, obstacle=_obstacle(cloud, resolved, versions.named(raws, version), missing))


def _newest_base(cloud: Cloud, os: str, location: str) -> str:
    publisher, offer, sku = images.BASES[os].urn.split(":")
    place = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Compute/locations/{location}"
    path = f"{place}/publishers/{publisher}/artifacttypes/vmimage/offers/{offer}/skus/{sku}/versions"
    names = [entry["name"] for entry in cloud.arm("GET", path).body]
    if not names:
        raise AzureError(404, "PlatformImageNotFound", f"the marketplace has no {images.BASES[os].urn} in {location}")
    return str(max(names, key=images.semantic))


def _version(declared: str, content: str, ours: list[dict[str, Any]], every: list[dict[str, Any]]) -> str:
    if declared != "auto":
        return declared
    same = [raw["name"] for raw in ours if version_tags.content(raw) == content]
    return same[0] if same else images.following([raw["name"] for raw in every])


def _obstacle(cloud: Cloud, desired: Desired, live: dict[str, Any] | None, missing: list[str]) -> str:
    """Why the version cannot be built, if it has to be; `live` is the existing version of that name."""
    if missing:
        return f"cannot preload {', '.join(missing)}: there is no such image in its registry"
    version, image = desired.body["version"], desired.data["image"]
    if live is not None and version_tags.content(live) == desired.data["content"]:
        return ""
    if live is not None and marks.mark_of(live.get("tags")) is not None:
        return f"version {version} is pinned, but what would be in it differs; set another version, or version: auto"
    if problem := version_tags.too_long(desired.body["inputs"]):
        return problem
    if arm.get(cloud, build.names(cloud, desired).machine) is not None:
        return ""
    return capacity.obstacle(cloud, desired.body["location"], image["buildVm"]["size"])


def list_(cloud: Cloud, wanted: Iterable[Desired]) -> Iterable[Observed]:
    """The current version of each image, and every other version of ours, to be kept or deleted."""
    wanted = list(wanted)
    resources = machine.leftovers(cloud) if wanted else []
    for desired in wanted:
        live = versions.listed(cloud, desired.data["definition"])
        mine = [resource for resource in resources if resource["tags"][marks.BUILD] == desired.address.name]
        if current := _current(cloud, desired, live, mine):
            yield current
        others = [raw for raw in versions.ours(cloud, live) if raw["name"] != desired.body["version"]]
        keep, pinned = desired.data["image"]["keep"] - 1, desired.data["pinned"]
        yield from version_use.others(cloud, NAME, others, keep, pinned)
    known = {desired.data["definition"].lower() for desired in wanted}
    for definition in version_use.definitions(cloud):
        if definition["id"].lower() not in known:
            raws = versions.ours(cloud, versions.now(cloud, definition["id"]))
            yield from version_use.others(cloud, NAME, raws, None)


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    if isinstance(resource, Observed):
        raw = arm.get(cloud, version_use.id_of(cloud, resource))
        if raw is None:
            return None
        version = version_use.observed(resource.address, raw)
        users = version_use.of_version(Neighbours(cloud), version)
        return replace(version, occupants=tuple(user.name for user in users))
    raws = versions.now(cloud, resource.data["definition"])
    return _current(cloud, resource, raws, machine.leftovers(cloud, resource.address.name))


def _current(
    cloud: Cloud, desired: Desired, raws: versions.Versions, resources: list[dict[str, Any]]
) -> Observed | None:
    """The desired version if it exists; else the state of its build, compared with the newest version before it."""
    live = versions.named(raws, desired.body["version"])
    if live is not None and live["properties"]["provisioningState"] != "Succeeded":
        live = arm.get(cloud, live["id"], expand="ReplicationStatus")
    if live is not None and (
        version_tags.content(live) == desired.data["content"] or not marks.is_ours(cloud.owner, live.get("tags"))
    ):
        return _published(cloud, desired, live, resources)
    before = next(iter(versions.ours(cloud, raws)), None)
    if before is None and not resources:
        return None
    body = version_tags.body(before) if before else {**desired.body, "version": None}
    mark = marks.mark_of(before.get("tags")) if before else Mark(cloud.owner, "")
    unbuilt = Observed(desired.address, before["id"] if before else "", body, mark, state=State())
    return build.building(cloud, desired, unbuilt, resources) if resources else unbuilt


def _published(cloud: Cloud, desired: Desired, live: dict[str, Any], resources: list[dict[str, Any]]) -> Observed:
    status, detail = live["properties"]["provisioningState"], ""
    health = Health.FAILED if status == "Failed" else Health.READY
    if status == "Failed":
        detail = f"version {live['name']} could not be published"
    elif status != "Succeeded" and (waiting := version_tags.unreplicated(live)):
        home = desired.body["location"] in waiting
        health = Health.BUSY if home else Health.READY
        detail = f"publishing {live['name']}: waiting for {', '.join(sorted(waiting))}"
    elif status == "Deleting":
        health, detail = Health.BUSY, "being deleted"
    tags = live.get("tags") or {}
    mark, state = marks.mark_of(tags), State(tags, tuple(resources))
    version = Observed(desired.address, live["id"], version_tags.body(live), mark, health, detail, state=state)
    return build.clearing(cloud, version, resources) if resources and health is Health.READY else version


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Begin the build."""
    build.advance(cloud, desired, mark, State())
    return None


def update(cloud: Cloud, desired: Desired, mark: Mark, version: Observed, diff: Diff) -> Operation | None:
    """Start the next phase of the build, or PATCH a version that exists."""
    state = state_of(version)
    if version.body["version"] != desired.body["version"] or "inputs" in {c.path.split(".")[0] for c in diff.changes}:
        build.advance(cloud, desired, mark, state)
    elif version.health is Health.FAILED:
        return arm.delete(cloud, version.id)
    elif version.body["stage"]:
        machine.clear(cloud, state.resources)
    else:
        tags = marks.with_mark({**state.tags, **desired.body["tags"]}, mark)
        # a storage profile is required; an empty one changes nothing (Microsoft's example Update_WithoutSourceId)
        properties = {"publishingProfile": build.profile(desired), "storageProfile": {}}
        body = {"tags": tags, "properties": properties}
        return arm.patch(cloud, version.id, body)
    return None


def delete(cloud: Cloud, version: Observed) -> Operation | None:
    return arm.delete(cloud, version.id)


def takes(decision: Decision, desired: Desired | None) -> timedelta:
    """A build takes as long as its stages; anything else a minute."""
    built = desired is not None and (decision.diff.rule is Rule.NEW_VERSION or decision.action == "create")
    return timedelta(seconds=recipe.seconds(desired.data["image"]) if built and desired else 60)


def public(desired: Desired) -> str:
    """That of the machine that builds it."""
    inside = "subnet" in desired.data["image"]["buildVm"]
    return "" if inside else "is built on a machine with a public address; write buildVm: {subnet: ...}"


def regions(desired: Desired) -> Iterable[str]:
    """Where it is built, and where its replicas are."""
    return dict.fromkeys([desired.body["location"], *desired.body["properties"]["publishingProfile"]["targetRegions"]])


def version_id(desired: Desired) -> str:
    """The id of the desired version, in lower case."""
    return f"{desired.data['definition']}/versions/{desired.body['version']}".lower()


KIND = Kind(
    name=NAME,
    arm=ArmType(
        "Microsoft.Compute/galleries/images/versions",
        "2024-03-03",
        writes=("Microsoft.Compute/virtualMachines",),
        asks=("Microsoft.Network",),
    ),
    fields=FIELDS,
    expand=expand,
    place=lambda cloud, desired: f"{desired.data['definition']}/versions/{desired.body['version']}",
    list=list_,
    observe=observe,
    create=create,
    update=update,
    delete=delete,
    resolve=resolve,
    record=record.RECORD,
    leftovers=leftovers.LEFTOVERS,
    logged_under="images",
    abandon=build.abandon,
    takes=takes,
    ready_within=timedelta(hours=2),
    keys={
        "properties.publishingProfile.targetRegions": "regions",
        "properties.publishingProfile.endOfLifeDate": "endOfLife",
        "properties.publishingProfile": "",
    },
    maps=("tags", "properties.publishingProfile.targetRegions"),
    reads=("image_definition",),
    spares_occupied=True,
    users=version_use.of_version,
    costs=costs.COSTS,
    traits=Traits(public=public, regions=regions),
    needs=Needs(image=version_id),
    permissions=build.PERMISSIONS,
    inverse="what it is made of is not to be seen; pools boot it by its version",
)
