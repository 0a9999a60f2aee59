"""The main job on the local Azure, with the real SDKs, real nodes and the real worker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.model import Action, Outcome
from tests.conftest import World

Photograph = Callable[[int], bytes]


def actions(world: World) -> dict[str, str]:
    return {str(d.address): str(d.action) for d in world.plan().decisions if d.action is not Action.NONE}


def outcomes(found: dict[str, Outcome]) -> set[str]:
    return {str(one.status) for one in found.values()}


def converted(world: World) -> list[str]:
    return sorted(blob.name for blob in world.container("converted").list_blobs())


def test_one_spec_becomes_live_resources_and_finished_conversions(world: World, photograph: Photograph) -> None:
    assert set(actions(world).values()) == {"create"}
    assert outcomes(world.apply()) == {"done"}
    assert actions(world) == {}

    images = world.container("images")
    for number in range(4):
        images.upload_blob(f"deep/er/image {number}.JPG", photograph(number))
    images.upload_blob("broken.jpg", b"\xff\xd8\xff broken")
    images.upload_blob("page.jpg", b"<html>not an image</html>")
    images.upload_blob("notes.txt", b"not a source")
    decision = next(d for d in world.plan().decisions if d.action is Action.UPDATE)
    assert decision.reason.startswith("6 of 6 to convert (6 missing, 0 changed)")
    assert outcomes(world.apply()) == {"done"}
    assert converted(world) == [f"deep/er/image {number}.png" for number in range(4)]
    assert actions(world) == {}
    (left,) = (d for d in world.plan().decisions if d.address.kind == "conversion")
    assert left.reason == "4 up to date, 2 cannot be converted"

    images.upload_blob("deep/er/image 0.JPG", photograph(9), overwrite=True)
    world.container("converted").delete_blob("deep/er/image 1.png")
    images.delete_blob("deep/er/image 2.JPG")
    (decision,) = (d for d in world.plan().decisions if d.action is Action.UPDATE)
    assert "(1 missing, 1 changed)" in decision.reason
    assert "1 orphan" in decision.reason
    assert outcomes(world.apply()) == {"done"}
    assert len(converted(world)) == 4, "an orphan stays unless the spec says otherwise"
    world.text["jobs"]["job"]["convert"]["deleteOrphans"] = True
    world.apply()
    assert converted(world) == [f"deep/er/image {number}.png" for number in (0, 1, 3)]
    assert actions(world) == {}


def test_only_what_differs_is_changed_and_drift_is_told_from_a_changed_spec(world: World) -> None:
    del world.text["jobs"]
    world.apply()
    world.text["pools"]["pool"]["nodes"] = 2
    assert actions(world) == {"pool/pool": "update"}
    assert outcomes(world.apply()) == {"done"}
    assert actions(world) == {}

    cloud = world.cloud()
    body = {"properties": {"allowSharedKeyAccess": True}}
    cloud.arm("PATCH", f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{world.account}", body)
    (decision,) = (d for d in world.plan().decisions if d.action is Action.UPDATE)
    assert decision.reason == "was changed outside the spec"
    assert [c.path for c in decision.diff.changes] == ["properties.allowSharedKeyAccess"]
    world.apply()
    assert actions(world) == {}


def test_a_change_that_needs_an_empty_pool_waits_for_it(world: World) -> None:
    del world.text["jobs"]
    world.apply()
    world.text["pools"]["pool"]["vmSize"] = "Standard_D4s_v3"
    assert actions(world) == {"pool/pool": "defer"}
    world.text["pools"]["pool"]["nodes"] = 0
    assert outcomes(world.apply()) == {"done"}
    world.text["pools"]["pool"]["nodes"] = 1
    assert outcomes(world.apply()) == {"done"}
    assert actions(world) == {}


def test_what_left_the_spec_is_pruned_and_what_is_not_ours_stays(world: World) -> None:
    del world.text["jobs"]
    world.apply()
    cloud = world.cloud()
    other = f"{cloud.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-theirs"
    cloud.arm("PUT", other, {"location": cloud.target.location})
    del world.text["pools"]
    del world.text["identities"]
    assert set(actions(world).values()) == {"delete"}
    assert outcomes(world.apply()) == {"done"}
    assert actions(world) == {}
    assert cloud.arm("GET", other).status == 200
    group = f"resource_group/{cloud.target.resource_group}"
    (stays,) = world.plan(destroying=True).of(Action.KEEP)
    assert (str(stays.address), "identity/id-theirs" in stays.reason) == (group, True)
    cloud.arm("DELETE", other)


def test_an_existing_resource_without_our_mark_is_refused_until_it_is_adopted(world: World) -> None:
    world.text = {key: world.text[key] for key in ("apiVersion", "name", "azure")}
    cloud = world.cloud()
    cloud.arm("PUT", cloud.group_id, {"location": cloud.target.location, "tags": {"theirs": "kept"}})
    address = f"resource_group/{cloud.target.resource_group}"
    assert actions(world) == {address: "refuse"}
    world.text["adopt"] = [address]
    assert actions(world) == {address: "update"}
    assert outcomes(world.apply()) == {"done"}
    assert cloud.arm("GET", cloud.group_id).body["tags"]["theirs"] == "kept"
    assert actions(world) == {}


def test_a_job_moves_to_another_pool_by_being_disabled_meanwhile(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.text["pools"]["other"] = {**world.text["pools"]["pool"], "nodes": 0}
    world.apply()
    world.text["jobs"]["job"]["pool"] = "pools/other"
    world.text["jobs"]["job"]["priority"] = 7
    assert actions(world) == {"job/job": "update"}
    assert outcomes(world.apply()) == {"done"}
    job = world.cloud().batch().get_job("job")
    assert (job.pool_info.pool_id, job.priority, job.state) == ("other", 7, "active")
    assert actions(world) == {}


def test_an_exceeded_quota_is_a_failure_with_azures_own_words(world: World) -> None:
    del world.text["jobs"]
    world.text["pools"]["pool"]["nodes"] = 200
    outcome = world.apply()["pool/pool"]
    assert outcome.error is not None
    assert "AccountCoreQuotaReached" in outcome.error
    world.text["pools"]["pool"]["nodes"] = 1
    assert outcomes(world.apply()) == {"done"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_every_write_may_be_lost_and_the_end_state_is_the_same(world: World, when: str) -> None:
    """A dropped connection at each write in turn: the same apply ends well, or the next one mends it."""
    del world.text["jobs"]
    world.text["pools"]["pool"]["nodes"] = 0
    for after in range(8):
        world.azure.fault(match={"method": "PUT", "plane": "arm"}, after=after, action={"drop": True, "when": when})
    world.apply()
    world.azure.clear_faults()
    world.apply()
    assert actions(world) == {}


def test_throttling_and_server_errors_are_sat_out(world: World) -> None:
    del world.text["jobs"]
    world.text["pools"]["pool"]["nodes"] = 0
    for status, code in ((429, "TooManyRequests"), (503, "ServerBusy"), (500, "InternalServerError")):
        action = {"status": status, "code": code, "retryAfter": 1}
        world.azure.fault(match={"method": "PUT|GET", "plane": "arm"}, after=3, times=2, action=action)
    assert outcomes(world.apply()) == {"done"}


def test_a_killed_apply_is_finished_by_the_next_one(world: World, photograph: Photograph) -> None:
    world.apply()
    for number in range(3):
        world.container("images").upload_blob(f"{number}.jpg", photograph(number))
    command = [sys.executable, "-m", "reconciler", "apply", str(world.file), "--yes"]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert killed.stdout is not None
    for line in killed.stdout:
        if "at work" in line or "update accepted" in line:
            break
    killed.kill()
    killed.stdout.close()
    killed.wait()
    assert outcomes(world.apply()) <= {"done"}
    assert converted(world) == [f"{number}.png" for number in range(3)]
    assert actions(world) == {}
    tasks = [task.id for task in world.cloud().batch().list_tasks("job")]
    assert len(tasks) == 1, "the killed apply's tasks are joined, not submitted again"


def test_other_tasks_in_the_job_are_waited_for_and_not_mistaken_for_ours(world: World) -> None:
    from azure.batch import models

    world.apply()
    batch = world.cloud().batch()
    batch.create_task("job", models.BatchTaskCreateOptions(id="theirs", command_line="/bin/sleep 2"))
    assert actions(world) == {"conversion/job": "wait"}
    assert outcomes(world.apply()) == {"done"}
    assert actions(world) == {}
