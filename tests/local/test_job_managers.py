"""Job manager tasks on the local Batch: made with their job, first on a node, and what their end means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.batch import models

from tests.local.pools import Bench, bench, until
from tests.local.test_job_ends import ended
from tests.local.test_pool_jobs import states
from tests.local.test_pool_nodes import WAITS, go

__all__ = ["bench"]

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
SCRIPT = """
import os
from azure.batch import BatchClient, models
from azure.identity import ManagedIdentityCredential
client = BatchClient(os.environ["AZ_BATCH_ACCOUNT_URL"], ManagedIdentityCredential())
for name in ("a", "b"):
    task = models.BatchTaskCreateOptions(id=name, command_line="/bin/true")
    client.create_task(os.environ["AZ_BATCH_JOB_ID"], task)
"""


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    """A pool of one node with four slots."""
    bench.pool("managed", taskSlotsPerNode=4)
    yield "managed"
    bench.drop("managed")


def test_a_manager_adds_tasks_over_the_network_and_the_job_ends_with_them(bench: Bench, pool: str) -> None:
    bench.grant(bench.account_id, CONTRIBUTOR)
    settings = [{"name": "SCRIPT", "value": SCRIPT}]
    manager = {
        "id": "manager",
        "commandLine": "/bin/sh -c 'python -c \"$SCRIPT\"'",
        "environmentSettings": settings,
        "killJobOnCompletion": False,
    }
    bench.job("adds", pool, jobManagerTask=manager, onAllTasksComplete="terminatejob")
    assert ended(bench, "adds") == "AllTasksComplete"
    tasks = {str(task.id): task.as_dict()["executionInfo"]["result"] for task in bench.batch.list_tasks("adds")}
    assert tasks == {"manager": "success", "a": "success", "b": "success"}


def test_a_manager_has_its_node_for_itself_and_its_job_ends_with_it(bench: Bench, pool: str) -> None:
    bench.job("kills", pool, jobManagerTask={"id": "manager", "commandLine": WAITS})
    until(lambda: states(bench, "kills") == {"manager": "running"})
    shown = bench.batch.get_job("kills").as_dict()["jobManagerTask"]
    assert (shown["killJobOnCompletion"], shown["runExclusive"], shown["allowLowPriorityNode"]) == (True, True, True)
    bench.job("beside", pool)
    bench.task("beside", "waits", "sleep 600")
    bench.task("kills", "waits", "sleep 600")
    bench.azure.advance(60)
    assert (states(bench, "beside"), states(bench, "kills")["waits"]) == ({"waits": "active"}, "active")
    go(bench, "kills", "manager")
    assert ended(bench, "kills") == "JMComplete"
    assert states(bench, "kills") == {"manager": "completed", "waits": "completed"}
    until(lambda: states(bench, "beside") == {"waits": "running"})
    bench.batch.begin_delete_job("beside")


def test_a_manager_that_shares_goes_before_the_jobs_other_tasks(bench: Bench, pool: str) -> None:
    manager = {"id": "manager", "commandLine": WAITS, "runExclusive": False, "requiredSlots": 4}
    bench.job("first", pool, jobManagerTask=manager)
    disable = models.BatchJobDisableOptions({"disableTasks": "requeue"})
    bench.batch.begin_disable_job("first", disable)
    until(lambda: bench.batch.get_job("first").state == "disabled")
    bench.task("first", "a")
    bench.batch.begin_enable_job("first")
    until(lambda: states(bench, "first")["manager"] == "running")
    assert states(bench, "first")["a"] == "active"
    bench.batch.terminate_task("first", "manager")
    assert ended(bench, "first") == "JMComplete"


def test_a_manager_that_shuns_spot_nodes_waits_for_a_dedicated_one(bench: Bench, pool: str) -> None:
    bench.pool("spot", nodes=0, scaleSettings={"fixedScale": {"targetLowPriorityNodes": 1}})
    manager = {"id": "manager", "commandLine": "/bin/true", "allowLowPriorityNode": False}
    bench.job("shuns", "spot", jobManagerTask=manager)
    bench.job("plain", "spot")
    bench.task("plain", "runs")
    bench.ended("plain", "runs")
    assert states(bench, "shuns") == {"manager": "active"}
    bench.drop("spot")
