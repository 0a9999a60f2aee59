"""Job schedules on the local Batch: a job at every recurrence, one at a time, until they are over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.batch import models

from tests.local.pools import Bench, bench, refused, until
from tests.local.test_pool_jobs import terminate

__all__ = ["bench"]


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    bench.pool("scheduled")
    yield "scheduled"
    bench.drop("scheduled")


def schedule(bench: Bench, name: str, pool: str, when: dict[str, Any], **more: Any) -> None:
    specification = {"poolInfo": {"poolId": pool}, **more}
    body = {"id": name, "schedule": when, "jobSpecification": specification}
    bench.batch.create_job_schedule(models.BatchJobScheduleCreateOptions(body))


def jobs(bench: Bench, name: str) -> list[str]:
    return [str(job.id) for job in bench.batch.list_jobs_from_schedule(name)]


def test_a_schedule_makes_a_job_at_every_recurrence_one_at_a_time(bench: Bench, pool: str) -> None:
    schedule(bench, "often", pool, {"recurrenceInterval": "PT2H"}, metadata=[{"name": "a", "value": "b"}])
    until(lambda: jobs(bench, "often") == ["often:job-1"])
    bench.azure.advance(3 * 3600)
    bench.task("often:job-1", "runs")
    bench.ended("often:job-1", "runs")
    assert jobs(bench, "often") == ["often:job-1"], "the first has not ended"
    terminate(bench, "often:job-1")
    until(lambda: jobs(bench, "often") == ["often:job-1", "often:job-2"])
    shown = bench.batch.get_job_schedule("often")
    assert shown.execution_info is not None
    assert shown.execution_info.recent_job is not None
    assert shown.execution_info.recent_job.id == "often:job-2"
    assert bench.batch.get_job("often:job-2").as_dict()["metadata"] == [{"name": "a", "value": "b"}]
    bench.batch.disable_job_schedule("often")
    terminate(bench, "often:job-2")
    bench.azure.advance(3 * 3600)
    until(lambda: bench.batch.get_job("often:job-2").state == "completed")
    assert len(jobs(bench, "often")) == 2, "a disabled schedule makes none"
    bench.batch.enable_job_schedule("often")
    until(lambda: len(jobs(bench, "often")) == 3)
    bench.batch.begin_terminate_job_schedule("often")
    until(lambda: bench.batch.get_job_schedule("often").state == "completed")
    assert {job.state for job in bench.batch.list_jobs_from_schedule("often")} == {"completed"}
    bench.batch.begin_delete_job_schedule("often")
    until(lambda: "often" not in [one.id for one in bench.batch.list_job_schedules()])
    assert "often:job-1" not in [job.id for job in bench.batch.list_jobs()]


def test_a_schedule_without_recurrence_makes_one_job_and_is_completed_with_it(bench: Bench, pool: str) -> None:
    schedule(bench, "once", pool, {})
    until(lambda: jobs(bench, "once") == ["once:job-1"])
    again = models.BatchJobScheduleCreateOptions(
        {"id": "once", "schedule": {}, "jobSpecification": {"poolInfo": {"poolId": pool}}}
    )
    assert refused(lambda: bench.batch.create_job_schedule(again))[:2] == (409, "JobScheduleExists")
    change = models.BatchJobScheduleUpdateOptions({"metadata": [{"name": "a", "value": "b"}]})
    bench.batch.update_job_schedule("once", change)
    assert bench.batch.get_job_schedule("once").as_dict()["metadata"] == [{"name": "a", "value": "b"}]
    terminate(bench, "once:job-1")
    until(lambda: bench.batch.get_job_schedule("once").state == "completed")
    wrong = {
        "id": "wrong",
        "schedule": {"recurrenceInterval": "PT30S"},
        "jobSpecification": {"poolInfo": {"poolId": pool}},
    }
    status, code, values = refused(lambda: bench.batch.create_job_schedule(models.BatchJobScheduleCreateOptions(wrong)))
    assert (status, code, values["PropertyName"]) == (400, "InvalidPropertyValue", "recurrenceInterval")
