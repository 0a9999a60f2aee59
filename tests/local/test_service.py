"""The local Azure is as strict as the real one: tokens, roles, networks, versions, faults and restarts."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.identity import DefaultAzureCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.storage.blob import BlobServiceClient

import azure_local
from tests.conftest import Azure, World


def front(azure: Azure) -> str:
    return os.environ["RECONCILE_RESOURCE_MANAGER"]


def token(resource: str = "https://management.azure.com") -> str:
    return DefaultAzureCredential().get_token(f"{resource}/.default").token


def code_of(error: HttpResponseError) -> str:
    response: Any = error.response
    return str(response.headers["x-ms-error-code"])


def ask(azure: Azure, path: str, bearer: str | None = None, method: str = "GET", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    import ssl

    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.request(method, front(azure) + path, headers=headers, **more)


GROUPS = f"/subscriptions/{'0' * 8}-0000-0000-0000-{'0' * 12}/resourcegroups"


def test_resources_asked_for_by_the_value_of_a_tag_are_shown_without_tags(world: World) -> None:
    world.text = {key: world.text[key] for key in ("apiVersion", "name", "azure")} | {"identities": {"id-one": {}}}
    world.apply()
    cloud = world.cloud()
    (shown,) = cloud.list_arm(f"{cloud.group_id}/resources", filter="tagName eq 'reconcile_owner'")
    assert (shown["name"], shown["tags"]["reconcile_owner"]) == ("id-one", cloud.owner)
    asked = f"tagName eq 'reconcile_owner' and tagValue eq '{cloud.owner}'"
    (shown,) = cloud.list_arm(f"{cloud.group_id}/resources", filter=asked)
    assert (shown["name"], "tags" in shown) == ("id-one", False)


def test_a_request_needs_a_token_of_ours_for_this_audience_and_time(azure: Azure) -> None:
    path = f"{GROUPS}?api-version=2025-04-01"
    assert ask(azure, path).status_code == 401
    good = token()
    assert ask(azure, path, good).status_code == 200
    claims = jwt.decode(good, options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for bad in (forged, unsigned, good[:-4] + "AAAA", token("https://storage.azure.com")):
        answer = ask(azure, path, bad)
        assert answer.status_code == 401
        assert answer.json()["error"]["code"].startswith("Invalid")
        assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_another_tenant_is_refused_where_it_signs_in_and_at_every_plane(azure: Azure) -> None:
    other = "99999999-8888-7777-6666-555555555555"
    form = {"grant_type": "client_credentials", "client_id": os.environ["AZURE_CLIENT_ID"]}
    answer = ask(azure, f"/{other}/oauth2/v2.0/token", None, "POST", data=form)
    told = answer.json()
    assert (answer.status_code, told["error"], told["error_codes"]) == (400, "invalid_request", [90002])
    assert told["error_description"].startswith(f"AADSTS90002: Tenant '{other}' not found.")
    discovery = ask(azure, f"/{other}/v2.0/.well-known/openid-configuration")
    assert (discovery.status_code, discovery.json()["error"]) == (400, "invalid_tenant")

    from azure_local.tokens import Tokens

    def foreign(resource: str) -> str:
        tokens = Tokens(azure.folder)
        known = tokens.issue("someone", "someone", resource)["access_token"]
        return tokens.sign({**jwt.decode(known, options={"verify_signature": False}), "tid": other})

    refused = ask(azure, f"{GROUPS}?api-version=2025-04-01", foreign("https://management.azure.com"))
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (401, "InvalidAuthenticationTokenTenant")
    assert f"wrong issuer 'https://sts.windows.net/{other}/'" in error["message"]
    batch = ask(azure, "/batch/ba/pools?api-version=2024-07-01.20.0", foreign("https://batch.core.windows.net"))
    assert batch.status_code == 401


def test_versions_routes_and_letter_case_are_arms(azure: Azure) -> None:
    bearer = token()
    assert ask(azure, GROUPS, bearer).json()["error"]["code"] == "MissingApiVersionParameter"
    wrong = ask(azure, f"{GROUPS}?api-version=1999-01-01", bearer)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "InvalidApiVersionParameter")
    assert ask(azure, f"{GROUPS.upper()}?api-version=2024-11-01", bearer).status_code == 200
    nowhere = ask(azure, f"{GROUPS}/x/providers/Microsoft.Nothing/things?api-version=2025-04-01", bearer)
    assert nowhere.status_code == 404
    assert any("Microsoft.Nothing" in gap for gap in azure_local.ask(azure.folder, "GET", "gaps"))


def test_a_body_with_an_unknown_member_is_refused(azure: Azure) -> None:
    body = {"location": "italynorth", "tagz": {}}
    answer = ask(azure, f"{GROUPS}/rg-bad?api-version=2025-04-01", token(), "PUT", json=body)
    assert answer.status_code == 400
    assert "tagz" in answer.json()["error"]["message"]


def test_keys_are_refused_where_they_are_off_and_networks_where_they_are_closed(world: World) -> None:
    for section in ("jobs", "pools", "batchAccount"):
        del world.text[section]
    world.apply()
    cloud = world.cloud()
    account = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{world.account}"
    key = cloud.arm("POST", f"{account}/listKeys").body["keys"][0]["value"]
    url = cloud.blob_endpoint(world.account)
    with_key = BlobServiceClient(url, {"account_name": world.account, "account_key": key}, retry_total=0)
    with pytest.raises(HttpResponseError) as refused:
        list(with_key.get_container_client("images").list_blobs())
    assert code_of(refused.value) == "KeyBasedAuthenticationNotPermitted"
    world.text["storage"][world.account]["allowSharedKeyAccess"] = True
    world.apply()
    assert list(with_key.get_container_client("images").list_blobs()) == []
    world.text["storage"][world.account]["publicNetworkAccess"] = "Disabled"
    world.apply()
    with pytest.raises(HttpResponseError) as closed:
        list(world.container("images").list_blobs())
    assert code_of(closed.value) == "AuthorizationFailure"


def test_an_identity_reaches_blobs_only_with_a_role_that_has_had_time_to_work(world: World) -> None:
    for section in ("jobs", "pools", "batchAccount"):
        del world.text[section]
    roles = world.text["identities"]["id-pool"].pop("roles")
    world.apply()
    cloud = world.cloud()
    identity = f"{cloud.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pool"
    principal = cloud.arm("GET", identity).body["properties"]["principalId"]
    from azure_local.tokens import Tokens

    issued = Tokens(world.azure.folder).issue(principal, principal, "https://storage.azure.com", identity)
    blob = f"{cloud.blob_endpoint(world.account)}/images?restype=container&comp=list"

    def status() -> int:
        import ssl

        context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        headers = {"Authorization": f"Bearer {issued['access_token']}", "x-ms-version": "2025-11-05"}
        return httpx.get(blob, headers=headers, verify=context, trust_env=False).status_code

    assert status() == 403
    world.text["identities"]["id-pool"]["roles"] = roles
    assert {str(one.status) for one in world.apply().values()} == {"done"}
    assert status() == 200


def test_state_survives_a_restart_and_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "azure"
    before = dict(os.environ)
    try:
        azure_local.up(folder, speed=600)
        os.environ.update(azure_local.env(folder))
        _make_blob(folder)
        profile = azure_local.profile(folder)
        assert profile is not None
        azure_local.down(folder)
        assert azure_local.profile(folder) is None
        assert azure_local.up(folder, speed=600)["env"] == profile["env"], "what clients were told stays true"
        assert _blob() == b"kept"
        pid = azure_local.up(folder, speed=600)["pid"]
        os.kill(pid, signal.SIGKILL)
        azure_local.up(folder, speed=600)
        assert [group.name for group in _resources().resource_groups.list()] == ["rg-kept"]
    finally:
        azure_local.down(folder)
        os.environ.clear()
        os.environ.update(before)


def _resources() -> ResourceManagementClient:
    subscription = os.environ["AZURE_SUBSCRIPTION_ID"]
    url = os.environ["RECONCILE_RESOURCE_MANAGER"]
    return ResourceManagementClient(DefaultAzureCredential(), subscription, base_url=url)


def _blob_service() -> BlobServiceClient:
    generic = _resources().resources.get_by_id(_account(), api_version="2025-01-01")
    endpoint = generic.as_dict()["properties"]["primaryEndpoints"]["blob"]
    return BlobServiceClient(endpoint, DefaultAzureCredential())


def _account() -> str:
    group = f"/subscriptions/{os.environ['AZURE_SUBSCRIPTION_ID']}/resourceGroups/rg-kept"
    return f"{group}/providers/Microsoft.Storage/storageAccounts/sakept"


def _make_blob(folder: Path) -> None:
    """As any SDK script would: registers the provider, polls the long operation, uploads."""
    client = _resources()
    client.resource_groups.create_or_update("rg-kept", {"location": "italynorth"})
    body: Any = {"location": "italynorth", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    client.providers.register("Microsoft.Storage")
    azure_local.ask(folder, "POST", "clock", {"advance": 60})
    options: Any = {"api_version": "2025-01-01", "polling_interval": 1}
    poller = client.resources.begin_create_or_update_by_id(_account(), body, **options)
    assert poller.result().name == "sakept"
    service = _blob_service()
    service.create_container("kept").upload_blob("blob", b"kept")
    with pytest.raises(ResourceExistsError):
        service.create_container("kept")


def _blob() -> bytes:
    return bytes(_blob_service().get_blob_client("kept", "blob").download_blob().readall())


def test_an_account_whose_name_begins_like_a_deleted_ones_stays(world: World) -> None:
    for section in ("jobs", "pools", "identities", "storage"):
        del world.text[section]
    world.apply()
    accounts, group = world.cloud().batch_management.batch_account, world.text["azure"]["resourceGroup"]
    name = world.text["batchAccount"]["name"]
    accounts.begin_create(group, f"{name}0", {"location": world.text["azure"]["location"]}).result()
    accounts.begin_delete(group, name).result()
    assert [one.name for one in accounts.list_by_resource_group(group)] == [f"{name}0"]
    accounts.begin_delete(group, f"{name}0").result()
