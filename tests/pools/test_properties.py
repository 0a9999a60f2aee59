"""Every writable property of a pool, from absent to removed: planned, made, and then no more in any plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action
from tests.documents import loaded
from tests.pools.conftest import Pools

CASES = loaded((Path(__file__).parents[1] / "cases/pool/properties.yaml").read_text())


PARTS = 4
"""Properties are tried in so many worlds, side by side."""


def shown(pools: Pools) -> list[tuple[str, str]]:
    """(path, rule) of what the plan that was applied says of the pool."""
    assert pools.world.planned is not None
    decision = next(d for d in pools.world.planned.decisions if str(d.address) == "pool/pool")
    assert decision.action is Action.UPDATE
    return [(c.path.removeprefix("properties."), c.rule.name.lower()) for c in decision.diff.changes]


@pytest.mark.parametrize("part", range(PARTS))
def test_every_property_goes_through_its_life(pools: Pools, part: int) -> None:
    pools.done()
    for case in CASES[part::PARTS]:
        if case.get("only") == "refused":
            continue
        for stage in ("set", "changed", "removed"):
            if stage == "removed":
                del pools.pool[case["key"]]
                if not pools.world.plan().steps:
                    continue  # what was last set is the default
            elif stage == "changed" and case["changed"] == case["set"]:
                continue  # it has one value only
            else:
                pools.pool[case["key"]] = case[stage]
            pools.done()
            changes = shown(pools)
            assert changes, (case["key"], stage)
            assert all(path.startswith(case["path"]) for path, _ in changes), (case["key"], stage, changes)
            assert {rule for _, rule in changes} == {case["rule"]}, (case["key"], stage, changes)


def test_several_properties_at_once_are_one_change(pools: Pools) -> None:
    pools.done()
    pools.pool.update({case["key"]: case["set"] for case in CASES if "only" not in case})
    pools.done()
    assert pools.live()["properties"]["userAccounts"][0]["name"] == "runner"


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("userAccounts", [{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
        ("dataDisks", [{"lun": 0, "diskSizeGB": 8}, {"lun": 1, "diskSizeGB": 8}],
         [{"lun": 1, "diskSizeGB": 8}, {"lun": 0, "diskSizeGB": 8}]),
        ("vmSize", "Standard_D2s_v3", "STANDARD_d2s_V3"),
        ("nodes", {"dedicated": 0, "resizeTimeout": "PT15M"}, {"dedicated": 0, "resizeTimeout": "PT900S"}),
    ],
)  # fmt: skip
def test_another_spelling_is_no_change(pools: Pools, key: str, one: Any, other: Any) -> None:
    pools.pool[key] = one
    pools.done()
    pools.pool[key] = other
    assert pools.world.plan().steps == ()


def test_a_node_agent_that_a_live_pool_does_not_have_is_a_difference(pools: Pools) -> None:
    pools.done()
    pools.pool["nodeAgentSkuId"] = "batch.node.ubuntu 22.04"
    assert pools.world.plan().steps == (), "it is the one that was looked up"
    pools.pool["nodeAgentSkuId"] = "batch.node.el 9"
    (refused,) = pools.world.plan().of(Action.REFUSE)
    assert "goes with the node agent batch.node.ubuntu 22.04, not with batch.node.el 9" in refused.reason
    assert [change.key for change in refused.diff.changes] == ["nodeAgentSkuId"]
    pools.pool["nodeAgentSkuId"] = "batch.node.ubuntu 22.04"
    pools.pool["image"] = "almalinux-9"
    (refused,) = pools.world.plan().of(Action.REFUSE)
    assert "goes with the node agent batch.node.el 9, not with batch.node.ubuntu 22.04" in refused.reason
