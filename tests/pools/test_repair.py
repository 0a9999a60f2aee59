"""Nodes that break: mended or replaced in three attempts, left alone when too many do, and what they said is told."""

from __future__ import annotations

from typing import Any

import pytest

import azure_local
from reconciler.kinds.pool import repair
from reconciler.model import Action, Status
from tests.pools.conftest import Pools


def break_one(pools: Pools, state: str, **more: bool) -> None:
    body: dict[str, Any] = {"account": pools.world.text["batchAccount"]["name"], "pool": "pool", "state": state, **more}
    assert "error" not in azure_local.ask(pools.world.azure.folder, "POST", "nodes", body)


def test_an_unusable_node_is_mended_by_the_next_apply(pools: Pools) -> None:
    pools.pool["nodes"] = 3
    pools.done()
    break_one(pools, "unusable")
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.action is Action.UPDATE
    assert "1 node is unusable" in decision.reason
    pools.done()


def test_a_node_that_neither_a_reboot_nor_a_reimage_mends_is_replaced(pools: Pools) -> None:
    pools.pool["nodes"] = 3
    pools.done()
    batch = pools.world.cloud().batch()
    before = {node.id for node in batch.list_nodes("pool")}
    break_one(pools, "unusable", lasting=True)
    pools.done()
    after = {node.id for node in batch.list_nodes("pool")}
    assert len(after) == 3
    assert len(after & before) == 2


def test_a_start_task_that_fails_everywhere_is_told_with_its_last_words_and_not_tried_over_and_over(
    pools: Pools,
) -> None:
    pools.pool.update(nodes=2, startTask={"commandLine": "/bin/sh -c 'echo no such disk >&2; exit 4'"})
    outcome = pools.world.apply(poll_seconds=0.05)["pool/pool"]
    assert outcome.status is Status.FAILED
    assert "start task" in str(outcome.error)
    assert "exit code 4: no such disk" in str(outcome.error)
    pools.pool["startTask"] = {"commandLine": "/bin/true"}
    pools.pool["nodes"] = 0
    pools.done()


@pytest.mark.parametrize(("count", "total", "told"), [(1, 1, False), (1, 2, False), (2, 3, True), (2, 4, False)])
def test_more_than_half_is_no_accident(count: int, total: int, told: bool) -> None:
    assert repair.common(count, total) is told
