"""What becomes of running tasks when the local Azure is stopped, and started again."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from azure.batch import models

import azure_local
from tests.conftest import SPEED, Azure, World, serving
from tests.local.test_tasks import until


@pytest.fixture(scope="module")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with serving(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def test_no_process_outlives_the_server_and_its_task_runs_again(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch = world.cloud().batch()
    line = f"/bin/sh -c 'sleep 600 & sleep 600; : {world.account}'"
    batch.create_task("job", models.BatchTaskCreateOptions(id="long", command_line=line))
    until(lambda: processes(world.account))
    azure_local.down(world.azure.folder)
    assert processes(world.account) == []
    azure_local.up(world.azure.folder, speed=SPEED)
    until(lambda: processes(world.account))
    info = batch.get_task("job", "long").execution_info
    assert info is not None
    assert info.requeue_count == 1


def test_managers_schedules_and_their_pools_go_on_after_a_restart(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch = world.cloud().batch()
    machine = batch.get_pool("pool").as_dict()["virtualMachineConfiguration"]
    pool = {"vmSize": "standard_d2s_v3", "virtualMachineConfiguration": machine, "targetDedicatedNodes": 1}
    manager = {"id": "manager", "commandLine": f"/bin/sh -c 'sleep 600; : manager-{world.account}'"}
    specification = {
        "poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "jobschedule", "pool": pool}},
        "jobManagerTask": manager,
    }
    body = {"id": "nightly", "schedule": {"recurrenceInterval": "P1D"}, "jobSpecification": specification}
    batch.create_job_schedule(models.BatchJobScheduleCreateOptions(body))
    until(lambda: processes(f"manager-{world.account}"))
    azure_local.down(world.azure.folder)
    azure_local.up(world.azure.folder, speed=SPEED)
    until(lambda: processes(f"manager-{world.account}"))
    batch.terminate_task("nightly:job-1", "manager")
    until(lambda: batch.get_job("nightly:job-1").state == "completed")
    assert batch.get_job("nightly:job-1").as_dict()["executionInfo"]["terminateReason"] == "JMComplete"
    world.azure.advance(86400)
    until(lambda: [str(job.id) for job in batch.list_jobs_from_schedule("nightly")][1:] == ["nightly:job-2"])
    pools = {job.as_dict()["executionInfo"]["poolId"] for job in batch.list_jobs_from_schedule("nightly")}
    assert len(pools) == 1
    batch.begin_delete_job_schedule("nightly")
    until(lambda: not pools & {str(one.id) for one in batch.list_pools()})


def processes(word: str) -> list[str]:
    """The shells of this machine that have the word in their command line."""
    return subprocess.run(["pgrep", "-f", f"^/bin/sh .*{word}"], capture_output=True, text=True).stdout.split()
