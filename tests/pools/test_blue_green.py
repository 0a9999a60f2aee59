"""A change that needs an empty pool, made by a new pool beside the old one that takes over its jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from azure.batch import models

from reconciler import marks
from reconciler.kinds.pool import generations
from reconciler.model import Action, Decision, Rule, Status
from tests.pools.conftest import Pools, releasing
from tests.pools.test_drain import begin, ended, submit

BLUE_GREEN = {"whenEmpty": "blueGreen", "drainWithin": "PT6H"}


def ids(pools: Pools) -> list[str]:
    return sorted(pool.id for pool in pools.world.cloud().batch().list_pools() if pool.state == "active")


def job(pools: Pools, name: str = "job") -> dict[str, Any]:
    found: dict[str, Any] = pools.world.cloud().batch().get_job(name).as_dict()
    return found


def decided(pools: Pools) -> Decision:
    return next(one for one in pools.world.plan().decisions if str(one.address) == "pool/pool")


def change(pools: Pools, **more: Any) -> None:
    pools.pool.update(vmSize="Standard_D4s_v3", rollout={**BLUE_GREEN, **more})


def kill_at(pools: Pools, stage: str) -> None:
    pools.world.kill_at(stage, jumps=stage != "resizing")  # the others are told of whatever time does


def test_the_jobs_move_to_a_new_pool_and_no_task_is_lost_or_broken_off(pools: Pools, tmp_path: Path) -> None:
    begin(pools)
    end = tmp_path / "end"
    submit(pools, 6, 0, until=end)
    change(pools)
    made = decided(pools)
    assert (made.action, made.diff.rule) == (Action.UPDATE, Rule.WHEN_EMPTY)
    assert "a new pool beside it takes over its jobs" in made.reason
    pools.done(releasing(end, "waiting for running"))
    assert ids(pools) == ["pool-g2"]
    assert job(pools)["poolInfo"]["poolId"] == "pool-g2"
    assert job(pools)["state"] == "active"
    assert not any(one["name"] == marks.MOVING for one in job(pools)["metadata"])
    tasks = ended(pools)
    assert len(tasks) == 6
    assert {task["executionInfo"]["exitCode"] for task in tasks} == {0}
    assert {task["executionInfo"]["requeueCount"] for task in tasks} == {0}
    assert sorted(task["nodeInfo"]["poolId"] for task in tasks) == ["pool"] * 2 + ["pool-g2"] * 4


def test_generations_go_on_from_each_other_and_live_changes_reach_the_newest(pools: Pools) -> None:
    begin(pools)
    change(pools)
    pools.done()
    pools.pool["nodes"] = 1
    pools.pool["metadata"] = {"team": "blue"}
    pools.done()
    assert ids(pools) == ["pool-g2"]
    pools.pool["taskSlotsPerNode"] = 2
    pools.done()
    assert ids(pools) == ["pool-g3"]
    assert job(pools)["poolInfo"]["poolId"] == "pool-g3"


def test_an_empty_pool_is_changed_where_it_is(pools: Pools) -> None:
    begin(pools)
    pools.pool["nodes"] = 0
    pools.done()
    change(pools)
    pools.done()
    assert ids(pools) == ["pool"]


def test_jobs_that_the_spec_does_not_know_move_too_and_stay_disabled_if_they_were(pools: Pools) -> None:
    begin(pools)
    batch = pools.world.cloud().batch()
    for name in ("other", "parked"):
        batch.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id="pool")))
    batch.begin_disable_job("parked", models.BatchJobDisableOptions(disable_tasks="requeue")).result()
    schedule = {"id": "often", "schedule": {"recurrenceInterval": "PT1H"}}
    specification = {"jobSpecification": {"poolInfo": {"poolId": "pool"}, "priority": 7}}
    batch.create_job_schedule(models.BatchJobScheduleCreateOptions({**schedule, **specification}))
    change(pools)
    pools.done()
    assert {job(pools, name)["poolInfo"]["poolId"] for name in ("other", "parked")} == {"pool-g2"}
    assert job(pools, "other")["state"] == "active"
    assert job(pools, "parked")["state"] == "disabled"
    moved = batch.get_job_schedule("often").as_dict()["jobSpecification"]
    assert (moved["poolInfo"], moved["priority"]) == ({"poolId": "pool-g2"}, 7)
    for name in ("other", "parked"):
        batch.begin_delete_job(name).result()
    batch.begin_delete_job_schedule("often").result()


def test_tasks_that_do_not_end_in_time_are_requeued_and_run_on_the_new_pool(pools: Pools, tmp_path: Path) -> None:
    begin(pools)
    end = tmp_path / "end"
    submit(pools, 2, 0, until=end)
    change(pools, drainWithin="PT5M")
    pools.done(releasing(end, "to be enabled"))
    tasks = ended(pools)
    assert {task["executionInfo"]["exitCode"] for task in tasks} == {0}
    assert {task["nodeInfo"]["poolId"] for task in tasks} == {"pool-g2"}


def test_a_new_pool_that_does_not_become_ready_goes_and_the_jobs_stay(pools: Pools, tmp_path: Path) -> None:
    begin(pools)
    end = tmp_path / "end"
    submit(pools, 3, 0, until=end)
    change(pools)
    pools.pool["startTask"] = {"commandLine": "/bin/sh -c 'echo no licence >&2; exit 3'"}
    outcome = pools.world.apply(poll_seconds=0.05)["pool/pool"]
    assert outcome.status is Status.FAILED
    assert "no licence" in (outcome.error or "")
    assert ids(pools) == ["pool"]
    assert job(pools)["poolInfo"]["poolId"] == "pool"
    end.touch()
    assert {task["executionInfo"]["exitCode"] for task in ended(pools)} == {0}
    del pools.pool["startTask"]
    pools.done()
    assert ids(pools) == ["pool-g2"]


STAGES = ("resizing", "to be disabled", "waiting for running", "to be repointed", "to be enabled", "to be deleted")


@pytest.mark.parametrize("stage", STAGES)
def test_an_apply_that_is_killed_in_any_stage_is_gone_on_with(pools: Pools, tmp_path: Path, stage: str) -> None:
    begin(pools)
    end = tmp_path / "end"
    submit(pools, 4, 1.0, until=end if stage == "waiting for running" else None)
    change(pools, drainWithin="PT24H")
    if stage == "to be enabled":
        pools.world.kill_process_at(stage)
    else:
        kill_at(pools, stage)
    end.touch()
    pools.done()
    assert ids(pools) == ["pool-g2"]
    assert job(pools)["state"] == "active"
    assert {task["executionInfo"]["exitCode"] for task in ended(pools)} == {0}


def test_a_change_that_is_taken_back_halfway_is_handed_back(pools: Pools) -> None:
    begin(pools)
    change(pools)
    kill_at(pools, "to be repointed")
    assert ids(pools) == ["pool", "pool-g2"]
    pools.pool["vmSize"] = "Standard_D2s_v3"
    pools.done()
    assert ids(pools) == ["pool"]
    assert (job(pools)["poolInfo"]["poolId"], job(pools)["state"]) == ("pool", "active")


def test_a_destroyed_spec_leaves_no_generation(pools: Pools) -> None:
    begin(pools)
    change(pools)
    pools.done()
    assert ids(pools) == ["pool-g2"]
    pools.world.apply(destroying=True, poll_seconds=0.05)


@pytest.mark.parametrize(
    ("live", "expected"),
    [
        (["prod"], "prod-g2"),
        (["prod", "prod-g2", "prod-g10"], "prod-g11"),
        (["prod-g4", "other-g9", "prod-g"], "prod-g5"),
        ([], "prod-g2"),
    ],
)
def test_the_next_generation_has_a_name_that_nobody_has(live: list[str], expected: str) -> None:
    assert generations.next_id("prod", live) == expected


def test_a_later_generation_that_left_the_spec_is_deleted_under_the_pools_name(pools: Pools) -> None:
    begin(pools)
    change(pools)
    pools.done()
    del pools.world.text["jobs"]
    own = pools.world.text["pools"].pop("pool")
    assert decided(pools).action is Action.DELETE
    pools.world.apply(poll_seconds=0.05)
    assert ids(pools) == []
    pools.world.text["pools"]["pool"] = own


def test_another_specs_generation_is_never_taken_for_ours(pools: Pools) -> None:
    begin(pools)
    where = (pools.world.text["azure"]["resourceGroup"], pools.world.text["batchAccount"]["name"])
    arm = pools.world.cloud().batch_management.pool
    theirs: Any = {"properties": pools.live()["properties"]}
    marks = {"reconcile_owner": "another-spec", "reconcile_pool": "pool"}
    theirs["properties"]["metadata"] = [{"name": name, "value": value} for name, value in marks.items()]
    theirs["properties"]["scaleSettings"] = {"fixedScale": {"targetDedicatedNodes": 0}}
    keep = ("vmSize", "deploymentConfiguration", "scaleSettings", "metadata")
    theirs["properties"] = {name: theirs["properties"][name] for name in keep}
    arm.create(*where, "pool-g2", theirs)
    change(pools)
    pools.done()
    assert ids(pools) == ["pool-g2", "pool-g3"]
    arm.begin_delete(*where, "pool-g2", polling_interval=0.1).result()
