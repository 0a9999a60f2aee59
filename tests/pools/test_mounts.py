"""A pool needs the containers that it mounts, although it names them by their names only."""

from __future__ import annotations

import pytest

from reconciler.model import Action, Address
from tests.pools.conftest import Pools


@pytest.fixture
def mounting(pools: Pools) -> Pools:
    """A pool without nodes that mounts a container of its spec; not applied yet."""
    world = pools.world
    world.text["storage"] = {world.account: {"containers": ["data"]}}
    world.text["identities"] = {"id-pool": {"roles": [{"role": "Reader", "scope": f"storage/{world.account}"}]}}
    blobs = {"accountName": world.account, "containerName": "data", "relativeMountPath": "data"}
    reader = {"identityReference": {"resourceId": "identities/id-pool"}}
    pools.pool["identity"] = "identities/id-pool"
    pools.pool["mountConfiguration"] = [{"azureBlobFileSystemConfiguration": {**blobs, **reader}}]
    return pools


def test_a_container_that_is_mounted_is_made_before_and_stays(mounting: Pools) -> None:
    world, container = mounting.world, Address("container", f"{mounting.world.account}/data")
    made = {step.id: step.after for step in world.plan().steps}
    assert str(container) in made["pool/pool"]
    mounting.done()

    world.text["storage"][world.account]["containers"] = []
    for change in ({}, {"metadata": {"team": "a"}}):  # the pool stays as it is; it is changed, and mounts it still
        mounting.pool.update(change)
        (kept,) = world.plan().of(Action.KEEP)
        assert (kept.address, kept.reason) == (container, "stays: pool/pool uses it")

    pool = mounting.pool
    world.text["pools"] = {"other": pool}
    (kept,) = world.plan().of(Action.KEEP)
    assert (kept.address, kept.reason) == (container, "stays: pool/other uses it")
    world.text["pools"] = {"pool": pool}

    del mounting.pool["mountConfiguration"]
    assert world.plan().of(Action.KEEP) == ()
    mounting.done()


def test_an_account_is_made_before_a_pool_that_mounts_a_container_of_somebody_else_in_it(mounting: Pools) -> None:
    mounting.world.text["storage"][mounting.world.account]["containers"] = []
    made = {step.id: step.after for step in mounting.world.plan().steps}
    assert f"storage_account/{mounting.world.account}" in made["pool/pool"]
