"""A closed storage account: nodes in the network reach it, whoever is outside does not, and a run says which it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from azure.core.exceptions import HttpResponseError

import azure_local
from reconciler.spec import networks
from tests.conftest import Azure, World, new_world


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A conversion of closed storage in a private network, made by a run from outside."""
    with new_world(azure_server, tmp_path_factory.mktemp("closed")) as world:
        world.text["network"] = "private"
        world.text["storage"][world.account]["publicNetworkAccess"] = "Disabled"
        world.text["batchAccount"]["publicNetworkAccess"] = "Disabled"
        yield world
        azure_local.ask(azure_server.folder, "POST", "client", {"subnet": ""})


def stands(world: World, subnet: str) -> None:
    """Whoever runs this stands in a subnet of the network from now on."""
    spec = world.spec()
    place = networks.subnet_id(spec, f"vnet-{spec.name}", subnet)
    azure_local.ask(world.azure.folder, "POST", "client", {"subnet": place})


def test_a_run_from_outside_makes_all_but_the_work_and_one_from_inside_does_that(
    world: World, photograph: Callable[[int], bytes]
) -> None:
    outcomes = world.apply(poll_seconds=0.1)
    assert str(outcomes["private_dns_zone_group/pe-" + world.account + "-blob"].status) == "done"
    assert outcomes.get("conversion/job") is None or str(outcomes["conversion/job"].status) != "done"
    with pytest.raises(HttpResponseError, match="AuthorizationFailure"):
        world.container("images").upload_blob("a.jpg", photograph(1))
    stands(world, "endpoints")
    world.container("images").upload_blob("a.jpg", photograph(1))
    outcomes = world.apply(poll_seconds=0.1)
    assert {name: one.error for name, one in outcomes.items() if str(one.status) != "done"} == {}
    assert [blob.name for blob in world.container("converted").list_blobs()] == ["a.png"]
    assert world.plan().steps == ()
