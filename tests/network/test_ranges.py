"""Ranges of addresses: the parts of a private network never overlap and stay where they are; sizes are large enough."""

from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.network import ranges

spaces = st.builds(
    lambda number, length: str(ipaddress.ip_network((number << (32 - length), length))),
    st.integers(0, 2**8 - 1),
    st.integers(8, ranges.LONGEST),
)


@given(spaces)
def test_the_parts_of_a_space_lie_in_it_apart_and_have_room(space: str) -> None:
    parts = ranges.parts(space)
    assert parts is not None
    assert all(ranges.inside(part, [space]) for part in parts)
    assert not list(ranges.overlaps([("pools", parts[0]), ("endpoints", parts[1])]))
    whole = ipaddress.ip_network(space).num_addresses
    assert ranges.room(parts[0]) == whole // 2 - ranges.RESERVED
    assert ranges.room(parts[1]) >= 32 - ranges.RESERVED


@given(st.integers(0, 2**16))
def test_the_range_that_is_told_is_large_enough_and_no_larger(addresses: int) -> None:
    length = ranges.needed(addresses)
    assert ranges.room(f"0.0.0.0/{length}") >= addresses
    assert length == ranges.SMALLEST or ranges.room(f"0.0.0.0/{length + 1}") < addresses


@given(st.lists(spaces, min_size=2, max_size=4))
def test_ranges_overlap_where_an_address_is_in_both(found: list[str]) -> None:
    named = [(str(index), space) for index, space in enumerate(found)]
    told = set(ranges.overlaps(named))
    for name, first in named:
        for other, second in named[int(name) + 1 :]:
            a, b = ipaddress.ip_network(first), ipaddress.ip_network(second)
            assert ((name, other) in told) == (a[0] in b or b[0] in a)


def test_a_range_with_bits_beyond_its_length_is_told_with_the_one_that_was_meant() -> None:
    assert ranges.problem("10.0.0.9/24").endswith("write 10.0.0.0/24")
    assert ranges.problem("10.0.0.0/33").startswith("10.0.0.0/33 is no range of addresses")
    assert ranges.parts("10.0.0.0/25") is ranges.parts("fd00::/48") is ranges.parts("x") is None
