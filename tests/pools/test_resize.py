"""Sizes: a resize that runs to another size, and what a smaller size does to running tasks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler.model import Action, Decision
from tests.pools.conftest import Pools, releasing
from tests.pools.test_drain import begin, ended, submit


def decided(pools: Pools) -> Decision:
    return next(one for one in pools.world.plan().decisions if str(one.address) == "pool/pool")


def resize(pools: Pools, nodes: int) -> None:
    """What somebody else does."""
    where = (pools.world.text["azure"]["resourceGroup"], pools.world.text["batchAccount"]["name"], "pool")
    size: Any = {"properties": {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": nodes}}}}
    pools.world.cloud().batch_management.pool.update(*where, size)


def test_a_resize_to_another_size_is_stopped_before_the_wanted_one(pools: Pools) -> None:
    begin(pools)
    pools.world.azure.run(1)
    resize(pools, 9)
    made = decided(pools)
    assert (made.action, made.reason) == (Action.UPDATE, "another resize runs: it is stopped first")
    pools.world.azure.jump()
    pools.done()
    assert pools.live()["properties"]["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] == 2


def test_a_resize_to_the_wanted_size_is_waited_for(pools: Pools) -> None:
    begin(pools)
    pools.world.azure.run(1)
    resize(pools, 3)
    pools.pool["nodes"] = 3
    assert decided(pools).action is Action.WAIT
    pools.world.azure.jump()
    pools.done()


def test_the_plan_tells_which_running_work_a_smaller_size_hits(pools: Pools, tmp_path: Path) -> None:
    begin(pools)
    end = tmp_path / "end"
    submit(pools, 2, 0, until=end)
    while pools.world.cloud().batch().get_job_task_counts("job").task_counts.running < 2:
        pass
    pools.pool["nodes"] = 1
    made = decided(pools)
    leaving = "tasks on nodes that leave are requeued, unless nodes.nodeDeallocationOption is TaskCompletion"
    assert made.reason == f"{leaving} (now 2 nodes that run 2 tasks of 1 job)"
    pools.pool["nodes"] = {"dedicated": 1, "nodeDeallocationOption": "TaskCompletion", "resizeTimeout": "PT72H"}
    assert decided(pools).reason.startswith("tasks on nodes that leave may end first")
    pools.done(releasing(end, "resizing"))
    assert {task["executionInfo"]["requeueCount"] for task in ended(pools)} == {0}
