"""How jobs of the local Batch end by what their tasks do, and what the end of a task means for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.batch import models

from tests.local.pools import Bench, bench, refused, until
from tests.local.test_pool_jobs import states, terminate

__all__ = ["bench"]

TERMINATE = models.BatchJobUpdateOptions({"onAllTasksComplete": "terminatejob"})


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    """A pool of one node with four slots."""
    bench.pool("ends", taskSlotsPerNode=4)
    yield "ends"
    bench.drop("ends")


def ended(bench: Bench, job: str) -> Any:
    """The reason for which the job has ended."""
    until(lambda: bench.batch.get_job(job).state == "completed")
    return bench.batch.get_job(job).as_dict()["executionInfo"]["terminateReason"]


def test_a_job_ends_once_it_may_and_all_its_tasks_have(bench: Bench, pool: str) -> None:
    for job in ("empty", "done"):
        bench.job(job, pool)
    bench.task("done", "fails", "/bin/false")
    bench.ended("done", "fails")
    assert bench.batch.get_job("done").state == "active"
    for job in ("empty", "done"):
        bench.batch.update_job(job, TERMINATE)
        assert ended(bench, job) == "AllTasksComplete"
    bench.job("born", pool, onAllTasksComplete="terminatejob")
    assert ended(bench, "born") == "AllTasksComplete", "a job without tasks counts as complete"


def test_a_job_that_is_to_end_by_itself_cannot_be_kept(bench: Bench, pool: str) -> None:
    bench.job("kept", pool)
    bench.task("kept", "long", "sleep 600")
    bench.batch.update_job("kept", TERMINATE)
    back = models.BatchJobUpdateOptions({"onAllTasksComplete": "noaction"})
    status, code, values = refused(lambda: bench.batch.update_job("kept", back))
    assert (status, code, values["PropertyName"]) == (400, "InvalidPropertyValue", "onAllTasksComplete")
    terminate(bench, "kept")
    assert ended(bench, "kept") == "Enough"


def test_a_job_that_is_over_takes_no_task_and_runs_none_again(bench: Bench, pool: str) -> None:
    bench.job("over", pool)
    for name, line in (("good", "/bin/true"), ("bad", "/bin/false")):
        bench.task("over", name, line)
        bench.ended("over", name)
    assert refused(lambda: bench.batch.reactivate_task("over", "good"))[:2] == (409, "TaskSucceeded")
    terminate(bench, "over")
    until(lambda: bench.batch.get_job("over").state == "completed")
    assert refused(lambda: bench.batch.reactivate_task("over", "bad"))[:2] == (409, "JobCompleted")
    assert refused(lambda: bench.task("over", "new"))[:2] == (409, "JobCompleted")


@pytest.mark.parametrize(("code", "runs"), [(0, False), (3, True), (5, False)])
def test_the_options_of_an_exit_code_go_before_those_of_a_failed_upload(
    bench: Bench, pool: str, code: int, runs: bool
) -> None:
    job = f"upload-{code}"
    bench.job(job, pool, usesTaskDependencies=True)
    bench.task(job, "after", dependsOn={"taskIds": ["first"]})
    nowhere = {"containerUrl": f"https://127.0.0.1:1/{bench.storage}/none"}
    output = {
        "filePattern": "one",
        "destination": {"container": nowhere},
        "uploadOptions": {"uploadCondition": "taskcompletion"},
    }
    conditions = {
        "exitCodes": [{"code": 3, "exitOptions": {"dependencyAction": "satisfy"}}],
        "fileUploadError": {"dependencyAction": "block"},
        "default": {"dependencyAction": "block"},
    }
    line = f"/bin/sh -c 'echo 1 > one; exit {code}'"
    bench.task(job, "first", line, outputFiles=[output], exitConditions=conditions)
    bench.ended(job, "first")
    bench.task(job, "beside")
    bench.ended(job, "beside")
    if runs:
        bench.ended(job, "after")
    else:
        assert states(bench, job)["after"] == "active"


def test_a_range_of_ids_is_of_numbers_and_leading_zeros_do_not_count(bench: Bench, pool: str) -> None:
    bench.job("ranges", pool, usesTaskDependencies=True)
    bench.task("ranges", "after", dependsOn={"taskIdRanges": [{"start": 4, "end": 5}]})
    bench.task("ranges", "never", dependsOn={"taskIdRanges": [{"start": 0, "end": 2**31 - 1}]})
    for name in ("004", "4", "4x"):
        bench.task("ranges", name)
        bench.ended("ranges", name)
    assert states(bench, "ranges")["after"] == "active"
    bench.task("ranges", "5")
    bench.ended("ranges", "after")
    assert states(bench, "ranges")["never"] == "active"


def test_a_deleted_dependency_is_satisfied_if_it_had_ended_so(bench: Bench, pool: str) -> None:
    bench.job("deleted", pool, usesTaskDependencies=True)
    for name, line in (("good", "/bin/true"), ("bad", "/bin/false")):
        bench.task("deleted", name, line)
        bench.ended("deleted", name)
        bench.batch.delete_task("deleted", name)
        bench.task("deleted", f"after-{name}", dependsOn={"taskIds": [name]})
    bench.ended("deleted", "after-good")
    assert states(bench, "deleted")["after-bad"] == "active"
    bench.task("deleted", "good", "/bin/false")
    bench.ended("deleted", "good")
    bench.task("deleted", "after-the-new", dependsOn={"taskIds": ["good"]})
    bench.task("deleted", "beside")
    bench.ended("deleted", "beside")
    assert states(bench, "deleted")["after-the-new"] == "active"


def test_a_file_that_cannot_be_reached_fails_its_task(bench: Bench, pool: str) -> None:
    bench.job("unreachable", pool)
    files = [{"httpUrl": "https://127.0.0.1:1/x?sig=secret", "filePath": "x"}]
    bench.task("unreachable", "reads", resourceFiles=files)
    info = bench.ended("unreachable", "reads").execution_info
    assert info is not None
    assert info.failure_info is not None
    assert (info.exit_code, info.failure_info.code) == (None, "BlobDownloadMiscError")
    assert "secret" not in str(info.failure_info.message)
