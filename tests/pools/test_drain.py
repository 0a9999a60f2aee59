"""A change that needs an empty pool: waited for, or made by draining; no task is lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from azure.batch import models

from reconciler.model import Action, Rule, Status
from tests.pools.conftest import Pools, releasing


def submit(pools: Pools, count: int, seconds: float, until: Path | None = None, once: Path | None = None) -> None:
    """Tasks that take so many seconds, and then until a file is there; only their first run, with a folder `once`."""
    batch = pools.world.cloud().batch()
    held = f"while [ ! -e {until} ]; do sleep 0.1; done; " if until else ""
    again = f"mkdir {once}/$AZ_BATCH_TASK_ID || exit 0; " if once else ""
    script = f"{again}sleep {seconds}; {held}echo done"
    tasks = [
        models.BatchTaskCreateOptions(id=f"t{number}", command_line=f"/bin/sh -c '{script}'") for number in range(count)
    ]
    batch.create_tasks("job", tasks)


def ended(pools: Pools) -> list[dict[str, Any]]:
    """The tasks of the job when all of them have ended."""
    batch, deadline = pools.world.cloud().batch(), time.monotonic() + 40
    while True:
        found = [task.as_dict() for task in batch.list_tasks("job")]
        if all(task["state"] == "completed" for task in found) or time.monotonic() > deadline:
            return found


def begin(pools: Pools) -> None:
    pools.world.text["jobs"] = {"job": {"pool": "pools/pool"}}
    pools.pool["nodes"] = 2
    pools.done()


def test_without_a_strategy_it_waits_and_says_what_is_in_the_way(pools: Pools) -> None:
    begin(pools)
    pools.pool["vmSize"] = "Standard_D4s_v3"
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.action is Action.DEFER
    assert "2 nodes" in decision.reason


def test_a_drained_pool_keeps_its_id_and_its_jobs_and_loses_no_task(pools: Pools, tmp_path: Path) -> None:
    begin(pools)
    end = tmp_path / "end"
    submit(pools, 6, 0, until=end)
    pools.pool.update(vmSize="Standard_D4s_v3", rollout={"whenEmpty": "drain", "drainWithin": "PT6H"})
    decision = next(d for d in pools.world.plan().decisions if str(d.address) == "pool/pool")
    assert decision.action is Action.UPDATE
    assert decision.diff.rule is Rule.WHEN_EMPTY
    assert "it is emptied first: running tasks may end within PT6H" in decision.reason
    assert "(now 2 nodes" in decision.reason
    pools.done(releasing(end, "resizing"))
    live = pools.live()["properties"]
    assert live["vmSize"].lower() == "standard_d4s_v3"
    assert live["currentDedicatedNodes"] == 2
    tasks = ended(pools)
    assert len(tasks) == 6
    assert {task["executionInfo"]["exitCode"] for task in tasks} == {0}
    assert {task["executionInfo"]["requeueCount"] for task in tasks} == {0}


def test_tasks_that_do_not_end_in_time_are_requeued_and_run_afterwards(pools: Pools, tmp_path: Path) -> None:
    begin(pools)
    submit(pools, 2, 60.0, once=tmp_path)  # a minute on the wall is four simulated hours
    pools.pool.update(taskSlotsPerNode=2, rollout={"whenEmpty": "drain", "drainWithin": "PT5M"})
    outcomes = pools.world.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    tasks = ended(pools)
    assert [task["executionInfo"]["exitCode"] for task in tasks] == [0, 0]
    assert [task["executionInfo"]["requeueCount"] for task in tasks] == [1, 1]


def test_a_killed_drain_is_gone_on_with(pools: Pools) -> None:
    begin(pools)
    where = (pools.world.text["azure"]["resourceGroup"], pools.world.text["batchAccount"]["name"], "pool")
    none: Any = {"properties": {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0}}}}
    pools.world.cloud().batch_management.pool.update(*where, none)  # what a drain does first
    pools.pool.update(vmSize="Standard_D4s_v3", rollout={"whenEmpty": "drain"})
    pools.done()
    assert pools.live()["properties"]["currentDedicatedNodes"] == 2
