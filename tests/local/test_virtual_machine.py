"""The life of a virtual machine, its disks, and what Compute refuses."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

import azure_local
from tests.conftest import Azure
from tests.local.machines import ALMA, JAMMY, KEY, Place, changed, temporary, wanted

SHORT_KEY = "ssh-rsa " + base64.b64encode(b"\0\0\0\7ssh-rsa\0\0\0\3\1\0\1\0\0\0\x80" + b"\xff" * 128).decode()
LOGIN = {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}


@pytest.fixture(scope="module")
def place(azure_server: Azure) -> Iterator[Place]:
    yield from temporary(azure_server, "polandcentral")


@pytest.fixture
def free(place: Place) -> Iterator[dict[str, Any]]:
    """The properties of a machine that could be made."""
    yield wanted(place.interface("free"))
    place.azure.clear_faults()


def test_a_machine_is_created_runs_is_stopped_generalized_and_deleted_with_what_is_its(place: Place) -> None:
    interface = place.interface("life-nic")
    body = {"location": place.region, "properties": wanted(interface), "tags": {"owner": "me"}}
    answer = place.ask("PUT", "virtualMachines/life", body)
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert "x-ms-ratelimit-remaining-resource" in answer.headers
    assert place.codes("life") == ["ProvisioningState/creating", "PowerState/starting"]
    assert place.refused("POST", "virtualMachines/life/deallocate")[:2] == (409, "Conflict")
    assert place.finish(answer)["status"] == "Succeeded"
    machine = place.get("virtualMachines/life", expand="instanceView")["properties"]
    assert machine["instanceView"]["vmAgent"]["statuses"][0]["displayStatus"] == "Ready"
    assert machine["storageProfile"]["imageReference"]["exactVersion"].startswith("22.04.2")
    assert place.codes("life") == ["ProvisioningState/succeeded", "PowerState/running"]

    status, code, message = place.refused("POST", "virtualMachines/life/generalize")
    assert (status, code) == (409, "OperationNotAllowed")
    assert "since the VM is running" in message
    place.post("virtualMachines/life/deallocate")
    assert place.codes("life")[1] == "PowerState/deallocated"
    place.post("virtualMachines/life/start")
    assert place.codes("life")[1] == "PowerState/running"
    place.post("virtualMachines/life/powerOff")
    assert place.codes("life")[1] == "PowerState/stopped"
    place.post("virtualMachines/life/generalize")
    assert place.codes("life")[1] == "OSState/generalized"
    assert "since the VM is generalized" in place.refused("POST", "virtualMachines/life/start")[2]
    assert place.refused("PATCH", "virtualMachines/life", {"tags": {}})[1] == "OperationNotAllowed"

    disk = machine["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert place.get(disk)["tags"] == {"owner": "me"}
    place.delete("virtualMachines/life")
    assert [place.ask("GET", one).status_code for one in ("virtualMachines/life", interface, disk)] == [404, 404, 404]
    assert place.ask("DELETE", "virtualMachines/life").status_code == 204


def test_what_is_not_to_be_deleted_with_a_machine_stays(place: Place) -> None:
    interface = place.interface("kept-nic")
    properties = wanted(interface)
    del properties["networkProfile"]["networkInterfaces"][0]["properties"]
    del properties["storageProfile"]["osDisk"]["deleteOption"]
    disk = place.put("virtualMachines/kept", properties)["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
    assert place.refused("DELETE", disk)[:2] == (409, "OperationNotAllowed")
    assert place.refused("DELETE", interface)[:2] == (400, "NicInUse")
    assert place.unmade("virtualMachines/second", wanted(interface))[:2] == (400, "NicInUse")
    place.delete("virtualMachines/kept")
    assert place.get(disk)["properties"]["diskState"] == "Unattached"
    place.delete(disk)
    place.delete(interface)


KEYS = "osProfile.linuxConfiguration.ssh.publicKeys"
BAD: tuple[tuple[str, Any, int, str, str], ...] = (
    ("hardwareProfile", None, 400, "InvalidParameter", "'hardwareProfile.vmSize' is missing"),
    ("hardwareProfile.vmSize", "Standard_D3s_v5", 400, "InvalidParameter", "is not valid. The valid sizes"),
    ("hardwareProfile.vmSize", "Standard_NC4as_T4_v3", 400, "InvalidParameter", "is not valid. The valid sizes"),
    ("hardwareProfile.vmSise", "x", 400, "BadRequest", "Could not find member 'vmSise'"),
    ("storageProfile.imageReference", None, 400, "InvalidParameter", "imageReference' is missing"),
    ("storageProfile.imageReference.sku", "23_04", 404, "PlatformImageNotFound", "0001-com-ubuntu-server-jammy:23_04"),
    ("storageProfile.imageReference.version", "1.0.0", 404, "PlatformImageNotFound", "is not available"),
    ("storageProfile.imageReference.version", None, 400, "InvalidParameter", "imageReference.version' is missing"),
    ("storageProfile.osDisk.createOption", None, 400, "InvalidParameter", "osDisk.createOption' is missing"),
    ("storageProfile.osDisk.createOption", "Fresh", 400, "InvalidParameter", "is not allowed. Allowed values are"),
    ("storageProfile.osDisk.deleteOption", "Remove", 400, "InvalidParameter", "Allowed values are Delete,Detach"),
    ("storageProfile.osDisk.diskSizeGB", 10, 400, "InvalidParameter", "smaller than the size"),
    ("storageProfile.osDisk.diskSizeGB", "64", 400, "BadRequest", "Error converting value"),
    ("storageProfile.osDisk.managedDisk.storageAccountType", "SSD", 400, "InvalidParameter", "is not allowed"),
    ("osProfile.computerName", None, 400, "InvalidParameter", "computerName' is missing"),
    ("osProfile.computerName", "under_score", 400, "InvalidParameter", "Linux host name"),
    ("osProfile.computerName", "n" * 65, 400, "InvalidParameter", "Linux host name"),
    ("osProfile.adminUsername", "admin", 400, "InvalidParameter", "Admin Username specified is not allowed"),
    ("osProfile.adminUsername", "other", 400, "InvalidParameter", "limited to its default value /home/other/"),
    (KEYS, [], 400, "InvalidParameter", "At least one SSH key"),
    (KEYS, [{**LOGIN, "keyData": "ssh-rsa AAAA"}], 400, "InvalidParameter", "is invalid"),
    (KEYS, [{**LOGIN, "keyData": "my key"}], 400, "InvalidParameter", "keyData is invalid"),
    (KEYS, [{**LOGIN, "keyData": SHORT_KEY}], 400, "InvalidParameter", "keyData is invalid"),
    ("osProfile.linuxConfiguration.disablePasswordAuthentication", None, 400, "InvalidParameter", "either SSH or"),
    ("osProfile.linuxConfiguration.disablePasswordAuthentication", "true", 400, "BadRequest", "Error converting"),
    ("osProfile.windowsConfiguration", {}, 400, "InvalidParameter", "windowsConfiguration"),
    ("networkProfile", None, 400, "InvalidParameter", "networkInterfaces' is missing"),
    ("networkProfile.networkInterfaces", [{"id": "/no/such"}], 400, "InvalidResourceReference", "was not found"),
    ("priority", "Cheap", 400, "InvalidParameter", "Allowed values are Regular,Low,Spot"),
    ("storageProfile.dataDisks", [{"lun": 0, "createOption": "Empty"}], 400, "InvalidParameter", "not offered by"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "status", "code", "words"), BAD, ids=[f"{one[0]}-{n}" for n, one in enumerate(BAD)]
)
def test_a_machine_that_cannot_be_made_is_refused(
    place: Place, free: dict[str, Any], path: str, value: Any, status: int, code: str, words: str
) -> None:
    answer = place.unmade("virtualMachines/bad", changed(free, path, value))
    assert answer[:2] == (status, code), answer
    assert words in answer[2]
    assert place.ask("GET", "virtualMachines/bad").status_code == 404


def test_what_is_around_the_properties_is_checked_too(place: Place, free: dict[str, Any]) -> None:
    assert place.unmade("virtualMachines/bad-", free)[0] == 400
    assert place.unmade(f"virtualMachines/{'n' * 65}", free)[1] == "InvalidParameter"
    assert place.unmade("virtualMachines/bad", free, tagz={})[1] == "InvalidRequestContent"
    assert place.unmade("virtualMachines/bad", free, tags={"a": 1})[1] == "BadRequest"
    assert place.unmade("virtualMachines/bad", free, identity={"type": "Mine"})[1] == "InvalidParameter"
    assert place.unmade("virtualMachines/bad", free, identity={"type": "UserAssigned"})[1] == "InvalidIdentityValues"
    nobody = {"type": "UserAssigned", "userAssignedIdentities": {place.id("x").replace("x", "nobody"): {}}}
    assert place.unmade("virtualMachines/bad", free, identity=nobody)[1] == "LinkedAuthorizationFailed"
    assert place.refused("PUT", "virtualMachines/bad", {"properties": free})[1] == "LocationRequired"


def test_a_password_has_to_be_strong_and_is_never_shown(place: Place, free: dict[str, Any]) -> None:
    profile = {"computerName": "vm", "adminUsername": "azureuser", "adminPassword": "weak"}
    refusal = place.unmade("virtualMachines/secret", {**free, "osProfile": profile})
    assert refusal[1] == "InvalidParameter"
    assert "complexity" in refusal[2]
    strong = {**free, "osProfile": {**profile, "adminPassword": "Strong-enough-1"}}
    shown = place.put("virtualMachines/secret", strong)["properties"]["osProfile"]
    assert "adminPassword" not in shown
    place.delete("virtualMachines/secret")


def test_quotas_of_the_family_and_the_region_are_kept_in_azures_words(place: Place, free: dict[str, Any]) -> None:
    def limit(name: str, cores: int) -> None:
        azure_local.ask(place.azure.folder, "POST", "quotas", {"location": place.region, "name": name, "limit": cores})

    limit("standardDSv5Family", 3)
    place.machine("counted")
    place.post("virtualMachines/counted/deallocate")
    status, code, message = place.unmade("virtualMachines/over", free)
    assert (status, code) == (409, "OperationNotAllowed")
    assert message.startswith(
        "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota. "
        "Additional details - Deployment Model: Resource Manager, Location: polandcentral, Current Limit: 3, "
        "Current Usage: 2, Additional Required: 2, (Minimum) New Limit Required: 4."
    )
    limit("standardDSv5Family", 50)
    limit("cores", 2)
    assert "exceeding approved Total Regional Cores quota" in place.unmade("virtualMachines/over", free)[2]
    limit("cores", 100)
    limit("lowPriorityCores", 0)
    assert "LowPriority Cores quota" in place.unmade("virtualMachines/over", {**free, "priority": "Spot"})[2]
    place.delete("virtualMachines/counted")


def test_a_size_that_is_sold_out_is_refused(place: Place, free: dict[str, Any]) -> None:
    azure_local.ask(place.azure.folder, "POST", "restrictions", {"location": place.region, "size": "Standard_D8s_v5"})
    properties = changed(free, "hardwareProfile.vmSize", "standard_d8s_v5")
    status, code, message = place.unmade("virtualMachines/sold", properties)
    assert (status, code) == (409, "SkuNotAvailable")
    assert "Following SKUs have failed for Capacity Restrictions: Standard_D8s_v5" in message


def test_a_machine_that_fails_says_why_and_can_be_deleted(place: Place, free: dict[str, Any]) -> None:
    place.azure.fault(operation="virtualMachine.made", key="unlucky", code="AllocationFailed", message="no room")
    answer = place.ask("PUT", "virtualMachines/unlucky", {"location": place.region, "properties": free})
    status = place.finish(answer)
    assert (status["status"], status["error"]) == ("Failed", {"code": "AllocationFailed", "message": "no room"})
    assert place.get("virtualMachines/unlucky")["properties"]["provisioningState"] == "Failed"
    assert place.codes("unlucky")[0] == "ProvisioningState/failed/AllocationFailed"
    place.delete("virtualMachines/unlucky")


def test_a_machine_that_is_there_takes_tags_but_no_other_image_or_login(place: Place) -> None:
    made = place.machine(
        "fixed", tags={"a": "1"}, storageProfile={"imageReference": ALMA, "osDisk": {"createOption": "FromImage"}}
    )
    assert made["tags"] == {"a": "1"}
    same = wanted(place.id("networkInterfaces/fixed-nic"), ALMA)
    same["storageProfile"]["osDisk"] = {"createOption": "FromImage"}
    assert place.put("virtualMachines/fixed", same, tags={"b": "2"})["tags"] == {"b": "2"}
    other = changed(same, "storageProfile.imageReference", JAMMY)
    assert place.unmade("virtualMachines/fixed", other)[:2] == (409, "PropertyChangeNotAllowed")
    assert place.unmade("virtualMachines/fixed", changed(same, "osProfile.computerName", "new"))[0] == 409
    patched = place.ask("PATCH", "virtualMachines/fixed", {"tags": {"c": "3"}})
    assert (patched.status_code, patched.json()["properties"]["provisioningState"]) == (200, "Updating")
    place.finish(patched)
    assert place.get("virtualMachines/fixed")["tags"] == {"c": "3"}
    place.delete("virtualMachines/fixed")


def test_disks_are_made_empty_grow_and_never_shrink(place: Place) -> None:
    empty = {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64}
    answer = place.ask(
        "PUT", "disks/data", {"location": place.region, "properties": empty, "sku": {"name": "Premium_LRS"}}
    )
    assert answer.status_code == 202
    place.finish(answer)
    assert place.get("disks/data")["properties"]["diskState"] == "Unattached"
    assert place.put("disks/data", {**empty, "diskSizeGB": 128})["properties"]["diskSizeGB"] == 128
    assert place.unmade("disks/data", empty)[:2] == (409, "OperationNotAllowed")
    assert place.unmade("disks/bad", {"diskSizeGB": 64})[1] == "InvalidParameter"
    assert place.unmade("disks/bad", {"creationData": {"createOption": "Empty"}})[1] == "InvalidParameter"
    assert place.unmade("disks/bad", {**empty, "diskSizeGB": 40000})[1] == "InvalidParameter"
    assert place.unmade("disks/bad", empty, sku={"name": "Fast"})[1] == "InvalidParameter"
    assert place.ask("PATCH", "disks/data", {"tags": {"a": "1"}}).json()["tags"] == {"a": "1"}
    place.delete("disks/data")


def test_the_location_of_an_accepted_delete_is_202_until_it_is_gone(place: Place) -> None:
    place.put("disks/going", {"creationData": {"createOption": "Empty"}, "diskSizeGB": 4})
    answer = place.ask("DELETE", "disks/going")
    place.finish(answer)
    assert place.ask("GET", answer.headers["Location"]).status_code == 200


def test_machines_are_listed_by_group_and_by_subscription(place: Place) -> None:
    place.machine("listed")
    names = [one["name"] for one in place.get("virtualMachines")["value"]]
    assert names == ["listed"]
    everywhere = place.get(
        place.id("virtualMachines").split("/resourceGroups/")[0] + "/providers/Microsoft.Compute/virtualMachines"
    )
    assert "listed" in [one["name"] for one in everywhere["value"]]
    place.delete("virtualMachines/listed")
