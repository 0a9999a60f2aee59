"""Image only, pools only, all: by separate specs and by targets; and the records that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli import records
from reconciler.engine import loop
from reconciler.engine.resolve import resolve
from reconciler.errors import ReconcileError
from reconciler.kinds import KINDS
from reconciler.kinds.pool import trial
from reconciler.kinds.pool.checks import Check
from reconciler.model import Action, Address, Status
from tests.bodies import CHECKED
from tests.cli.command import reconcile
from tests.conftest import SPEED, World
from tests.documents import dumped
from tests.images.conftest import IMAGE, VERSION, Images


def other_team(images: Images, folder: Path) -> World:
    """A spec of its own group and account, whose pool boots what `latest` means in the platform team's gallery."""
    platform = images.world.text
    group = platform["azure"]["resourceGroup"]
    image = {"gallery": "gallery", "definition": IMAGE, "resourceGroup": group}
    text = {
        "apiVersion": "reconciler/v1",
        "name": f"{platform['name']}-b",
        "azure": {**platform["azure"], "resourceGroup": f"{group}-b"},
        "batchAccount": {"name": f"{platform['batchAccount']['name']}b"},
        "pools": {"pool": {"vmSize": "Standard_D2s_v3", "image": image, "nodes": 0}},
    }
    return World(images.world.azure, folder / "other.yaml", text, "none")


def test_two_teams_need_nothing_of_each_other_but_the_gallery(images: Images, tmp_path: Path) -> None:
    del images.world.text["pools"]
    images.done()
    team = other_team(images, tmp_path)
    outcomes = team.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    assert team.plan().steps == ()
    images.image["packages"] = ["tree"]
    images.image["keep"] = 1
    images.done()
    assert images.versions() == ["1.0.0", "1.0.1"], "the other team's pool boots the old one"
    changed = [(c.path.rsplit(".", 1)[-1], c.after[-5:]) for d in team.plan().decisions for c in d.diff.changes]
    assert changed == [("id", "1.0.1")]
    assert {one.status for one in team.apply(poll_seconds=0.05).values()} == {Status.DONE}
    assert [str(step.address) for step in images.world.plan().steps] == [f"image_version/gallery/{IMAGE}/1.0.0"]
    images.done()
    destroyed = images.world.plan(destroying=True)
    user = f"batchAccounts/{team.text['batchAccount']['name']}/pools/pool of the spec {team.text['name']!r}"
    staying = {str(decision.address): decision.reason for decision in destroyed.of(Action.KEEP)}
    assert staying[VERSION] == f"stays: it is used by what this spec does not own: {user}; move or delete that first"
    assert staying.keys() == {
        VERSION, "gallery/gallery", f"image_definition/{IMAGE}", names(images),
    }  # fmt: skip
    assert {one.status for one in team.apply(destroying=True, poll_seconds=0.05).values()} == {Status.DONE}
    assert images.world.plan(destroying=True).of(Action.KEEP) == ()


def test_an_image_is_built_in_the_gallery_and_the_definition_of_others(images: Images, tmp_path: Path) -> None:
    del images.world.text["pools"]
    images.done()
    group = images.world.text["azure"]["resourceGroup"]
    team = other_team(images, tmp_path)
    del team.text["pools"]
    team.text["galleries"] = {"gallery": {"existing": True, "resourceGroup": group}}
    theirs = {"gallery": "gallery", "os": images.image["os"], "packages": ["tree"], "version": "7.0.0"}
    team.text["images"] = {IMAGE: {**theirs, "definition": {"existing": True}}, "mine": theirs}
    outcomes = team.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, [one.error for one in outcomes.values()]
    assert team.plan().steps == ()
    assert images.versions() == ["1.0.0", "7.0.0"]
    assert images.world.plan().steps == ()
    del team.text["images"]
    going = {str(decision.address) for decision in team.plan().of(Action.DELETE)}
    assert going == {"image_definition/gallery/mine", "image_version/gallery/mine/7.0.0"}
    outcomes = team.apply(destroying=True, poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, [one.error for one in outcomes.values()]


def names(images: Images) -> str:
    return f"resource_group/{images.world.text['azure']['resourceGroup']}"


def test_another_gallery_takes_over_and_the_one_before_goes_with_its_versions(images: Images) -> None:
    images.done()
    images.image["gallery"] = "other"
    going = {str(decision.address) for decision in images.world.plan().of(Action.DELETE)}
    assert going == {"gallery/gallery", f"image_definition/gallery/{IMAGE}", f"image_version/gallery/{IMAGE}/1.0.0"}
    images.done()


def test_another_teams_pool_knows_what_the_image_holds(images: Images, tmp_path: Path) -> None:
    images.image.update(gpu=True, preload=["docker.io/library/busybox:latest"])
    del images.world.text["pools"]
    images.done()
    team = other_team(images, tmp_path)
    team.text["pools"]["pool"].update(vmSize="Standard_NC4as_T4_v3", verify=True)
    told = "its image holds docker.io/library/busybox:latest; for tasks that run in containers, write containers: "
    assert [note for note in team.plan().notes if told in note] == [f"pool/pool: {told}{{preloaded: true}}"]
    assert [check.name for check in asked(team)] == ["system", "docker", "gpu", "image-1"]
    assert {check.container for check in asked(team)} == {None}
    team.text["pools"]["pool"]["containers"] = {"preloaded": True}
    assert [note for note in team.plan().notes if told in note] == []
    assert {check.container for check in asked(team)} == {"docker.io/library/busybox:latest"}
    outcomes = team.apply(poll_seconds=0.05)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    assert [str(one.address) for one in team.plan().of(Action.DEFER)] == ["verification/pool"], "it has no node"
    pool = next(iter(team.cloud().batch().list_pools()))
    assert pool.virtual_machine_configuration is not None
    containers = pool.virtual_machine_configuration.container_configuration
    assert containers is not None
    assert containers.container_image_names == ["docker.io/library/busybox:latest"]


def test_an_image_that_does_not_tell_what_it_holds_cannot_be_asked(images: Images, tmp_path: Path) -> None:
    del images.world.text["pools"]
    images.done()
    team = other_team(images, tmp_path)
    team.text["pools"]["pool"]["containers"] = {"preloaded": True}
    (refused,) = team.plan().of(Action.REFUSE)
    assert "does not say which container images it holds; name them under containers.images" in refused.reason


def asked(world: World) -> tuple[Check, ...]:
    """The checks of a world's pool."""
    spec = world.spec()
    desired = loop.read(spec, world.cloud(spec), CHECKED).desired
    wanted = trial.asked(desired[Address("pool", "pool")])
    assert wanted is not None
    return wanted.checks


def test_the_image_alone_is_a_target(images: Images) -> None:
    outcomes = images.apply(targets=[Address.parse(VERSION)])
    assert {one.status for one in outcomes.values()} == {Status.DONE}
    assert {address.split("/")[0] for address in outcomes} == {
        "resource_group",
        "gallery",
        "image_definition",
        "image_version",
    }
    images.done()


def test_the_records_of_image_and_pool_are_written_and_printed(images: Images, tmp_path: Path) -> None:
    images.world.text["outputs"] = {"imageMetadata": "out/image.json", "batchMetadata": "out/batch.json"}
    images.world.spec()
    images.world.azure.run(SPEED)  # so that no stage passes between two looks
    run(tmp_path, "apply", "--yes", str(images.world.file))
    image = json.loads((tmp_path / "out/image.json").read_text())
    assert image == json.loads(run(tmp_path, "outputs", "--format", "image-metadata", str(images.world.file)))
    assert image["imageId"].endswith(f"/galleries/gallery/images/{IMAGE}/versions/1.0.0")
    kept = {key: value for key, value in image.items() if key != "imageId"}
    assert kept == {
        "nodeAgentSku": "batch.node.ubuntu 22.04",
        "galleryName": "gallery",
        "imageName": IMAGE,
        "version": "1.0.0",
        "vmSize": "Standard_D2s_v3",
        "location": "swedencentral",
        "baseOS": "ubuntu-22.04",
        "gpuEnabled": False,
        "containerImage": None,
    }
    pool = json.loads((tmp_path / "out/batch.json").read_text())
    assert pool["imageId"] == image["imageId"]
    assert (pool["poolId"], pool["nodes"], pool["state"]) == ("pool", 0, "steady")
    images.world.text["outputs"] = {"batchMetadata": "out"}
    spec, cloud = images.world.spec(), images.world.cloud()
    with pytest.raises(ReconcileError, match=r"cannot write \S*out: Is a directory; see outputs in the spec"):
        records.write(spec, resolve(spec, cloud, KINDS), cloud)
    alone = {key: part for key, part in images.world.text.items() if key not in ("batchAccount", "pools", "outputs")}
    file = images.world.file.with_name("alone.yaml")
    file.write_text(dumped(alone))
    assert image == json.loads(run(tmp_path, "outputs", "--format", "image-metadata", str(file)))
    shown = run(tmp_path, "logs", "--spec", str(images.world.file), f"images/{IMAGE}")
    assert "== 02-docker" in shown
    assert "publishing 1.0.0" in shown


def run(folder: Path, *arguments: str) -> str:
    done = reconcile(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout
