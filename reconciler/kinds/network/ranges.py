"""Ranges of addresses: the parts of a private network, and whether ranges fit, lie apart and are large enough. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from itertools import combinations

Range = ipaddress.IPv4Network | ipaddress.IPv6Network
RESERVED = 5
"""Addresses that Azure keeps in each range of a subnet. Source: learn.microsoft.com, Virtual Network, FAQ."""
SMALLEST = 29
"""The longest IPv4 prefix of a subnet. Source: the same."""
LONGEST = 24
"""The longest prefix of an address space of `network`: half of a /24 has room for 123 nodes."""


def read(text: str) -> Range | None:
    """A range as `10.0.0.0/16`; None if it is none, or has bits beyond its length."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def problem(text: str) -> str:
    """Why a text is no range, and which was meant; empty if it is one."""
    if read(text) is not None:
        return ""
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"{text} is no range of addresses; write one such as 10.0.0.0/16"
    return f"{text} is no range: it has bits beyond its length; write {meant}"


def parts(space: str) -> tuple[str, str] | None:
    """The ranges for pools and for private endpoints of an address space: its lower half, and an eighth above that.

    They depend on the space alone: Azure does not change the range of a subnet in which something has an address, so a
    pool that grows must not move it. None if the space is none, or too small.
    """
    whole = read(space)
    if whole is None or whole.version != 4 or whole.prefixlen > LONGEST:
        return None
    lower, upper = whole.subnets(1)
    return str(lower), str(next(iter(upper.subnets(2))))


def room(prefix: str) -> int:
    """How many nodes or endpoints an IPv4 range has addresses for."""
    range_ = read(prefix)
    return max(0, range_.num_addresses - RESERVED) if range_ and range_.version == 4 else 0


def needed(addresses: int) -> int:
    """The longest prefix of an IPv4 range that has room for so many."""
    return min(SMALLEST, 32 - (addresses + RESERVED - 1).bit_length())


def inside(prefix: str, spaces: Iterable[str]) -> bool:
    range_ = read(prefix)
    return any(_within(range_, read(space)) for space in spaces)


def _within(inner: Range | None, outer: Range | None) -> bool:
    if isinstance(inner, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    both = isinstance(inner, ipaddress.IPv6Network) and isinstance(outer, ipaddress.IPv6Network)
    return both and inner.subnet_of(outer)  # type: ignore[union-attr,arg-type]


def overlaps(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The names of each two ranges that have addresses in common, of (name, range)."""
    known = [(name, range_) for name, text in named if (range_ := read(text)) is not None]
    for (name, first), (other, second) in combinations(known, 2):
        if first.version == second.version and first.overlaps(second):
            yield name, other
