"""A virtual network: the addresses of a spec, and the place of its subnets.

Tags and the address space change in place, as far as no subnet is in what goes; the location does not. It is empty when
it has no subnet. Subnets are resources of their own, so that those of others stay: every write carries them all as they
are, as Azure deletes those that a PUT leaves out. Subnets have no tags, so the network remembers which of them are
ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import UNOWNED, ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kinds.network import writable
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.spec import Spec

NAME = "virtual_network"
ARM = ArmType(networks.NETWORKS, "2025-09-01", rare=True)
FIELDS = {
    **arm.TAGGED,
    "properties.addressSpace": Rule.LIVE,
    "extendedLocation": Rule.REFUSE,
    **dict.fromkeys((f"properties.{name}" for name in writable.NETWORK if name != "addressSpace"), Rule.LIVE),
    "properties.subnets": Rule.IGNORE,  # a kind of their own
    "properties.virtualNetworkPeerings": Rule.IGNORE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, network in networks.of(spec).items():
        properties = {"addressSpace": {"addressPrefixes": sorted(network["addressSpace"])}}
        body = {**arm.tagged(spec, network), "properties": properties}
        yield Desired(Address(NAME, name), body, (group,), network["protect"], existing=network["existing"])


def _normalised(body: Raw) -> Body:
    space = (body["properties"].get("addressSpace") or {}).get("addressPrefixes") or []
    return {**body, "properties": {**body["properties"], "addressSpace": {"addressPrefixes": sorted(space)}}}


def _seen(cloud: Cloud, network: Observed) -> Observed:
    """The network without its subnets, which are not its own differences, nor what it uses."""
    left = {key: value for key, value in network.body["properties"].items() if key in writable.SHOWN}
    return replace(network, body={**network.body, "properties": left})


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    if all(change.path.startswith("tags") for change in diff.changes):
        tags = marks.with_mark({**observed.body.get("tags", {}), **desired.body["tags"]}, mark)
        return arm.patch(cloud, observed.id, {"tags": tags}, ARM.api_version)
    raw = arm.get(cloud, observed.id, ARM.api_version) or {}
    properties = {**writable.network(raw["properties"]), **desired.body["properties"]}
    tags = marks.with_mark({**marks.without_mark(raw.get("tags")), **desired.body["tags"]}, mark)
    body = {"location": desired.body["location"], "tags": tags, "properties": properties}
    return arm.put(cloud, observed.id, body, ARM.api_version)


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    body: dict[str, Any] = dict(observed.body)
    body["tags"] = {name: text for name, text in body.get("tags", {}).items() if not name.startswith(marks.SUBNETS)}
    space = body["properties"]["addressSpace"]["addressPrefixes"]
    return {"addressSpace": list(space), **tracked(replace(observed, body=body), known, notes)}


PLAIN = Plain(name=NAME, arm=ARM, normalise=_normalised, holds="subnets", seen=_seen)
VERBS: Verbs = {**PLAIN.verbs(), "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    users=PLAIN.inside,
    keys={"properties.addressSpace.addressPrefixes": "addressSpace"},
    section=networks.SECTION,
    inverse=Inverse(say=entry, tagged=True, every=PLAIN.every),
)
