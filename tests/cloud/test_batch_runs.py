"""How a task ran, as a list of Batch tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.azure.ends import reason
from reconciler.cloud.batch_runs import ran

BEGUN = {"startTime": "2026-06-01T12:00:00.1234567Z", "retryCount": 2, "requeueCount": 1}


def task(state: str, **info: Any) -> dict[str, Any]:
    return {"id": "t", "state": state, "creationTime": "2026-06-01T11:00:00Z", "executionInfo": info}


def test_times_are_those_of_the_last_run() -> None:
    seen = ran({**task("running", **BEGUN), "nodeInfo": {"nodeId": "n"}, "displayName": "frame n=1"})
    assert seen.begun == datetime(2026, 6, 1, 12, 0, 0, 123456, UTC)
    assert (seen.made, seen.ended) == (datetime(2026, 6, 1, 11, tzinfo=UTC), None)
    assert (seen.before, seen.node, seen.title, seen.outcome) == (3, "n", "frame n=1", "running")


def test_what_waits_to_run_again_has_not_begun() -> None:
    failed = {"failureInfo": {"code": "NodeLost"}, "endTime": "2026-06-01T12:00:09Z"}
    seen = ran(task("active", **BEGUN, **failed))
    assert (seen.begun, seen.ended, seen.failure, seen.outcome, seen.before) == (None, None, "", "waiting", 3)


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"exitCode": 0, "result": "success"}, ""),
        ({"exitCode": 3, "result": "failure", "failureInfo": {"code": "FailureExitCode"}}, "exit code 3"),
        ({"failureInfo": {"code": "TaskEnded", "message": "by the user"}}, "TaskEnded: by the user"),
        ({"failureInfo": {"code": "TaskEnded"}}, "TaskEnded"),
        ({"result": "Failure"}, "failed"),
    ],
)
def test_why_a_task_has_failed(info: dict[str, Any], words: str) -> None:
    assert reason(info) == words
