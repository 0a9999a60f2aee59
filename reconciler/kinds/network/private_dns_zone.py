"""A private DNS zone: what the networks that are linked to it make of the names of one service.

Tags change in place; it has no place (its location is `global`). It is empty when no network is linked to it; its
records are written by private endpoints and go with it. A zone has its name from the service, so a resource group has
one, which several networks of a spec share.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.cloud import arm
from reconciler.cost.use import Standing, standing
from reconciler.kind import UNOWNED, ArmType, Kind
from reconciler.kind.arm import Plain
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.traits import Traits
from reconciler.kinds.network import held
from reconciler.model import Address, Desired, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.networks import PrivateDnsZone
from reconciler.spec.spec import Spec

NAME = "private_dns_zone"
ARM = ArmType("Microsoft.Network/privateDnsZones", "2024-06-01", rare=True)
FIELDS = {**arm.TAGGED, "etag": Rule.IGNORE}


def zones(spec: Spec) -> Iterator[tuple[str, PrivateDnsZone]]:
    """Each zone once, as the first network has it."""
    found: dict[str, PrivateDnsZone] = {}
    for network in networks.of(spec).values():
        for name, section in network["privateDnsZones"].items():
            found.setdefault(name, section)
    yield from found.items()


def expand(spec: Spec) -> Iterable[Desired]:
    group = Address("resource_group", spec.azure.resource_group)
    for name, section in zones(spec):
        body = {**arm.tagged(spec, section), "location": "global"}
        yield Desired(Address(NAME, name), body, (group,), section["protect"], existing=section["existing"])


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    return tracked(observed, known, notes)


PLAIN = Plain(name=NAME, arm=ARM, replaces=True, holds="virtualNetworkLinks")
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    users=PLAIN.inside,
    noun="private DNS zone",
    costs=standing(lambda body: Standing("privateDnsZone")),
    traits=Traits(regions=lambda desired: ()),
    inverse=Inverse(say=entry, place=held.place("privateDnsZones"), tagged=True, every=PLAIN.every),
)
