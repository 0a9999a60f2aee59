"""Verification of a pool whose tasks run in containers: for real where the machine can, never "passed" where not."""

from __future__ import annotations

from reconciler.kinds.verification import checks
from reconciler.model import Status
from tests.conftest import World
from tests.local.test_containers import IMAGE, azure_server, with_runtime, without_runtime

__all__ = ["azure_server"]  # the server with a container runtime, or without one


def verified(world: World) -> tuple[str, str]:
    """(detail of the verification, the results of its checks)."""
    for section in ("jobs", "storage", "identities"):
        del world.text[section]
    world.text["pools"]["pool"] = {
        "vmSize": "Standard_D2s_v3",
        "image": "ubuntu-24.04",
        "nodes": 1,
        "containers": {"images": [IMAGE]},
        "verify": [{"name": "system", "run": "cat /dev/null"}],
    }
    outcomes = world.apply()
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    job = world.plan().decisions[-1]
    tasks = [task for task in world.cloud().batch().list_jobs() if task.id.startswith("verify-pool-")]
    found = [checks.result(task.as_dict()) for task in world.cloud().batch().list_tasks(tasks[0].id)]
    return job.reason, " ".join(sorted(set(found)))


@with_runtime
def test_checks_run_in_the_pools_own_images(world: World) -> None:
    assert verified(world) == ("3 passed", "passed")


@without_runtime
def test_without_a_runtime_no_check_passes(world: World) -> None:
    assert verified(world) == ("3 not run here", "not run here")
