"""What the harness disturbs: three workloads, each with what it begins from and what it is asked for."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Azure, World

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Workload:
    """`begin` and `change` edit a spec: before what the disturbed apply begins from, and to what it is asked for."""

    name: str
    begin: Callable[[World], None] | None
    change: Callable[[World], None]


def world(azure: Azure, folder: Path) -> World:
    """An empty spec under a name that no other trial has."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    name = f"c{worker}x{next(_numbers)}"
    place = folder / name
    place.mkdir()
    text = {
        "apiVersion": "reconciler/v1",
        "name": f"spec-{name}",
        "azure": {"cloud": "local", "location": "swedencentral", "resourceGroup": f"rg-{name}"},
    }
    return World(azure, place / "spec.yaml", text, name)


def infra(world: World) -> None:
    """Accounts with names that all of Azure shares, and what is in them."""
    name, folder = world.account, world.file.parent / "tool"
    folder.mkdir()
    (folder / "run.sh").write_text("echo hello\n")
    world.text |= {
        "storage": {f"sa{name}": {"containers": ["images", "converted"], "allowSharedKeyAccess": True}},
        "identities": {"id-pool": {"roles": [{"role": "Storage Blob Data Contributor", "scope": f"storage/sa{name}"}]}},
        "registries": {f"acr{name}": {}},
        "batchAccount": {"name": f"ba{name}", "autoStorage": f"storage/sa{name}"},
        "applications": {"tool": {"packages": {"1": "tool"}, "defaultVersion": "1"}},
    }


def image(world: World) -> None:
    """An image of our own, the quickest to build."""
    world.text["images"] = {"own": {"gallery": "gallery", "os": "ubuntu-22.04", "packages": ["htop"]}}


def pool(world: World) -> None:
    world.text["batchAccount"] = {"name": f"ba{world.account}"}
    world.text["pools"] = {"pool": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}}
    world.text["jobs"] = {"job": {"pool": "pools/pool"}}


def pool_changed(world: World) -> None:
    """A live change, one that needs an empty pool and gets a new one beside it, and a changed job."""
    changed: dict[str, Any] = world.text["pools"]["pool"]
    rollout = {"whenEmpty": "blueGreen", "drainWithin": "PT6H"}
    changed.update(vmSize="Standard_D4s_v3", metadata={"team": "blue"}, rollout=rollout)
    world.text["jobs"]["job"]["priority"] = 7


WORKLOADS = {
    made.name: made
    for made in (
        Workload("infra", None, infra),
        Workload("image", None, image),
        Workload("pool", pool, pool_changed),
    )
}
