"""A spec with a job for tasks of all sorts."""

from __future__ import annotations

import pytest

from tests.conftest import World


@pytest.fixture
def lab(world: World) -> World:
    account = world.account
    world.text["storage"][account]["containers"] = ["staging", "images", "results"]
    world.text["jobs"] = {"job": {"pool": "pools/pool", "wait": True, "staging": f"storage/{account}/staging"}}
    return world
