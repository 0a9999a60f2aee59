"""A spec as a graph: order and circles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.engine import graph
from reconciler.errors import ReconcileError
from reconciler.kinds import KINDS, load
from reconciler.model import Address, Desired
from tests.engine.world import kind, want

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = load(CHECKOUT / "specs/local.yaml", {})


def test_everything_comes_after_what_it_refers_to() -> None:
    built = graph.build(EXAMPLE, KINDS)
    seen: set[Address] = set()
    for address, desired in built.items():
        assert set(desired.refs) <= seen
        seen.add(address)


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
