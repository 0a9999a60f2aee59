"""What no schema can say of `networks`: ranges that fit and lie apart, names that refer to what is there, and names
that Azure keeps or takes for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.errors import Problem
from reconciler.kinds.network import private, ranges
from reconciler.spec import networks
from reconciler.spec.document import Document
from reconciler.spec.networks import Network
from reconciler.spec.references import nearest
from reconciler.spec.schema import Path_
from reconciler.spec.spec import Spec

KEPT = {
    "gatewaysubnet": "VPN gateways", "azurefirewallsubnet": "firewalls",
    "azurefirewallmanagementsubnet": "firewalls", "azurebastionsubnet": "Bastion", "routeserversubnet": "route servers",
}  # fmt: skip
"""Names of subnets in which Azure takes nothing else. Source: learn.microsoft.com, Virtual Network, FAQ."""
NAMED = ("networkSecurityGroups", "publicIPAddresses", "natGateways", "privateEndpoints")
"""What stands in the resource group beside the networks, under names of its own."""


def place(document: Document, path: Path_) -> Path_:
    """Where a path in `networks` stands: what the short form has made stands where that is written."""
    return path if document.says(path[:2]) or not document.says((private.KEY,)) else (private.KEY,)


def check(document: Document, spec: Spec) -> Iterator[Problem]:
    yield from _short(document, spec)
    for name, network in networks.of(spec).items():
        path: Path_ = (networks.SECTION, name)
        yield from (document.problem(place(document, where), words) for where, words in _problems(path, network))
    for where, words in _twice(spec):
        yield document.problem(place(document, where), words, at_key=True)


def _short(document: Document, spec: Spec) -> Iterator[Problem]:
    chosen = private.choices(spec.sections)
    if chosen is None or ranges.parts(chosen["addressSpace"]) is not None:
        return
    where = (private.KEY, "addressSpace")
    small = f"is too small or no IPv4 range: a network for pools and endpoints takes a /{ranges.LONGEST} or larger"
    yield document.problem(where, ranges.problem(chosen["addressSpace"]) or small)


def _problems(path: Path_, network: Network) -> Iterator[tuple[Path_, str]]:
    if network["existing"]:
        for name, subnet in network["subnets"].items():
            if not subnet["existing"]:
                words = "is in a network of others, where no mark can say that it is ours; write existing: true"
                yield (*path, "subnets", name), words
    else:
        yield from _spaces(path, network)
        yield from _subnets(path, network)
    yield from _references(path, network)
    yield from _priorities(path, network)


def _priorities(path: Path_, network: Network) -> Iterator[tuple[Path_, str]]:
    """Rules of one direction need priorities of their own."""
    for name, group in network["networkSecurityGroups"].items():
        seen: dict[tuple[str, int], str] = {}
        for rule, body in group["securityRules"].items():
            first = seen.setdefault((body["direction"], body["priority"]), rule)
            if first != rule:
                where = (*path, "networkSecurityGroups", name, "securityRules", rule, "priority")
                yield where, f"is that of {first} too, which is {body['direction']} as well; give one of them another"


def _spaces(path: Path_, network: Network) -> Iterator[tuple[Path_, str]]:
    spaces = network["addressSpace"]
    if not spaces:
        yield path, "has no addressSpace; write addressSpace: [10.0.0.0/16], or existing: true if others have made it"
    for index, space in enumerate(spaces):
        if words := ranges.problem(space):
            yield (*path, "addressSpace", index), words
    for first, second in ranges.overlaps([(space, space) for space in spaces]):
        yield (*path, "addressSpace"), f"{first} and {second} overlap; leave one of them out"


def _subnets(path: Path_, network: Network) -> Iterator[tuple[Path_, str]]:
    owned = {name: subnet.get("addressPrefix", "") for name, subnet in network["subnets"].items()}
    for name, prefix in owned.items():
        where = (*path, "subnets", name)
        if name.lower() in KEPT:
            yield where, f"is a name that Azure keeps for {KEPT[name.lower()]}; give it another"
        if network["subnets"][name]["existing"]:
            yield (*where, "existing"), "is in a network of this spec, which makes its subnets itself; leave it out"
        elif not prefix:
            yield where, "has no addressPrefix; write one inside the addressSpace, such as 10.0.0.0/24"
        elif words := ranges.problem(prefix) or _unfit(prefix, network):
            yield (*where, "addressPrefix"), words
    for first, second in ranges.overlaps(owned.items()):
        yield (*path, "subnets", second, "addressPrefix"), f"overlaps with that of {first} ({owned[first]})"


def _unfit(prefix: str, network: Network) -> str:
    range_ = ranges.read(prefix)
    if range_ and range_.version == 4 and range_.prefixlen > ranges.SMALLEST:
        return f"is smaller than a subnet can be; write /{ranges.SMALLEST} or a larger range"
    if network["addressSpace"] and not ranges.inside(prefix, network["addressSpace"]):
        return f"is not inside the addressSpace ({', '.join(network['addressSpace'])}); choose one there, or widen that"
    return ""


def _references(path: Path_, network: Network) -> Iterator[tuple[Path_, str]]:
    """What names something of the same network that is not there."""
    for where, key, name in _named(path, network):
        known: Mapping[str, Any] = network[key]  # type: ignore[literal-required]
        if name not in known:
            yield where, f"there is no {name} among the {key} of this network{nearest(name, known)}"


def _named(path: Path_, network: Network) -> Iterator[tuple[Path_, str, str]]:
    for name, subnet in network["subnets"].items():
        if "networkSecurityGroup" in subnet:
            where = (*path, "subnets", name, "networkSecurityGroup")
            yield where, "networkSecurityGroups", subnet["networkSecurityGroup"]
        if "natGateway" in subnet:
            yield (*path, "subnets", name, "natGateway"), "natGateways", subnet["natGateway"]
    for name, gateway in network["natGateways"].items():
        for index, address in enumerate(gateway["publicIPAddresses"]):
            yield (*path, "natGateways", name, "publicIPAddresses", index), "publicIPAddresses", address
    for name, endpoint in network["privateEndpoints"].items():
        yield (*path, "privateEndpoints", name, "subnet"), "subnets", endpoint["subnet"]


def _twice(spec: Spec) -> Iterator[tuple[Path_, str]]:
    """Names that two networks give to things of one kind in one resource group."""
    seen: dict[tuple[str, str], str] = {}
    for network, section in networks.of(spec).items():
        for key in NAMED:
            for name in section[key]:  # type: ignore[literal-required]
                first = seen.setdefault((key, name.lower()), network)
                if first != network:
                    words = (
                        f"is a name that networks.{first}.{key} has too, in the same resource group; give it another"
                    )
                    yield (networks.SECTION, network, key, name), words
