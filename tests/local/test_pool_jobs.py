"""Jobs on the local Batch: dependencies, exit conditions, output files, preparation, release and slots."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.batch import models
from azure.storage.blob import ContainerClient

from tests.local.pools import Bench, bench, refused, until
from tests.local.test_pool_nodes import WAITS, go

__all__ = ["bench"]

POOL = "work"
TWO = {"coordinationCommandLine": "/bin/true", "numberOfInstances": 2}


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    """A pool of one node with four slots."""
    bench.pool(POOL, taskSlotsPerNode=4)
    yield POOL
    bench.drop(POOL)


def states(bench: Bench, job: str) -> dict[str, str]:
    return {str(task.id): str(task.as_dict()["state"]) for task in bench.batch.list_tasks(job)}


def terminate(bench: Bench, job: str) -> None:
    options: Any = {"terminateReason": "Enough"}  # without any, azure-batch 15.1 fails before it asks
    bench.batch.begin_terminate_job(job, options)


def output(bench: Bench, job: str, task: str) -> str:
    return b"".join(bench.batch.download_task_file(job, task, "stdout.txt")).decode()


def test_a_task_waits_for_those_that_it_depends_on(bench: Bench, pool: str) -> None:
    bench.job("order", pool, usesTaskDependencies=True)
    bench.task("order", "last", dependsOn={"taskIds": ["1"], "taskIdRanges": [{"start": 2, "end": 3}]})
    for name in ("1", "2"):
        bench.task("order", name)
        bench.ended("order", name)
    assert states(bench, "order")["last"] == "active"
    bench.task("order", "3")
    bench.ended("order", "last")


@pytest.mark.parametrize(
    ("line", "conditions", "runs"),
    [
        ("/bin/sh -c 'exit 3'", None, False),
        ("/bin/sh -c 'exit 3'", {"exitCodes": [{"code": 3, "exitOptions": {"dependencyAction": "satisfy"}}]}, True),
        ("/bin/sh -c 'exit 4'", {"exitCodes": [{"code": 3, "exitOptions": {"dependencyAction": "satisfy"}}]}, False),
        (
            "/bin/sh -c 'exit 4'",
            {"exitCodeRanges": [{"start": 4, "end": 9, "exitOptions": {"dependencyAction": "satisfy"}}]},
            True,
        ),
        ("/bin/sh -c 'exit 4'", {"default": {"dependencyAction": "satisfy"}}, True),
        ("/bin/true", {"exitCodes": [{"code": 0, "exitOptions": {"dependencyAction": "block"}}]}, False),
    ],
)
def test_exit_conditions_say_whether_a_dependency_is_satisfied(
    bench: Bench, pool: str, line: str, conditions: Any, runs: bool, request: pytest.FixtureRequest
) -> None:
    job = f"exits-{abs(hash(request.node.name)) % 10**9}"
    bench.job(job, pool, usesTaskDependencies=True)
    bench.task(job, "after", dependsOn={"taskIds": ["first"]})
    bench.task(job, "first", line, **({"exitConditions": conditions} if conditions else {}))
    bench.ended(job, "first")
    bench.task(job, "beside")
    bench.ended(job, "beside")
    if runs:
        bench.ended(job, "after")
    else:
        assert states(bench, job)["after"] == "active"


@pytest.mark.parametrize(("action", "state"), [("terminate", "completed"), ("disable", "disabled"), ("none", "active")])
def test_a_failed_task_ends_or_disables_its_job_if_it_says_so(bench: Bench, pool: str, action: str, state: str) -> None:
    job = f"action-{action}"
    bench.job(job, pool, onTaskFailure="performexitoptionsjobaction")
    bench.task(job, "fails", "/bin/sh -c 'exit 1'", exitConditions={"default": {"jobAction": action}})
    bench.ended(job, "fails")
    until(lambda: bench.batch.get_job(job).state == state)
    if action == "terminate":
        info = bench.batch.get_job(job).execution_info
        assert info is not None
        assert info.termination_reason == "TaskFailed"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"dependsOn": {"taskIds": ["x"]}}, "TaskDependenciesNotSpecifiedOnJob"),
        ({"exitConditions": {"default": {"jobAction": "terminate"}}}, "InvalidPropertyValue"),
        ({"exitConditions": {"default": {"dependencyAction": "satisfy"}}}, "InvalidPropertyValue"),
        ({"requiredSlots": 0}, "InvalidPropertyValue"),
        ({"requiredSlots": 257}, "InvalidPropertyValue"),
        ({"multiInstanceSettings": {"numberOfInstances": 2}}, "MissingRequiredProperty"),
        ({"multiInstanceSettings": {**TWO, "numberOfInstances": 0}}, "InvalidPropertyValue"),
        ({"multiInstanceSettings": {**TWO, "commonResourceFiles": [{"filePath": "x"}]}}, "InvalidRequestBody"),
        ({"multiInstanceSettings": TWO, "requiredSlots": 2}, "InvalidPropertyValue"),
        ({"userIdentity": {"username": "ann", "autoUser": {}}}, "InvalidRequestBody"),
        ({"resourceFiles": [{"filePath": "x"}]}, "InvalidRequestBody"),
        ({"unknown": 1}, "InvalidRequestBody"),
        ({"id": "a b"}, "InvalidPropertyValue"),
        ({"constraints": {"maxTaskRetryCount": -2}}, "InvalidPropertyValue"),
        ({"constraints": {"maxWallClockTime": "soon"}}, "InvalidPropertyValue"),
        ({"commandLine": ""}, "MissingRequiredProperty"),
    ],
)
def test_a_wrong_task_is_refused(bench: Bench, pool: str, more: dict[str, Any], code: str) -> None:
    if "plain" not in [job.id for job in bench.batch.list_jobs()]:
        bench.job("plain", pool)
    body = {"id": "wrong", "commandLine": "/bin/true", **more}
    assert refused(lambda: bench.batch.create_task("plain", models.BatchTaskCreateOptions(body)))[:2] == (400, code)


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"poolInfo": {}}, 400, "InvalidPropertyValue"),
        ({"poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "job"}}}, 400, "MissingRequiredProperty"),
        ({"poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "jobschedule"}}}, 400, "InvalidPropertyValue"),
        ({"poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "task"}}}, 400, "InvalidPropertyValue"),
        ({"jobManagerTask": {"id": "m", "commandLine": ""}}, 400, "MissingRequiredProperty"),
        ({"jobManagerTask": {"id": "m m", "commandLine": "x"}}, 400, "InvalidPropertyValue"),
        ({"jobManagerTask": {"commandLine": "x"}}, 400, "MissingRequiredProperty"),
        ({"jobReleaseTask": {"commandLine": "x"}}, 400, "InvalidPropertyValue"),
        ({"priority": 1001}, 400, "InvalidPropertyValue"),
        ({"onAllTasksComplete": "sometimes"}, 400, "InvalidPropertyValue"),
    ],
)
def test_a_wrong_job_is_refused(bench: Bench, pool: str, more: dict[str, Any], status: int, code: str) -> None:
    body = {"id": "wrong", "poolInfo": {"poolId": pool}, **more}
    assert refused(lambda: bench.batch.create_job(models.BatchJobCreateOptions(body)))[:2] == (status, code)


def test_programs_on_a_node_trust_us_and_whom_this_machine_trusts(bench: Bench, pool: str) -> None:
    bench.job("trust", pool)
    bench.task("trust", "all", "/bin/sh -c 'cat $REQUESTS_CA_BUNDLE && test $SSL_CERT_FILE = $REQUESTS_CA_BUNDLE'")
    bench.ended("trust", "all")
    trusted = output(bench, "trust", "all")
    assert (bench.azure.folder / "ca.pem").read_text() in trusted
    paths = ssl.get_default_verify_paths()
    machine = [Path(paths.openssl_cafile), Path(paths.openssl_capath, "ca-certificates.crt")]
    assert any(path.is_file() for path in machine) is (trusted.count("BEGIN CERTIFICATE") > 1)


def test_tasks_share_a_node_by_their_slots(bench: Bench, pool: str) -> None:
    bench.job("slots", pool)
    bench.task("slots", "three", WAITS, requiredSlots=3)
    until(lambda: states(bench, "slots")["three"] == "running")
    bench.task("slots", "two", requiredSlots=2)
    bench.task("slots", "one", requiredSlots=1)
    bench.ended("slots", "one")
    assert states(bench, "slots")["two"] == "active"
    (node,) = bench.nodes(pool)
    assert (node.running_tasks_count, node.running_task_slots_count) == (1, 3)
    go(bench, "slots", "three")
    bench.ended("slots", "two")


def test_a_job_that_moves_to_another_pool_is_on_that_pool_only(bench: Bench, pool: str) -> None:
    from azure.batch import models

    bench.pool("elsewhere", 0)
    bench.job("moved", pool)
    bench.batch.begin_disable_job("moved", models.BatchJobDisableOptions({"disableTasks": "requeue"})).result()
    bench.batch.update_job("moved", models.BatchJobUpdateOptions({"poolInfo": {"poolId": "elsewhere"}}))
    shown = bench.batch.get_job("moved").as_dict()
    assert (shown["poolInfo"]["poolId"], shown["executionInfo"]["poolId"]) == ("elsewhere", "elsewhere")


def test_a_job_runs_at_most_as_many_tasks_at_once_as_it_says(bench: Bench, pool: str) -> None:
    bench.job("single", pool, maxParallelTasks=1)
    for name in ("a", "b"):
        bench.task("single", name, WAITS)
    until(lambda: states(bench, "single")["a"] == "running")
    assert states(bench, "single")["b"] == "active"
    go(bench, "single", "a")
    until(lambda: states(bench, "single")["b"] == "running")
    go(bench, "single", "b")
    bench.ended("single", "b")


def container(bench: Bench, name: str) -> ContainerClient:
    """A new container that the pool's identity may write."""
    bench.grant(bench.storage_id, "ba92f5b4-2d11-453d-a403-e96b0029c9fe")
    return bench.blobs().create_container(name)


def test_output_files_are_uploaded_by_the_identity_when_their_condition_holds(bench: Bench, pool: str) -> None:
    made = container(bench, "output")
    bench.job("output", pool)

    def file(pattern: str, path: str, when: str) -> dict[str, Any]:
        reference = {"resourceId": bench.identity}
        target = {"containerUrl": made.url, "path": path, "identityReference": reference}
        options = {"uploadCondition": when}
        return {"filePattern": pattern, "destination": {"container": target}, "uploadOptions": options}

    files = [
        file("../std*.txt", "logs", "taskcompletion"),
        file("made/**/*.txt", "all", "tasksuccess"),
        file("one", "first/name", "tasksuccess"),
        file("one", "bad", "taskfailure"),
    ]
    line = "/bin/sh -c 'mkdir -p made/deep; echo 1 > made/a.txt; echo 2 > made/deep/b.txt; echo 3 > one'"
    bench.task("output", "writes", line, outputFiles=files)
    info = bench.ended("output", "writes").execution_info
    assert info is not None
    assert info.result == "success"
    names = {blob.name for blob in made.list_blobs()}
    assert names == {"logs/stdout.txt", "logs/stderr.txt", "all/a.txt", "all/deep/b.txt", "first/name"}
    nowhere = file("one", "x", "tasksuccess")
    nowhere["destination"]["container"]["containerUrl"] += "-none"
    bench.task("output", "fails", "/bin/sh -c 'echo 3 > one'", outputFiles=[nowhere])
    info = bench.ended("output", "fails").execution_info
    assert info is not None
    assert info.failure_info is not None
    assert (info.exit_code, info.result, info.failure_info.code) == (0, "failure", "FileUploadMiscError")


def test_a_resource_file_comes_from_the_accounts_auto_storage(bench: Bench, pool: str) -> None:
    bench.blobs().create_container("tools").upload_blob("bin/say.sh", b"echo said")
    bench.job("auto", pool)
    files = [{"autoStorageContainerName": "tools", "blobPrefix": "bin/", "fileMode": "0700"}]
    bench.task("auto", "says", "/bin/sh bin/say.sh", resourceFiles=files)
    bench.ended("auto", "says")
    assert output(bench, "auto", "says") == "said\n"


def test_a_node_is_prepared_once_for_a_job_and_released_at_its_end(bench: Bench, pool: str) -> None:
    count = "echo x >> $AZ_BATCH_NODE_SHARED_DIR/"
    bench.job(
        "prepared",
        pool,
        jobPreparationTask={"commandLine": f"/bin/sh -c 'echo ready > here; {count}preparations'"},
        jobReleaseTask={"commandLine": f"/bin/sh -c '{count}releases'"},
    )
    for name in ("a", "b"):
        bench.task("prepared", name, "/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/here'")
        bench.ended("prepared", name)
        assert output(bench, "prepared", name) == "ready\n"
    (status,) = bench.batch.list_job_preparation_and_release_task_status("prepared")
    assert status.job_preparation_task_execution_info is not None
    assert status.job_preparation_task_execution_info.exit_code == 0
    assert status.job_release_task_execution_info is None
    terminate(bench, "prepared")
    until(lambda: bench.batch.get_job("prepared").state == "completed")
    (status,) = bench.batch.list_job_preparation_and_release_task_status("prepared")
    assert status.job_release_task_execution_info is not None
    assert status.job_release_task_execution_info.exit_code == 0
    node = str(bench.nodes(pool)[0].id)
    for name in ("preparations", "releases"):
        assert b"".join(bench.batch.download_node_file(pool, node, f"shared/{name}")) == b"x\n"


def test_a_password_of_a_preparation_task_is_not_shown(bench: Bench, pool: str) -> None:
    registry = {"registryServer": "x.azurecr.io", "username": "u", "password": "very secret"}
    settings = {"imageName": "x.azurecr.io/a:1", "registry": registry}
    bench.job("secret", pool, jobPreparationTask={"commandLine": "x", "containerSettings": settings})
    shown = bench.batch.get_job("secret").as_dict()
    assert shown["jobPreparationTask"]["containerSettings"]["registry"]["username"] == "u"
    assert "very secret" not in str(shown)


def test_a_node_whose_preparation_failed_runs_no_task_of_the_job(bench: Bench, pool: str) -> None:
    bench.job("unprepared", pool, jobPreparationTask={"commandLine": "/bin/false"})
    bench.task("unprepared", "never")
    until(lambda: list(bench.batch.list_job_preparation_and_release_task_status("unprepared")))

    def failed() -> bool:
        (one,) = bench.batch.list_job_preparation_and_release_task_status("unprepared")
        info = one.job_preparation_task_execution_info
        return info is not None and info.result == "failure"

    until(failed)
    bench.job("beside", pool)
    bench.task("beside", "runs")
    bench.ended("beside", "runs")
    assert states(bench, "unprepared")["never"] == "active"
    bench.batch.begin_delete_job("unprepared")


def test_a_job_ends_with_its_tasks_when_its_time_is_over(bench: Bench, pool: str) -> None:
    limit = {"maxWallClockTime": "PT10H"}
    bench.job("limited", pool, constraints=limit)
    bench.task("limited", "long", "sleep 600")
    schedule = {
        "id": "nightly",
        "schedule": {},
        "jobSpecification": {"poolInfo": {"poolId": pool}, "constraints": limit},
    }
    bench.batch.create_job_schedule(models.BatchJobScheduleCreateOptions(schedule))
    bench.job("extended", pool, constraints=limit)
    bench.batch.update_job("extended", models.BatchJobUpdateOptions({"constraints": {"maxWallClockTime": "P2D"}}))
    until(lambda: states(bench, "limited") == {"long": "running"})
    bench.azure.advance(8 * 3600)
    assert bench.batch.get_job("limited").as_dict()["state"] == "active"
    bench.azure.advance(2 * 3600)
    for name in ("limited", "nightly:job-1"):
        until(lambda: bench.batch.get_job(name).as_dict()["state"] == "completed")  # noqa: B023  # it ends at once
        info = bench.batch.get_job(name).as_dict()["executionInfo"]
        assert info["terminateReason"] == "MaxWallClockTimeExpiry"
    assert states(bench, "limited") == {"long": "completed"}
    assert bench.batch.get_job("extended").as_dict()["state"] == "active"
