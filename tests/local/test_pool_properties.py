"""What a pool can be made of on the local Batch: every member checked, completed and shown as Azure does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.pool_cases import BLOBS, FULL, MACHINE_FULL, WINDOWS, WRONG
from tests.local.pools import MACHINE, SIZE, Bench, bench, refused

__all__ = ["bench"]


def filled(bench: Bench, given: Any) -> Any:
    """`given` with the ids of what is there."""
    if isinstance(given, dict):
        return {name: filled(bench, value) for name, value in given.items()}
    if isinstance(given, list):
        return [filled(bench, value) for value in given]
    return given.format(network=bench.network, account=bench.account_id) if isinstance(given, str) else given


@pytest.mark.parametrize(("given", "code", "name"), WRONG)
def test_a_wrong_property_is_refused_with_its_name(bench: Bench, given: dict[str, Any], code: str, name: str) -> None:
    status, told, values = refused(lambda: bench.put("wrong", bench.body(**filled(bench, given))))
    assert (status, told) == (409 if "Package" in code else 400, code)
    assert values.get("PropertyName", "").endswith(name)
    assert set(values) >= ({"PropertyName", "PropertyValue", "Reason"} if code == "InvalidPropertyValue" else set())


def test_the_identity_of_a_mount_must_be_one_of_the_pools(bench: Bench) -> None:
    other = bench.identity.replace("id-pool", "other")
    mounts = [{"azureBlobFileSystemConfiguration": {**BLOBS, "identityReference": {"resourceId": other}}}]
    assert (
        refused(lambda: bench.put("wrong", bench.body(mountConfiguration=mounts)))[2]["PropertyName"]
        == "identityReference"
    )


def test_a_pool_is_shown_with_azures_defaults_and_spelling(bench: Bench) -> None:
    scale = {
        "fixedScale": {"targetDedicatedNodes": 0, "resizeTimeout": "PT06M00S", "nodeDeallocationOption": "Requeue"}
    }
    made = bench.put("defaults", bench.body(vmSize="STANDARD_D2S_V3", scaleSettings=scale))["properties"]
    assert made["vmSize"] == "STANDARD_D2S_V3"
    assert made["scaleSettings"] == {
        "fixedScale": {"targetDedicatedNodes": 0, "targetLowPriorityNodes": 0, "resizeTimeout": "PT6M"}
    }
    assert (made["taskSlotsPerNode"], made["interNodeCommunication"]) == (1, "Disabled")
    bench.drop("defaults")


def holds(given: Any, live: Any) -> bool:
    if isinstance(given, dict):
        return all(holds(value, live[name]) for name, value in given.items())
    if isinstance(given, list):
        return len(given) == len(live) and all(map(holds, given, live))
    return bool(given == live)


def without_secrets(given: Any) -> Any:
    if isinstance(given, dict):
        secret = ("password", "accountKey", "sshPrivateKey", "protectedSettings")
        return {name: without_secrets(value) for name, value in given.items() if name not in secret}
    return [without_secrets(one) for one in given] if isinstance(given, list) else given


def test_everything_that_can_be_given_comes_back_but_for_the_secrets(bench: Bench) -> None:
    given = filled(bench, FULL)
    bench.put("full", bench.body(**given, machine=MACHINE_FULL))
    live = bench.get("full")
    shown = live["properties"]
    assert holds(without_secrets(given), shown)
    machine = shown["deploymentConfiguration"]["virtualMachineConfiguration"]
    assert holds(without_secrets(MACHINE_FULL), machine)
    assert "very secret" not in str(live)
    pool = bench.batch.get_pool("full")
    assert "very secret" not in str(pool.as_dict())
    told = pool.as_dict()
    assert told["virtualMachineConfiguration"]["nodeAgentSKUId"] == MACHINE["nodeAgentSkuId"]
    assert told["virtualMachineConfiguration"]["osDisk"]["caching"] == "readwrite"
    assert told["networkConfiguration"]["dynamicVNetAssignmentScope"] == "none"
    assert told["mountConfiguration"][2]["cifsMountConfiguration"]["username"] == "u"
    assert told["startTask"]["userIdentity"] == {"username": "ann"}
    assert told["identity"]["userAssignedIdentities"][0]["resourceId"] == bench.identity
    bench.drop("full")


def test_the_pools_of_both_planes_take_the_same_bodies_in_their_own_spelling(bench: Bench) -> None:
    from azure.batch import models

    machine = {"imageReference": MACHINE["imageReference"], "nodeAgentSKUId": MACHINE["nodeAgentSkuId"]}
    body = {
        "id": "theirs",
        "vmSize": SIZE,
        "virtualMachineConfiguration": {**machine, "osDisk": {"caching": "readonly"}},
        "enableInterNodeCommunication": True,
        "networkConfiguration": {"subnetId": bench.subnet, "dynamicVNetAssignmentScope": "none"},
        "userAccounts": [{"name": "ann", "password": "p", "elevationLevel": "admin"}],
        "targetDedicatedNodes": 0,
    }
    bench.batch.create_pool(models.BatchPoolCreateOptions(body))
    arm = bench.get("theirs")["properties"]
    assert arm["interNodeCommunication"] == "Enabled"
    assert arm["userAccounts"] == [{"name": "ann", "elevationLevel": "Admin"}]
    assert arm["deploymentConfiguration"]["virtualMachineConfiguration"]["osDisk"]["caching"] == "ReadOnly"
    wrong = {**body, "id": "wrong", "networkConfiguration": {"dynamicVnetAssignmentScope": "none"}}
    status, code, values = refused(lambda: bench.batch.create_pool(models.BatchPoolCreateOptions(wrong)))
    assert (status, code) == (400, "InvalidRequestBody")
    assert "dynamicVnetAssignmentScope" in values["Reason"]
    bench.drop("theirs")


def test_windows_has_what_linux_has_not(bench: Bench) -> None:
    machine = {
        **WINDOWS,
        "licenseType": "Windows_Server",
        "windowsConfiguration": {"enableAutomaticUpdates": True},
        "diskEncryptionConfiguration": {"targets": ["OsDisk", "TemporaryDisk"]},
    }
    users = [{"name": "ann", "password": "p", "windowsUserConfiguration": {"loginMode": "Interactive"}}]
    made = bench.put("windows", bench.body(machine=machine, userAccounts=users))["properties"]
    assert made["userAccounts"][0]["windowsUserConfiguration"] == {"loginMode": "Interactive"}
    bench.drop("windows")


def test_a_subnet_must_be_in_the_accounts_region(bench: Bench) -> None:
    other = bench.network.replace("/net", "/far")
    given: Any = {
        "location": "eastus",
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "nodes", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    }
    options: Any = {"api_version": "2024-07-01", "polling_interval": 0}
    bench.resources.resources.begin_create_or_update_by_id(other, given, **options)
    bench.azure.advance(60)
    network = {"subnetId": f"{other}/subnets/nodes"}
    values = refused(lambda: bench.put("wrong", bench.body(networkConfiguration=network)))[2]
    assert values["PropertyName"] == "subnetId"
    assert "eastus" in values["Reason"]
