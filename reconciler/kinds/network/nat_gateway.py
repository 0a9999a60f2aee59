"""A NAT gateway: the way out of the subnets that name it, from public addresses of its own.

Its addresses, idle time-out and tags change in place; location, sku and zones do not. It is empty when no subnet has
it. Nothing comes in by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.cloud import arm
from reconciler.cost.use import Standing, standing
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.permissions import Permissions
from reconciler.kind.words import without
from reconciler.kinds.network import held
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.spec import Spec

NAME = "nat_gateway"
ARM = ArmType("Microsoft.Network/natGateways", "2025-09-01", rare=True)
ADDRESSES = "Microsoft.Network/publicIPAddresses"
CHANGEABLE = (
    "idleTimeoutInMinutes", "nat64", "publicIpAddresses", "publicIpAddressesV6", "publicIpPrefixes",
    "publicIpPrefixesV6", "serviceGateway", "sourceVirtualNetwork",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys(("sku", "zones"), Rule.REFUSE),
    **dict.fromkeys((f"properties.{name}" for name in CHANGEABLE), Rule.LIVE),
}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for network in networks.of(spec).values():
        for name, section in network["natGateways"].items():
            used = section["publicIPAddresses"]
            properties: dict[str, Any] = {
                "idleTimeoutInMinutes": section["idleTimeoutInMinutes"],
                "publicIpAddresses": sorted(spec.id_of(ADDRESSES, address).lower() for address in used),
            }
            body = {**arm.tagged(spec, section), "sku": {"name": "Standard"}, "properties": properties}
            refs = (group, *(Address("public_ip_address", address) for address in used))
            yield Desired(Address(NAME, name), body, refs, section["protect"])


def _normalised(body: Raw) -> Body:
    """Its addresses by their ids; the subnets that have it are no part of it."""
    addresses = sorted(each["id"].lower() for each in body["properties"].get("publicIpAddresses") or ())
    kept = {name: value for name, value in body["properties"].items() if name != "subnets"}
    return {**body, "properties": {**kept, "publicIpAddresses": addresses}}


def _written(body: Raw) -> Raw:
    addresses = [{"id": each} for each in body["properties"]["publicIpAddresses"]]
    return {**body, "properties": {**body["properties"], "publicIpAddresses": addresses}}


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    properties = observed.body["properties"]
    used = [known.used("public_ip_address", each) for each in properties["publicIpAddresses"]]
    settings = without({"idleTimeoutInMinutes": properties.get("idleTimeoutInMinutes")}, {"idleTimeoutInMinutes": 4})
    return {"publicIPAddresses": used, **settings, **tracked(observed, known, notes)}


PLAIN = Plain(
    name=NAME,
    arm=ARM,
    normalise=_normalised,
    written=_written,
    replaces=True,
)
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    usual={"sku": {"name": "Standard"}},
    keys={"properties.publicIpAddresses": "publicIPAddresses"},
    noun="NAT gateway",
    costs=standing(lambda body: Standing("natGateway")),
    permissions=Permissions(writes=(f"{ADDRESSES}/join/action",)),
    inverse=Inverse(say=entry, place=held.place("natGateways"), tagged=True, every=PLAIN.every),
)
