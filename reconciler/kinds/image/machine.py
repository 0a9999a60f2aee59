"""The temporary machine of an image build, with its network: what exists of it, what comes next, how it is deleted.

Its names contain the digest of the image's content, so that every run finds a build that another started, and none
starts a second one. Everything is tagged with its owner and with the time after which anybody may clear it away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import tolerated
from reconciler.kinds.image.recipe import Stage
from reconciler.model import Health

COMPUTE, NETWORK = "providers/Microsoft.Compute", "providers/Microsoft.Network"
ORDER = (
    "microsoft.compute/virtualmachines",
    "microsoft.network/networkinterfaces",
    "microsoft.compute/disks",
    "microsoft.network/publicipaddresses",
    "microsoft.network/virtualnetworks",
    "microsoft.network/networksecuritygroups",
)
"""The order in which the types can be deleted: each is used by one before it."""


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of the resources that a build makes, from the image's name and content."""

    machine: str
    interface: str
    address: str
    network: str
    security: str

    @property
    def name(self) -> str:
        return self.machine.rsplit("/", 1)[-1]


def names(group_id: str, image: str, content: str) -> Names:
    slug = re.sub(r"[^a-z0-9]+", "-", image.lower()).strip("-")[:30].strip("-")
    stem = f"build-{slug}-{content[:8]}"
    return Names(
        machine=f"{group_id}/{COMPUTE}/virtualMachines/{stem}",
        interface=f"{group_id}/{NETWORK}/networkInterfaces/{stem}-nic",
        address=f"{group_id}/{NETWORK}/publicIPAddresses/{stem}-ip",
        network=f"{group_id}/{NETWORK}/virtualNetworks/{stem}-vnet",
        security=f"{group_id}/{NETWORK}/networkSecurityGroups/{stem}-nsg",
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What exists of a build. `commands` are run commands by name, each with its instance view."""

    machine: Mapping[str, Any] | None = None
    commands: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extension: Mapping[str, Any] | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    """Part of the network (`interface`, `network`, ...) → its provisioningState, if the part exists."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a build is: READY to start `name`, BUSY with it, or FAILED in it."""

    name: str
    health: Health
    number: int
    of: int
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.number} of {self.of})"


def look(cloud: Cloud, named: Names, subnet: str | None, *, extension: bool) -> Seen:
    """Read what exists; the parts of the network only while there is no machine."""
    machine = arm.get(cloud, named.machine, expand="instanceView")
    if machine is None:
        ids = {"interface": named.interface}
        if subnet is None:
            ids |= {"address": named.address, "network": named.network, "security": named.security}
        raws = {part: arm.get(cloud, resource_id) for part, resource_id in ids.items()}
        return Seen(parts={part: raw["properties"]["provisioningState"] for part, raw in raws.items() if raw})
    if machine["properties"]["provisioningState"] not in ("Succeeded", "Updating"):
        return Seen(machine)
    commands = {raw["name"]: raw for raw in arm.listing(cloud, f"{named.machine}/runCommands", expand="instanceView")}
    driver = arm.get(cloud, f"{named.machine}/extensions/gpu-driver", expand="instanceView") if extension else None
    return Seen(machine, commands, driver)


def command_name(number: int, stage: Stage) -> str:
    return f"{number:02d}-{stage.name}"


def phase(seen: Seen, stages: tuple[Stage, ...], subnet: str | None = None) -> Phase:
    """The phase that the build is in. Pure."""
    order = ["network", "machine", *(stage.name for stage in stages), "deallocate", "generalize", "publish"]
    name, health, detail = _where(seen, stages, subnet)
    if health is Health.READY and _state(seen) == "Updating":  # nothing new is begun before that is over
        health = Health.BUSY
    return Phase(name, health, order.index(name) + 1, len(order), detail)


def _state(seen: Seen) -> str | None:
    return seen.machine["properties"]["provisioningState"] if seen.machine else None


def _where(seen: Seen, stages: tuple[Stage, ...], subnet: str | None) -> tuple[str, Health, str]:
    """Name, health and detail of the phase."""
    if seen.machine is None:
        return _network(seen.parts, subnet)
    state = _state(seen)
    if state == "Failed":
        return "machine", Health.FAILED, "the machine could not be made"
    if state not in ("Succeeded", "Updating"):
        return "machine", Health.BUSY, str(state).lower()
    codes = {status["code"] for status in seen.machine["properties"]["instanceView"]["statuses"]}
    if "OSState/generalized" in codes:
        return "publish", Health.READY, ""
    if "PowerState/deallocated" in codes:
        return "generalize", Health.READY, ""
    if "PowerState/deallocating" in codes:
        return "deallocate", Health.BUSY, ""
    for number, stage in enumerate(stages, start=1):
        health, detail = _stage(seen, number, stage)
        if health is not None:
            return stage.name, health, detail
    stopped = "PowerState/stopped" in codes
    return "deallocate", Health.READY if stopped else Health.BUSY, "" if stopped else "the machine shuts down"


def _network(parts: Mapping[str, str], subnet: str | None) -> tuple[str, Health, str]:
    needed = ("interface",) if subnet else ("address", "network", "security", "interface")
    for part, state in parts.items():
        if state == "Failed":
            return "network", Health.FAILED, f"its {part} could not be made"
    if any(state != "Succeeded" for state in parts.values()):
        return "network", Health.BUSY, ""
    return ("machine" if set(needed) <= set(parts) else "network"), Health.READY, f"has {', '.join(parts) or 'nothing'}"


def _stage(seen: Seen, number: int, stage: Stage) -> tuple[Health | None, str]:
    """Health and detail of a stage; the health is None if the stage is done."""
    if stage.script is None:
        return _extension(seen.extension)
    raw = seen.commands.get(command_name(number, stage))
    if raw is None:
        return Health.READY, ""
    view = raw["properties"].get("instanceView") or {}
    state = view.get("executionState", "Pending")
    if raw["properties"].get("provisioningState") == "Failed" and state in ("Pending", "Unknown"):
        return Health.FAILED, "Azure could not start it"
    if state == "Succeeded" and not view.get("exitCode"):
        return None, ""
    if state in ("Pending", "Running", "Unknown"):
        return Health.BUSY, ""
    lines = [line for line in (view.get("error") or view.get("output") or "").splitlines() if line.strip()]
    detail = "it took too long" if state == "TimedOut" else f"it ended with exit code {view.get('exitCode')}"
    return Health.FAILED, f"{detail}: {lines[-1][:300]}" if lines else detail


def _extension(raw: Mapping[str, Any] | None) -> tuple[Health | None, str]:
    if raw is None:
        return Health.READY, ""
    state = raw["properties"]["provisioningState"]
    if state == "Succeeded":
        return None, ""
    if state != "Failed":
        return Health.BUSY, ""
    return Health.FAILED, next(iter(_messages(raw)), "NVIDIA's extension failed")[:300]


def _messages(extension: Mapping[str, Any]) -> list[str]:
    """What an extension said about its installation."""
    view = extension["properties"].get("instanceView") or {}
    return [str(status["message"]) for status in view.get("statuses") or () if status.get("message")]


def logs(seen: Seen, stages: tuple[Stage, ...]) -> dict[str, str]:
    """The output of each stage that has ended, with its times. Azure keeps the last 4 KB of each stream.

    Of a stage that is an extension of the machine, Azure tells its end and a message.
    """
    texts = {}
    for number, stage in enumerate(stages, start=1):
        if stage.script is None and seen.extension is not None:
            state = seen.extension["properties"]["provisioningState"]
            if state in ("Succeeded", "Failed"):
                texts[command_name(number, stage)] = "\n".join(
                    [f"extension {state.lower()}", *_messages(seen.extension)]
                )
    for name, raw in seen.commands.items():
        view = raw["properties"].get("instanceView") or {}
        if view.get("executionState") in ("Succeeded", "Failed", "TimedOut"):
            head = f"{view.get('startTime', '')} to {view.get('endTime', '')}, exit code {view.get('exitCode')}"
            texts[name] = f"{head}\n{view.get('output', '')}{view.get('error', '')}"
    return texts


def leftovers(cloud: Cloud, image: str | None = None) -> list[dict[str, Any]]:
    """The resources that builds of this spec have left in its group: of one image, or of all.

    The filter names the tag without a value, because ARM returns no tags if it contains a value too.
    """
    raws = arm.listing(cloud, f"{cloud.group_id}/resources", filter=f"tagName eq '{marks.BUILD}'")
    mine = [raw for raw in raws if marks.is_ours(cloud.owner, raw.get("tags"))]
    return [raw for raw in mine if image in (None, raw["tags"][marks.BUILD])]


def clear(cloud: Cloud, resources: Iterable[Mapping[str, Any]]) -> str | None:
    """Start to delete those of `resources` that can go first; their names, or None if there is none."""
    first = _first(resources)
    for resource_id in first:
        with tolerated(400, 409):  # still used by what is being deleted, or being deleted itself
            arm.delete(cloud, resource_id)
    return _names(first) or None


def going(cloud: Cloud, resources: Iterable[Mapping[str, Any]]) -> tuple[str, bool]:
    """The names of those of `resources` that can go first, and whether they are being deleted already."""
    first = _first(resources)
    raw = arm.get(cloud, first[0]) if first else None
    return _names(first), raw is None or raw["properties"].get("provisioningState") == "Deleting"


def _first(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the resources whose type has to be deleted first."""
    types = {resource["id"]: resource["type"].lower() for resource in resources}
    ranks = {resource_id: ORDER.index(kind) for resource_id, kind in types.items() if kind in ORDER}
    return sorted(resource_id for resource_id, rank in ranks.items() if rank == min(ranks.values()))


def _names(ids: Iterable[str]) -> str:
    return ", ".join(resource_id.rsplit("/", 1)[-1] for resource_id in ids)


def public_address(cloud: Cloud, named: Names) -> str:
    raw = arm.get(cloud, named.address)
    return str(raw["properties"].get("ipAddress", "")) if raw else ""
