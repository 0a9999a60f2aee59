"""The DNS zone group of a private endpoint: in which zone its addresses are written, and taken away with it.

Its zones change in place. Azure keeps no tags with it, so it belongs to whom its endpoint belongs, and goes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler import marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.permissions import Permissions
from reconciler.kinds.network import naming
from reconciler.model import Address, Body, Desired, Diff, Mark, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.spec import Spec

NAME = "private_dns_zone_group"
ENDPOINTS = "Microsoft.Network/privateEndpoints"
ZONES = "Microsoft.Network/privateDnsZones"
ARM = ArmType(f"{ENDPOINTS}/privateDnsZoneGroups", "2025-09-01", rare=True)
FIELDS = {"properties.privateDnsZoneConfigs": Rule.LIVE}
GROUP = "default"
"""Its name, as the portal has it: an endpoint has one group."""


def expand(spec: Spec) -> Iterable[Desired]:
    for network, section in networks.of(spec).items():
        for name, endpoint in section["privateEndpoints"].items():
            zone = networks.zone_of(endpoint)
            if zone in section["privateDnsZones"]:
                configs = {zone.replace(".", "-"): spec.id_of(ZONES, zone).lower()}
                body = {"properties": {"privateDnsZoneConfigs": configs}}
                refs = [Address("private_endpoint", name), Address("private_dns_zone", zone)]
                refs += (
                    [Address("virtual_network_link", f"{zone}/{network}")] if zone in networks.linked(section) else []
                )
                yield Desired(Address(NAME, name), body, tuple(refs), endpoint["protect"])


def _normalised(body: Raw) -> Body:
    """The zones by the names of their configurations."""
    shown = body["properties"].get("privateDnsZoneConfigs") or ()
    configs = {config["name"]: config["properties"]["privateDnsZoneId"].lower() for config in shown}
    return {"properties": {"privateDnsZoneConfigs": configs}}


def _written(desired: Desired) -> Body:
    said = desired.body["properties"]["privateDnsZoneConfigs"]
    configs = [{"name": name, "properties": {"privateDnsZoneId": zone}} for name, zone in said.items()]
    return {"properties": {"privateDnsZoneConfigs": configs}}


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    return f"{naming.id_of(cloud, ENDPOINTS, resource.address.name)}/privateDnsZoneGroups/{GROUP}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """Those of each endpoint of the spec, or of ours, with the tags of it, which tell whose it is."""
    named = {desired.address.name for desired in wanted}
    for endpoint in arm.listing(cloud, f"{cloud.group_id}/providers/{ENDPOINTS}", ARM.api_version):
        if endpoint["name"] in named or marks.is_ours(cloud.owner, endpoint.get("tags")):
            for raw in arm.listing(cloud, f"{endpoint['id']}/privateDnsZoneGroups", ARM.api_version):
                if raw["name"] == GROUP:
                    yield endpoint["name"], {**raw, "tags": endpoint.get("tags") or {}}


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    """One by itself, marked as its endpoint is."""
    seen = PLAIN["observe"](cloud, resource)
    if seen is None:
        return None
    endpoint = arm.get(cloud, seen.id.rpartition("/privateDnsZoneGroups/")[0], ARM.api_version) or {}
    return replace(seen, mark=marks.mark_of(endpoint.get("tags")))


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    return arm.put(cloud, _id(cloud, desired), _written(desired), ARM.api_version)


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    return arm.put(cloud, observed.id, _written(desired), ARM.api_version)


PLAIN = Plain(name=NAME, arm=ARM, place=_id, rows=_rows, normalise=_normalised).verbs()
VERBS: Verbs = {**PLAIN, "observe": observe, "create": create, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    noun="private DNS zone group",
    permissions=Permissions(writes=("Microsoft.Network/privateDnsZones/join/action",)),
    inverse=None,
)
