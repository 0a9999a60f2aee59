"""A spec with a job for tasks of all sorts."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from reconciler.cloud import batch_jobs
from tests.conftest import Azure, World, new_world

CONTAINERS = ["staging", "images", "results"]


def with_a_job(world: World) -> World:
    account = world.account
    world.text["storage"][account]["containers"] = CONTAINERS
    world.text["jobs"] = {"job": {"pool": "pools/pool", "wait": True, "staging": f"storage/{account}/staging"}}
    return world


@pytest.fixture
def lab(world: World) -> World:
    return with_a_job(world)


@pytest.fixture(scope="module")
def used(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """All but the job is there already."""
    with new_world(azure_server, tmp_path_factory.mktemp("lab")) as world:
        jobs = with_a_job(world).text.pop("jobs")
        world.apply()
        world.text["jobs"] = jobs
        yield world


@pytest.fixture
def cleared(used: World, azure: Azure, tmp_path: Path) -> Iterator[World]:
    """A lab that the tests of a module have one after the other: without jobs or blobs, and with the spec as it was.

    It is for those that leave its pool as it is, or only without nodes.
    """
    text = deepcopy(used.text)
    used.file, used.loaded = tmp_path / "spec.yaml", None
    azure.jump()
    yield used
    azure.clear_faults()
    used.text = text
    cloud = used.cloud()
    for job in batch_jobs.listing(cloud):
        batch_jobs.delete(cloud, job["id"])
    for container in map(used.container, CONTAINERS):
        for blob in container.list_blobs():
            container.delete_blob(blob.name)
    azure.advance(60)
