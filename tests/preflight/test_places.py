"""Subnets and zones on the local Azure: what a plan says before a pool is put there."""

from __future__ import annotations

import time
from typing import Any

import pytest

import azure_local
from reconciler.cloud import arm
from reconciler.model import Status
from tests.conftest import World
from tests.preflight.test_local import POOL, refused

PREFIX = "10.0.0.0/28"


@pytest.fixture
def place(world: World) -> World:
    """An account, and a virtual network in its region with the subnets `free` and `web`, delegated to App Service."""
    del world.text["jobs"]
    world.text["pools"] = {}
    assert {one.status for one in world.apply().values()} == {Status.DONE}
    made(world, "net", world.text["azure"]["location"])
    return world


def subnet(world: World, name: str, network: str = "net") -> str:
    return f"{world.cloud().group_id}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{name}"


def made(world: World, network: str, location: str) -> None:
    cloud = world.cloud()
    web = {"delegations": [{"name": "web", "properties": {"serviceName": "Microsoft.Web/serverFarms"}}]}
    subnets = [
        {"name": "free", "properties": {"addressPrefix": PREFIX}},
        {"name": "web", "properties": {"addressPrefix": "10.0.1.0/24", **web}},
    ]
    properties = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    body = {"location": location, "properties": properties}
    path = subnet(world, "", network).partition("/subnets/")[0]
    cloud.arm("PUT", path, body)
    until = time.monotonic() + 60
    while (arm.get(cloud, path) or {})["properties"]["provisioningState"] != "Succeeded":
        assert time.monotonic() < until
        world.azure.advance(5)


def pool(subnet: str, nodes: int, **more: Any) -> dict[str, Any]:
    return POOL | {"nodes": nodes, "networkConfiguration": {"subnetId": subnet}} | more


def test_pools_that_exceed_a_subnet_together_are_refused_and_live_nodes_count_once(place: World) -> None:
    free = subnet(place, "free")
    place.text["pools"] = {"a": pool(free, 6)}
    assert place.apply()["pool/a"].status is Status.DONE
    shown = arm.get(place.cloud(), free)
    assert shown is not None
    assert len(shown["properties"]["ipConfigurations"]) == 6
    place.text["pools"] |= {"b": pool(free, 2), "c": pool(free, 3)}
    assert refused(place.plan()) == {}
    place.text["pools"]["c"] = pool(free, 4)
    found = refused(place.plan())
    assert set(found) == {"pool/b", "pool/c"}
    words = "the subnet net/free (10.0.0.0/28) has 6 of 11 addresses in use and 6 more are needed, by pool/b, pool/c "
    assert found["pool/b"] == f"{words}together; 5 more nodes fit in all, or use a larger subnet"


def test_a_subnet_must_be_there_ours_and_in_the_region(place: World) -> None:
    made(place, "far", "norwayeast")
    place.text["pools"] = {
        "delegated": pool(subnet(place, "web"), 0),
        "absent": pool(subnet(place, "fre"), 0),
        "lost": pool(subnet(place, "free", "nowhere"), 0),
        "far": pool(subnet(place, "free", "far"), 0),
    }
    found = {name.removeprefix("pool/"): why.partition(";")[0] for name, why in refused(place.plan()).items()}
    here = place.text["azure"]["location"]
    assert found == {
        "delegated": "the subnet net/web is delegated to Microsoft.Web/serverFarms, and takes nothing else",
        "absent": "the subnet net/fre does not exist",
        "lost": "the subnet nowhere/free does not exist",
        "far": f"the virtual network of far/free is in norwayeast and the Batch account in {here}",
    }


def test_a_zonal_pool_needs_two_zones_that_offer_its_size(place: World) -> None:
    size, here = "Standard_E32s_v5", place.text["azure"]["location"]
    zonal = POOL | {"vmSize": size, "nodePlacementConfiguration": {"policy": "Zonal"}}
    place.text["pools"] = {"a": zonal}
    assert refused(place.plan()) == {}
    azure_local.ask(place.azure.folder, "POST", "restrictions", {"location": here, "size": size, "zones": ["1", "3"]})
    reason = refused(place.plan())["pool/a"]
    assert "not offered to this subscription in 2 zones" in reason
    assert "Standard_D32s_v5 (32 cores)" in reason
    place.text["pools"] = {"a": POOL | {"vmSize": size}}
    assert refused(place.plan()) == {}


def test_a_size_without_a_cache_is_refused_an_ephemeral_disk_before_azure_does(place: World) -> None:
    disk = {"osDisk": {"ephemeralOSDiskSettings": {"placement": "CacheDisk"}}}
    place.text["pools"] = {"a": POOL | {"vmSize": "Standard_D2_v3"} | disk, "b": POOL | disk}
    found = refused(place.plan())
    assert set(found) == {"pool/a"}
    assert "osDisk.ephemeralOSDiskSettings: the size Standard_D2_v3 has no room" in found["pool/a"]
