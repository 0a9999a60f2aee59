"""Preflight against the local Azure: refusals in the plan, before anything is spent, and what doctor says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest
from azure.core.exceptions import HttpResponseError
from click.testing import CliRunner

import azure_local
from reconciler.cli import commands
from reconciler.model import Action, Plan, Status
from tests.conftest import Azure, World, new_world

QUOTA = 100
"""Cores of the account, unless a test says otherwise."""
POOL = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": {"dedicated": 0}}


@pytest.fixture(scope="module")
def made(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An account with one empty pool, `pool`."""
    with new_world(azure_server, tmp_path_factory.mktemp("made")) as world:
        del world.text["jobs"]
        world.text["pools"] = {"pool": dict(POOL)}
        assert {one.status for one in world.apply().values()} == {Status.DONE}
        yield world


@pytest.fixture
def pools(made: World, azure: Azure) -> World:
    """That account, its pool emptied and others gone, with the quotas that it had at first, and a text to edit."""
    azure.jump()
    quota(made, dedicatedCoreQuota=QUOTA)
    if made.plan().steps:
        made.apply()
    return replace(made, text=deepcopy(made.text))


def refused(plan: Plan) -> dict[str, str]:
    return {str(one.address): one.reason for one in plan.of(Action.REFUSE)}


def quota(world: World, **quotas: int) -> None:
    account = world.text["batchAccount"]["name"]
    azure_local.ask(world.azure.folder, "POST", "batch-quotas", {"account": account, **quotas})


def test_two_pools_that_exceed_the_quota_together_are_both_refused(pools: World) -> None:
    quota(pools, dedicatedCoreQuota=10)
    pools.text["pools"] |= {name: POOL | {"nodes": {"dedicated": 3}} for name in ("a", "b")}
    found = refused(pools.plan())
    assert set(found) == {"pool/a", "pool/b"}
    assert "dedicatedCoreQuota has 0 of 10 cores in use and 12 more are needed" in found["pool/a"]
    assert "2 nodes of standard_d2s_v3 fit" in found["pool/b"].lower()
    del pools.text["pools"]["b"]
    assert refused(pools.plan()) == {}


def test_a_pool_that_grows_within_the_quota_is_planned(pools: World) -> None:
    quota(pools, dedicatedCoreQuota=4)
    pools.text["pools"]["pool"]["nodes"] = {"dedicated": 1}
    pools.apply()
    pools.text["pools"]["pool"]["nodes"] = {"dedicated": 2}
    assert refused(pools.plan()) == {}
    pools.text["pools"]["pool"]["nodes"] = {"dedicated": 3}
    assert "has 2 of 4 cores in use and 4 more are needed" in refused(pools.plan())["pool/pool"]


def test_a_sold_out_size_is_refused_and_names_the_nearest(pools: World) -> None:
    location = pools.text["azure"]["location"]
    body = {"location": location, "size": "Standard_E20s_v5"}
    azure_local.ask(pools.azure.folder, "POST", "restrictions", body)
    pools.text["pools"]["a"] = POOL | {"vmSize": "Standard_E20s_v5"}
    reason = refused(pools.plan())["pool/a"]
    assert "is sold out or closed to this subscription" in reason
    assert "Standard_E16s_v5 (16 cores)" in reason


def test_an_unknown_size_is_refused_and_names_the_nearest(pools: World) -> None:
    pools.text["pools"]["a"] = POOL | {"vmSize": "Standard_D3s_v5"}
    reason = refused(pools.plan())["pool/a"]
    assert "does not exist" in reason
    assert "Standard_D2s_v5" in reason


def test_an_image_past_its_end_is_refused_with_the_date(pools: World) -> None:
    image = {"publisher": "debian", "offer": "debian-11", "sku": "11"}
    pools.text["pools"]["a"] = POOL | {"image": image}
    assert "ended its support of debian:debian-11:11 on 2026-08-31" in refused(pools.plan())["pool/a"]


def test_an_unchanged_plan_asks_nothing_more(pools: World) -> None:
    log = pools.azure.folder / "wire.jsonl"
    before = pools.azure.exchanges()
    pools.plan()
    asked = "".join(log.read_text().splitlines(keepends=True)[before:])
    assert asked
    assert not any(word in asked for word in ("Compute/skus", "supportedimages", "checkNameAvailability"))


ASKED = ("Compute/skus", "supportedimages", "Authorization/permissions", "virtualNetworks/", "checkNameAvailability")


@pytest.mark.parametrize("number", [1, 12])
def test_the_requests_of_preflight_do_not_grow_with_the_pools(pools: World, number: int) -> None:
    subnet = f"{pools.cloud().group_id}/providers/Microsoft.Network/virtualNetworks/net/subnets"
    more = {str(one): POOL | {"networkConfiguration": {"subnetId": f"{subnet}/{one}"}} for one in range(number)}
    pools.text["pools"] |= more
    before = pools.azure.exchanges()
    assert len(refused(pools.plan())) == number
    lines = [json.loads(one) for one in (pools.azure.folder / "wire.jsonl").read_text().splitlines()[before:]]
    counts = {word: sum(word.lower() in one["path"].lower() for one in lines) for word in ASKED}
    wanted = {"Compute/skus": 1, "supportedimages": 1, "Authorization/permissions": 1, "virtualNetworks/": 1}
    assert counts == wanted | {"checkNameAvailability": 0}
    assert sum(one["path"].count("/") == 2 for one in lines if one["plane"] == "arm") == 1, "the subscription, once"


def test_doctor_says_what_is_refused_and_exits_with_3(pools: World) -> None:
    quota(pools, dedicatedCoreQuota=1)
    pools.text["pools"]["a"] = POOL | {"nodes": {"dedicated": 1}}
    pools.spec()
    done = CliRunner().invoke(commands, ["doctor", str(pools.file), "--format", "json"], standalone_mode=False)
    assert done.return_value == 3, done.output
    rows = {row["check"]: row for row in json.loads(done.output)}
    assert rows["quota pool/a"]["state"] == "refused"
    assert {name: rows["quota pool/a"][name] for name in ("limit", "use", "need")} == {"limit": 1, "use": 0, "need": 2}
    assert {rows[name]["state"] for name in ("credential", "subscription", "size", "image")} == {"ok"}


def test_a_size_that_does_not_exist_is_refused_although_the_change_must_wait(pools: World) -> None:
    pools.text["pools"]["pool"]["nodes"] = {"dedicated": 1}
    pools.apply()
    pools.text["pools"]["pool"]["vmSize"] = "Standard_D2s_v33"
    assert "the size standard_d2s_v33 does not exist" in refused(pools.plan())["pool/pool"]
    pools.text["pools"]["pool"]["vmSize"] = "Standard_D4s_v3"
    (waits,) = pools.plan().of(Action.DEFER)
    assert waits.reason.endswith("scale it to 0 first, or let rollout: {whenEmpty: drain} (or blueGreen) do it")


def test_a_redundancy_that_azure_refuses_is_refused_in_the_plan(world: World) -> None:
    for section in ("jobs", "pools", "identities", "batchAccount"):
        del world.text[section]
    world.apply()
    account = f"{world.cloud().group_id}/providers/Microsoft.Storage/storageAccounts/{world.account}"
    world.text["storage"][world.account]["sku"] = "Standard_ZRS"
    reason = refused(world.plan())[f"storage_account/{world.account}"]
    assert "az storage account migration start --account-name NAME" in reason
    for sku in ("Standard_ZRS", "Premium_LRS", "Standard_GZRS"):
        with pytest.raises(HttpResponseError, match="AccountTypeConversionNotSupported"):
            world.cloud().arm("PATCH", account, {"sku": {"name": sku}})
    world.text["storage"][world.account]["sku"] = "Standard_RAGRS"
    assert [str(outcome.status) for outcome in world.apply().values()] == ["done"]
    assert not world.plan().steps


def test_a_mount_as_an_identity_by_its_short_name_is_made_and_stays(pools: World) -> None:
    blobs = {"accountName": pools.account, "containerName": "images", "relativeMountPath": "images"}
    mount = {"azureBlobFileSystemConfiguration": blobs | {"identityReference": {"resourceId": "identities/id-pool"}}}
    pools.text["pools"]["mounts"] = POOL | {"identity": "identities/id-pool", "mountConfiguration": [mount]}
    assert [str(outcome.status) for outcome in pools.apply().values()] == ["done"]
    assert not pools.plan().steps


def test_containers_on_an_image_that_runs_none_are_refused_with_one_that_does(pools: World) -> None:
    pools.text["pools"]["holds"] = POOL | {"containers": {"images": ["ubuntu"]}}
    reason = refused(pools.plan())["pool/holds"]
    assert "22_04-lts runs containers (DockerCompatible); nearest that do are: microsoft-dsvm:ubuntu-hpc:2204" in reason
    pools.text["pools"]["holds"]["image"] = "microsoft-dsvm:ubuntu-hpc:2204"
    assert refused(pools.plan()) == {}


def test_the_fourth_account_of_a_region_is_refused_before_anything_is_made(world: World) -> None:
    world.text["azure"]["location"] = "uaenorth"
    whole = dict(world.text)
    for section in ("jobs", "pools", "batchAccount"):
        del world.text[section]
    world.apply()
    cloud = world.cloud()
    place = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts"
    for number in range(3):
        cloud.arm("PUT", f"{place}/{whole['batchAccount']['name']}{number}", {"location": "uaenorth"})
    world.text = whole
    account = f"batch_account/{whole['batchAccount']['name']}"
    plan = world.plan()
    assert "has 3 of 3 Batch accounts in uaenorth, and 1 more is needed; use another region" in refused(plan)[account]
    assert any(f"the quotas of {account} are known once it is there, and may be 0" in note for note in plan.notes)


def test_an_unknown_region_is_told_as_that(world: World) -> None:
    world.text["azure"]["location"] = "Italy Nort"
    reasons = refused(world.plan())
    assert f"storage_account/{world.account}" in reasons
    for reason in reasons.values():
        assert "is not offered in italynort; correct azure.location; nearest by name are: italynorth" in reason
        assert "the size" not in reason
