"""The sections `network` and `networks`: what the short form stands for, and what is said of one that cannot be."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import SpecError
from reconciler.kinds import KINDS, load
from reconciler.spec import Spec, networks
from tests.documents import dumped, loaded
from tests.kinds.cases import FOLDER, MINIMAL, merged

BASE: dict[str, Any] = {
    **MINIMAL,
    "storage": {"sa001": {"containers": ["images", "converted", "scripts"]}},
    "identities": {"id-p": {"roles": [{"role": "Storage Blob Data Contributor", "scope": "storage/sa001"}]}},
    "batchAccount": {"name": "ba001"},
    "pools": {"p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-24.04", "nodes": 1, "identity": "identities/id-p"}},
}
WRONG = loaded((FOLDER / "network/wrong.yaml").read_text())
ADVICE = loaded((FOLDER / "network/advice.yaml").read_text())


def read(folder: Path, part: dict[str, Any], today: date | None = None) -> Spec:
    path = folder / "spec.yaml"
    path.write_text(dumped(merged(BASE, part)))
    return load(path, {}, "local", today)


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["name"])
def test_what_cannot_be_is_told_with_its_place_and_a_remedy(case: dict[str, Any], tmp_path: Path) -> None:
    said = []
    try:
        read(tmp_path, case["spec"])
    except SpecError as error:
        said = [f"{problem.path}: {problem.message}" for problem in error.problems]
    assert sorted(said) == case["says"]


@pytest.mark.parametrize("case", ADVICE, ids=lambda case: case["name"])
def test_what_is_not_wise_is_told(case: dict[str, Any], tmp_path: Path) -> None:
    warnings = read(tmp_path, case["spec"], date(2026, 11, 28)).warnings
    assert sorted(f"{one.path}: {one.message}" for one in warnings) == case["advises"]


def test_private_is_a_network_for_all_that_the_spec_has(tmp_path: Path) -> None:
    spec = read(tmp_path, {"network": "private", "registries": {"acr001": {"sku": "Premium"}}})
    (name, network), *more = networks.of(spec).items()
    assert (name, more) == ("vnet-case", [])
    assert {subnet: body["addressPrefix"] for subnet, body in network["subnets"].items()} == {
        "pools": "10.0.0.0/17",
        "endpoints": "10.0.128.0/19",
    }
    assert {entry["to"]: entry["groupId"] for entry in network["privateEndpoints"].values()} == {
        "storage/sa001": "blob",
        "batchAccount": "nodeManagement",
        "registries/acr001": "registry",
    }
    assert len(network["privateEndpoints"]) == 4
    assert set(network["privateDnsZones"]) == set(map(networks.zone_of, network["privateEndpoints"].values()))
    placed = spec.pools["p"]["networkConfiguration"]
    assert placed["subnetId"] == networks.subnet_id(spec, name, "pools")
    assert placed["publicIPAddressConfiguration"] == {"provision": "NoPublicIPAddresses"}


def test_the_way_out_is_a_choice(tmp_path: Path) -> None:
    shut = networks.of(read(tmp_path, {"network": {"outbound": "none"}}))["vnet-case"]
    assert shut["natGateways"] == shut["publicIPAddresses"] == {}
    assert "DenyInternet" in shut["networkSecurityGroups"]["nsg-case"]["securityRules"]
    spec = read(tmp_path, {"network": {"outbound": "public", "name": "net"}})
    assert networks.of(spec)["net"]["natGateways"] == {}
    assert spec.pools["p"]["networkConfiguration"] == {"subnetId": networks.subnet_id(spec, "net", "pools")}


def test_what_the_spec_says_itself_goes_before(tmp_path: Path) -> None:
    """A pool that names a subnet stays there, and `networks` adds to the network of the short form."""
    theirs = f"/subscriptions/s/resourceGroups/g/providers/{networks.NETWORKS}/hub/subnets/batch"
    more = {"more": {"addressPrefix": "10.0.200.0/24"}}
    spec = read(
        tmp_path,
        {
            "network": "private",
            "networks": {"vnet-case": {"subnets": more}},
            "pools": {"p": {"networkConfiguration": {"subnetId": theirs}}},
        },
    )
    assert spec.pools["p"]["networkConfiguration"] == {"subnetId": theirs}
    assert set(networks.of(spec)["vnet-case"]["subnets"]) == {"pools", "endpoints", "more"}


def test_a_subnet_by_name_is_the_same_as_by_its_id(tmp_path: Path) -> None:
    """In a network of others too, wherever that is."""
    hub = {"hub": {"existing": True, "resourceGroup": "rg-hub", "subnets": {"batch": {"existing": True}}}}
    named = {"networkConfiguration": {"subnetId": "networks/hub/batch"}}
    rules = {"networkAcls": {"virtualNetworkRules": ["networks/hub/batch"]}}
    spec = read(tmp_path, {"networks": hub, "pools": {"p": named}, "storage": {"sa001": rules}})
    wanted = networks.subnet_id(spec, "hub", "batch")
    assert "/resourceGroups/rg-hub/" in wanted
    assert spec.pools["p"]["networkConfiguration"]["subnetId"] == wanted
    assert list(spec.storage["sa001"]["networkAcls"]["virtualNetworkRules"]) == [wanted]


def test_what_is_in_a_subnet_waits_for_all_that_it_reaches_from_there(tmp_path: Path) -> None:
    """A pool, a pool that is made for a job, and the machine of an image."""
    own = {key: value for key, value in BASE["pools"]["p"].items() if key != "identity"}
    inside = {
        "network": "private",
        "images": {"img": {"gallery": "g", "os": "ubuntu-24.04", "buildVm": {"subnet": "networks/more/build"}}},
        "networks": {"more": {"addressSpace": ["10.9.0.0/16"], "subnets": {"build": {"addressPrefix": "10.9.0.0/24"}}}},
        "pools": {"own": {**own, "autoPool": {"poolLifetimeOption": "Job"}}},
        "jobs": {"j": {"pool": "pools/own", "tasks": {"one": {"command": "true"}}}},
    }
    spec = read(tmp_path, inside)
    refs = {str(one.address): set(map(str, one.refs)) for kind in KINDS.values() for one in kind.expand(spec)}
    reached = {
        "subnet/vnet-case/pools",
        "private_dns_zone_group/pe-sa001-blob",
        "private_dns_zone_group/pe-ba001-nodemanagement",
        "virtual_network_link/privatelink.batch.azure.com/vnet-case",
    }
    assert reached <= refs["pool/p"]
    assert reached <= refs["job/j"]
    assert "subnet/more/build" in refs["image_version/img"]
