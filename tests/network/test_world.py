"""A private network on the local Azure: made, left alone, put right, imported, and taken away in its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.cloud import arm
from reconciler.engine import decide
from reconciler.kinds import KINDS
from reconciler.spec import networks
from tests.cli.command import reconcile
from tests.conftest import Azure, World, new_world
from tests.documents import loaded

VERSION = "2025-09-01"


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A pool, storage and an account in a network that the short form has made."""
    with new_world(azure_server, tmp_path_factory.mktemp("network")) as world:
        del world.text["jobs"]
        world.text["network"] = "private"
        outcomes = world.apply(poll_seconds=0.05)
        assert {str(one.status): one.error for one in outcomes.values()} == {"done": None}
        yield world


def name(world: World) -> str:
    return f"vnet-{world.text['name']}"


def place(world: World, subnet: str) -> str:
    return networks.subnet_id(world.spec(), name(world), subnet)


def told(world: World) -> dict[str, str]:
    """What a plan would do, by address."""
    return {str(one.address): str(one.action) for one in world.plan().decisions if one.action != "none"}


def test_a_second_plan_is_empty_and_asks_once_for_each_kind_zone_and_endpoint(world: World) -> None:
    before = world.azure.exchanges()
    assert told(world) == {}
    paths = [str(each["path"]).partition("?")[0] for each in world.azure.wire(before)]
    network = [path for path in paths if "/microsoft.network/" in path.lower()]
    assert len(network) == len(set(network)) == 6 + 2 + 3, network
    assert sum(path.lower().endswith("/resources") for path in paths) == 1, "for rare kinds that the spec has none of"


def test_a_spec_without_networks_asks_once_whether_one_has_left_it(world: World) -> None:
    """One list of all that is in the group stands for the lists of nine kinds."""
    with_network = dict(world.text)
    try:
        world.text = {key: value for key, value in world.text.items() if key != "network"}
        world.text["name"] = "another"
        before = world.azure.exchanges()
        world.plan()
        paths = [str(each["path"]).partition("?")[0].lower() for each in world.azure.wire(before)]
        assert sum(path.endswith("/resources") for path in paths) == 1
        assert not any("/microsoft.network/" in path for path in paths)
    finally:
        world.text = with_network


def test_what_others_open_is_seen_and_closed_again(world: World) -> None:
    """A rule that others have added to our security group goes."""
    cloud = world.cloud()
    group = cloud.id_of("Microsoft.Network/networkSecurityGroups", f"nsg-{world.text['name']}")
    raw: dict[str, Any] = arm.get(cloud, group, VERSION) or {}
    rule = {"priority": 150, "direction": "Inbound", "access": "Allow", "protocol": "*"}
    ends = dict.fromkeys(("sourceAddressPrefix", "destinationAddressPrefix"), "*")
    ports = dict.fromkeys(("sourcePortRange", "destinationPortRange"), "*")
    rules = [
        *({"name": one["name"], "properties": one["properties"]} for one in raw["properties"]["securityRules"]),
        {"name": "Open", "properties": {**rule, **ends, **ports}},
    ]
    for one in rules:
        one["properties"].pop("provisioningState", None)
    body = {"location": raw["location"], "tags": raw["tags"], "properties": {"securityRules": rules}}
    arm.put(cloud, group, body, VERSION)
    world.azure.advance(60)
    assert told(world) == {f"network_security_group/nsg-{world.text['name']}": "update"}
    assert {str(one.status) for one in world.apply(poll_seconds=0.05).values()} == {"done"}
    assert told(world) == {}


def test_a_subnet_of_others_stays_and_one_of_ours_that_left_the_spec_goes(world: World) -> None:
    cloud = world.cloud()
    theirs = {"properties": {"addressPrefix": "10.0.192.0/24"}}
    arm.put(cloud, place(world, "theirs"), theirs, VERSION)
    world.azure.advance(60)
    world.text["networks"] = {name(world): {"subnets": {"more": {"addressPrefix": "10.0.200.0/24"}}}}
    assert {str(one.status) for one in world.apply(poll_seconds=0.05).values()} == {"done"}
    assert told(world) == {}
    world.text["networks"] = {name(world): {"tags": {"team": "media"}, "addressSpace": ["10.0.0.0/16", "10.1.0.0/16"]}}
    wanted = {f"subnet/{name(world)}/more": "delete", f"virtual_network/{name(world)}": "update"}
    assert told(world) == wanted
    assert {str(one.status) for one in world.apply(poll_seconds=0.05).values()} == {"done"}
    assert told(world) == {}
    assert arm.get(cloud, place(world, "theirs"), VERSION)
    assert arm.get(cloud, place(world, "more"), VERSION) is None
    arm.delete(cloud, place(world, "theirs"), VERSION)
    world.azure.advance(60)


def test_a_range_in_use_is_not_changed_under_the_nodes_that_are_in_it(world: World) -> None:
    world.text["networks"] = {name(world): {"subnets": {"pools": {"addressPrefix": "10.0.0.0/18"}}}}
    spec, kind = world.spec(), KINDS["subnet"]
    desired = next(one for one in kind.expand(spec) if one.address.name.endswith("/pools"))
    live = kind.observe(world.cloud(spec), desired)
    assert live is not None
    assert live.occupants == ("1 address",)
    decision = decide.decide(kind, spec.name, desired, live, ())
    assert str(decision.action) == "defer"
    assert "move or delete what has an address in it first" in decision.reason
    del world.text["networks"]


def test_import_writes_it_in_full_and_a_plan_of_that_is_empty(world: World) -> None:
    file = world.file.with_name("imported.yaml")
    group = world.text["azure"]["resourceGroup"]
    done = reconcile("import", "--cloud", "local", "--resource-group", group, "-o", str(file))
    assert done.returncode == 0, done.stderr
    written = loaded(file.read_text())
    assert set(written["networks"][name(world)]) >= {"subnets", "natGateways", "privateEndpoints", "privateDnsZones"}
    assert written["pools"]["pool"]["networkConfiguration"]["subnetId"] == f"networks/{name(world)}/pools"
    done = reconcile("plan", str(file), "--no-cost")
    assert "Nothing to do" in done.stdout, done.stdout + done.stderr


def test_what_left_the_spec_goes_in_its_order(world: World) -> None:
    """Endpoints before their subnet, that before its way out and its rules, links before their zone."""
    del world.text["network"]
    del world.text["pools"]
    world.text.pop("networks", None)
    outcomes = world.apply(poll_seconds=0.05)
    assert {str(one.status): one.error for one in outcomes.values()} == {"done": None}
    kinds = [str(address).partition("/")[0] for address in outcomes]
    assert {"virtual_network", "nat_gateway", "private_dns_zone", "private_endpoint"} <= set(kinds)
    assert told(world) == {}
