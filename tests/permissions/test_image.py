"""The role for a spec that builds a VM image with a container image in it, and boots a pool from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Azure
from tests.permissions.conftest import made
from tests.permissions.principal import Principal
from tests.permissions.test_least import SELDOM, actions, given

NOW_AND_THEN = {
    "microsoft.compute/disks/delete": "a machine takes its disk with it",
    "microsoft.network/networkinterfaces/delete": "and its interface, unless the build broke off before there was one",
    "microsoft.containerregistry/registries/runs/listlogsasurl/action": "a run that is seen before it has ended",
}
"""Action → when it is asked for."""


@pytest.mark.slow
def test_an_image_is_built_with_just_its_role(fresh: Azure, somebody: Principal, tmp_path: Path) -> None:
    world = made(fresh, tmp_path, "leastimage")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/Dockerfile").write_text("FROM ubuntu:22.04\n")
    del world.text["jobs"]
    world.text["azure"]["location"] = "swedencentral"  # where there are GPUs
    world.text["registries"] = {"acrleast": {"builds": {"tools/run": {"context": "docker"}}}}
    world.text["identities"]["id-pool"]["roles"].append({"role": "AcrPull", "scope": "registries/acrleast"})
    world.text["images"] = {
        "img": {
            "gallery": "galleast",
            "os": "ubuntu-22.04",
            "gpu": True,
            "identity": "identities/id-pool",
            "preload": ["registries/acrleast/tools/run:latest"],
        }
    }
    world.text["pools"]["p"] |= {"image": "images/img", "nodes": 0}
    roles = given(world, somebody)
    assert {name: one.error for name, one in world.apply(poll_seconds=0.05).items() if one.error} == {}
    assert world.plan().steps == ()
    asked = somebody.asked()
    assert [action for action, allowed in asked.items() if not allowed] == []
    assert asked.keys() - actions(roles) == set()
    spare = {action for action in actions(roles) - asked.keys() if not action.endswith("/register/action")}
    assert spare <= {*NOW_AND_THEN, *SELDOM}
