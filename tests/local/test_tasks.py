"""Tasks on the local Batch: real processes, with Batch's directories, environment, retries, limits and failures."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError

from tests.conftest import World

VERSION = "2025-06-01"


@pytest.fixture
def batch(world: World) -> BatchClient:
    """A pool of one node and a job on it."""
    del world.text["jobs"]["job"]["convert"]
    world.text["jobs"]["job"]["maxTaskRetryCount"] = 1
    ended = world.apply()
    assert {str(one.status) for one in ended.values()} == {"done"}, [one.error for one in ended.values()]
    return world.cloud().batch()


def until(condition: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def run(batch: BatchClient, name: str, command: str, **more: Any) -> models.BatchTask:
    batch.create_task("job", models.BatchTaskCreateOptions({"id": name, "commandLine": command, **more}))

    def ended() -> models.BatchTask | None:
        task = batch.get_task("job", name)
        return task if task.state == "completed" else None

    found: models.BatchTask = until(ended)
    return found


def printed(batch: BatchClient, name: str, stream: str = "stdout") -> str:
    return b"".join(batch.download_task_file("job", name, f"{stream}.txt")).decode()


def test_a_task_is_a_process_with_batchs_directories_and_environment(batch: BatchClient) -> None:
    os.environ["SECRET_OF_THE_SERVER"] = "no task sees this"
    settings = [{"name": "GREETING", "value": "hello"}]
    task = run(batch, "env", "/bin/bash -c 'pwd; env; echo oops >&2'", environmentSettings=settings)
    info = task.execution_info
    assert info is not None
    assert (info.exit_code, info.result) == (0, "success")
    told = printed(batch, "env")
    assert told.splitlines()[0].endswith("/workitems/job/job-1/env/wd")
    for line in ("GREETING=hello", "AZ_BATCH_TASK_ID=env", "AZ_BATCH_JOB_ID=job", "AZ_BATCH_POOL_ID=pool"):
        assert line in told.splitlines()
    assert "SECRET" not in told
    assert printed(batch, "env", "stderr") == "oops\n"


def test_a_failing_task_is_retried_and_then_reported(batch: BatchClient) -> None:
    info = run(batch, "fails", "/bin/bash -c 'exit 7'").execution_info
    assert info is not None
    assert (info.exit_code, info.retry_count, info.result) == (7, 1, "failure")
    assert info.failure_info is not None
    assert info.failure_info.code == "FailureExitCode"


def test_a_program_that_is_not_there_fails_without_an_exit_code(batch: BatchClient) -> None:
    info = run(batch, "nowhere", "/no/such/program").execution_info
    assert info is not None
    assert info.failure_info is not None
    assert (info.exit_code, info.failure_info.code) == (None, "CommandProgramNotFound")


def test_a_task_beyond_its_wall_clock_time_is_ended_with_its_children(batch: BatchClient) -> None:
    limit = {"maxWallClockTime": "PT1S", "maxTaskRetryCount": 0}
    info = run(batch, "slow", "/bin/bash -c 'sleep 987 & sleep 988'", constraints=limit).execution_info
    assert info is not None
    assert info.failure_info is not None
    assert info.failure_info.code == "TaskEnded"
    assert os.system("pgrep -f 'sleep 98[78]' > /dev/null") != 0


def test_a_resource_file_comes_through_the_identity_or_the_task_fails(batch: BatchClient, world: World) -> None:
    cloud = world.cloud()
    world.container("scripts").upload_blob("tools/say.sh", b"echo said")
    url = f"{cloud.blob_endpoint(world.account)}/scripts"
    group = cloud.group_id
    reference = {"resourceId": f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pool"}
    files = [{"storageContainerUrl": url, "blobPrefix": "tools/", "identityReference": reference}]
    run(batch, "files", "/bin/bash tools/say.sh", resourceFiles=files)
    assert printed(batch, "files") == "said\n"
    bare = [{"httpUrl": f"{url}/tools/say.sh", "filePath": "say.sh"}]
    info = run(batch, "denied", "/bin/bash say.sh", resourceFiles=bare).execution_info
    assert info is not None
    assert info.failure_info is not None
    assert (info.exit_code, info.failure_info.code) == (None, "BlobAccessDenied")


def test_a_collection_answers_for_each_task(batch: BatchClient) -> None:
    tasks = [models.BatchTaskCreateOptions(id=f"t{number}", command_line="/bin/true") for number in range(3)]
    group = models.BatchTaskGroup(task_values=tasks)
    assert [one.status for one in batch.create_task_collection("job", group).result_values or ()] == ["success"] * 3
    again = batch.create_task_collection("job", group).result_values or ()
    assert [(one.status, one.error.code if one.error else None) for one in again] == [("clienterror", "TaskExists")] * 3
    until(lambda: batch.get_job_task_counts("job").task_counts.succeeded == 3)
    with pytest.raises(HttpResponseError):
        batch.create_task_collection("job", models.BatchTaskGroup(task_values=tasks * 40))


def test_both_planes_show_one_pool_in_their_own_spelling(batch: BatchClient, world: World) -> None:
    shown = batch.get_pool("pool")
    assert (shown.allocation_state, shown.current_dedicated_nodes, shown.vm_size) == ("steady", 1, "standard_d2s_v3")
    cloud = world.cloud()
    account = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts/{cloud.account}"
    arm = cloud.arm("GET", f"{account}/pools/pool").body["properties"]
    assert (arm["allocationState"], arm["vmSize"], arm["taskSchedulingPolicy"]) == (
        "Steady",
        "STANDARD_D2S_V3",
        {"jobDefaultOrder": "None", "nodeFillType": "Spread"},
    )
    (node,) = batch.list_nodes("pool")
    assert node.state in ("idle", "running")


def test_a_resize_on_the_data_plane_takes_numbers_only_and_shows_as_drift(batch: BatchClient, world: World) -> None:
    from azure.core.rest import HttpRequest

    def resize(value: object) -> int:
        body = {"targetDedicatedNodes": value}
        return batch.send_request(
            HttpRequest("POST", f"/pools/pool/resize?api-version={VERSION}", json=body)
        ).status_code

    with pytest.raises(HttpResponseError):
        resize("many")
    assert resize(2) == 202
    (decision,) = (d for d in world.plan().decisions if d.address.kind == "pool")
    assert [(c.path, c.before, c.after) for c in decision.diff.changes] == [
        ("properties.scaleSettings.fixedScale.targetDedicatedNodes", 2, 1)
    ]
    until(lambda: batch.get_pool("pool").allocation_state == "steady")
    world.apply()
    assert batch.get_pool("pool").current_dedicated_nodes == 1


def test_a_pool_made_on_the_data_plane_is_one_pool_on_both(batch: BatchClient, world: World) -> None:
    image = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
    machine = {"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    body = {"id": "theirs", "vmSize": "Standard_D2s_v3", "virtualMachineConfiguration": machine}
    batch.create_pool(models.BatchPoolCreateOptions({**body, "startTask": {"commandLine": "/bin/true"}}))
    with pytest.raises(HttpResponseError):
        batch.create_pool(models.BatchPoolCreateOptions(body))
    batch.update_pool("theirs", models.BatchPoolUpdateOptions({"metadata": [{"name": "a", "value": "b"}]}))
    cloud = world.cloud()
    account = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts/{cloud.account}"
    arm = cloud.arm("GET", f"{account}/pools/theirs").body["properties"]
    assert (arm["metadata"], arm["startTask"]["commandLine"]) == ([{"name": "a", "value": "b"}], "/bin/true")
    assert "pool/theirs" not in {str(decision.address) for decision in world.plan().decisions}
    cloud.arm("DELETE", f"{account}/pools/theirs")
    until(lambda: "theirs" not in [one.id for one in batch.list_pools()])
