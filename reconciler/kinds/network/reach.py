"""Whether what a spec asks for can reach what it needs: subnets that are large enough for their pools and do not shut
them off, private endpoints that lead somewhere, and closed storage with a way to it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.kinds.network import private, ranges, security
from reconciler.kinds.network.checks import place
from reconciler.spec import networks
from reconciler.spec.document import Document
from reconciler.spec.networks import GROUPS, Network, PrivateEndpoint
from reconciler.spec.pools import Pool
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

Found = Iterator[tuple[Path_, str]]


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    for name, network in networks.of(spec).items():
        path: Path_ = (networks.SECTION, name)
        for subnet in network["subnets"]:
            where, short = (*path, "subnets", subnet), not document.says(path) and document.says((private.KEY,))
            for words in _small(spec, where, network, short=short):
                yield document.problem((private.KEY, "addressSpace") if short else (*where, "addressPrefix"), words)
            for where, words in _pools(spec, path, network, subnet):
                yield document.problem(place(document, where), words)
        for endpoint, entry in network["privateEndpoints"].items():
            for where, words in _endpoint(spec, (*path, "privateEndpoints", endpoint), entry):
                yield document.problem(place(document, where), words)
    for where, words in (*_closed(spec), *_basic(spec), *_unheard(spec)):
        yield document.problem(where, words)


def _within(spec: Spec, path: Path_, network: Network) -> dict[str, Pool]:
    """The pools that are in a subnet of the spec's own."""
    place_id = networks.subnet_id(spec, str(path[1]), str(path[3])).lower()
    existing = network["subnets"][str(path[3])]["existing"]
    return {} if existing else {name: pool for name, pool in spec.pools.items() if _subnet(pool) == place_id}


def _small(spec: Spec, path: Path_, network: Network, *, short: bool) -> Iterator[str]:
    """Why a subnet is too small for its pools; that of the short form is half of its address space."""
    within, prefix = _within(spec, path, network), network["subnets"][str(path[3])].get("addressPrefix", "")
    need = sum(most(spec, name, pool) for name, pool in within.items())
    if (range_ := ranges.read(prefix)) and range_.version == 4 and need > ranges.room(prefix):
        named = ", ".join(f"pools/{name}" for name in within)
        length = ranges.needed(need) - short
        words = f"has room for {ranges.room(prefix)} nodes, and {named} may have {need} at a time"
        yield f"{words}; write /{length} or a larger range"


def _pools(spec: Spec, path: Path_, network: Network, name: str) -> Found:
    """What keeps the pools of a subnet from being in it or from reaching Batch."""
    where, subnet = (*path, "subnets", name), network["subnets"][name]
    within = next(iter(_within(spec, where, network)), None)
    if within is None:
        return
    if "delegation" in subnet:
        yield (*where, "delegation"), f"leaves no place for nodes, and pools/{within} is in it"
    group = network["networkSecurityGroups"].get(subnet.get("networkSecurityGroup", ""))
    managed = any(endpoint["groupId"] == "nodeManagement" for endpoint in network["privateEndpoints"].values())
    for rule, tag in security.shuts_out(group["securityRules"], spec.azure.location) if group and not managed else ():
        words = f"keeps the nodes of pools/{within} from {tag} at port 443, which Batch needs; allow that by a rule of "
        remedy = f"a smaller priority (destinationAddressPrefix: {tag}.{spec.azure.location})"
        rules = (*path, "networkSecurityGroups", subnet["networkSecurityGroup"], "securityRules")
        yield (*rules, rule), f"{words}{remedy}"


def _subnet(pool: Pool) -> str:
    return str((pool.get("networkConfiguration") or {}).get("subnetId", "")).lower()


def most(spec: Spec, name: str, pool: Pool) -> int:
    """How many nodes there may be at a time for a pool: a rollout may make a second one beside it, and each job may
    have one of its own. 0 where a formula alone says how many."""
    nodes: Mapping[str, Any] = pool["nodes"]
    scale = nodes.get("autoscale")
    number = scale.get("max", 0) if scale is not None else nodes["dedicated"] + nodes["spot"]
    if "autoPool" in pool:
        return int(number) * sum(job["pool"] == f"pools/{name}" for job in spec.jobs.values())
    return int(number) * (2 if pool["rollout"]["whenEmpty"] == "blueGreen" else 1)


def _endpoint(spec: Spec, path: Path_, endpoint: PrivateEndpoint) -> Found:
    section, _, name = endpoint["to"].partition("/")
    groups = GROUPS[section][1] if section in GROUPS else {}
    if groups and endpoint["groupId"] not in groups:
        yield (*path, "groupId"), f"is no group of {endpoint['to']}, which has {' and '.join(groups)}"
    registry = spec.registries.get(name) if section == "registries" else None
    if registry and not registry["existing"] and registry["sku"] != "Premium":
        yield (*path, "to"), f"is of sku {registry['sku']}, and only Premium registries have private endpoints"


def _closed(spec: Spec) -> Found:
    """Closed storage that the nodes of a conversion can never reach: these are in a network of Batch's own."""
    led = networks.led(spec)
    for name, job in spec.jobs.items():
        pool = spec.pools.get(job["pool"].partition("/")[2])
        for end in ("from", "to") if pool and "convert" in job else ():
            account = str(job["convert"][end]).split("/")[1]
            shut = account in spec.storage and spec.storage[account]["publicNetworkAccess"] == "Disabled"
            if pool and shut and f"storage/{account}" not in led and not _subnet(pool):
                why = f"storage/{account} is closed (publicNetworkAccess: Disabled), and nothing leads the nodes of"
                yield ("jobs", name, "convert", end), f"{why} {job['pool']} to it; write network: private"


def _unheard(spec: Spec) -> Found:
    """Subnets that an account lets in, which do not tell storage who they are."""
    served = {
        networks.subnet_id(spec, network, name).lower(): any(
            service.startswith("Microsoft.Storage") for service in subnet["serviceEndpoints"]
        )
        for network, section in networks.of(spec).items()
        for name, subnet in section["subnets"].items()
        if not subnet["existing"]
    }
    for name, account in spec.storage.items():
        rules = account["networkAcls"]["virtualNetworkRules"] if "networkAcls" in account else ()
        for index, subnet in enumerate(rules):
            if not served.get(subnet.lower(), True):
                words = "has no endpoint of storage, so that no rule can let it in; give it serviceEndpoints: "
                yield ("storage", name, "networkAcls", "virtualNetworkRules", index), f"{words}[Microsoft.Storage]"


def _basic(spec: Spec) -> Found:
    chosen = private.choices(spec.sections)
    for name, registry in spec.registries.items():
        if registry.get("publicNetworkAccess") == "Disabled" and registry["sku"] != "Premium":
            words = "takes a Premium registry, as only that has another way in than the internet; write sku: Premium"
            yield ("registries", name, "publicNetworkAccess"), words
    for name, registry in spec.registries.items() if chosen and chosen["outbound"] == "none" else ():
        if registry["sku"] != "Premium" and not registry["existing"]:
            words = "has no private endpoint, and network: {outbound: none} leaves nodes no other way to it; write "
            yield ("registries", name, "sku"), f"{registry['sku']} {words}sku: Premium"


def advice(spec: Spec) -> Found:
    """Endpoints without names, and doors that stay open although a private way leads in."""
    for name, network in networks.of(spec).items():
        for endpoint, entry in network["privateEndpoints"].items():
            zone = networks.zone_of(entry)
            if zone and zone not in network["privateDnsZones"]:
                words = (
                    f"is in no DNS zone of this network, where names then lead to the public address; add {zone}: {{}}"
                )
                yield (networks.SECTION, name, "privateEndpoints", endpoint), f"{words} to privateDnsZones"
    if private.choices(spec.sections):
        yield from _open(spec)


def _open(spec: Spec) -> Found:
    remedy = "private endpoint leads to it, but it stays open to the internet; write publicNetworkAccess: Disabled"
    for name, account in spec.storage.items():
        if not account["existing"] and account["publicNetworkAccess"] == "Enabled" and "networkAcls" not in account:
            yield ("storage", name), f"a {remedy}"
    for name, registry in spec.registries.items():
        if not registry["existing"] and registry["sku"] != "Premium":
            words = f"is of sku {registry['sku']}, which has no private endpoint: nodes reach it over the internet"
            yield ("registries", name, "sku"), f"{words}; write sku: Premium for one"
