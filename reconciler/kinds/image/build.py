"""The build of an image version: one phase after the other on a temporary machine, then the version itself.

The next phase depends only on what exists in Azure, so that any run can continue the build of another, and what a build
leaves behind can always be found and cleared away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import permissions
from reconciler.kind.permissions import Permissions
from reconciler.kinds.image import machine, recipe, steps, version_tags
from reconciler.kinds.image.machine import Phase, Seen
from reconciler.kinds.image.state import State
from reconciler.model import STAGE, Desired, Health, Mark, Observed
from reconciler.spec.identities import IDENTITIES

COMPUTE, NETWORK = "Microsoft.Compute", "Microsoft.Network"
MACHINE = f"{COMPUTE}/virtualMachines"


def _permissions(desired: Desired) -> Permissions:
    """A machine, and a network of its own unless it has a subnet to be in."""
    image = desired.data["image"]
    own = () if image["buildVm"].get("subnet") else ("networkSecurityGroups", "publicIPAddresses", "virtualNetworks")
    parts = (*own, "networkInterfaces")
    writes = [f"{NETWORK}/{part}/{verb}" for part in parts for verb in ("read", "write", "delete")]
    joined = [f"{NETWORK}/{part}/join/action" for part in parts if part != "virtualNetworks"]
    driver = [f"{MACHINE}/extensions/{verb}" for verb in ("read", "write")] if image["gpu"] else []
    identity = [permissions.ASSIGN] if desired.data["identity"] else []
    pulls = (permissions.PULL, "Microsoft.ContainerRegistry/registries/read") if image["preload"] else ()
    return Permissions(reads=pulls, writes=(*writes, *joined, *driver, *identity, permissions.JOIN))


PERMISSIONS = Permissions(
    checks=(permissions.SIZES, f"{COMPUTE}/locations/usages/read"),
    reads=(
        "Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read",
        f"{MACHINE}/read",
        "Microsoft.Resources/subscriptions/resourceGroups/resources/read",
    ),
    writes=(
        *(f"{MACHINE}/{verb}" for verb in ("write", "delete", "deallocate/action", "generalize/action")),
        *(f"{MACHINE}/runCommands/{verb}" for verb in ("read", "write")),
        f"{COMPUTE}/disks/delete",
    ),
    around=(permissions.ACCOUNT, f"{permissions.POOLS}/read", f"{MACHINE}/read"),
    of=_permissions,
)


def names(cloud: Cloud, desired: Desired) -> machine.Names:
    return machine.names(cloud.group_id, desired.address.name, desired.data["content"])


def stale(desired: Desired, resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of `resources` that were made for another content."""
    return [resource for resource in resources if resource["tags"].get(marks.CONTENT) != desired.data["content"]]


def building(cloud: Cloud, desired: Desired, version: Observed, resources: list[dict[str, Any]]) -> Observed:
    """`version`, with how far its build is; resources of a build of other content are cleared away first."""
    if other := stale(desired, resources):
        return clearing(cloud, replace(version, state=State(resources=tuple(resources))), other)
    seen = look(cloud, desired)
    phase = _phase(desired, seen)
    suffix = f": {phase.detail}" if phase.detail else ""
    detail = f"building {desired.body['version']}: {phase}{suffix}"
    if phase.health is Health.FAILED and seen.machine is not None and desired.data["image"]["buildVm"]["keepOnFailure"]:
        detail += _way_in(cloud, desired, seen)
    stage = f"{phase}{' in progress' if phase.health is Health.BUSY else suffix}"
    return replace(
        version,
        body={**version.body, STAGE: stage},
        state=State(resources=tuple(resources), seen=seen),
        health=phase.health,
        detail=detail,
        logs=machine.logs(seen, _stages(desired, "")),
    )


def clearing(cloud: Cloud, version: Observed, resources: Iterable[Mapping[str, Any]]) -> Observed:
    """`version`, with which of `resources` are being cleared away."""
    names, going = machine.going(cloud, resources)
    detail = f"clearing away {names}"
    health = Health.BUSY if going else Health.READY
    return replace(version, body={**version.body, STAGE: detail}, detail=detail, health=health)


def look(cloud: Cloud, desired: Desired) -> Seen:
    extension = any(stage.script is None for stage in _stages(desired, ""))
    subnet = desired.data["image"]["buildVm"].get("subnet")
    return machine.look(cloud, names(cloud, desired), subnet, extension=extension)


def _phase(desired: Desired, seen: Seen) -> Phase:
    return machine.phase(seen, _stages(desired, ""), desired.data["image"]["buildVm"].get("subnet"))


def _stages(desired: Desired, client_id: str) -> tuple[recipe.Stage, ...]:
    return recipe.stages(desired.data["image"], desired.data["pulls"], client_id)


def _way_in(cloud: Cloud, desired: Desired, seen: Seen) -> str:
    """Where a kept machine is, how to look inside, and until when it stays."""
    assert seen.machine is not None
    named = names(cloud, desired)
    group, until = cloud.target.resource_group, seen.machine["tags"].get(marks.EXPIRES, "")
    script = "--command-id RunShellScript --scripts 'journalctl -n 50'"
    where = f"{named.name} ({machine.public_address(cloud, named)})"
    return "\n".join(
        (
            f"\nThe machine {where} is kept until {until}; look inside with:",
            f"  az vm run-command invoke -g {group} -n {named.name} {script}",
            "The next apply takes it away and builds anew; so does reconcile cleanup after that time.",
        )
    )


def advance(cloud: Cloud, desired: Desired, mark: Mark, state: State) -> None:
    """Start the phase that the build is ready for; resources of a build of other content are cleared away first."""
    if other := stale(desired, state.resources):
        machine.clear(cloud, other)
        return
    seen = state.seen or Seen()
    phase = _phase(desired, seen)
    if phase.health is Health.FAILED:
        machine.clear(cloud, state.resources)
    elif phase.health is Health.READY:
        _start(cloud, desired, mark, seen, phase)


def _start(cloud: Cloud, desired: Desired, mark: Mark, seen: Seen, phase: Phase) -> None:
    image, data, named = desired.data["image"], desired.data, names(cloud, desired)
    base = {"location": desired.body["location"], "tags": _temporary(cloud, desired, mark)}
    identity = None
    if data["identity"]:
        identity = cloud.id_of(IDENTITIES, data["identity"])
    if phase.name == "network":
        steps.network(cloud, named, seen, base, image["buildVm"].get("subnet"))
    elif phase.name == "machine":
        steps.machine(cloud, named, base, image, data["base"], identity)
    elif phase.name in ("deallocate", "generalize"):
        cloud.arm("POST", f"{named.machine}/{phase.name}")
    elif phase.name == "publish":
        _publish(cloud, desired, mark)
    else:
        raw = arm.get(cloud, identity) if identity else None
        stages = _stages(desired, raw["properties"]["clientId"] if raw else "")
        number = next(index for index, stage in enumerate(stages, start=1) if stage.name == phase.name)
        steps.stage(cloud, named, desired.body["location"], number, stages[number - 1])


def _temporary(cloud: Cloud, desired: Desired, mark: Mark) -> dict[str, str]:
    """The tags of a temporary resource: its owner, its image and content, and until when it may stay."""
    until = cloud.time + timedelta(hours=desired.data["image"]["buildVm"]["expiresAfterHours"])
    return {
        **marks.with_mark(desired.body["tags"], replace(mark, protect=False)),
        marks.BUILD: desired.address.name,
        marks.CONTENT: desired.data["content"],
        marks.EXPIRES: until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _publish(cloud: Cloud, desired: Desired, mark: Mark) -> None:
    properties = {
        "publishingProfile": {"excludeFromLatest": True, **profile(desired)},  # untilVerified leaves it out
        "storageProfile": {"source": {"virtualMachineId": names(cloud, desired).machine}},
    }
    image = desired.data["image"]
    tags = {
        **marks.with_mark(desired.body["tags"], mark),
        **version_tags.new(desired.data["content"], desired.body["inputs"], image),
    }
    body = {"location": desired.body["location"], "tags": tags, "properties": properties}
    arm.put(cloud, f"{desired.data['definition']}/versions/{desired.body['version']}", body)


def profile(desired: Desired) -> dict[str, Any]:
    profile = desired.body["properties"]["publishingProfile"]
    regions = profile["targetRegions"].items()
    wire = {key: value for key, value in profile.items() if value is not None}
    if "endOfLifeDate" in wire:
        wire["endOfLifeDate"] += "T00:00:00Z"
    return {
        **wire,
        "targetRegions": [{"name": name, "regionalReplicaCount": count} for name, count in regions if count],
    }


def abandon(cloud: Cloud, desired: Desired) -> str | None:
    """Clear away the machine and a version that failed; a failed machine stays if the spec says keepOnFailure."""
    live = arm.get(cloud, f"{desired.data['definition']}/versions/{desired.body['version']}")
    state = live["properties"]["provisioningState"] if live else None
    if state == "Failed":
        arm.delete(cloud, f"{desired.data['definition']}/versions/{desired.body['version']}")
    if state in ("Failed", "Deleting"):
        return f"version {desired.body['version']}"
    if state is not None:
        return None
    phase = _phase(desired, look(cloud, desired))
    on_machine = phase.name not in ("network", "machine")
    if phase.health is Health.FAILED and on_machine and desired.data["image"]["buildVm"]["keepOnFailure"]:
        return None
    return machine.clear(cloud, machine.leftovers(cloud, desired.address.name))
