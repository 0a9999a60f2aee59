"""Run commands and extensions: scripts that a machine is told to carry out, how they end, and what is refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Azure
from tests.local.machines import ALMA, Place, temporary, until
from tests.local.registries import Registry

ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
DRIVER = {
    "publisher": "Microsoft.HpcCompute",
    "type": "NvidiaGpuDriverLinux",
    "typeHandlerVersion": "1.9",
    "autoUpgradeMinorVersion": True,
}


@pytest.fixture(scope="module")
def place(azure_server: Azure) -> Iterator[Place]:
    yield from temporary(azure_server, "swedencentral")


@pytest.fixture(scope="module")
def machine(place: Place) -> str:
    place.machine("vm")
    return "virtualMachines/vm"


def script(text: str = "echo hello\n", **more: Any) -> dict[str, Any]:
    return {"source": {"script": text}, "asyncExecution": True, "timeoutInSeconds": 5400, **more}


def start(place: Place, path: str, properties: dict[str, Any]) -> Any:
    answer = place.ask("PUT", path, {"location": place.region, "properties": properties})
    assert answer.status_code in (200, 201), answer.text
    return answer


def ended(place: Place, path: str) -> dict[str, Any]:
    """The instance view once the script has ended."""

    def view() -> Any:
        return place.get(path, expand="instanceView")["properties"]["instanceView"]

    return dict(until(view, lambda seen: seen["executionState"] not in ("Pending", "Running")))


def run(place: Place, path: str, text: str, **more: Any) -> dict[str, Any]:
    start(place, path, script(text, **more))
    place.azure.advance(600)
    return ended(place, path)


def test_an_async_script_is_made_as_soon_as_it_starts_and_ends_later(place: Place, machine: str) -> None:
    answer = start(place, f"{machine}/runCommands/async", script("sleep 4000\n"))
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    assert place.finish(answer, 20)["status"] == "Succeeded"
    shown = place.get(f"{machine}/runCommands/async", expand="instanceView")["properties"]
    assert (shown["provisioningState"], shown["instanceView"]["executionState"]) == ("Succeeded", "Running")
    assert "instanceView" not in place.get(f"{machine}/runCommands/async")["properties"]
    place.azure.advance(4100)
    view = ended(place, f"{machine}/runCommands/async")
    assert (view["executionState"], view["exitCode"], view["error"]) == ("Succeeded", 0, "")
    assert view["startTime"] < view["endTime"]
    place.delete(f"{machine}/runCommands/async")


def test_a_script_that_is_waited_for_is_made_when_it_has_ended(place: Place, machine: str) -> None:
    answer = start(place, f"{machine}/runCommands/sync", script("sleep 4000\n", asyncExecution=False))
    place.azure.advance(600)
    assert place.get(f"{machine}/runCommands/sync")["properties"]["provisioningState"] == "Creating"
    assert place.finish(answer, 4000)["status"] == "Succeeded"
    place.delete(f"{machine}/runCommands/sync")


def test_a_script_that_bash_cannot_read_fails_with_its_words(place: Place, machine: str) -> None:
    view = run(place, f"{machine}/runCommands/broken", "if true; then\n  echo\n")
    assert (view["executionState"], view["exitCode"]) == ("Failed", 2)
    assert "syntax error" in view["error"]
    assert place.get(f"{machine}/runCommands/broken")["properties"]["provisioningState"] == "Succeeded"
    place.delete(f"{machine}/runCommands/broken")


def test_a_failed_script_fails_the_resource_only_where_that_is_asked_for(place: Place, machine: str) -> None:
    strict = script("fi\n", asyncExecution=False, treatFailureAsDeploymentFailure=True)
    status = place.finish(start(place, f"{machine}/runCommands/strict", strict))
    assert (status["status"], status["error"]["code"]) == ("Failed", "VMExtensionProvisioningError")
    assert place.get(f"{machine}/runCommands/strict")["properties"]["provisioningState"] == "Failed"
    place.delete(f"{machine}/runCommands/strict")


def test_a_script_that_takes_too_long_is_timed_out(place: Place, machine: str) -> None:
    view = run(place, f"{machine}/runCommands/slow", "sleep 300\n", timeoutInSeconds=120)
    assert view["executionState"] == "TimedOut"
    place.delete(f"{machine}/runCommands/slow")


def test_a_fault_fails_the_script_that_it_names(place: Place, machine: str) -> None:
    place.azure.fault(
        operation="runCommand.ended", key="runCommands/unlucky$", code="X", message="dpkg was interrupted"
    )
    assert run(place, f"{machine}/runCommands/lucky", "true\n")["executionState"] == "Succeeded"
    view = run(place, f"{machine}/runCommands/unlucky", "true\n")
    assert (view["executionState"], view["exitCode"], view["error"]) == ("Failed", 1, "dpkg was interrupted\n")
    again = run(place, f"{machine}/runCommands/unlucky", "true\n")
    assert again["executionState"] == "Succeeded", "a second PUT runs it again"
    place.delete(f"{machine}/runCommands/lucky")
    place.delete(f"{machine}/runCommands/unlucky")


@pytest.mark.parametrize(
    ("properties", "code", "words"),
    [
        ({}, "InvalidParameter", "Exactly one of"),
        ({"source": {"script": "a", "commandId": "b"}}, "InvalidParameter", "Exactly one of"),
        ({"source": {"scriptUri": "https://x/y.sh"}}, "InvalidParameter", "not offered by the local Azure"),
        (script(timeoutInSeconds=5401), "InvalidParameter", "between '0' and '5400'"),
        (script(timeoutInSeconds="60"), "BadRequest", "Error converting value"),
        (script(asyncExecution="true"), "BadRequest", "Error converting value"),
        (script(asynExecution=True), "BadRequest", "Could not find member 'asynExecution'"),
        ({"source": {"skript": "a"}}, "BadRequest", "properties.source.skript"),
        (script(outputBlobUri="https://x/y"), "InvalidParameter", "not offered by the local Azure"),
        ({"source": {"script": "a", "scriptShell": "zsh"}}, "InvalidParameter", "is not allowed"),
    ],
)
def test_what_cannot_be_run_is_refused(place: Place, machine: str, properties: Any, code: str, words: str) -> None:
    status, found, message = place.unmade(f"{machine}/runCommands/bad", properties)
    assert (status, found) == (400, code)
    assert words in message


def test_a_command_belongs_to_a_machine_that_is_there_and_in_its_place(place: Place, machine: str) -> None:
    assert place.unmade("virtualMachines/none/runCommands/x", script())[:2] == (404, "ParentResourceNotFound")
    assert place.ask("GET", "virtualMachines/none/runCommands").status_code == 404
    body = {"location": "uksouth", "properties": script()}
    assert place.refused("PUT", f"{machine}/runCommands/x", body)[:2] == (400, "InvalidParameter")


def test_secrets_are_not_shown(place: Place, machine: str) -> None:
    secret = script(protectedParameters=[{"name": "TOKEN", "value": "s3cret"}], runAsUser="me", runAsPassword="s3cret")
    answer = start(place, f"{machine}/runCommands/secret", secret)
    assert "s3cret" not in answer.text
    place.finish(answer)
    assert "s3cret" not in place.ask("GET", f"{machine}/runCommands/secret").text
    place.delete(f"{machine}/runCommands/secret")


def test_a_machine_holds_25_commands_and_lists_them_with_their_views(place: Place, machine: str) -> None:
    place.machine("full")
    for number in range(25):
        start(place, f"virtualMachines/full/runCommands/c{number:02d}", script())
    assert place.unmade("virtualMachines/full/runCommands/one-more", script())[:2] == (409, "OperationNotAllowed")
    place.azure.advance(60)
    listed = place.get("virtualMachines/full/runCommands", expand="instanceView")["value"]
    assert [one["name"] for one in listed] == [f"c{number:02d}" for number in range(25)]
    assert all("executionState" in one["properties"]["instanceView"] for one in listed)
    place.delete("virtualMachines/full/runCommands/c00")
    start(place, "virtualMachines/full/runCommands/one-more", script())
    place.delete("virtualMachines/full")
    assert place.ask("GET", "virtualMachines/full/runCommands/c01").status_code == 404, "they go with the machine"


def test_a_stopped_machine_runs_nothing_and_stopping_ends_what_runs(place: Place) -> None:
    place.machine("off")
    place.finish(start(place, "virtualMachines/off/runCommands/long", script("sleep 4000\n")), 20)
    place.post("virtualMachines/off/deallocate")
    status, code, message = place.unmade("virtualMachines/off/runCommands/late", script())
    assert (status, code) == (409, "OperationNotAllowed")
    assert message == "Cannot modify extensions in the VM when the VM is not running."
    assert place.refused("DELETE", "virtualMachines/off/runCommands/long")[1] == "OperationNotAllowed"
    assert place.unmade("virtualMachines/off/extensions/gpu", DRIVER)[1] == "OperationNotAllowed"
    place.azure.advance(5000)
    assert ended(place, "virtualMachines/off/runCommands/long")["executionState"] == "Canceled"
    place.delete("virtualMachines/off")


def test_an_image_of_a_registry_is_pulled_by_the_machines_identity(place: Place) -> None:
    name = f"crpull{uuid.uuid4().hex[:8]}"
    registry = Registry(place.group, name)
    registry.make()
    registry.build()
    identity = (
        place.id("x").split("/providers/")[0] + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/puller"
    )
    principal = place.ask("PUT", identity, {"location": place.region}).json()["properties"]["principalId"]
    place.azure.advance(60)
    owned = {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}
    place.machine("puller", identity=owned)
    path, pull = "virtualMachines/puller/runCommands/pull", f"docker pull {registry.login}/worker:v1\n"
    assert "unauthorized" in run(place, path, pull)["error"]
    subscription = identity.split("/resourceGroups")[0]
    role = f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{ACR_PULL}"
    body = {"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}}
    made = place.ask("PUT", f"{registry.id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}", body)
    assert made.status_code == 201, made.text
    place.azure.advance(300)
    assert run(place, path, pull)["executionState"] == "Succeeded"
    assert "not found" in run(place, path, f"docker pull {registry.login}/worker:v2\n")["error"]
    assert "no such host" in run(place, path, "docker pull crnowhere.azurecr.io/worker:v1\n")["error"]
    place.delete("virtualMachines/puller")


def test_the_gpu_extension_works_on_ubuntu_with_a_gpu_and_fails_elsewhere(place: Place) -> None:
    gpu = {"hardwareProfile": {"vmSize": "Standard_NC4as_T4_v3"}}
    alma = {"storageProfile": {"imageReference": ALMA, "osDisk": {"createOption": "FromImage"}}}
    for name, more, words in (
        ("gpu-ubuntu", gpu, ""),
        ("gpu-alma", {**gpu, **alma}, "almalinux is not supported"),
        ("plain", {}, "No NVIDIA GPU"),
    ):
        place.machine(name, **more)
        path = f"virtualMachines/{name}/extensions/gpu"
        answer = place.ask("PUT", path, {"location": place.region, "properties": DRIVER})
        status = place.finish(answer, 500)
        view = place.get(path, expand="instanceView")["properties"]
        if words:
            assert status["error"]["code"] == "VMExtensionProvisioningError"
            assert words in view["instanceView"]["statuses"][0]["message"]
        assert view["provisioningState"] == ("Failed" if words else "Succeeded")
        place.delete(f"virtualMachines/{name}")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"publisher": None}, 400, "InvalidParameter"),
        ({"typeHandlerVersion": None}, 400, "InvalidParameter"),
        ({"typeHandlerVersion": "7.0"}, 400, "InvalidParameter"),
        ({"type": "NoSuchDriver"}, 404, "NotFound"),
        ({"typeHandlerVersions": "1.9"}, 400, "BadRequest"),
    ],
)
def test_an_extension_that_is_not_offered_is_refused(
    place: Place, machine: str, change: dict[str, Any], status: int, code: str
) -> None:
    assert place.unmade(f"{machine}/extensions/bad", {**DRIVER, **change})[:2] == (status, code)


def test_one_extension_of_a_kind_and_its_secrets_are_its_own(place: Place, machine: str) -> None:
    answer = start(place, f"{machine}/extensions/one", {**DRIVER, "protectedSettings": {"key": "s3cret"}})
    assert "s3cret" not in answer.text
    assert "Multiple VMExtensions per handler" in place.unmade(f"{machine}/extensions/two", DRIVER)[2]
    place.finish(answer, 500)
    assert [one["name"] for one in place.get(f"{machine}/extensions")["value"]] == ["one"]
    place.delete(f"{machine}/extensions/one")
