"""The local Azure shows of pools, jobs and tasks what real Azure showed: `tests/cases/local/` has the facts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.documents import loaded
from tests.local.pools import Bench, bench

__all__ = ["bench"]

FACTS = Path(__file__).parents[1] / "cases/local"
POOLS, JOBS = (loaded((FACTS / name).read_text()) for name in ("pools.yaml", "jobs.yaml"))
LINUX = {
    "imageReference": {"publisher": "canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts"},
    "nodeAgentSKUId": "batch.node.ubuntu 22.04",
}
WINDOWS = {
    "imageReference": {"publisher": "microsoftwindowsserver", "offer": "windowsserver", "sku": "2022-datacenter"},
    "nodeAgentSKUId": "batch.node.windows amd64",
}
STAMPED = ("lastModified", "creationTime", "allocationState", "allocationStateTransitionTime")
COUNTED = ("currentDedicatedNodes", "currentLowPriorityNodes")
PASSING = {
    "data": (
        *STAMPED, *COUNTED, "targetDedicatedNodes", "targetLowPriorityNodes", "id", "url", "eTag", "odata.metadata",
        "state", "stateTransitionTime",
    ),
    "arm": (*STAMPED, *COUNTED, "provisioningState", "provisioningStateTransitionTime"),
}  # fmt: skip
"""Members that every pool has, with values of their own."""


@pytest.mark.parametrize("case", POOLS, ids=lambda case: str(case["name"]))
def test_a_pool_shows_what_was_asked_for_and_few_defaults(bench: Bench, case: dict[str, Any]) -> None:
    asked = copy.deepcopy(case["asked"])
    machine = {**(WINDOWS if case.get("windows") else LINUX), **asked.pop("machine", {})}
    shown = _on_arm(bench, machine, asked) if case["plane"] == "arm" else _on_the_data_plane(bench, machine, asked)
    passing = PASSING[case["plane"]]
    assert set(passing) <= set(shown)
    assert {name: value for name, value in shown.items() if name not in passing} == case["shown"]
    bench.drop("shown")


def _on_the_data_plane(bench: Bench, machine: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    body: Any = {"id": "shown", "vmSize": "Standard_D2s_v3", "virtualMachineConfiguration": machine, **asked}
    bench.batch.create_pool(body)
    return dict(bench.batch.get_pool("shown").as_dict())


def _on_arm(bench: Bench, machine: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    configuration = {("nodeAgentSkuId" if name == "nodeAgentSKUId" else name): value for name, value in machine.items()}
    deployment = {"virtualMachineConfiguration": configuration}
    raw = bench.put(
        "shown", {"properties": {"vmSize": "Standard_D2s_v3", "deploymentConfiguration": deployment, **asked}}
    )
    assert "identity" not in raw
    assert "tags" not in raw
    raw["properties"]["resizeOperationStatus"].pop("startTime")
    return dict(raw["properties"])


OWN = {
    "id", "url", "eTag", "odata.metadata", "lastModified", "creationTime", "state", "stateTransitionTime",
    "executionInfo", "poolInfo",
}  # fmt: skip
"""Members of every job and task with values of their own."""


@pytest.fixture(scope="module")
def pool(bench: Bench) -> Iterator[str]:
    bench.put("idle", bench.body())
    yield "idle"
    bench.drop("idle")


@pytest.mark.parametrize("case", [case for case in JOBS if not case.get("task")], ids=lambda case: str(case["name"]))
def test_a_job_and_the_jobs_of_a_schedule_show_what_azure_fills_in(
    bench: Bench, pool: str, case: dict[str, Any]
) -> None:
    asked, expected = {"poolInfo": {"poolId": pool}, **case["asked"]}, {**case["asked"], **case["filled"]}
    job, schedule = f"job{len(case['filled'])}", f"daily{len(case['filled'])}"
    made: Any = {"id": job, **asked}
    bench.batch.create_job(made)
    shown = bench.batch.get_job(job).as_dict()
    assert {name: value for name, value in shown.items() if name not in OWN} == expected
    scheduled: Any = {"id": schedule, "schedule": {"recurrenceInterval": "P1D"}, "jobSpecification": asked}
    bench.batch.create_job_schedule(scheduled)
    specification = bench.batch.get_job_schedule(schedule).as_dict()["jobSpecification"]
    assert {name: value for name, value in specification.items() if name != "poolInfo"} == expected


@pytest.mark.parametrize("case", [case for case in JOBS if case.get("task")], ids=lambda case: str(case["name"]))
def test_a_task_shows_what_azure_fills_in(bench: Bench, pool: str, case: dict[str, Any]) -> None:
    job: Any = {"id": "tasks", "poolInfo": {"poolId": pool}}
    bench.batch.create_job(job)
    task: Any = {"id": "shown", **case["asked"]}
    bench.batch.create_task("tasks", task)
    shown = bench.batch.get_task("tasks", "shown").as_dict()
    assert {name: value for name, value in shown.items() if name not in OWN} == {**case["asked"], **case["filled"]}
