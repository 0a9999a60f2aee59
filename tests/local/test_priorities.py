"""Jobs of the local Batch that compete for a pool: by priority, and by taking nodes from tasks that allow it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from azure.batch import models

from tests.local.pools import Bench, bench, until
from tests.local.test_pool_jobs import states
from tests.local.test_pool_nodes import WAITS, go, info

__all__ = ["bench"]


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    """A pool of one node with two slots."""
    bench.pool("contested", taskSlotsPerNode=2)
    yield "contested"
    bench.drop("contested")


def test_a_task_gives_way_to_one_of_a_higher_priority_and_runs_again(bench: Bench, pool: str) -> None:
    bench.job("low", pool, allowTaskPreemption=True, priority=-5)
    bench.job("lower", pool, allowTaskPreemption=True, priority=-6)
    for job in ("low", "lower"):
        bench.task(job, "t0", WAITS)
        until(lambda: states(bench, job)["t0"] == "running")  # noqa: B023  # it ends at once
    bench.job("high", pool)
    bench.task("high", "t0", WAITS)
    until(lambda: states(bench, "high")["t0"] == "running")
    assert (states(bench, "low")["t0"], states(bench, "lower")["t0"]) == ("running", "active")
    lost = info(bench, "lower")
    assert (lost.requeue_count, lost.retry_count) == (1, 0)
    for job in ("high", "low", "lower"):
        until(lambda: states(bench, job)["t0"] == "running")  # noqa: B023  # it ends at once
        go(bench, job, "t0")
        bench.ended(job, "t0")


def test_a_task_stays_if_its_job_does_not_allow_it_or_has_the_same_priority(bench: Bench, pool: str) -> None:
    bench.job("firm", pool, priority=-5)
    bench.job("equal", pool, allowTaskPreemption=True)
    for job in ("firm", "equal"):
        bench.task(job, "t0", WAITS)
        until(lambda: states(bench, job)["t0"] == "running")  # noqa: B023  # it ends at once
    bench.job("waiting", pool)
    bench.task("waiting", "t0")
    bench.azure.advance(60)
    assert states(bench, "waiting") == {"t0": "active"}
    bench.batch.update_job("firm", models.BatchJobUpdateOptions({"allowTaskPreemption": True}))
    bench.ended("waiting", "t0")
    assert info(bench, "firm").requeue_count == 1, "what is allowed can be changed"
    assert info(bench, "equal").requeue_count == 0
    for job in ("firm", "equal"):
        bench.batch.begin_delete_job(job)


def test_a_large_task_takes_as_few_as_it_must(bench: Bench, pool: str) -> None:
    bench.job("small", pool, allowTaskPreemption=True, priority=-5)
    for name in ("t0", "t1"):
        bench.task("small", name, WAITS)
    until(lambda: set(states(bench, "small").values()) == {"running"})
    bench.job("large", pool)
    bench.task("large", "one", WAITS)
    until(lambda: states(bench, "large")["one"] == "running")
    assert sorted(states(bench, "small").values()) == ["active", "running"]
    bench.task("large", "two", requiredSlots=2)
    bench.azure.advance(60)
    assert sorted(states(bench, "small").values()) == ["active", "running"], "taking the other would not be enough"
    go(bench, "large", "one")
    bench.ended("large", "two")
    bench.batch.begin_delete_job("small")
