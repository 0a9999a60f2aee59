"""Container registries are made, changed and deleted as ARM does it, and read with tokens of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError

import azure_local
from azure_local.tokens import Tokens
from tests.conftest import Azure
from tests.local.registries import ACR, SUBSCRIPTION, TASKS, Registry, http, operator, resources, temporary

ACR_PULL = "7f951dda-4ed3-4680-a7ca-43fe172d538d"


@pytest.fixture
def unmade(azure: Azure) -> Iterator[Registry]:
    yield from temporary(azure.advance)


@pytest.fixture
def registry(unmade: Registry) -> Registry:
    unmade.make()
    return unmade


def principal(azure: Azure, registry: Registry) -> tuple[str, str]:
    """(principal id, ARM id) of a new managed identity without a role."""
    path = f"{SUBSCRIPTION}/resourceGroups/{registry.group}/providers/Microsoft.ManagedIdentity"
    identity = f"{path}/userAssignedIdentities/id-reader"
    made = http("PUT", f"{identity}?api-version=2024-11-30", operator(), json={"location": "italynorth"})
    azure.advance(30)
    return made.json()["properties"]["principalId"], identity


def test_a_registry_is_made_by_an_asynchronous_operation_with_azures_defaults(unmade: Registry) -> None:
    body = {"location": "Italy North", "sku": {"name": "basic"}}
    answer = unmade.arm("PUT", json=body)
    assert answer.status_code == 201
    assert answer.json()["properties"]["provisioningState"] == "Creating"
    operation = answer.headers["Azure-AsyncOperation"]
    while (status := http("GET", operation, operator()).json()["status"]) == "InProgress":
        pass  # simulated time passes by itself
    assert status == "Succeeded"
    made = unmade.make()
    assert made["sku"] == {"name": "Basic", "tier": "Basic"}
    properties = made["properties"]
    assert properties["loginServer"] == unmade.login
    assert (properties["provisioningState"], properties["adminUserEnabled"]) == ("Succeeded", False)
    assert http("GET", operation, operator()).json()["status"] == "Succeeded"


def test_a_registry_whose_making_fails_says_so_in_its_operation_and_its_state(azure: Azure, unmade: Registry) -> None:
    azure.fault(operation="registry.made", code="QuotaExceeded", message="no more")
    with pytest.raises(HttpResponseError, match="no more"):
        unmade.make()
    assert unmade.arm("GET").json()["properties"]["provisioningState"] == "Failed"


@pytest.mark.parametrize(
    ("sku", "properties", "code"),
    [
        ("Basic", {"publicNetworkAccess": "Disabled"}, "DisablingPublicNetworkAccessNotSupported"),
        ("Basic", {"networkRuleSet": {"defaultAction": "Deny"}}, "NetworkRuleSetNotSupported"),
        ("Standard", {"zoneRedundancy": "Enabled"}, "ZoneRedundancyNotSupported"),
        ("Basic", {"anonymousPullEnabled": True}, "AnonymousPullNotSupported"),
        ("Basic", {"policies": {"retentionPolicy": {"status": "enabled"}}}, "PolicyNotSupported"),
        ("Basic", {"adminUserEnabled": "no"}, "InvalidRequestContent"),
        ("Basic", {"adminEnabled": True}, "InvalidRequestContent"),
        ("Free", {}, "UnsupportedSku"),
    ],
)
def test_what_the_sku_does_not_have_and_what_nobody_knows_is_refused(
    unmade: Registry, sku: str, properties: dict[str, Any], code: str
) -> None:
    answer = unmade.arm("PUT", json={"location": "italynorth", "sku": {"name": sku}, "properties": properties})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert unmade.arm("GET").status_code == 404


def test_names_are_alphanumeric_and_taken_everywhere(registry: Registry) -> None:
    def available(name: str) -> Any:
        path = f"{SUBSCRIPTION}/providers/Microsoft.ContainerRegistry/checkNameAvailability?api-version={ACR}"
        return http(
            "POST", path, operator(), json={"name": name, "type": "Microsoft.ContainerRegistry/registries"}
        ).json()

    assert available(f"{registry.name}b")["nameAvailable"]
    assert available(registry.name.upper())["reason"] == "AlreadyExists"
    body = {"location": "italynorth", "sku": {"name": "Basic"}}
    dashed = Registry(registry.group, "cr-dashed").arm("PUT", json=body)
    assert dashed.json()["error"]["code"] == "InvalidResourceName"
    resources().resource_groups.create_or_update(f"{registry.group}-2", {"location": "italynorth"})
    elsewhere = Registry(f"{registry.group}-2", registry.name).arm("PUT", json=body)
    assert (elsewhere.status_code, elsewhere.json()["error"]["code"]) == (409, "AlreadyInUse")


def test_a_registry_that_becomes_premium_is_one_that_was_made_so(registry: Registry) -> None:
    assert registry.arm("GET").json()["properties"].get("networkRuleSet") is None
    denying = {"properties": {"networkRuleSet": {"defaultAction": "Deny", "ipRules": []}}}
    for sku, settings, rules in (
        ("Premium", {}, "Allow"),
        ("Premium", denying, "Deny"),
        ("Premium", {}, "Deny"),
        ("Standard", {}, None),
        ("Premium", denying, "Deny"),
    ):
        changed = registry.arm("PATCH", json={"sku": {"name": sku}, **settings}).json()["properties"]
        assert (changed.get("networkRuleSet") or {}).get("defaultAction") == rules, (sku, settings)


def test_a_registry_is_changed_listed_and_deleted_with_its_images(azure: Azure, registry: Registry) -> None:
    registry.build()
    changed = registry.arm("PATCH", json={"tags": {"a": "b"}, "sku": {"name": "Standard"}})
    assert (changed.json()["tags"], changed.json()["sku"]["tier"]) == ({"a": "b"}, "Standard")
    listed = [one.as_dict() for one in resources().resources.list_by_resource_group(registry.group)]
    assert [(one["name"], one["type"]) for one in listed] == [(registry.name, "Microsoft.ContainerRegistry/registries")]
    options: Any = {"api_version": ACR, "polling_interval": 0}
    resources().resources.begin_delete_by_id(registry.id, **options).result(timeout=30)
    assert registry.arm("GET").status_code == 404
    assert registry.data("GET", "/v2/").status_code == 404
    assert registry.arm("DELETE").status_code == 204
    registry.make()
    token = registry.access("repository:worker:pull", operator())
    assert registry.data("GET", "/v2/worker/manifests/v1", token).status_code == 404


def test_a_registry_answers_only_who_has_a_token_for_that_repository(registry: Registry) -> None:
    registry.build(imageNames=["worker:v1", "worker:v2", "worker:v3", "other:v1"])
    challenge = registry.data("GET", "/v2/")
    assert challenge.status_code == 401
    assert f'service="{registry.login}"' in challenge.headers["WWW-Authenticate"]
    assert f"/registries/{registry.login}/oauth2/token" in challenge.headers["WWW-Authenticate"]
    assert challenge.json()["errors"][0]["code"] == "UNAUTHORIZED"
    token = registry.access("repository:worker:pull", operator())
    assert registry.data("GET", "/v2/", token).status_code == 200
    assert registry.data("HEAD", "/v2/worker/manifests/v1", token).status_code == 200
    other = registry.data("GET", "/v2/other/manifests/v1", token)
    assert other.status_code == 401
    assert "insufficient_scope" in other.headers["WWW-Authenticate"]
    assert registry.data("GET", "/v2/worker/manifests/v1", operator()).status_code == 401
    unknown = registry.data("GET", "/v2/worker/manifests/v9", token)
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, "MANIFEST_UNKNOWN")
    first = registry.data("GET", "/v2/worker/tags/list?n=2", token)
    assert first.json() == {"name": "worker", "tags": ["v1", "v2"]}
    following = first.headers["Link"].split(">")[0].lstrip("<")
    assert http("GET", following, token).json()["tags"] == ["v3"]
    catalog = registry.access("registry:catalog:*", operator())
    assert registry.data("GET", "/v2/_catalog", catalog).json() == {"repositories": ["other", "worker"]}
    assert registry.data("PUT", "/v2/worker/manifests/v1", token).status_code == 405


def test_a_principal_reads_images_only_with_a_role_that_has_had_time_to_work(azure: Azure, registry: Registry) -> None:
    registry.build()
    who, identity = principal(azure, registry)
    entra = Tokens(azure.folder).issue(who, who, "https://containerregistry.azure.net", identity)["access_token"]
    assert registry.refresh(entra).status_code == 401
    assignment = f"{registry.id}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    definition = f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{ACR_PULL}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": who, "principalType": "ServicePrincipal"}}
    made = http("PUT", f"{assignment}?api-version=2022-04-01", operator(), json=body)
    assert made.status_code == 201
    azure.advance(100)
    token = registry.access("repository:worker:pull,push", entra)
    assert registry.data("GET", "/v2/worker/manifests/v1", token).status_code == 200
    claims = Tokens(azure.folder).verified(token, ("access",))
    assert claims["access"] == [{"Type": "repository", "Name": "worker", "Actions": ["pull"]}]
    arm = Tokens(azure.folder).issue(who, who, "https://management.azure.com")["access_token"]
    assert http("POST", f"{registry.id}/scheduleRun?api-version={TASKS}", arm, json={}).status_code == 403
    http("DELETE", f"{assignment}?api-version=2022-04-01", operator())
    assert registry.refresh(entra).status_code == 401


def test_tokens_for_other_things_are_no_tokens_for_a_registry(azure: Azure, registry: Registry) -> None:
    assert registry.refresh(operator("https://storage.azure.com")).status_code == 401
    assert registry.refresh(operator() + "x").status_code == 401
    refresh = registry.refresh(operator()).json()["refresh_token"]
    assert registry.data("GET", "/v2/", refresh).status_code == 401
    token = registry.access("repository:worker:pull", operator())
    assert http("GET", f"{registry.id}?api-version={ACR}", token).status_code == 401
    changed = {"properties": {"policies": {"azureADAuthenticationAsArmPolicy": {"status": "disabled"}}}}
    assert registry.arm("PATCH", json=changed).status_code == 200
    assert registry.refresh(operator()).status_code == 401
    assert registry.refresh(operator("https://containerregistry.azure.net")).status_code == 200


def test_a_closed_registry_lets_only_the_inside_in(azure: Azure, unmade: Registry) -> None:
    unmade.make("Premium", publicNetworkAccess="Disabled")
    refused = unmade.refresh(operator())
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "DENIED")


def public(image: str, tag: str) -> httpx.Response:
    host, _, repository = image.partition("/")
    path = f"/registries/{host}/v2/{repository}/manifests/{tag}"
    challenge = http("HEAD", path)
    assert challenge.status_code == 401
    realm = challenge.headers["WWW-Authenticate"].split('realm="')[1].split('"')[0]
    token = http("GET", f"{realm}?service={host}&scope=repository:{repository}:pull").json()["token"]
    return http("HEAD", path, token)


def test_a_public_tag_keeps_its_digest_until_it_moves_and_a_build_notices(azure: Azure, registry: Registry) -> None:
    before = public("docker.io/library/python", "3.12-slim").headers["Docker-Content-Digest"]
    assert public("docker.io/library/python", "3.12-slim").headers["Docker-Content-Digest"] == before
    assert public("mcr.microsoft.com/library/python", "3.12-slim").headers["Docker-Content-Digest"] != before
    assert public("docker.io/library/missing-one", "1").status_code == 404
    built = registry.build()["outputImages"][0]["digest"]
    moved = azure_local.ask(azure.folder, "POST", "images", {"image": "python:3.12-slim"})
    assert moved["image"] == "docker.io/library/python:3.12-slim"
    assert public("docker.io/library/python", "3.12-slim").headers["Docker-Content-Digest"] == moved["digest"] != before
    assert public("docker.io/library/python", before).status_code == 200, "the old image is still there"
    assert registry.build()["outputImages"][0]["digest"] != built


def test_a_fault_strikes_the_data_plane_in_its_own_words(azure: Azure, registry: Registry) -> None:
    azure.fault(match={"plane": "registry"}, action={"status": 429, "code": "TOOMANYREQUESTS", "retryAfter": 3})
    answer = registry.data("GET", "/v2/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3")
    assert answer.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
