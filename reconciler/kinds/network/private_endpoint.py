"""A private endpoint: an address in a subnet at which one service of one resource is reached.

Tags change in place; target, group and subnet do not, so it is made anew, and until that is ready the target is not
reached by it. It is never in use itself. Whoever may write the target approves the connection with it; where the target
is of others, it waits for their approval and is told as pending.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from reconciler.cloud import arm
from reconciler.cloud.cloud import Cloud
from reconciler.cost.use import Standing, standing
from reconciler.kind import ArmType, Kind
from reconciler.kind.arm import Plain, Raw
from reconciler.kind.inverse import Inverse, Known, Section, tracked
from reconciler.kind.permissions import Permissions
from reconciler.kind.words import Unsayable
from reconciler.kinds.network import held
from reconciler.model import Address, Body, Decision, Desired, Health, Observed, Rule
from reconciler.spec import networks
from reconciler.spec.spec import Spec

NAME = "private_endpoint"
ARM = ArmType("Microsoft.Network/privateEndpoints", "2025-09-01", rare=True)
CONNECTIONS, MANUAL = "privateLinkServiceConnections", "manualPrivateLinkServiceConnections"
ANEW = (
    "extendedLocation", "properties.customNetworkInterfaceName", "properties.ipConfigurations",
    "properties.ipVersionType", f"properties.{CONNECTIONS}", f"properties.{MANUAL}",
    "properties.subnet",
)  # fmt: skip
FIELDS = {
    **arm.TAGGED,
    **dict.fromkeys(ANEW, Rule.REPLACE),
    **dict.fromkeys(
        ("properties.applicationSecurityGroups", "properties.billingSku", "properties.customDnsConfigs"), Rule.LIVE
    ),
}
HOLDERS = {"storage": "storage_account", "registries": "registry", "keyVaults": "key_vault"}
"""Section → the kind of what it names."""


def expand(spec: Spec) -> Iterable[Desired]:
    for network, section in networks.of(spec).items():
        for name, endpoint in section["privateEndpoints"].items():
            holder, target = target_of(spec, endpoint["to"])
            connection = {"privateLinkServiceId": target.lower(), "groupIds": [endpoint["groupId"]]}
            properties: dict[str, Any] = {
                "subnet": {"id": networks.subnet_id(spec, network, endpoint["subnet"]).lower()},
                CONNECTIONS: {name: connection},
            }
            body = {**arm.tagged(spec, endpoint), "properties": properties}
            refs = (Address("subnet", f"{network}/{endpoint['subnet']}"), *holder)
            yield Desired(Address(NAME, name), body, refs, endpoint["protect"])


def target_of(spec: Spec, to: str) -> tuple[tuple[Address, ...], str]:
    """The address of what an endpoint leads to, if it is in the spec, and its ARM id."""
    section, _, name = to.partition("/")
    if not section:
        return (), to
    if section == "batchAccount":
        assert spec.batch_account is not None, "a reference to what is not in the spec is a problem of its own"
        name = spec.batch_account["name"]
    kind = HOLDERS.get(section, "batch_account")
    return (Address(kind, name),), spec.id_of(networks.GROUPS[section][0], name)


def _normalised(body: Raw) -> Body:
    """The connections by name, as they are asked for, and beside that how they are."""
    shown = body["properties"]
    connections = shown.get(CONNECTIONS) or ()
    properties = {
        "subnet": {"id": shown["subnet"]["id"].lower()},
        CONNECTIONS: {each["name"]: _asked(each["properties"]) for each in connections},
    }
    states = [each["properties"].get("privateLinkServiceConnectionState") or {} for each in connections]
    return {**body, "properties": properties, "states": [str(each.get("status", "Approved")) for each in states]}


def _asked(connection: Body) -> dict[str, Any]:
    target = connection["privateLinkServiceId"].lower()
    return {"privateLinkServiceId": target, "groupIds": list(connection.get("groupIds") or ())}


def _written(body: Raw) -> Raw:
    connections = [{"name": name, "properties": each} for name, each in body["properties"][CONNECTIONS].items()]
    return {**body, "properties": {**body["properties"], CONNECTIONS: connections}}


def _seen(cloud: Cloud, endpoint: Observed) -> Observed:
    """One whose connection was refused or cut is of no use, and one that waits says for whom."""
    body = {key: value for key, value in endpoint.body.items() if key != "states"}
    states = endpoint.body["states"]
    if ended := next((state for state in states if state in ("Rejected", "Disconnected")), ""):
        return replace(endpoint, body=body, health=Health.FAILED, detail=f"its connection is {ended.lower()}")
    waits = "waits until the owner of its target approves it" if "Pending" in states else endpoint.detail
    return replace(endpoint, body=body, detail=waits)


def disturbs(cloud: Cloud, desired: Desired, observed: Observed, decision: Decision) -> str:
    changed = any(change.rule is Rule.REPLACE for change in decision.diff.changes)
    return "what is in its network does not reach its target until it is there again" if changed else ""


def entry(observed: Observed, known: Known, notes: list[str]) -> Section:
    properties = observed.body["properties"]
    connection = properties[CONNECTIONS].get(observed.address.name, {"groupIds": ()})
    if len(properties[CONNECTIONS]) != 1 or len(connection["groupIds"]) != 1:
        raise Unsayable("it has not just one connection, of its own name, to one group")
    network, _, subnet = properties["subnet"]["id"].partition("/subnets/")
    known.used("virtual_network", network)
    to = next(_said(known, connection["privateLinkServiceId"]), connection["privateLinkServiceId"])
    names = {name.lower(): name for name in known.names("subnet")}
    subnet = next((name.rpartition("/")[2] for low, name in names.items() if low.endswith(f"/{subnet}")), subnet)
    return {"to": to, "groupId": connection["groupIds"][0], "subnet": subnet, **tracked(observed, known, notes)}


def _said(known: Known, target: str) -> Iterator[str]:
    if known.name("batch_account", target):
        yield "batchAccount"
    for section, kind in HOLDERS.items():
        if name := known.name(kind, target):
            yield f"{section}/{name}"


def _network(observed: Observed) -> str:
    return held.network_of(observed.body["properties"]["subnet"])


PLAIN = Plain(name=NAME, arm=ARM, normalise=_normalised, written=_written, seen=_seen, replaces=True)
KIND = Kind(
    name=NAME,
    arm=ARM,
    fields=FIELDS,
    expand=expand,
    **PLAIN.verbs(),
    disturbs=disturbs,
    noun="private endpoint",
    keys={"properties.subnet.id": "subnet"},
    costs=standing(lambda body: Standing("privateEndpoint")),
    permissions=Permissions(
        writes=(
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            *(f"{type_}/privateEndpointConnectionsApproval/action" for type_, _ in networks.GROUPS.values()),
        )
    ),
    inverse=Inverse(say=entry, place=held.place("privateEndpoints", _network), tagged=True, every=PLAIN.every),
)
