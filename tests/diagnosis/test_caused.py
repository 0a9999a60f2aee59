"""Every cause that can be caused on the local Azure: the right one first, in a few requests and seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.cli.command import reconcile
from tests.conftest import Azure, serving
from tests.diagnosis import causing
from tests.local.pools import Bench, bench

__all__ = ["bench"]
MOST, SECONDS = 15, 5
CAUSED = (
    "old-resize-error", "core-quota", "no-capacity", "image-retired", "resize-failed", "pool-missing", "no-nodes",
    "formula-zero", "formula-samples", "formula-preempted", "start-task-failed", "preempted", "maybe-preempted",
    *causing.STRUCK, "scheduling-disabled", "too-many-slots", "several-nodes", "preparation-failed", "priority",
    "parallel-limit", "dependency-failed", "dependency-missing", "dependency-range", "exit-code", "command-not-found",
    "not-executable", "disk-full", "killed", "retrying", "task-wall-clock",
    "task-ended", "registry-denied", "image-missing", "container-settings", "download-failed", "job-disabled",
    "job-ended", "job-wall-clock", "job-task-failed", "job-manager-ended", "role-missing", "storage-closed",
    "input-missing", "output-failed", "schedule-early", "schedule-disabled", "schedule-last-runs", "schedule-endless",
    "schedule-over", "evicted", "nodes-deallocated", "job-not-scheduled",
)  # fmt: skip
"""Jobs that are called as the rule that explains them."""
POOLS = (
    "old-resize-error", "core-quota", "no-capacity", "image-retired", "resize-failed", "formula-zero",
    "formula-samples", "formula-error", "formula-preempted", "start-task-failed", "preempted", "maybe-preempted",
    *causing.STRUCK, "scheduling-disabled", "nodes-deallocated",
)  # fmt: skip
FINE = {
    "goes-first": "the job is active; tasks: 1 at work",
    "dependency-runs": "the job is active; tasks: 1 at work, 1 waiting; "
    "1 task waits for others that have yet to end (b)",
}


@pytest.fixture(scope="module")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    runtime = causing.runtime(tmp_path_factory.mktemp("runtime"))
    with serving(tmp_path_factory.mktemp("azure"), RECONCILE_CONTAINERS=runtime) as azure:
        yield azure


@pytest.fixture
def spec(bench: Bench, tmp_path: Path) -> Path:
    """The spec of an account in which everything has gone wrong."""
    bench.azure.run(60)
    causing.Causes(bench).all()
    return causing.spec(bench, tmp_path)


SPENT: list[float] = []
"""Seconds of each explanation; one of them may be late on a machine that is busy."""


def requests(azure: Azure) -> int:
    return (azure.folder / "wire.jsonl").read_bytes().count(b"\n")


def why(bench: Bench, spec: Path, address: str) -> dict[str, Any]:
    """What is said of an address, as JSON; within the requests and seconds that it may take."""
    before, began = requests(bench.azure), time.monotonic()
    done = reconcile("why", address, "--spec", str(spec), "--format", "json")
    assert done.returncode == 0, done.stderr
    SPENT.append(time.monotonic() - began)
    assert 0 < requests(bench.azure) - before <= MOST
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def rules(told: dict[str, Any]) -> list[str]:
    return [cause["rule"] for cause in told["causes"]]


def test_the_right_cause_comes_first(bench: Bench, spec: Path, tmp_path: Path, subtests: pytest.Subtests) -> None:
    """One test, so that all of it is caused once, however many processes run tests."""
    for name, address in [*((name, f"jobs/{name}") for name in CAUSED), *((name, f"pools/{name}") for name in POOLS)]:
        with subtests.test(address):
            assert rules(why(bench, spec, address))[:1] == [name]
    for name, state in FINE.items():
        with subtests.test(name):
            told = why(bench, spec, name)
            assert (told["causes"], told["state"]) == ([], state)
    with subtests.test("one task"):
        told = why(bench, spec, "jobs/dependency-failed/b")
        assert (told["about"], rules(told)) == ("the task b of dependency-failed", ["dependency-failed"])
        assert rules(why(bench, spec, "job/dependency-failed/a*")) == ["exit-code"]
    with subtests.test("many tasks"):
        assert rules(why(bench, spec, "large")) == ["no-nodes"]
        told = why(bench, spec, "large/n1099")
        assert (told["about"], rules(told)) == ("the task n1099 of large", ["no-nodes"])
    with subtests.test("quotas"):
        _quotas(bench, spec, tmp_path)
    assert median(SPENT) < SECONDS


def _quotas(bench: Bench, spec: Path, folder: Path) -> None:
    assert rules(why(bench, spec, "jobs/unmade")) == ["not-made"]
    assert rules(why(bench, spec, "pools/unmade")) == ["not-made"]
    bench.control("batch-quotas", activeJobAndJobScheduleQuota=1, poolQuota=1)
    assert rules(why(bench, spec, "jobs/unmade"))[0] == "quota-of-done-jobs"
    assert rules(why(bench, spec, "pools/unmade")) == ["pool-quota"]
    assert rules(why(bench, causing.crowded(bench, folder), "jobs/unmade")) == ["active-job-quota"]
