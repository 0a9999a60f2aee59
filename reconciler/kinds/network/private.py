"""The short form `network: private`: what it stands for in the sections of a spec. Pure.

One network, with a subnet for nodes and one for private endpoints, the security group of the nodes, their way out, a
private endpoint for every storage account, the Batch account, every key vault and every registry that can have one, and
the DNS zones in which these have their names. Pools that name no subnet are put into that of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.network import ranges
from reconciler.spec import networks
from reconciler.spec.networks import GROUPS

KEY = "network"
SPACE = "10.0.0.0/16"
POOLS, ENDPOINTS = "pools", "endpoints"
NO_PUBLIC = {"provision": "NoPublicIPAddresses"}
Value = Mapping[str, Any]


def choices(value: Value) -> dict[str, Any] | None:
    """What `network` says, with defaults; None if the spec has none, or one from which no network can be made."""
    said = value.get(KEY)
    if said is None:
        return None
    name = f"vnet-{value['name']}"
    return {"name": name, "addressSpace": SPACE, "outbound": "nat", **(said if isinstance(said, Mapping) else {})}


def given(value: Value) -> dict[str, Any]:
    """The sections of a spec, with what `network` stands for; what `networks` says of the same network goes before."""
    chosen = choices(value)
    parts = ranges.parts(chosen["addressSpace"]) if chosen else None
    if chosen is None or parts is None:
        return dict(value)
    own = (value.get(networks.SECTION) or {}).get(chosen["name"]) or {}
    network = _laid(_network(value, chosen, parts), own)
    pools = {name: _placed(pool, chosen) for name, pool in (value.get("pools") or {}).items()}
    sections = {networks.SECTION: {**(value.get(networks.SECTION) or {}), chosen["name"]: network}}
    return {**value, **sections, **({"pools": pools} if pools else {})}


def _laid(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    both = {key for key, item in over.items() if isinstance(item, Mapping) and isinstance(under.get(key), Mapping)}
    return {**under, **{key: _laid(under[key], item) if key in both else item for key, item in over.items()}}


def _placed(pool: Value, chosen: Value) -> dict[str, Any]:
    """A pool in the subnet of the nodes, unless it names one; without public addresses, unless they go out by them."""
    network = pool.get("networkConfiguration") or {}
    if "subnetId" in network:
        return dict(pool)
    address = {} if chosen["outbound"] == "public" else {"publicIPAddressConfiguration": NO_PUBLIC}
    return {**pool, "networkConfiguration": {"subnetId": _subnet(chosen), **address, **network}}


def _subnet(chosen: Value) -> str:
    return f"{networks.SECTION}/{chosen['name']}/{POOLS}"


def _network(value: Value, chosen: Value, parts: tuple[str, str]) -> dict[str, Any]:
    base, group = chosen["name"].removeprefix("vnet-"), f"nsg-{chosen['name'].removeprefix('vnet-')}"
    nat = chosen["outbound"] == "nat"
    pools = {"addressPrefix": parts[0], "networkSecurityGroup": group, **({"natGateway": f"nat-{base}"} if nat else {})}
    gateway = {
        "publicIPAddresses": {f"ip-{base}-nat": {}},
        "natGateways": {f"nat-{base}": {"publicIPAddresses": [f"ip-{base}-nat"]}},
    }
    endpoints = dict(_endpoints(value))
    return {
        "addressSpace": [chosen["addressSpace"]],
        "subnets": {POOLS: pools, ENDPOINTS: {"addressPrefix": parts[1]}},
        "networkSecurityGroups": {group: {"securityRules": _rules(value, chosen)}},
        **(gateway if nat else {}),
        "privateEndpoints": endpoints,
        "privateDnsZones": {zone: {} for zone in dict.fromkeys(map(_zone, endpoints.values()))},
    }


def _endpoints(value: Value) -> Iterator[tuple[str, dict[str, str]]]:
    """An endpoint for each group of each resource of the spec's own that can have one."""
    account = value.get("batchAccount") or {"existing": True}
    named = [] if account.get("existing") else [("batchAccount", "batchAccount", account["name"])]
    for section in ("storage", "registries", "keyVaults"):
        for name, entry in (value.get(section) or {}).items():
            able = section != "registries" or (entry or {}).get("sku") == "Premium"
            if able and not (entry or {}).get("existing"):
                named.append((section, f"{section}/{name}", name))
    for section, to, name in named:
        for group in GROUPS[section][1]:
            yield f"pe-{name}-{group.lower()}", {"to": to, "groupId": group, "subnet": ENDPOINTS}


def _zone(endpoint: Value) -> str:
    return next(zones[endpoint["groupId"]] for _, zones in GROUPS.values() if endpoint["groupId"] in zones)


def _rules(value: Value, chosen: Value) -> dict[str, dict[str, Any]]:
    """What nodes need to go out to, and, where they are to have no way out, that there is none.

    Source: learn.microsoft.com, Batch, simplified compute node communication: BatchNodeManagement and Storage of the
    region at port 443; nothing has to come in.
    """
    region = str((value.get("azure") or {}).get("location", "")).replace(" ", "").lower()
    tags = {"AllowBatchNodeManagement": f"BatchNodeManagement.{region}", "AllowStorage": f"Storage.{region}"}
    allowed = {
        name: {"priority": 100 + 10 * index, **_out("Allow", tag), "protocol": "Tcp", "destinationPortRange": "443"}
        for index, (name, tag) in enumerate(tags.items())
    }
    denied = {"DenyInternet": {"priority": 4000, **_out("Deny", "Internet")}}
    return {**allowed, **(denied if chosen["outbound"] == "none" else {})}


def _out(access: str, tag: str) -> dict[str, str]:
    return {"direction": "Outbound", "access": access, "destinationAddressPrefix": tag}
