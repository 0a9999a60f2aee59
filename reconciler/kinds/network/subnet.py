"""A subnet: a range of a virtual network, with the security group and the way out of what is in it.

Its security group, way out, endpoints of services and delegation change in place; its range only while nothing has an
address in it. Subnets of one network are written one after the other. A subnet has no tags: it is ours if its network
is and remembers it, so that those which others have made there stay. What others have set of it (routes, policies)
stays too. That defaultOutboundAccess can be changed is inferred from Microsoft's page on default outbound access.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler import departed, marks
from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.operations import Operation
from reconciler.kind import UNOWNED, ArmType, Kind, ids, permissions
from reconciler.kind.arm import Plain, Raw, Verbs
from reconciler.kind.going import Neighbours, User, user
from reconciler.kind.inverse import Inverse, Known, Section
from reconciler.kind.needs import Needs
from reconciler.kind.permissions import Permissions
from reconciler.kind.words import Unsayable, without
from reconciler.kinds.network import naming, writable
from reconciler.model import Address, Body, Decision, Desired, Diff, Mark, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.networks import NETWORKS, Subnet
from reconciler.spec.spec import Spec
from reconciler.words import count

NAME = "subnet"
ARM = ArmType(f"{NETWORKS}/subnets", "2025-09-01", rare=True)
FIELDS = {
    **dict.fromkeys((f"properties.{name}" for name in writable.SUBNET), Rule.LIVE),
    "properties.addressPrefix": Rule.WHEN_EMPTY,
    "properties.addressPrefixes": Rule.WHEN_EMPTY,
}
SAID = ("addressPrefix", "addressPrefixes", "networkSecurityGroup", "natGateway", "serviceEndpoints", "delegations")
"""What a spec says all of: what it leaves out, a subnet has not."""
GROUPS, GATEWAYS = "Microsoft.Network/networkSecurityGroups", "Microsoft.Network/natGateways"


def expand(spec: Spec) -> Iterable[Desired]:
    for network, section in networks.of(spec).items():
        for name, subnet in section["subnets"].items():
            address, refs = Address(NAME, f"{network}/{name}"), [Address("virtual_network", network)]
            refs += _refs(subnet)
            body = {"properties": {} if subnet["existing"] else _properties(spec, subnet)}
            data = {"id": networks.subnet_id(spec, network, name).lower()}
            yield Desired(address, body, tuple(refs), section["protect"], data, existing=subnet["existing"])


def _refs(subnet: Subnet) -> Iterator[Address]:
    if "networkSecurityGroup" in subnet:
        yield Address("network_security_group", subnet["networkSecurityGroup"])
    if "natGateway" in subnet:
        yield Address("nat_gateway", subnet["natGateway"])


def _properties(spec: Spec, subnet: Subnet) -> dict[str, Any]:
    return {
        "addressPrefix": subnet.get("addressPrefix", ""),
        "networkSecurityGroup": _reference(spec, GROUPS, "networkSecurityGroup", subnet),
        "natGateway": _reference(spec, GATEWAYS, "natGateway", subnet),
        "serviceEndpoints": sorted(subnet["serviceEndpoints"]),
        "delegations": [subnet["delegation"]] if "delegation" in subnet else [],
        "defaultOutboundAccess": subnet["defaultOutboundAccess"],
    }


def _reference(spec: Spec, type_: str, key: str, subnet: Mapping[str, Any]) -> dict[str, str] | None:
    return {"id": spec.id_of(type_, subnet[key]).lower()} if key in subnet else None


def _normalised(body: Raw) -> Body:
    """References in lower case, services by their names. One range is told as such, or as a list of one."""
    shown = body["properties"]
    endpoints, delegations = shown.get("serviceEndpoints") or (), shown.get("delegations") or ()
    properties = {
        **{name: shown[name] for name in writable.SUBNET if name in shown},
        "addressPrefix": ", ".join(shown.get("addressPrefixes") or [shown.get("addressPrefix") or ""]),
        "serviceEndpoints": sorted(each["service"] for each in endpoints),
        "delegations": [each["properties"]["serviceName"] for each in delegations],
    }
    for name in ("networkSecurityGroup", "natGateway"):
        properties[name] = {"id": shown[name]["id"].lower()} if shown.get(name) else None
    return {"properties": properties, "taken": len(shown.get("ipConfigurations") or ())}


def written(properties: Body) -> dict[str, Any]:
    """The properties of a desired subnet as ARM takes them."""
    services = [{"service": name} for name in properties["serviceEndpoints"]]
    delegations = [{"name": "delegation", "properties": {"serviceName": name}} for name in properties["delegations"]]
    kept = {name: value for name, value in properties.items() if value is not None}
    return {**kept, "serviceEndpoints": services, "delegations": delegations}


def _id(cloud: Cloud, resource: Desired | Observed) -> str:
    network, _, name = resource.address.name.rpartition("/")
    return f"{naming.id_of(cloud, NETWORKS, network)}/subnets/{name}"


def _rows(cloud: Cloud, wanted: Iterable[Desired]) -> Iterator[tuple[str, Raw]]:
    """Those of every network of the group, from the list of networks, and of networks that the spec uses elsewhere."""
    listed = list(arm.listing(cloud, f"{cloud.group_id}/providers/{NETWORKS}", ARM.api_version))
    named = {desired.address.name.partition("/")[0] for desired in wanted}
    elsewhere = [cloud.id_of(NETWORKS, name) for name in sorted(named)]
    for place in elsewhere:
        if not ids.inside(place, cloud.group_id) and (raw := arm.get(cloud, place, ARM.api_version)):
            listed.append(raw)
    for raw in listed:
        network = naming.named(cloud, NETWORKS, raw)
        for part in raw["properties"].get("subnets") or ():
            tags = (raw.get("tags") or {}) if ours(raw, part["name"]) else {}
            yield f"{network}/{part['name']}", {**part, "tags": tags}


def ours(network: Raw, name: str) -> bool:
    """Whether a network remembers that we have made the subnet of this name."""
    return bool(_tokens([name]) & marks.gathered(marks.SUBNETS, network.get("tags") or {}))


def _tokens(names: Iterable[str]) -> frozenset[str]:
    return departed.tokens(("subnets",), {"subnets": {name.lower(): None for name in names}})


def observe(cloud: Cloud, resource: Desired | Observed) -> Observed | None:
    """One by itself, marked as its network is."""
    seen = PLAIN["observe"](cloud, resource)
    if seen is None:
        return None
    network = arm.get(cloud, seen.id.rpartition("/subnets/")[0], ARM.api_version) or {}
    found = marks.mark_of(network.get("tags")) if ours(network, resource.address.name.rpartition("/")[2]) else None
    return replace(seen, mark=found)


def _occupied(cloud: Cloud, subnet: Observed) -> Observed:
    """The subnet with how many addresses in it are in use."""
    taken = subnet.body["taken"]
    body = {"properties": subnet.body["properties"]}
    return replace(subnet, body=body, occupants=(count(taken, "address"),) if taken else ())


def create(cloud: Cloud, desired: Desired, mark: Mark) -> Operation | None:
    """Let its network remember it, of those that are there and of it, then make it."""
    place = _id(cloud, desired)
    network = place.rpartition("/subnets/")[0]
    raw = arm.get(cloud, network, ARM.api_version) or {}
    tags = raw.get("tags") or {}
    name = desired.address.name.rpartition("/")[2]
    there = {part["name"] for part in (raw.get("properties") or {}).get("subnets") or () if ours(raw, part["name"])}
    remembered = marks.spread(marks.SUBNETS, _tokens({*there, name}))
    others = {tag: text for tag, text in tags.items() if not tag.startswith(marks.SUBNETS)}
    if {**others, **remembered} != tags:
        arm.patch(cloud, network, {"tags": {**others, **remembered}}, ARM.api_version)
    return arm.put(cloud, place, {"properties": written(desired.body["properties"])}, ARM.api_version)


def update(cloud: Cloud, desired: Desired, mark: Mark, observed: Observed, diff: Diff) -> Operation | None:
    raw = arm.get(cloud, observed.id, ARM.api_version) or {}
    kept = writable.subnet(raw["properties"])
    kept = {name: value for name, value in kept.items() if name not in SAID}
    properties = {**kept, **written(desired.body["properties"])}
    return arm.put(cloud, observed.id, {"properties": properties}, ARM.api_version)


def users(neighbours: Neighbours, subnet: Observed) -> Iterator[User]:
    """The pools of the subscription whose nodes are in it."""
    for pool in neighbours.pools:
        configuration = pool["properties"].get("networkConfiguration") or {}
        if str(configuration.get("subnetId", "")).lower() == subnet.id.lower():
            yield user(pool)


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    """What a change of its rules or of its way out does to what is in it."""
    paths = " ".join(change.path for change in decision.diff.changes)
    if not observed.occupants or not any(name in paths for name in ("networkSecurityGroup", "natGateway", "Outbound")):
        return ""
    return f"{' and '.join(observed.occupants)} in it: their connections may break off or no longer be let through"


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    properties: Mapping[str, Any] = observed.body["properties"]
    if "," in properties["addressPrefix"]:
        raise Unsayable("it has several ranges")
    settings: dict[str, Any] = {"addressPrefix": properties["addressPrefix"]}
    group, gateway = properties["networkSecurityGroup"], properties["natGateway"]
    settings["networkSecurityGroup"] = known.used("network_security_group", group["id"]) if group else None
    settings["natGateway"] = known.used("nat_gateway", gateway["id"]) if gateway else None
    settings["serviceEndpoints"] = properties["serviceEndpoints"]
    settings["delegation"] = next(iter(properties["delegations"]), None)
    settings["defaultOutboundAccess"] = properties.get("defaultOutboundAccess")
    return without(settings, {"serviceEndpoints": [], "defaultOutboundAccess": False})


def _place(observed: Observed, known: Known) -> tuple[str, ...]:
    network, _, name = observed.address.name.rpartition("/")
    if network not in known.names("virtual_network"):
        raise Unsayable(f"its network {network} is not in the spec")
    return networks.SECTION, network, "subnets", name


SHAPE = Plain(name=NAME, arm=ARM, place=_id, rows=_rows, normalise=_normalised, seen=_occupied, users=users)
PLAIN = SHAPE.verbs()
VERBS: Verbs = {**PLAIN, "observe": observe, "create": create, "update": update}
KIND = Kind(
    name=NAME,
    arm=ARM,
    unowned=UNOWNED,
    fields=FIELDS,
    expand=expand,
    **VERBS,
    users=users,
    disturbs=disturbs,
    needs=Needs(subnet=lambda desired: str(desired.data["id"])),
    maps=(),
    turn=lambda address: address.name.rpartition("/")[0],
    emptied_by="move or delete what has an address in it first, or add another subnet",
    keys={
        "properties.delegations": "delegation",
        "properties.networkSecurityGroup.id": "networkSecurityGroup",
        "properties.natGateway.id": "natGateway",
    },
    permissions=Permissions(
        reads=(f"{NETWORKS}/read",),
        writes=(
            f"{NETWORKS}/write",
            "Microsoft.Network/networkSecurityGroups/join/action",
            "Microsoft.Network/natGateways/join/action",
        ),
        around=(permissions.ACCOUNT, f"{permissions.POOLS}/read"),
    ),
    inverse=Inverse(say=entry, place=_place, every=SHAPE.every),
)
