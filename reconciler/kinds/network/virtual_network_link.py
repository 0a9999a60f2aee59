"""The link of a private DNS zone to a virtual network, in which its names then hold.

Tags change in place; another network is another link. It has no place (its location is `global`). Without it the names
of the zone resolve to public addresses there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.kind import ArmType, Kind, ids
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse
from reconciler.kind.permissions import Permissions
from reconciler.kind.traits import Traits
from reconciler.kinds.network import naming
from reconciler.model import Address, Body, Desired, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.networks import NETWORKS
from reconciler.spec.spec import Spec

NAME = "virtual_network_link"
ZONES = "Microsoft.Network/privateDnsZones"
ARM = ArmType(f"{ZONES}/virtualNetworkLinks", "2024-06-01", rare=True)
FIELDS = {
    **arm.TAGGED,
    "etag": Rule.IGNORE,
    "properties.virtualNetwork": Rule.REPLACE,
    "properties.registrationEnabled": Rule.LIVE,
    "properties.resolutionPolicy": Rule.LIVE,
}


def expand(spec: Spec) -> Iterable[Desired]:
    for network, section in networks.of(spec).items():
        for zone in networks.linked(section):
            properties: dict[str, Any] = {
                "virtualNetwork": {"id": spec.id_of(NETWORKS, network).lower()},
                "registrationEnabled": False,
            }
            body = {**arm.tagged(spec, {}), "location": "global", "properties": properties}
            refs = (Address("private_dns_zone", zone), Address("virtual_network", network))
            yield Desired(Address(NAME, f"{zone}/{network}"), body, refs)


def _normalised(body: Raw) -> Body:
    network = {"id": body["properties"]["virtualNetwork"]["id"].lower()}
    return {**body, "properties": {**body["properties"], "virtualNetwork": network}}


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    zone, _, name = resource.address.name.rpartition("/")
    return f"{naming.id_of(cloud, ZONES, zone)}/virtualNetworkLinks/{name}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """Those of each zone that the spec has or that is ours."""
    zones = {
        name: cloud.id_of(ZONES, name) for name in sorted({each.address.name.partition("/")[0] for each in wanted})
    }
    seen = set()
    for raw in arm.listing(cloud, f"{cloud.group_id}/providers/{ZONES}", ARM.api_version):
        seen.add(raw["id"].lower())
        if not zones or marks.is_ours(cloud.owner, raw.get("tags")):
            zones.setdefault(naming.named(cloud, ZONES, raw), raw["id"])
    for name, zone in zones.items():
        if zone.lower() in seen or not ids.inside(zone, cloud.group_id):
            for raw in arm.listing(cloud, f"{zone}/virtualNetworkLinks", ARM.api_version):
                yield f"{name}/{raw['name']}", raw


PLAIN = Plain(name=NAME, arm=ARM, place=_id, rows=_rows, normalise=_normalised, replaces=True)
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    usual={"properties": {"registrationEnabled": False}},
    noun="virtual network link",
    traits=Traits(regions=lambda desired: ()),
    permissions=Permissions(writes=("Microsoft.Network/virtualNetworks/join/action",)),
    inverse=Inverse(
        say=lambda observed, known, notes: {},
        place=lambda observed, known: (
            networks.SECTION,
            known.used("virtual_network", observed.body["properties"]["virtualNetwork"]["id"]),
            "privateDnsZones",
            observed.address.name.rpartition("/")[0],
        ),
        every=PLAIN.every,
    ),
)
