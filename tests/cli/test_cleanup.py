"""cleanup: what runs have left goes, once it has expired or on request, and only with consent."""

from __future__ import annotations

from typing import Any

from reconciler import marks
from reconciler.cloud import arm
from tests.cli.command import reconcile
from tests.conftest import World

ADDRESSES = "Microsoft.Network/publicIPAddresses"
STANDARD = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}


def leave(world: World, **expires: str) -> None:
    """Public addresses, by name with the time at which they expire."""
    cloud = world.cloud()
    place = world.text["azure"]["location"]
    arm.put(cloud, cloud.group_id, {"location": place})
    for name, when in expires.items():
        body: Any = {"location": place, "tags": {marks.EXPIRES: when}, **STANDARD}
        arm.put(cloud, f"{cloud.group_id}/providers/{ADDRESSES}/{name}", body)


def left(world: World) -> list[str]:
    cloud = world.cloud()
    return sorted(raw["name"] for raw in arm.listing(cloud, f"{cloud.group_id}/providers/{ADDRESSES}"))


def test_what_has_expired_goes_and_the_rest_goes_on_request(world: World) -> None:
    leave(world, old="2000-01-01T00:00:00Z", new="2999-01-01T00:00:00Z")
    world.spec()
    asked = reconcile("cleanup", str(world.file))
    assert (asked.returncode, left(world)) == (3, ["new", "old"])
    assert "--yes" in asked.stderr
    done = reconcile("cleanup", "--yes", str(world.file))
    assert done.returncode == 0, done.stderr
    head, row, end = done.stdout.splitlines()
    assert head.split() == ["GROUP", "RESOURCE", "EXPIRES"]
    assert row.split() == [world.text["azure"]["resourceGroup"], "old", "2000-01-01T00:00:00Z"]
    assert end == "Cleaned up."
    assert left(world) == ["new"]
    assert reconcile("cleanup", str(world.file)).stdout == "Nothing to clean up.\n"
    done = reconcile("cleanup", "--yes", "--all", str(world.file))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Cleaned up.")
    assert left(world) == []
