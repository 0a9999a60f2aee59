"""Whether a plan's pools can be put into their subnets: these exist, are ours, in the region, with room. Pure.

Azure allocates as many nodes as there are addresses and reports a resize error for the others. A live node has its
address already: only what the plan adds is counted, for all pools of one subnet together.
Source: learn.microsoft.com, Batch, create a pool in a virtual network: same subscription and region as the account,
an address for each node. That no node gets into a subnet that is delegated to another service is inferred from what a
delegation means (Virtual Network, subnet delegation).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from reconciler.kind.needs import Nodes
from reconciler.model import Address
from reconciler.preflight.facts import Change, Facts, Finding, Severity, Subnet

RESERVED = 5
"""Addresses that Azure keeps in each range of a subnet. Source: learn.microsoft.com, Virtual Network, FAQ."""


def check(facts: Facts, changes: Iterable[Change]) -> Iterator[Finding]:
    changes = tuple(change for change in changes if not change.later)
    for name, subnet in facts.subnets.items():
        within = [change for change in changes if change.after.subnet == name]
        problem = _unfit(facts, name, subnet)
        if problem:
            for change in within:
                if change.before is None or change.before.subnet != name:
                    yield Finding(Severity.REFUSE, "subnet", change.address, *problem)
        elif subnet:
            yield from _room(facts, name, subnet, changes)


def _unfit(facts: Facts, name: str, subnet: Subnet | None) -> tuple[str, str] | None:
    """Why no pool of the account can be in the subnet, and what to do."""
    short = shown(name)
    if subnet is None:
        return f"the subnet {short} does not exist", "make it first, or correct subnetId"
    if not name.startswith(f"/subscriptions/{facts.subscription.lower()}/"):
        return f"the subnet {short} is in another subscription than the Batch account", "use one of the account's"
    if subnet.location != facts.location:
        where = f"in {subnet.location} and the Batch account in {facts.location}"
        return f"the virtual network of {short} is {where}", f"use a virtual network in {facts.location}"
    if subnet.delegated:
        services = ", ".join(subnet.delegated)
        return f"the subnet {short} is delegated to {services}, and takes nothing else", "use a subnet of its own"
    return None


def shown(name: str) -> str:
    """`network/subnet` of a subnet's id; any other text as it is."""
    parts = name.split("/")
    return f"{parts[-3]}/{parts[-1]}" if len(parts) >= 3 else name


def limit(prefixes: Iterable[str]) -> int:
    """How many nodes the IPv4 ranges of a subnet have addresses for."""
    networks = [ipaddress.ip_network(prefix) for prefix in prefixes]
    return sum(max(0, network.num_addresses - RESERVED) for network in networks if network.version == 4)


def _room(facts: Facts, name: str, subnet: Subnet, changes: Iterable[Change]) -> Iterator[Finding]:
    gains = {change.address: _gain(change, name) for change in changes}
    more = {address: gain for address, gain in gains.items() if gain > 0}
    if not more:
        return
    left = [facts.live[address] for address in facts.leaving if address in facts.live]
    back = sum(_inside(nodes, name) for nodes in left) - sum(gain for gain in gains.values() if gain < 0)
    most, used = limit(subnet.prefixes), max(subnet.used, sum(_inside(nodes, name) for nodes in facts.live.values()))
    need = sum(more.values())
    if used + need <= most:
        return
    surges = sum(_inside(change.surge, name) for change in changes if change.surge)
    words = f"the subnet {shown(name)} ({', '.join(subnet.prefixes)}) has {used} of {most} addresses in use and {need} "
    words += "more are needed" + (f", {surges} of them only while blue/green has two pools" if surges else "")
    words += f", by {', '.join(map(str, more))} together" if len(more) > 1 else ""
    for address in more:
        yield _short(address, words, (most, used, need), back)


def _short(address: Address, words: str, numbers: tuple[int, int, int], back: int) -> Finding:
    most, used, need = numbers
    if used + need - back <= most:
        remedy = "the rest comes when other pools of this plan have shrunk or gone; until then it waits for nodes"
        return Finding(Severity.WARN, "subnet", address, words, remedy, most, used, need)
    room = max(0, most - used + back)
    remedy = f"{room} more nodes fit in all, or use a larger subnet"
    return Finding(Severity.REFUSE, "subnet", address, words, remedy, most, used, need)


def _inside(pool: Nodes | None, name: str) -> int:
    return pool.nodes if pool and pool.subnet == name else 0


def _gain(change: Change, name: str) -> int:
    return _inside(change.after, name) + _inside(change.surge, name) - _inside(change.before, name)
