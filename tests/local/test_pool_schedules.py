"""Job schedules on the local Batch: a job at every recurrence, one at a time, until they are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from azure.batch import models

import azure_local
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


def now(bench: Bench) -> datetime:
    """The time of the local Azure."""
    answer = azure_local.ask(bench.azure.folder, "GET", "health")
    return datetime.fromisoformat(answer["time"][:26] + "+00:00")


def test_no_job_is_made_before_and_after_what_a_schedule_says(bench: Bench, pool: str) -> None:
    begins = now(bench) + timedelta(hours=5)
    ends = begins + timedelta(minutes=90)
    window = {"doNotRunUntil": f"{begins:%FT%T.%fZ}", "doNotRunAfter": f"{ends:%FT%T.%fZ}"}
    schedule(bench, "between", pool, {"recurrenceInterval": "PT1H", **window}, onAllTasksComplete="terminatejob")
    bench.azure.advance(4 * 3600)
    assert jobs(bench, "between") == []
    shown = bench.batch.get_job_schedule("between").execution_info
    assert shown is not None
    assert shown.next_run_time == begins
    bench.azure.advance(3600)
    until(lambda: jobs(bench, "between") == ["between:job-1"])
    bench.azure.advance(3600)
    until(lambda: jobs(bench, "between") == ["between:job-1", "between:job-2"])
    bench.azure.advance(3600)
    until(lambda: bench.batch.get_job_schedule("between").state == "completed")
    assert len(jobs(bench, "between")) == 2


def test_a_job_that_could_not_begin_in_its_window_waits_for_the_next_recurrence(bench: Bench, pool: str) -> None:
    schedule(bench, "window", pool, {"recurrenceInterval": "P1D", "startWindow": "PT2H"})
    until(lambda: jobs(bench, "window") == ["window:job-1"])
    bench.azure.advance(30 * 3600)
    terminate(bench, "window:job-1")
    until(lambda: bench.batch.get_job("window:job-1").state == "completed")
    bench.azure.advance(6 * 3600)
    assert jobs(bench, "window") == ["window:job-1"], "its window had passed"
    bench.azure.advance(13 * 3600)
    until(lambda: jobs(bench, "window") == ["window:job-1", "window:job-2"])
    bench.batch.begin_delete_job_schedule("window")


def test_a_schedule_can_be_put_off(bench: Bench, pool: str) -> None:
    schedule(bench, "later", pool, {"recurrenceInterval": "PT1H"}, onAllTasksComplete="terminatejob")
    until(lambda: jobs(bench, "later") == ["later:job-1"])
    begins = now(bench) + timedelta(hours=9)
    when = {"recurrenceInterval": "PT1H", "doNotRunUntil": f"{begins:%FT%T.%fZ}"}
    bench.batch.update_job_schedule("later", models.BatchJobScheduleUpdateOptions({"schedule": when}))
    bench.azure.advance(8 * 3600)
    assert jobs(bench, "later") == ["later:job-1"]
    bench.azure.advance(3600)
    until(lambda: jobs(bench, "later") == ["later:job-1", "later:job-2"])
    bench.batch.begin_delete_job_schedule("later")


def test_what_is_asked_of_a_schedule_that_is_not_there_is_refused(bench: Bench) -> None:
    calls = (
        lambda: bench.batch.get_job_schedule("none"),
        lambda: bench.batch.disable_job_schedule("none"),
        lambda: bench.batch.enable_job_schedule("none"),
        lambda: bench.batch.begin_terminate_job_schedule("none"),
        lambda: bench.batch.begin_delete_job_schedule("none"),
        lambda: jobs(bench, "none"),
    )
    for call in calls:
        assert refused(call)[:2] == (404, "JobScheduleNotFound")
