"""Verification of an image version: only a pass on nodes that booted this very version lets it into `latest`."""

from __future__ import annotations

from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from reconciler.kinds.pool import checks
from reconciler.model import Action, Decision, Status
from tests.conftest import World
from tests.images.conftest import IMAGE, VERSION, Images
from tests.local.test_containers import IMAGE as CONTAINER
from tests.local.test_containers import azure_server, with_runtime, without_runtime

__all__ = ["azure_server"]  # the server with a container runtime, or without one

VERIFICATION = "verification/pool"


def gated(images: Images, run: str = "true") -> None:
    """An image that waits for a verification, and a pool of one node that makes it."""
    images.image["excludeFromLatest"] = "untilVerified"
    verify = {"checks": [{"name": name, "run": run} for name in ("system", "docker")]}
    images.world.text["pools"]["pool"].update(nodes=1, verify=verify)


def raws(images: Images) -> dict[str, dict[str, Any]]:
    cloud = images.world.cloud()
    place = f"{cloud.group_id}/providers/Microsoft.Compute/galleries/gallery/images/{IMAGE}/versions"
    return {raw["name"]: raw for raw in arm.listing(cloud, place)}


def latest(images: Images) -> list[str]:
    """The versions that `latest` may mean."""
    profiles = {name: raw["properties"]["publishingProfile"] for name, raw in raws(images).items()}
    return sorted(name for name, profile in profiles.items() if not profile["excludeFromLatest"])


def evidence(images: Images, version: str) -> str | None:
    return (raws(images)[version].get("tags") or {}).get(f"{marks.VERIFIED}_pool")


def jobs(world: World) -> list[str]:
    return sorted(job.id for job in world.cloud().batch().list_jobs() if job.id.startswith("verify-"))


def decided(world: World) -> Decision:
    return next(one for one in world.plan().decisions if str(one.address) == VERIFICATION)


@without_runtime
def test_a_new_version_is_not_verified_by_the_nodes_of_the_one_before(images: Images) -> None:
    gated(images)
    images.done()
    assert latest(images) == ["1.0.0"]
    before = jobs(images.world)
    images.image["packages"] = ["tree"]
    assert "pools/pool has yet to become what the spec asks" in decided(images.world).reason
    for _ in range(2):
        outcomes = images.apply()
        assert {one.status for name, one in outcomes.items() if name != VERIFICATION} <= {Status.DONE}
        assert decided(images.world).action is Action.DEFER
        assert (latest(images), jobs(images.world)) == (["1.0.0"], before), "the evidence before stays"
    images.world.text["pools"]["pool"]["rollout"] = {"whenEmpty": "drain"}
    images.done()
    assert latest(images) == ["1.0.0", "1.0.1"]
    (job,) = jobs(images.world)
    assert job not in before
    images.image["packages"] = ["htop"]
    images.done()
    assert decided(images.world).reason.startswith("passed on "), "what 1.0.0 has passed stands in its tags"
    images.world.text["pools"]["pool"]["verify"]["checks"][0]["run"] = "exit 1"
    outcome = images.apply()[VERIFICATION]
    assert outcome.status is Status.FAILED, "other checks need evidence of their own"
    assert "system failed; look with: reconcile logs verify-pool-" in str(outcome.error)


@without_runtime
def test_what_is_skipped_opens_nothing_unless_the_spec_says_so(images: Images) -> None:
    gated(images, "echo no such device >&2; exit 77")
    outcome = images.apply()[VERIFICATION]
    assert outcome.status is Status.FAILED
    assert "0 passed, system, docker skipped; what is skipped is not verified" in str(outcome.error)
    assert "(system: no such device; docker: no such device)" in str(outcome.error)
    assert (latest(images), evidence(images, "1.0.0")) == ([], None)
    again = decided(images.world)
    assert "system: no such device" in again.reason
    assert again.disturbs.startswith("the records and logs of the failed checks go first")
    images.world.text["pools"]["pool"]["verify"]["allowSkipped"] = True
    images.done()
    assert latest(images) == ["1.0.0"]
    assert "2 skipped" not in decided(images.world).reason
    assert "docker: no such device" in decided(images.world).reason


@without_runtime
def test_a_pool_without_nodes_verifies_nothing_and_the_plan_says_so(images: Images) -> None:
    gated(images)
    images.world.text["pools"]["pool"]["nodes"] = 0
    told = "pools/pool has no node to make the checks on (nodes: 0); images/batchImage stays out of latest until then"
    first = decided(images.world)
    assert (first.action, first.reason) == (Action.DEFER, told)
    outcomes = images.apply()
    assert VERIFICATION not in outcomes
    assert outcomes[VERSION].status is Status.DONE
    assert (latest(images), decided(images.world).reason) == ([], told)
    images.world.text["pools"]["pool"]["nodes"] = 1
    images.done()
    assert latest(images) == ["1.0.0"]
    images.world.text["pools"]["pool"]["nodes"] = 0
    images.done()
    assert decided(images.world).reason == "2 passed", "evidence stands when the nodes have gone"
    outcomes = images.apply(destroying=True)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes


@without_runtime
def test_a_forged_tag_opens_nothing(images: Images) -> None:
    images.image["excludeFromLatest"] = True
    gate = images.world.text["pools"]["pool"]
    gate.update(nodes=1, verify={"checks": [{"name": name, "run": "true"} for name in ("system", "docker")]})
    images.done()
    assert evidence(images, "1.0.0"), "a pass is kept with the version, whatever waits for it"
    for job in jobs(images.world):
        images.world.cloud().batch().begin_delete_job(job).result()
    assert decided(images.world).reason.startswith("passed on "), "the tag spares the pool its checks"
    images.image["excludeFromLatest"] = "untilVerified"
    assert decided(images.world).action is Action.CREATE, "but the gate asks for the checks themselves"
    assert latest(images) == []
    images.done()
    assert latest(images) == ["1.0.0"]


def verified(world: World, **verify: Any) -> tuple[str, str, str]:
    """(status and detail of the verification, the results of its checks) of a pool whose tasks run in containers."""
    for section in ("jobs", "storage", "identities"):
        del world.text[section]
    world.text["pools"]["pool"] = {
        "vmSize": "Standard_D2s_v3",
        "image": "ubuntu-24.04",
        "nodes": 1,
        "containers": {"images": [CONTAINER]},
        "verify": {"checks": [{"name": "system", "run": "cat /dev/null"}], **verify},
    }
    outcomes = world.apply()
    (job,) = jobs(world)
    results = {checks.result(task.as_dict()) for task in world.cloud().batch().list_tasks(job)}
    return str(outcomes[VERIFICATION].status), decided(world).reason, " ".join(sorted(results))


@with_runtime
def test_checks_run_in_the_pools_own_images(world: World) -> None:
    assert verified(world) == ("done", "3 passed", "passed")


@without_runtime
def test_without_a_runtime_no_check_passes(world: World) -> None:
    status, told, results = verified(world)
    assert (status, results) == ("failed", "skipped")
    assert "docker, image-1, system skipped" in told.replace("system, docker, image-1", "docker, image-1, system")
    assert "not run here" in told


@without_runtime
def test_checks_that_cannot_be_made_count_if_the_spec_says_so(world: World) -> None:
    status, told, results = verified(world, allowSkipped=True)
    assert (status, results) == ("done", "skipped")
    assert told.startswith("0 passed")
