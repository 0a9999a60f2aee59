"""Every writable property of a pool, from absent to removed: planned, made, and then no more in any plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.model import Action
from tests.documents import loaded
from tests.pools.conftest import Pools

CASES = loaded((Path(__file__).parents[1] / "cases/pool/properties.yaml").read_text())


ACCEPTED = [case for case in CASES if case.get("only") != "refused"]
ALONE = list({case["rule"]: case for case in reversed(ACCEPTED)}.values())
"""The first property of each rule goes through its life by itself, all others side by side."""
GROUPS = {case["key"]: [case] for case in ALONE} | {"others": [case for case in ACCEPTED if case not in ALONE]}


SPELLINGS: dict[str, tuple[Any, Any]] = {
    "userAccounts": ([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
    "dataDisks": (
        [{"lun": 0, "diskSizeGB": 8}, {"lun": 1, "diskSizeGB": 8}],
        [{"lun": 1, "diskSizeGB": 8}, {"lun": 0, "diskSizeGB": 8}],
    ),
    "vmSize": ("Standard_D2s_v3", "STANDARD_d2s_V3"),
    "nodes": ({"dedicated": 0, "resizeTimeout": "PT15M"}, {"dedicated": 0, "resizeTimeout": "PT900S"}),
}
"""Of some properties, a value and another spelling of it."""


def shown(pools: Pools) -> list[tuple[str, str]]:
    """(path, rule) of what the plan that was applied says of the pool."""
    assert pools.world.planned is not None
    decision = next(d for d in pools.world.planned.decisions if str(d.address) == "pool/pool")
    assert decision.action is Action.UPDATE
    return [(c.path.removeprefix("properties."), c.rule.name.lower()) for c in decision.diff.changes]


@pytest.mark.parametrize("group", GROUPS)
def test_every_property_goes_through_its_life(pools: Pools, group: str) -> None:
    cases = GROUPS[group]
    pools.done()
    for stage in ("set", "changed", "removed"):
        expected = {case["key"] for case in cases if bring(pools, case, stage)}
        if stage == "removed" and not pools.world.plan().steps:
            continue  # what was last set is the default
        if not expected:
            continue
        pools.done()
        seen: dict[str, set[str]] = {}
        for path, rule in shown(pools):
            (key,) = [case["key"] for case in cases if case["key"] in expected and path.startswith(case["path"])]
            seen.setdefault(key, set()).add(rule)
        assert set(seen) == expected or (stage == "removed" and set(seen) < expected), (stage, seen)
        assert seen == {case["key"]: {case["rule"]} for case in cases if case["key"] in seen}, stage


def bring(pools: Pools, case: dict[str, Any], stage: str) -> bool:
    """Bring a property to a stage of its life; whether that is another value."""
    if stage == "removed":
        del pools.pool[case["key"]]
        return True
    pools.pool[case["key"]] = case[stage]
    return bool(stage == "set" or case["changed"] != case["set"])


def test_several_properties_at_once_are_one_change(pools: Pools) -> None:
    pools.done()
    pools.pool.update({case["key"]: case["set"] for case in CASES if "only" not in case})
    pools.done()
    assert pools.live()["properties"]["userAccounts"][0]["name"] == "runner"


def test_another_spelling_is_no_change(pools: Pools) -> None:
    pools.pool.update({key: one for key, (one, _) in SPELLINGS.items()})
    pools.done()
    for key, (one, other) in SPELLINGS.items():
        pools.pool[key] = other
        assert pools.world.plan().steps == (), key
        pools.pool[key] = one


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
