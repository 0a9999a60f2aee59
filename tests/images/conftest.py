"""A spec with an image of its own on the local Azure."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import azure_local
from reconciler.cloud import arm
from reconciler.kinds.image import machine as build_machine
from reconciler.model import Outcome, Status
from tests.conftest import World

IMAGE, VERSION = "batchImage", "image_version/batchImage"


class Images:
    """What the tests of images do with a world."""

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def image(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.text["images"][IMAGE]
        return found

    def apply(self, **more: Any) -> dict[str, Outcome]:
        return self.world.apply(poll_seconds=0.05, **more)

    def done(self, **more: Any) -> None:
        """Apply, and see that all went well and nothing is left to do."""
        outcomes = self.apply(**more)
        assert {one.status for one in outcomes.values()} <= {Status.DONE}, [
            one.error for one in outcomes.values() if one.error
        ]
        assert self.world.plan(**more).steps == ()

    def leftovers(self) -> list[str]:
        return sorted(one["name"] for one in build_machine.leftovers(self.world.cloud()))

    def versions(self) -> list[str]:
        cloud = self.world.cloud()
        place = f"{cloud.group_id}/providers/Microsoft.Compute/galleries/gallery/images/{IMAGE}/versions"
        return sorted(raw["name"] for raw in arm.listing(cloud, place))

    def machines(self) -> int:
        """How many machines this world has ever asked for."""
        group = self.world.text["azure"]["resourceGroup"]
        machine = re.compile(f".*/{group}/providers/Microsoft.Compute/virtualMachines/[^/]+", re.IGNORECASE)
        lines = (self.world.azure.folder / "wire.jsonl").read_text().splitlines()
        calls = (json.loads(line) for line in lines if "virtualMachines" in line)
        made = [one for one in calls if one["method"] == "PUT" and one["status"] == 201]
        return sum(machine.fullmatch(one["path"]) is not None for one in made)

    def setting(self, what: str, **body: Any) -> None:
        azure_local.ask(self.world.azure.folder, "POST", what, body)


@pytest.fixture
def images(world: World, tmp_path: Path) -> Images:
    """An image without GPU or containers, the quickest to build, and no job."""
    for section in ("jobs", "storage"):
        del world.text[section]
    world.text["azure"]["location"] = "swedencentral"
    world.text["identities"] = {"id-pool": {}}
    world.text["images"] = {IMAGE: {"gallery": "gallery", "os": "ubuntu-22.04", "packages": ["htop"]}}
    world.text["pools"]["pool"]["image"] = f"images/{IMAGE}"
    world.text["pools"]["pool"]["nodes"] = 0
    return Images(world)
