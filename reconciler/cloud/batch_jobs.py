"""Jobs on the data plane, for the kinds whose resources are jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.cloud.cloud import Cloud
from reconciler.cloud.errors import missing_is_none, tolerated

if TYPE_CHECKING:
    from azure.core.rest import HttpRequest, HttpResponse

JSON = "application/json; odata=minimalmetadata"
API_VERSION = "2025-06-01"
ENDED = ("terminating", "completed")
"""States of a job that takes no more tasks."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """How many tasks a job has: waiting for a node, running, and ended well or not."""

    waiting: int
    running: int
    succeeded: int
    failed: int

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed

    @property
    def over(self) -> bool:
        """Whether there were some and all have ended."""
        return self.ended > 0 and not self.waiting and not self.running


def scheduled(name: str) -> bool:
    """Whether a job of this id is one that a job schedule has made: `SCHEDULE:job-1`."""
    return ":" in name


def tasks(cloud: Cloud, job: str) -> Tasks:
    """The tasks of a job by state: one request, however many there are."""
    counts = cloud.batch().get_job_task_counts(job).task_counts
    return Tasks(*(int(getattr(counts, name)) for name in ("active", "running", "succeeded", "failed")))


def listing(cloud: Cloud, beginning: str = "") -> Iterator[dict[str, Any]]:
    """The jobs of the spec's account whose ids begin so; none while there is no account."""
    if cloud.account is None:
        return
    text = beginning.replace("'", "''")
    with tolerated(404):
        chosen = f"startswith(id,'{text}')" if text else None
        yield from cloud.shared.listed(
            ("jobs", text), lambda: (job.as_dict() for job in cloud.batch().list_jobs(filter=chosen))
        )


def get(cloud: Cloud, name: str) -> dict[str, Any] | None:
    job = missing_is_none(lambda: cloud.batch().get_job(name))
    return job.as_dict() if job else None


def create(cloud: Cloud, body: Mapping[str, Any]) -> bool:
    """Make a job; False if it exists already, which is no error, but that a schedule of this id does is one."""
    from azure.batch import models
    from azure.core.exceptions import HttpResponseError

    try:
        cloud.batch().create_job(models.BatchJobCreateOptions(body))
    except HttpResponseError as error:
        if "JobExists" not in str(error) or get(cloud, str(body["id"])) is None:
            raise
        return False
    return True


def post(cloud: Cloud, path: str, body: Any, etag: str | None, method: str = "POST") -> None:
    """A request that Batch works on afterwards: the SDK's `begin_` methods would start a thread that waits for it."""
    from azure.core.rest import HttpRequest

    headers = {"If-Match": f'"{etag}"'} if etag else {}
    if body is not None:
        headers["Content-Type"] = JSON
    send(cloud, HttpRequest(method, path, params={"api-version": API_VERSION}, headers=headers, json=body))


def send(cloud: Cloud, request: HttpRequest) -> HttpResponse:
    """The answer to a request of our own making. Raises HttpResponseError for an error answer."""
    from azure.core.exceptions import HttpResponseError

    response = cloud.batch().send_request(request)
    if response.status_code >= 400:
        raise HttpResponseError(response=response)
    return response


def delete(cloud: Cloud, name: str) -> None:
    """Start deleting; what is gone or going already is no error."""
    with tolerated(404, 409):
        post(cloud, f"/jobs/{name}", None, None, "DELETE")
