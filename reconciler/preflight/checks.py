"""What stands against the pools and accounts of a plan, from facts. Pure."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterable, Iterator
from datetime import timedelta

from reconciler.kinds.capacity import SHOWN, Size, nearest
from reconciler.model import Address
from reconciler.preflight import quotas
from reconciler.preflight.facts import Change, Facts, Finding, Image, Severity

MAX_SLOTS = 256
SLOTS_PER_CORE = 4
SOON = timedelta(days=90)
RESERVED = 5
"""Addresses that Azure keeps in each subnet."""


def check(facts: Facts, changes: Iterable[Change]) -> tuple[Finding, ...]:
    """All findings; those that refuse come first."""
    changes = tuple(changes)
    found = [*quotas.check(facts, changes), *_names(facts)]
    for change in changes:
        found += [*_size(facts, change), *_slots(facts, change), *_image(facts, change), *_gallery(facts, change)]
    return tuple(sorted(found, key=lambda one: one.severity is not Severity.REFUSE))


def _size(facts: Facts, change: Change) -> Iterator[Finding]:
    """A pool that gets nodes of another size, or more of them, needs a size that is offered."""
    if facts.sizes is None:
        return
    wanted, before = change.after.size, change.before
    found = next((one for one in facts.sizes if one.name.lower() == wanted.lower()), None)
    grown = before is None or (change.after.dedicated, change.after.spot) > (before.dedicated, before.spot)
    other = before is None or before.size.lower() != wanted.lower()
    if (found and found.offered) or not (grown or other):
        return
    near = _near(wanted, found, facts.sizes)
    why = "is sold out or closed to this subscription" if found else "does not exist"
    words, names = f"the size {wanted} {why} in {facts.location}", tuple(one.name for one in near)
    remedy = f"nearest are {', '.join(f'{one.name} ({one.cores} cores)' for one in near)}" if near else ""
    yield Finding(Severity.REFUSE, "size", change.address, words, remedy or "use another region", sizes=names)


def _near(wanted: str, found: Size | None, sizes: tuple[Size, ...]) -> list[Size]:
    """Sizes for the same work; of a size that nobody knows, those with the most similar names."""
    offered = [one for one in sizes if one.offered]
    if found:
        return nearest(found, offered)
    by_name = {one.name.lower(): one for one in offered}
    return [by_name[one] for one in difflib.get_close_matches(wanted.lower(), by_name, n=SHOWN, cutoff=0.3)]


def _slots(facts: Facts, change: Change) -> Iterator[Finding]:
    size = next((one for one in facts.sizes or () if one.name.lower() == change.after.size.lower()), None)
    most = min(MAX_SLOTS, SLOTS_PER_CORE * size.cores) if size else MAX_SLOTS
    if change.after.slots > most and (change.before is None or change.before != change.after):
        words = f"taskSlotsPerNode is {change.after.slots} and {change.after.size} takes {most} at most"
        remedy = f"set {most} or fewer, or use a size with more cores"
        yield Finding(Severity.REFUSE, "slots", change.address, words, remedy, most, None, change.after.slots)


def _image(facts: Facts, change: Change) -> Iterator[Finding]:
    """The image has a node agent, and Batch goes on supporting it."""
    pool = change.after
    name = pool.base if pool.image.startswith("/") else pool.image
    if facts.images is None or not name:
        return
    found = next((one for one in facts.images if one.urn == name), None)
    severity = Severity.WARN if change.before and change.before.image == pool.image else Severity.REFUSE
    if found is None:
        if pool.agent and pool.image.startswith("/"):
            return
        near = difflib.get_close_matches(name, _lasting(facts), n=SHOWN, cutoff=0.3)
        words = f"Batch has no node agent for the image {name}"
        yield Finding(severity, "image", change.address, words, f"nearest are: {', '.join(near) or 'none'}")
        return
    if change.after.agent and found.agent != change.after.agent and not change.before:
        words = f"the image {name} goes with the node agent {found.agent}, not with {change.after.agent}"
        remedy = "leave nodeAgentSkuId out"
        yield Finding(Severity.REFUSE, "image", change.address, words, remedy)
    yield from _end(facts, change.address, found, severity)


def _end(facts: Facts, address: Address, image: Image, severity: Severity) -> Iterator[Finding]:
    if image.ends is None or image.ends > facts.now + SOON:
        return
    past = image.ends <= facts.now
    near = difflib.get_close_matches(image.urn, _lasting(facts), n=SHOWN, cutoff=0.3)
    words = f"Batch {'ended' if past else 'ends'} its support of {image.urn} on {image.ends.date()}"
    remedy = f"these go on: {', '.join(near) or 'none'}"
    yield Finding(severity if past else Severity.WARN, "image", address, words, remedy)


def _lasting(facts: Facts) -> list[str]:
    return [one.urn for one in facts.images or () if one.ends is None or one.ends > facts.now + SOON]


def _gallery(facts: Facts, change: Change) -> Iterator[Finding]:
    """A gallery image must be in the region of the account."""
    regions = facts.galleries.get(change.after.image)
    if regions is None or facts.location in regions:
        return
    there = ", ".join(regions) or "no region"
    words = f"the image {change.after.image} is not replicated to {facts.location} but to {there}"
    remedy = f"add {facts.location} to the regions of the image"
    yield Finding(Severity.REFUSE, "gallery", change.address, words, remedy)


def _names(facts: Facts) -> Iterator[Finding]:
    for address, problem in facts.names.items():
        if problem:
            yield Finding(Severity.REFUSE, "name", address, problem.rstrip("."), "choose another name")


def subnet(address: Address, prefix: str, used: int, nodes: int) -> Finding | None:
    """Whether `nodes` more find an address in a subnet of `prefix` of which `used` are taken."""
    limit = ipaddress.ip_network(prefix).num_addresses - RESERVED
    if used + nodes <= limit:
        return None
    words = f"the subnet {prefix} has {used} of {limit} addresses in use and {nodes} more are needed"
    remedy = f"{max(0, limit - used)} nodes fit, or use a larger subnet"
    return Finding(Severity.REFUSE, "subnet", address, words, remedy, limit, used, nodes)
