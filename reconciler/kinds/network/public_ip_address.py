"""A public address of a NAT gateway: that from which what has no public address of its own goes out.

Standard and static, as NAT gateways need it. Tags change in place, nothing else: another address would be another
resource. It is empty when nothing uses it; one that is deleted is not given again.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.cloud import arm
from reconciler.cost.use import Standing, standing
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.traits import Traits
from reconciler.kind.words import Unsayable
from reconciler.kinds.network import held
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.spec import Spec

NAME = "public_ip_address"
ARM = ArmType("Microsoft.Network/publicIPAddresses", "2025-09-01", rare=True)
CHANGEABLE = (
    "ddosSettings", "deleteOption", "dnsSettings", "idleTimeoutInMinutes", "ipTags", "linkedPublicIPAddress",
    "migrationPhase", "natGateway", "servicePublicIPAddress",
)  # fmt: skip
CREATE_ONLY = (
    "extendedLocation", "sku", "zones", "properties.ipAddress", "properties.publicIPAddressVersion",
    "properties.publicIPAllocationMethod", "properties.publicIPPrefix",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys(CREATE_ONLY, Rule.REFUSE),
    **dict.fromkeys((f"properties.{name}" for name in CHANGEABLE), Rule.LIVE),
}
STANDARD = {
    "sku": {"name": "Standard", "tier": "Regional"},
    "properties": {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"},
}


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for network in networks.of(spec).values():
        for name, section in network["publicIPAddresses"].items():
            yield Desired(Address(NAME, name), {**arm.tagged(spec, section), **STANDARD}, (group,), section["protect"])


def _normalised(body: Raw) -> Body:
    """Without what has it, which is no part of it, but for whether that is something else than a NAT gateway."""
    kept = {name: value for name, value in body["properties"].items() if name not in ("natGateway", "ipConfiguration")}
    return {**body, "properties": {**kept, "elsewhere": bool(body["properties"].get("ipConfiguration"))}}


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    if observed.body["properties"].get("elsewhere"):
        raise Unsayable("something else than a NAT gateway has it, and a spec has public addresses for these only")
    return tracked(observed, known, notes)


PLAIN = Plain(name=NAME, arm=ARM, normalise=_normalised, replaces=True)
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    usual=STANDARD,
    noun="public IP address",
    costs=standing(lambda body: Standing("publicIPAddress")),
    goes=lambda cloud, observed, anew: f"its address {observed.body['properties'].get('ipAddress', '')}".rstrip(),
    traits=Traits(),
    outputs={"ipAddress": "properties.ipAddress"},
    inverse=Inverse(say=entry, place=held.place("publicIPAddresses"), tagged=True, every=PLAIN.every),
)
