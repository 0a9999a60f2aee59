"""Pools that jobs and schedules of the local Batch make for themselves, and that go with them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from azure.batch import models

from tests.local.pools import IMAGE, SIZE, Bench, bench, refused, until
from tests.local.test_job_ends import ended
from tests.local.test_pool_jobs import states, terminate
from tests.local.test_pool_schedules import jobs

__all__ = ["bench"]

POOL = {
    "vmSize": SIZE,
    "virtualMachineConfiguration": {"imageReference": IMAGE, "nodeAgentSKUId": "batch.node.ubuntu 24.04"},
    "targetDedicatedNodes": 1,
}


def auto(lifetime: str = "job", pool: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"autoPoolSpecification": {"poolLifetimeOption": lifetime, "pool": pool or POOL, **more}}


def make(bench: Bench, name: str, info: dict[str, Any], **more: Any) -> str:
    """A job with a pool of its own; the pool's id."""
    bench.batch.create_job(models.BatchJobCreateOptions({"id": name, "poolInfo": info, **more}))
    return str(bench.batch.get_job(name).as_dict()["executionInfo"]["poolId"])


def pools(bench: Bench) -> list[str]:
    return [str(pool.id) for pool in bench.batch.list_pools()]


def test_a_job_runs_on_its_own_pool_which_goes_with_it(bench: Bench) -> None:
    manager = {"id": "manager", "commandLine": "/bin/true"}
    pool = make(bench, "own", auto(autoPoolIdPrefix="mine"), jobManagerTask=manager)
    assert re.fullmatch(r"mine_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", pool)
    assert pool in pools(bench)
    shown = bench.batch.get_job("own").as_dict()["poolInfo"]["autoPoolSpecification"]
    assert (shown["keepAlive"], shown["pool"]["taskSlotsPerNode"], "poolId" in shown) == (False, 1, False)
    assert ended(bench, "own") == "JMComplete"
    assert bench.batch.get_task("own", "manager").as_dict()["nodeInfo"]["poolId"] == pool
    until(lambda: pool not in pools(bench))


def test_a_pool_that_is_to_be_kept_outlives_its_job(bench: Bench) -> None:
    pool = make(bench, "keeps", auto())
    bench.batch.begin_disable_job("keeps", models.BatchJobDisableOptions({"disableTasks": "requeue"}))
    until(lambda: bench.batch.get_job("keeps").state == "disabled")
    change = {"autoPoolSpecification": {"poolLifetimeOption": "job", "keepAlive": True}}
    bench.batch.update_job("keeps", models.BatchJobUpdateOptions({"poolInfo": change}))
    other = {"poolInfo": auto(pool={**POOL, "targetDedicatedNodes": 2})}
    status, code, _ = refused(lambda: bench.batch.update_job("keeps", models.BatchJobUpdateOptions(other)))
    assert (status, code) == (400, "InvalidPropertyValue")
    bench.batch.begin_delete_job("keeps")
    until(lambda: "keeps" not in [job.id for job in bench.batch.list_jobs()])
    assert bench.batch.get_pool(pool).state == "active"
    bench.drop(pool)


@pytest.mark.parametrize(("more", "code"), [({"vmSize": "Standard_Nothing"}, "InvalidPropertyValue"), ({}, "")])
def test_a_pool_that_cannot_be_made_ends_its_job_at_once(bench: Bench, more: dict[str, Any], code: str) -> None:
    job = f"unmade{len(more)}"
    if not more:
        bench.control("batch-quotas", poolQuota=0)
        code = "AutoPoolCreationFailedWithQuotaReached"
    make(bench, job, auto(pool={**POOL, **more}), jobManagerTask={"id": "m", "commandLine": "x"})
    bench.control("batch-quotas", poolQuota=100)
    shown = bench.batch.get_job(job).as_dict()
    error = shown["executionInfo"]["schedulingError"]
    assert (shown["state"], error["category"], error["code"]) == ("completed", "usererror", code)
    assert states(bench, job) == {}


@pytest.mark.parametrize("lifetime", ["jobschedule", "job"])
def test_jobs_of_a_schedule_share_a_pool_or_have_one_each(bench: Bench, lifetime: str) -> None:
    name = f"by-{lifetime}"
    specification = {"poolInfo": auto(lifetime)}
    body = {"id": name, "schedule": {"recurrenceInterval": "PT1H"}, "jobSpecification": specification}
    bench.batch.create_job_schedule(models.BatchJobScheduleCreateOptions(body))
    until(lambda: jobs(bench, name) == [f"{name}:job-1"])
    terminate(bench, f"{name}:job-1")
    until(lambda: bench.batch.get_job(f"{name}:job-1").state == "completed")
    bench.azure.advance(3600)
    until(lambda: len(jobs(bench, name)) == 2)
    used = [job.as_dict()["executionInfo"]["poolId"] for job in bench.batch.list_jobs_from_schedule(name)]
    assert (used[0] == used[1]) == (lifetime == "jobschedule")
    assert used[1] in pools(bench)
    bench.batch.begin_terminate_job_schedule(name)
    until(lambda: bench.batch.get_job_schedule(name).state == "completed")
    until(lambda: not set(used) & set(pools(bench)))


def test_a_job_may_be_there_before_its_pool(bench: Bench) -> None:
    bench.job("early", "later")
    bench.task("early", "waits")
    bench.pool("later")
    bench.ended("early", "waits")
    bench.drop("later")
