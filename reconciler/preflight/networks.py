"""The subnets that pools are put into, as Azure shows them: what `subnets` judges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import Kinds
from reconciler.model import Address, Desired
from reconciler.preflight.facts import Change, Subnet

NETWORK = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.network/virtualnetworks/[^/]+")


def made(kinds: Kinds, desired: Mapping[Address, Desired]) -> frozenset[str]:
    """The subnets that the spec itself makes, of which it is known that its pools fit into them."""
    made = ((kinds[address.kind].needs.subnet, want) for address, want in desired.items() if not want.existing)
    return frozenset(subnet(want) for subnet, want in made if subnet)


def jobs(cloud: Cloud, changed: tuple[Change, ...], ours: frozenset[str]) -> list[tuple[str, Callable[[], Any]]]:
    """One question for each virtual network, whose answer holds all of its subnets."""
    wanted: dict[str, set[str]] = {}
    for change in changed:
        if change.after.subnet and change.after.subnet not in ours:
            wanted.setdefault(change.after.subnet.partition("/subnets/")[0], set()).add(change.after.subnet)
    return [(f"subnet {key}", partial(_subnets, cloud, key, names)) for key, names in wanted.items()]


def _subnets(cloud: Cloud, network: str, names: Iterable[str]) -> Mapping[str, Subnet | None]:
    """The named subnets of a virtual network; None for one that does not exist, or whose id is none of a subnet."""
    raw = arm.get(cloud, network) if NETWORK.fullmatch(network) else None
    parts = (raw or {}).get("properties", {}).get("subnets") or ()
    subnets = {part["id"].lower(): _subnet(raw or {}, part["properties"]) for part in parts}
    return {name: subnets.get(name) for name in names}


def _subnet(network: Mapping[str, Any], subnet: Mapping[str, Any]) -> Subnet:
    delegations = [delegation.get("properties") or {} for delegation in subnet.get("delegations") or ()]
    return Subnet(
        arm.region(network["location"]),
        tuple(subnet.get("addressPrefixes") or [subnet["addressPrefix"]]),
        len(subnet.get("ipConfigurations") or ()),
        tuple(delegation.get("serviceName", "another service") for delegation in delegations),
    )
