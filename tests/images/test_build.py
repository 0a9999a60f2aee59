"""Images from spec to gallery, and the pools that boot them, on the local Azure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import azure_local
from reconciler.model import Action, Change, Status
from tests.images.conftest import IMAGE, VERSION, Images


def dockerfile(folder: Path, text: str = "FROM ubuntu:22.04\nCOPY run.sh /\n") -> None:
    (folder / "docker").mkdir(exist_ok=True)
    (folder / "docker" / "Dockerfile").write_text(text)
    (folder / "docker" / "run.sh").write_text("echo hello\n")


def changes(images: Images) -> Sequence[Change]:
    """What a plan says of the version."""
    return next(d for d in images.world.plan().decisions if str(d.address) == VERSION).diff.changes


def test_one_spec_becomes_an_image_with_containers_and_a_pool_that_boots_it(images: Images, tmp_path: Path) -> None:
    dockerfile(tmp_path)
    text, registry = images.world.text, f"acr{images.world.account}"
    text["registries"] = {registry: {"builds": {"tools/run": {"context": "docker"}}}}
    text["identities"]["id-build"] = {"roles": [{"role": "AcrPull", "scope": f"registries/{registry}"}]}
    images.image.update(
        gpu=True,
        identity="identities/id-build",
        preload=[f"registries/{registry}/tools/run:latest", "docker.io/library/python:3.12-slim"],
        scripts=[{"name": "motd", "run": "echo hello > /etc/motd\n"}],
        verify=[{"name": "docker", "run": "docker info"}],
    )
    text["pools"]["pool"].update(nodes=1, verify={"allowSkipped": True})  # where there are neither containers nor GPUs
    images.done()
    assert images.leftovers() == []
    assert images.versions() == ["1.0.0"]
    raw = images.world.cloud().batch_management.pool.get(
        text["azure"]["resourceGroup"], text["batchAccount"]["name"], "pool"
    )
    machine = raw.as_dict()["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert machine["imageReference"]["id"].lower().endswith(f"/images/{IMAGE.lower()}/versions/1.0.0")
    assert machine["nodeAgentSkuId"] == "batch.node.ubuntu 22.04"
    server = f"{registry}.azurecr.io"
    containers = machine["containerConfiguration"]
    assert containers["type"] == "DockerCompatible"
    names = [f"{server}/tools/run:latest", "docker.io/library/python:3.12-slim"]
    assert sorted(containers["containerImageNames"]) == sorted(names)
    assert [one["registryServer"] for one in containers["containerRegistries"]] == [server]
    destroyed = {str(one.address): one.goes for one in images.world.plan(destroying=True).decisions}
    assert destroyed[f"registry/{registry}"] == "1 repository of images"
    (tmp_path / "docker" / "run.sh").write_text("echo changed\n")
    plan = images.world.plan()
    moved = {str(d.address): [c.path for c in d.diff.changes] for d in plan.decisions if d.action is not Action.NONE}
    assert moved[f"container_image/{registry}/tools/run:latest"] == ["source"]
    assert moved[VERSION] == [f"inputs.preload registries/{registry}/tools/run:latest", "version"]


def test_a_changed_input_is_the_next_version_and_content_that_was_there_is_not_built_again_until_all_is_destroyed(
    images: Images,
) -> None:
    images.done()
    images.image["packages"] = ["htop", "tree"]
    assert {change.path: (change.before, change.after) for change in changes(images)} == {
        "inputs.packages": ("htop", "htop tree"),
        "version": ("1.0.0", "1.0.1"),
    }
    images.done()
    assert images.versions() == ["1.0.0", "1.0.1"]
    assert images.machines() == 2
    images.image["packages"] = ["htop"]
    plan = images.world.plan()
    assert [str(step.address) for step in plan.steps] == ["pool/pool"]
    images.done()
    assert images.machines() == 2
    outcomes = images.apply(destroying=True)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    assert images.world.plan().of(Action.NONE) == (), "every version has gone with it"


def test_a_pinned_version_is_built_as_such_and_refused_when_its_content_differs(images: Images) -> None:
    images.image["version"] = "2.4.0"
    images.done()
    assert images.versions() == ["2.4.0"]
    images.image["packages"] = ["tree"]
    plan = images.world.plan()
    refused = plan.of(Action.REFUSE)
    assert [str(one.address) for one in refused] == [VERSION]
    assert "version 2.4.0 is pinned" in refused[0].reason
    assert [change.path for change in refused[0].diff.changes] == ["inputs.packages"]
    images.image["version"] = "2.4.1"
    images.done()
    assert images.versions() == ["2.4.0", "2.4.1"]


def test_what_changes_in_place_what_is_a_reason_to_build_and_what_goes_with_an_image(images: Images) -> None:
    images.image.update(os="ubuntu-24.04", preload=["docker.io/library/busybox:latest"])
    images.done()
    images.image.update(regions={"swedencentral": 2, "westeurope": 1}, endOfLife="2030-01-31", excludeFromLatest=True)
    assert {change.path.rsplit(".", 1)[-1] for change in changes(images)} == {
        "endOfLifeDate",
        "excludeFromLatest",
        "swedencentral",
        "westeurope",
    }
    images.done()
    images.image["regions"] = {"swedencentral": 2}
    (change,) = changes(images)
    assert (change.path, change.before, change.after) == (
        "properties.publishingProfile.targetRegions.westeurope",
        1,
        None,
    )
    images.done()
    assert images.machines() == 1

    images.setting("platform-images", urn="canonical:ubuntu-24_04-lts:server", version="24.04.209911010")
    azure_local.ask(images.world.azure.folder, "POST", "images", {"image": "docker.io/library/busybox:latest"})
    moved = changes(images)
    assert [change.path for change in moved] == [
        "inputs.base",
        "inputs.preload docker.io/library/busybox:latest",
        "version",
    ]
    assert moved[0].after == "canonical:ubuntu-24_04-lts:server:24.04.209911010"

    images.world.text["pools"]["pool"]["image"] = "ubuntu-22.04"
    kept = images.world.text.pop("images")
    plan = images.world.plan()
    going = {str(one.address) for one in plan.of(Action.DELETE)}
    assert going == {"gallery/gallery", f"image_definition/gallery/{IMAGE}", f"image_version/gallery/{IMAGE}/1.0.0"}
    images.done()
    assert images.versions() == []
    images.world.text["images"] = kept


def test_old_versions_go_when_there_are_too_many_but_never_one_that_a_pool_uses(images: Images) -> None:
    pools = images.world.text["pools"]
    images.image["keep"] = 1
    images.done()
    first = (
        f"{images.world.cloud().group_id}/providers/Microsoft.Compute/galleries/gallery/images/{IMAGE}/versions/1.0.0"
    )
    pools["old"] = {**pools["pool"], "image": {"id": first}}
    images.done()
    images.image["packages"] = ["tree"]
    images.done()
    assert images.versions() == ["1.0.0", "1.0.1"]
    del pools["old"]
    images.done()
    plan = images.world.plan()
    assert plan.steps == ()
    assert images.versions() == ["1.0.1"]


def test_other_content_while_a_build_is_under_way_clears_the_one_before(images: Images) -> None:
    images.world.azure.fault(operation="runCommand.ended", key="docker", code="Broken", times=1)
    images.setting("quotas", location="swedencentral", name="standardFSv2Family", limit=2)
    images.image["buildVm"] = {"keepOnFailure": True, "size": "Standard_F2s_v2"}
    assert images.apply()[VERSION].status is Status.FAILED
    assert len(images.leftovers()) >= 4
    assert images.world.plan().of(Action.REFUSE) == (), "the machine that is there needs no more room"
    images.setting("quotas", location="swedencentral", name="standardFSv2Family", limit=100)
    images.image["packages"] = ["tree"]
    images.done()
    assert images.leftovers() == []
    assert images.machines() == 2


def test_every_system_can_be_planned_with_a_gpu(images: Images) -> None:
    for os in ("ubuntu-24.04", "almalinux-8", "almalinux-9"):
        images.image.update(os=os, gpu=True)
        (decision,) = (d for d in images.world.plan().decisions if str(d.address) == VERSION)
        assert decision.action is Action.CREATE, os
