"""A spec as a graph: order, circles, and which part of it a command is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engine import graph
from reconciler.errors import ReconcileError, Refused
from reconciler.kinds import KINDS, load
from reconciler.model import Address, Desired
from tests.engine.world import kind, spec, want

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = load(CHECKOUT / "specs/local.yaml", {})


def chosen(desired: dict[Address, Desired], targets: str = "", excludes: str = "") -> set[str]:
    picked = graph.select(
        desired, (), tuple(map(Address.parse, targets.split())), tuple(map(Address.parse, excludes.split()))
    )
    return {str(address) for address in picked}


def test_everything_comes_after_what_it_refers_to() -> None:
    built = graph.build(EXAMPLE, KINDS)
    seen: set[Address] = set()
    for address, desired in built.items():
        assert set(desired.refs) <= seen
        seen.add(address)


def test_a_target_brings_what_it_needs_and_an_exclude_takes_what_needs_it() -> None:
    desired = spec(want("store/a"), want("shelf/b", "store/a"), want("shop/c", "shelf/b"), want("shop/d"))
    assert chosen(desired, targets="shelf/b") == {"store/a", "shelf/b"}
    assert chosen(desired, excludes="shelf/b") == {"store/a", "shop/d"}
    assert chosen(desired, targets="shop/c shop/d", excludes="shelf/b") == {"store/a", "shop/d"}


def test_an_unknown_address_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refused, match=r"there is no shelf/bb; did you mean shelf/b\?"):
        chosen(spec(want("shelf/b"), want("store/a")), targets="shelf/bb")


@pytest.mark.parametrize(
    ("desired", "says"),
    [
        ((want("store/a", "store/b"), want("store/b", "store/a")), "in a circle"),
        ((want("store/a", "store/z"),), "refers to store/z, which is not in the spec"),
        ((want("store/a"), want("store/a")), "asks for store/a twice"),
    ],
)
def test_what_is_no_graph_is_told(desired: tuple[Desired, ...], says: str) -> None:
    kinds = {"store": replace(kind("store"), expand=lambda spec: desired)}
    with pytest.raises(ReconcileError, match=says):
        graph.build(EXAMPLE, kinds)
