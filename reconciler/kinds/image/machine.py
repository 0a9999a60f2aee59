"""The temporary machine of an image build, with its network: what there is of it, what comes next, how it goes.

Its names carry the digest of the image's content, so that a build is found again whoever started it, and there is
never a second one. Everything is tagged with its owner and with the time at which anybody may clear it away.
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
"""In this order they can be deleted: each is used by one before it."""


@dataclass(frozen=True, slots=True)
class Names:
    """The ids of what a build makes, from the image's name and content."""

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
    one = f"build-{slug}-{content[:8]}"
    return Names(
        machine=f"{group_id}/{COMPUTE}/virtualMachines/{one}",
        interface=f"{group_id}/{NETWORK}/networkInterfaces/{one}-nic",
        address=f"{group_id}/{NETWORK}/publicIPAddresses/{one}-ip",
        network=f"{group_id}/{NETWORK}/virtualNetworks/{one}-vnet",
        security=f"{group_id}/{NETWORK}/networkSecurityGroups/{one}-nsg",
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is of a build. `commands` are run commands by name, each with its instance view."""

    machine: Mapping[str, Any] | None = None
    commands: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extension: Mapping[str, Any] | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    """Part of the network (`interface`, `network`, ...) → its provisioningState; what is absent is not in it."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a build is: READY to start `name`, BUSY with it, or FAILED in it."""

    name: str
    health: Health
    number: int
    of: int
    told: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.number} of {self.of})"


def look(cloud: Cloud, named: Names, subnet: str | None, *, extension: bool) -> Seen:
    """Read what there is; the network's parts only while there is no machine."""
    machine = arm.get(cloud, named.machine, expand="instanceView")
    if machine is None:
        wanted = {"interface": named.interface}
        if subnet is None:
            wanted |= {"address": named.address, "network": named.network, "security": named.security}
        found = {part: arm.get(cloud, one) for part, one in wanted.items()}
        return Seen(parts={part: raw["properties"]["provisioningState"] for part, raw in found.items() if raw})
    if machine["properties"]["provisioningState"] != "Succeeded":
        return Seen(machine)
    commands = {raw["name"]: raw for raw in arm.listing(cloud, f"{named.machine}/runCommands", expand="instanceView")}
    driver = arm.get(cloud, f"{named.machine}/extensions/gpu-driver", expand="instanceView") if extension else None
    return Seen(machine, commands, driver)


def command_name(number: int, stage: Stage) -> str:
    return f"{number:02d}-{stage.name}"


def phase(seen: Seen, stages: tuple[Stage, ...], subnet: str | None = None) -> Phase:
    """Where the build is. Pure."""
    order = ["network", "machine", *(stage.name for stage in stages), "deallocate", "generalize", "publish"]

    def at(name: str, health: Health, told: str = "") -> Phase:
        return Phase(name, health, order.index(name) + 1, len(order), told)

    if seen.machine is None:
        return at(*_network(seen.parts, subnet))
    state = seen.machine["properties"]["provisioningState"]
    if state == "Failed":
        return at("machine", Health.FAILED, "the machine could not be made")
    if state != "Succeeded":
        return at("machine", Health.BUSY, state.lower())
    codes = {one["code"] for one in seen.machine["properties"]["instanceView"]["statuses"]}
    if "OSState/generalized" in codes:
        return at("publish", Health.READY)
    if "PowerState/deallocated" in codes:
        return at("generalize", Health.READY)
    if "PowerState/deallocating" in codes:
        return at("deallocate", Health.BUSY)
    for number, stage in enumerate(stages, start=1):
        health, told = _stage(seen, number, stage)
        if health is not None:
            return at(stage.name, health, told)
    stopped = "PowerState/stopped" in codes
    return at("deallocate", Health.READY if stopped else Health.BUSY, "" if stopped else "the machine shuts down")


def _network(parts: Mapping[str, str], subnet: str | None) -> tuple[str, Health, str]:
    needed = ("interface",) if subnet else ("address", "network", "security", "interface")
    for part, state in parts.items():
        if state == "Failed":
            return "network", Health.FAILED, f"its {part} could not be made"
    if any(state != "Succeeded" for state in parts.values()):
        return "network", Health.BUSY, ""
    return ("machine" if set(needed) <= set(parts) else "network"), Health.READY, f"has {', '.join(parts) or 'nothing'}"


def _stage(seen: Seen, number: int, stage: Stage) -> tuple[Health | None, str]:
    """The health of a stage that is not done, or None if it is."""
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
    told = "it took too long" if state == "TimedOut" else f"it ended with exit code {view.get('exitCode')}"
    return Health.FAILED, f"{told}: {lines[-1][:300]}" if lines else told


def _extension(raw: Mapping[str, Any] | None) -> tuple[Health | None, str]:
    if raw is None:
        return Health.READY, ""
    state = raw["properties"]["provisioningState"]
    if state == "Succeeded":
        return None, ""
    if state != "Failed":
        return Health.BUSY, ""
    statuses = (raw["properties"].get("instanceView") or {}).get("statuses") or [{}]
    return Health.FAILED, str(statuses[0].get("message", "NVIDIA's extension failed"))[:300]


def logs(seen: Seen) -> dict[str, str]:
    """What each stage has written, with its times. Azure keeps the last 4 KB of each stream."""
    found = {}
    for name, raw in seen.commands.items():
        view = raw["properties"].get("instanceView") or {}
        if view.get("executionState") in ("Succeeded", "Failed", "TimedOut"):
            head = f"{view.get('startTime', '')} to {view.get('endTime', '')}, exit code {view.get('exitCode')}"
            found[name] = f"{head}\n{view.get('output', '')}{view.get('error', '')}"
    return found


def leftovers(cloud: Cloud, image: str | None = None) -> list[dict[str, Any]]:
    """What builds of this spec have left in its group: of one image, or of all.

    Resources are asked for by the tag's name alone: where its value is asked for too, ARM returns no tags.
    """
    raws = arm.listing(cloud, f"{cloud.group_id}/resources", filter=f"tagName eq '{marks.BUILD}'")
    mine = [raw for raw in raws if marks.is_ours(cloud.owner, raw.get("tags"))]
    return [raw for raw in mine if image in (None, raw["tags"][marks.BUILD])]


def clear(cloud: Cloud, left: Iterable[Mapping[str, Any]]) -> str | None:
    """Start deleting the first kind of what is left; what it is, or None if nothing is."""
    first = _first(left)
    for one in first:
        with tolerated(400, 409):  # still in use by what is going, or going already
            arm.delete(cloud, one)
    return _names(first) or None


def going(cloud: Cloud, left: Iterable[Mapping[str, Any]]) -> tuple[str, bool]:
    """What of `left` goes next, and whether it is going already."""
    first = _first(left)
    raw = arm.get(cloud, first[0]) if first else None
    return _names(first), raw is None or raw["properties"].get("provisioningState") == "Deleting"


def _first(left: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the kind that has to go first."""
    ranks = {one["id"]: ORDER.index(one["type"].lower()) for one in left if one["type"].lower() in ORDER}
    return sorted(one for one, rank in ranks.items() if rank == min(ranks.values()))


def _names(ids: Iterable[str]) -> str:
    return ", ".join(one.rsplit("/", 1)[-1] for one in ids)


def public_address(cloud: Cloud, named: Names) -> str:
    raw = arm.get(cloud, named.address)
    return str(raw["properties"].get("ipAddress", "")) if raw else ""
