"""A new start task on a pool with nodes: for new nodes only, or node by node."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler import marks
from reconciler.kinds.pool import rollout
from reconciler.model import Action, Decision, Rule
from tests.pools.conftest import Pools

SINCE = "2026-11-21T10:00:00Z"
EARLIER, LATER = "2026-11-21T09:00:00Z", "2026-11-21T10:05:00Z"


def node(name: str, state: str, boot: str) -> dict[str, Any]:
    return {"id": name, "state": state, "lastBootTime": boot}


def boots(pools: Pools) -> list[str]:
    return sorted(str(n.as_dict()["lastBootTime"]) for n in pools.world.cloud().batch().list_nodes("pool"))


def test_idle_nodes_come_first_and_what_boots_counts_as_missing() -> None:
    raws = [
        node("a", "running", EARLIER),
        node("b", "idle", EARLIER),
        node("c", "rebooting", EARLIER),
        node("d", "idle", LATER),
        node("e", "running", EARLIER),
    ]
    found = rollout.sort(raws, SINCE, {"e"})
    assert found.old == ("b", "a")
    assert set(found.booting) == {"c", "e"}


@pytest.mark.parametrize("rolling", [False, True])
def test_a_new_start_task_reaches_nodes_that_boot_later_or_all_of_them_by_rebooting(
    pools: Pools,
    rolling: bool,
) -> None:
    pools.pool.update(nodes=3, startTask={"commandLine": "/bin/true"})
    if rolling:
        pools.pool["rollout"] = {"newNodes": "rolling", "maxUnavailable": 2}
    pools.done()
    before = boots(pools)
    pools.pool["startTask"] = {"commandLine": "/bin/echo new"}
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.diff.rule is Rule.NEW_NODES
    pools.done()
    after = boots(pools)
    assert len(after) == 3
    assert (set(before) & set(after) == set()) is rolling
    assert not any(one["name"] == marks.ROLLOUT for one in pools.live()["properties"]["metadata"])


def test_a_new_start_task_is_verified_only_by_nodes_that_booted_with_it(pools: Pools) -> None:
    pools.pool.update(nodes=1, startTask={"commandLine": "/bin/true"}, verify={"checks": [SYSTEM]})
    pools.done()
    pools.pool["startTask"] = {"commandLine": "/bin/echo new"}
    assert verification(pools).action is Action.DEFER
    pools.world.apply(poll_seconds=0.05)
    assert verification(pools).reason == "1 node of pools/pool has yet to boot with what changed"
    pools.pool["rollout"] = {"newNodes": "rolling"}
    pools.pool["startTask"] = {"commandLine": "/bin/echo newer"}
    assert verification(pools).action is Action.CREATE
    pools.done()
    assert verification(pools).reason == "1 passed"


SYSTEM = {"name": "system", "run": "true"}


def verification(pools: Pools) -> Decision:
    return next(d for d in pools.world.plan().decisions if str(d.address) == "verification/pool")
