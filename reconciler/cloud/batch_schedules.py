"""Job schedules on the data plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none, tolerated


def listing(cloud: Cloud) -> Iterator[dict[str, Any]]:
    """The job schedules of the spec's account; none while there is no account."""
    if cloud.account is None:
        return
    with tolerated(404):
        for schedule in cloud.batch().list_job_schedules():
            yield schedule.as_dict()


def get(cloud: Cloud, name: str) -> dict[str, Any] | None:
    schedule = missing_is_none(lambda: cloud.batch().get_job_schedule(name))
    return schedule.as_dict() if schedule else None


def create(cloud: Cloud, body: Mapping[str, Any]) -> None:
    """Make a schedule; if it exists already, that is no error."""
    from azure.batch import models
    from azure.core.exceptions import HttpResponseError

    try:
        cloud.batch().create_job_schedule(models.BatchJobScheduleCreateOptions(body))
    except HttpResponseError as error:
        if "JobScheduleExists" not in str(error):
            raise


def jobs(cloud: Cloud, name: str) -> Iterator[dict[str, Any]]:
    """The jobs that a schedule has made, as far as they are there."""
    for job in cloud.batch().list_jobs_from_schedule(name):
        yield job.as_dict()


def delete(cloud: Cloud, name: str) -> None:
    """Start deleting it with all its jobs; what is gone or going already is no error."""
    with tolerated(404, 409):
        batch_jobs.post(cloud, f"/jobschedules/{name}", None, None, "DELETE")
