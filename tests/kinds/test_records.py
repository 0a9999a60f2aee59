"""Documents about live resources for other programs, and what runs have left behind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler import marks
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.cloud.operations import Answer
from reconciler.errors import Refused
from reconciler.kinds import KINDS, load
from reconciler.model import Address, Desired, Observed
from reconciler.spec.spec import Spec
from tests.documents import dumped
from tests.kinds.cases import MINIMAL

IMAGES = {
    "i": {"gallery": "g", "os": "ubuntu-22.04", "gpu": True, "preload": ["busybox:1", "python:3"]},
    "j": {"gallery": "g", "os": "ubuntu-22.04", "preload": ["busybox:1"]},
    "k": {"gallery": "g", "os": "ubuntu-22.04"},
}


class Answering(Cloud):
    """A cloud whose resources are given by their ids."""

    def __init__(self, spec: Spec, resources: Mapping[str, dict[str, Any]]) -> None:
        super().__init__(spec.azure, spec.name, "ba", Endpoints("https://case", 1, 120))
        self.resources_by_id = resources

    def arm(self, method: str, path: str, body: Any = None, api_version: str | None = None, **query: str) -> Answer:
        return Answer(200, {}, self.resources_by_id.get(path))


def spec(folder: Path) -> Spec:
    path = folder / "spec.yaml"
    path.write_text(dumped({**MINIMAL, "images": IMAGES}))
    return load(path, {}, "local")


def record(kind: str, spec: Spec, desired: Desired, live: Observed | None, **resources: dict[str, Any]) -> Any:
    document = KINDS[kind].record
    assert document is not None
    return document.make(Answering(spec, resources), spec, desired, live)


@pytest.mark.parametrize(
    ("name", "containers"),
    [
        ("i", ["docker.io/library/busybox:1", "docker.io/library/python:3"]),
        ("j", "docker.io/library/busybox:1"),
        ("k", None),
    ],
)
def test_the_record_of_an_image_names_its_version_and_what_it_holds(
    tmp_path: Path, name: str, containers: object
) -> None:
    address = Address("image_version", name)
    desired = Desired(address, {"version": "1.0.1", "location": "italynorth"})
    live = Observed(address, "/versions/1.0.1", {"version": "1.0.1"})
    made = record("image_version", spec(tmp_path), desired, live)
    assert made == {
        "imageId": "/versions/1.0.1",
        "nodeAgentSku": "batch.node.ubuntu 22.04",
        "galleryName": "g",
        "imageName": name,
        "version": "1.0.1",
        "vmSize": made["vmSize"],
        "location": "italynorth",
        "baseOS": "ubuntu-22.04",
        "gpuEnabled": name == "i",
        "containerImage": containers,
    }
    assert made["vmSize"].startswith("Standard_")


def test_there_is_no_record_of_an_image_that_has_yet_to_be_built(tmp_path: Path) -> None:
    address = Address("image_version", "i")
    desired = Desired(address, {"version": "1.0.1", "location": "italynorth"})
    for live in (None, Observed(address, "/versions/1.0.0", {"version": "1.0.0"})):
        with pytest.raises(Refused, match=r"version 1\.0\.1 of images/i is not there yet; run apply"):
            record("image_version", spec(tmp_path), desired, live)


POOL = Address("pool", "p")


def pool(reference: dict[str, str]) -> Observed:
    machine = {"virtualMachineConfiguration": {"imageReference": reference}}
    size = {"currentDedicatedNodes": 2, "currentLowPriorityNodes": 1, "allocationState": "Steady"}
    return Observed(POOL, "/ba/pools/p-g2", {"properties": {"deploymentConfiguration": machine, **size}})


@pytest.mark.parametrize(
    ("reference", "resources", "image"),
    [
        ({"publisher": "p", "offer": "o", "sku": "s", "version": "latest"}, {}, "p:o:s:latest"),
        ({"id": "/g/i"}, {"/g/i": {"id": "/G/I"}}, "/G/I"),
        ({"id": "/g/i"}, {}, "/g/i"),
    ],
)
def test_the_record_of_a_pool_tells_how_it_is_now(
    tmp_path: Path, reference: dict[str, str], resources: dict[str, dict[str, Any]], image: str
) -> None:
    desired = Desired(POOL, {}, data={"vmSize": "Standard_D2s_v3"})
    assert record("pool", spec(tmp_path), desired, pool(reference), **resources) == {
        "batchAccount": "ba",
        "poolId": "p-g2",
        "imageId": image,
        "vmSize": "Standard_D2s_v3",
        "nodes": 3,
        "state": "steady",
    }


def test_there_is_no_record_of_a_pool_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="pools/p is not there yet; run apply"):
        record("pool", spec(tmp_path), Desired(POOL, {}), None)


class Listing(Answering):
    """A cloud that lists these resources, whatever is asked for."""

    def __init__(self, spec: Spec, raws: list[dict[str, Any]]) -> None:
        super().__init__(spec, {})
        self.raws = raws

    def list_arm(self, path: str, api_version: str | None = None, **query: str) -> Any:
        return iter(self.raws)


def test_what_a_build_left_goes_when_it_has_expired(tmp_path: Path) -> None:
    leftovers = KINDS["image_version"].leftovers
    assert leftovers is not None
    times = ("2000-01-01T00:00:00Z", "2999-01-01T00:00:00Z")
    raws = [{"id": time, "type": "Microsoft.Compute/disks", "tags": {marks.EXPIRES: time}} for time in times]
    cloud = Listing(spec(tmp_path), raws)
    assert [leftover.id for leftover in leftovers.expired(cloud, False)] == list(times[:1])
    assert [leftover.id for leftover in leftovers.expired(cloud, True)] == list(times)
