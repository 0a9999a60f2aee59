"""What may go wrong with images: each is told with its remedy, and never leaves a machine behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.engine import loop
from reconciler.kinds import KINDS
from reconciler.model import Action, Status
from tests.cli.command import reconcile
from tests.conftest import REGIONS
from tests.images.conftest import IMAGE, VERSION, Images


def test_a_machine_that_cannot_be_made_leaves_nothing_and_the_next_apply_builds(images: Images) -> None:
    images.world.azure.fault(operation="virtualMachine.made", code="AllocationFailed", message="no room")
    outcome = images.apply()[VERSION]
    assert outcome.status is Status.FAILED
    assert "the machine could not be made" in str(outcome.error)
    assert images.leftovers() == []
    images.done()


def test_a_refused_machine_leaves_no_network(images: Images) -> None:
    fault = {"status": 409, "code": "SkuNotAvailable", "message": "sold out"}
    images.world.azure.fault(match={"method": "PUT", "path": "/virtualMachines/[^/]+$"}, action=fault)
    outcome = images.apply()[VERSION]
    assert outcome.status is Status.FAILED
    assert "SkuNotAvailable: sold out" in str(outcome.error)
    assert images.leftovers() == []


def test_a_failed_stage_can_keep_the_machine_until_it_expires(images: Images, tmp_path: Path) -> None:
    images.image["buildVm"] = {"keepOnFailure": True, "expiresAfterHours": 8}
    images.world.azure.fault(operation="runCommand.ended", key="docker", code="Broken", times=1)
    outcome = images.apply()[VERSION]
    assert outcome.status is Status.FAILED
    told = str(outcome.error)
    for part in (
        "docker (4 of",
        "exit code 1",
        "Injected failure",
        "203.0.113.",
        "is kept until",
        "az vm run-command",
    ):
        assert part in told
    kept = images.leftovers()
    assert any(name.startswith("build-batchimage-") for name in kept)
    assert cleanup(images) == "Nothing to clean up.\n"
    images.world.azure.advance(9 * 3600)
    said = cleanup(images)
    assert all(name in said for name in kept)
    assert images.leftovers() == []


def test_a_kept_machine_is_taken_away_by_the_next_apply(images: Images) -> None:
    images.image["buildVm"] = {"keepOnFailure": True}
    images.world.azure.fault(operation="runCommand.ended", key="docker", code="Broken", times=1)
    assert images.apply()[VERSION].status is Status.FAILED
    decision = next(d for d in images.world.plan().decisions if str(d.address) == VERSION)
    assert decision.reason.startswith("failed: building 1.0.0: docker")
    images.done()
    assert images.leftovers() == []
    assert images.machines() == 2


def cleanup(images: Images) -> str:
    images.world.spec()
    done = reconcile("cleanup", "--yes", str(images.world.file))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_driver_that_does_not_install_ends_the_build(images: Images) -> None:
    images.image["gpu"] = True
    images.world.azure.fault(operation="extension.made", code="VMExtensionProvisioningError")
    outcome = images.apply()[VERSION]
    assert outcome.status is Status.FAILED
    assert "gpu-driver" in str(outcome.error)
    assert images.leftovers() == []


def test_a_capture_that_fails_leaves_no_machine_and_no_version(images: Images) -> None:
    images.world.azure.fault(operation="imageVersion.made", code="ReplicationFailed")
    outcome = images.apply()[VERSION]
    assert outcome.status is Status.FAILED
    assert "could not be published" in str(outcome.error)
    assert images.leftovers() == []
    assert images.versions() == []
    images.done()


def test_a_quota_is_told_before_anything_is_made(images: Images) -> None:
    location = {"location": "uksouth"}
    images.world.text["azure"]["location"] = "uksouth"
    images.image["buildVm"] = {"size": "Standard_D16s_v3"}
    images.setting("quotas", **location, name="standardDSv3Family", limit=8)
    refused = images.world.plan().of(Action.REFUSE)
    assert [str(one.address) for one in refused] == [VERSION]
    reason = refused[0].reason
    assert "0 of 8 cores in use and 16 are needed" in reason
    assert "these fit: Standard_" in reason


def test_a_size_that_is_not_offered_names_those_that_are(images: Images) -> None:
    images.image["gpu"] = True
    images.world.text["azure"]["location"] = "italynorth"
    reason = images.world.plan().of(Action.REFUSE)[0].reason
    assert reason.startswith("Standard_NC4as_T4_v3 is not offered to this subscription in italynorth")
    images.image["buildVm"] = {"size": "Standard_D999s_v3"}
    assert "Standard_D999s_v3 is not offered" in images.world.plan().of(Action.REFUSE)[0].reason


def test_an_image_that_is_not_there_names_those_that_are_the_nearest_first(images: Images) -> None:
    images.done()
    pools = images.world.text["pools"]
    pools["other"] = {**pools["pool"], "image": {"gallery": "gallery", "definition": "batchimag"}}
    reason = images.world.plan().of(Action.REFUSE)[0].reason
    assert reason == f"the gallery gallery has no version of an image batchimag; its images: {IMAGE}"
    pools["other"]["image"] = {"gallery": "gallery", "definition": IMAGE, "version": "9.9.9"}
    assert "has no version 9.9.9; it has 1.0.0" in images.world.plan().of(Action.REFUSE)[0].reason


def test_a_container_image_that_is_nowhere_is_refused_by_the_plan(images: Images) -> None:
    images.image["preload"] = ["docker.io/library/missing:1"]
    refused = images.world.plan().of(Action.REFUSE)
    assert refused[0].reason == "cannot preload docker.io/library/missing:1: there is no such image in its registry"


def test_a_broken_dockerfile_fails_with_the_last_words_of_the_registry(images: Images, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM ubuntu:22.04\nCOPY absent.txt /\n")
    registry = f"acr{images.world.account}"
    images.world.text["registries"] = {registry: {"builds": {"tool": {"context": "docker"}}}}
    address = f"container_image/{registry}/tool:latest"
    outcome = images.apply()[address]
    assert outcome.status is Status.FAILED
    assert "absent.txt" in str(outcome.error)
    (tmp_path / "docker" / "absent.txt").write_text("here\n")
    images.done()


def test_replication_to_a_region_that_no_pool_needs_holds_nothing_up(images: Images) -> None:
    images.world.azure.run(300)
    images.image["regions"] = dict.fromkeys(["swedencentral", *REGIONS], 1)
    images.world.text["pools"]["pool"]["nodes"] = 0
    outcomes = images.apply()
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    assert "waiting for" in outcomes[VERSION].detail
    assert images.world.plan().steps == ()


@pytest.mark.parametrize("stage", ["network", "machine", "docker", "generalize", "publishing", "clearing away"])
def test_an_apply_that_is_killed_in_any_stage_is_gone_on_with(images: Images, stage: str) -> None:
    kill_at = images.world.kill_process_at if stage == "docker" else images.world.kill_at
    kill_at(stage)
    images.done()
    assert images.leftovers() == []
    assert images.machines() == 1
    assert images.versions() == ["1.0.0"]


def test_a_failed_verification_fails_the_apply_and_keeps_the_image_out_of_latest(images: Images) -> None:
    images.image["excludeFromLatest"] = "untilVerified"
    check = {"name": "wrong", "run": "echo looked >&2; exit 3"}
    pool = images.world.text["pools"]["pool"]
    pool.update(nodes=1, verify=[{"name": "docker", "run": "true"}, check])
    outcomes = images.apply()
    assert outcomes["verification/pool"].status is Status.FAILED
    assert "wrong failed; look with: reconcile logs verify-pool-" in str(outcomes["verification/pool"].error)
    assert excluded(images) is True
    pool["verify"] = [{"name": "docker", "run": "true"}]
    images.done()
    assert excluded(images) is False


def excluded(images: Images) -> bool:
    reading = loop.read(images.world.spec(), images.world.cloud(), KINDS)
    found = next(one for one in reading.observed if str(one.address) == VERSION)
    answer: bool = found.body["properties"]["publishingProfile"]["excludeFromLatest"]
    return answer


def test_while_it_is_not_known_what_an_image_is_made_of_none_of_its_versions_goes(images: Images) -> None:
    images.image["preload"] = ["docker.io/library/busybox:latest"]
    images.done()
    fault = {"status": 503, "code": "Unavailable", "message": "not now"}
    images.world.azure.fault(match={"path": "/v2/library/busybox/manifests/.*"}, action=fault, times=50)
    plan = images.world.plan()
    assert [str(one.address) for one in plan.of(Action.UNKNOWN)] == [VERSION, "pool/pool"]
    assert plan.of(Action.DELETE) == ()
    images.world.azure.clear_faults()
    images.done()
    assert images.versions() == ["1.0.0"]
