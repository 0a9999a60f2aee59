"""A subscription that nothing is registered for yet, and a principal in it without any role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import arm
from tests.conftest import Azure, World, serving
from tests.permissions.principal import Principal


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with serving(tmp_path_factory.mktemp("fresh")) as azure:
        azure.jump()
        yield azure


def spec_of(name: str) -> dict[str, Any]:
    """A conversion on a pool, in a group that is there already, as its role can be given only then."""
    account = f"sa{name}"
    return {
        "apiVersion": "reconciler/v1",
        "name": name,
        "azure": {"cloud": "local", "location": "italynorth", "resourceGroup": f"rg-{name}", "existing": True},
        "storage": {account: {"containers": ["images", "converted", "scripts"]}},
        "identities": {
            "id-pool": {"roles": [{"role": "Storage Blob Data Contributor", "scope": f"storage/{account}"}]}
        },
        "batchAccount": {"name": f"ba{name}"},
        "pools": {
            "p": {
                "vmSize": "Standard_D2s_v3",
                "image": "ubuntu-22.04",
                "nodes": {"dedicated": 1},
                "identity": "identities/id-pool",
            }
        },
        "jobs": {
            "j": {
                "pool": "pools/p",
                "convert": {"from": f"storage/{account}/images", "to": f"storage/{account}/converted"},
            }
        },
    }


def made(azure: Azure, folder: Path, name: str) -> World:
    """The world of `spec_of`, with its group."""
    world = World(azure, folder / f"{name}.yaml", spec_of(name), f"sa{name}")
    cloud = world.cloud()
    arm.put(cloud, cloud.group_id, {"location": "italynorth"}, "2025-04-01")
    return world


@pytest.fixture(scope="module")
def somebody(fresh: Azure, tmp_path_factory: pytest.TempPathFactory) -> Principal:
    return Principal(fresh, made(fresh, tmp_path_factory.mktemp("somebody"), "somebody").cloud(), "somebody").make()
