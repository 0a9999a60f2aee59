"""Storage accounts of the local Azure: one container on both planes, networks, and names that XML cannot carry."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import ContainerClient

from reconciler.cloud.cloud import Cloud
from tests.conftest import Azure, World, new_world
from tests.local.test_service import code_of, token


def applied(world: World) -> World:
    """A world of one storage account and one identity that may write to it."""
    for section in ("jobs", "pools", "batchAccount"):
        del world.text[section]
    world.apply()
    return world


@pytest.fixture(scope="module")
def made(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(azure_server, tmp_path_factory.mktemp("made")) as world:
        yield applied(world)


@pytest.fixture
def alone(world: World) -> World:
    """Such a world of a test's own, whose containers are empty."""
    return applied(world)


@pytest.fixture
def stored(made: World, azure: Azure) -> World:
    """Such a world of all tests, whose account is open to all networks."""
    azure.jump()
    set_(made.cloud(), made, {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Allow"}})
    return made


def account(world: World) -> str:
    return f"{world.cloud().group_id}/providers/Microsoft.Storage/storageAccounts/{world.account}"


def listed(world: World) -> dict[str, dict[str, Any]]:
    """The containers that ARM lists, by name, with their properties."""
    containers = world.cloud().list_arm(f"{account(world)}/blobServices/default/containers")
    return {container["name"]: container["properties"] for container in containers}


def test_a_container_is_one_on_both_planes(stored: World) -> None:
    cloud = stored.cloud()
    service, place = cloud.blobs(stored.account), f"{account(stored)}/blobServices/default/containers"
    mine = set(listed(stored))
    service.create_container("theirs", metadata={"made": "here"})
    assert set(listed(stored)) == mine | {"theirs"}
    assert listed(stored)["theirs"]["metadata"] == {"made": "here"}
    body = {"properties": {"metadata": {"By": "ARM"}, "denyEncryptionScopeOverride": False}}
    cloud.arm("PUT", f"{place}/ours", body)
    ours = service.get_container_client("ours")
    assert {name.lower(): value for name, value in ours.get_container_properties().metadata.items()} == {"by": "ARM"}
    shown = cloud.arm("GET", f"{place}/ours").body
    assert shown["properties"]["metadata"] == listed(stored)["ours"]["metadata"] == {"By": "ARM"}
    assert shown["etag"].strip('"') == ours.get_container_properties().etag.strip('"')
    ours.set_container_metadata({"by": "blobs"})
    changed = cloud.arm("GET", f"{place}/ours").body["properties"]
    assert (changed["metadata"], changed["denyEncryptionScopeOverride"]) == ({"by": "blobs"}, False)
    cloud.arm("PATCH", f"{place}/theirs", {"properties": {"publicAccess": "None", "metadata": {"made": "there"}}})
    assert service.get_container_client("theirs").get_container_properties().metadata == {"made": "there"}
    ours.delete_container()
    cloud.arm("DELETE", f"{place}/theirs")
    assert set(listed(stored)) == mine
    with pytest.raises(ResourceNotFoundError):
        service.get_container_client("theirs").get_container_properties()
    service.create_container("ours")
    assert "denyEncryptionScopeOverride" not in listed(stored)["ours"]


def test_answers_about_blobs_are_dated_by_the_clock_that_dates_blobs(stored: World) -> None:
    told: list[datetime] = []
    place = stored.cloud().blobs(stored.account).create_container("dated")
    dated = lambda answer: told.append(parsedate_to_datetime(answer.http_response.headers["Date"]))  # noqa: E731
    place.upload_blob("a", b"", raw_response_hook=dated)
    place.get_blob_client("gone").exists(raw_response_hook=dated)
    assert told[0] >= place.get_blob_client("a").get_blob_properties().last_modified
    assert told[0] <= told[-1]


def test_metadata_of_a_container_is_what_a_header_can_hold(stored: World) -> None:
    place, cloud = f"{account(stored)}/blobServices/default/containers/odd", stored.cloud()
    for value in ("", "a b", "a  b", "a=b;c", 'it\'s "so"', "a,b"):
        cloud.arm("PUT", place, {"properties": {"metadata": {"odd": value}}})
        assert cloud.arm("GET", place).body["properties"]["metadata"] == {"odd": value}
    for value in (" a", "a ", "é"):
        with pytest.raises(HttpResponseError, match="InvalidMetadata"):
            cloud.arm("PUT", place, {"properties": {"metadata": {"odd": value}}})


@pytest.mark.parametrize(
    ("closing", "opening"),
    [
        ({"publicNetworkAccess": "Disabled"}, {"publicNetworkAccess": "Enabled"}),
        (
            {"networkAcls": {"defaultAction": "Deny"}},
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.0/28"}]}},
        ),
        (
            {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}},
            {"networkAcls": {"defaultAction": "Allow"}},
        ),
    ],
)
def test_a_closed_account_lets_nobody_in_that_has_no_way_in(
    stored: World, closing: dict[str, Any], opening: dict[str, Any]
) -> None:
    cloud = stored.cloud()
    images = stored.container("images")
    set_(cloud, stored, {**closing, "allowSharedKeyAccess": True})
    key = cloud.arm("POST", f"{account(stored)}/listKeys").body["keys"][0]["value"]
    with_key = ContainerClient(cloud.blob_endpoint(stored.account), "images", key, retry_total=0)
    for client in (images, with_key):
        with pytest.raises(HttpResponseError) as closed:
            client.upload_blob("blob", b"", overwrite=True)
        assert (closed.value.status_code, code_of(closed.value)) == (403, "AuthorizationFailure")
    assert status(stored, identity(stored)) == 403
    set_(cloud, stored, opening)
    images.upload_blob("blob", b"", overwrite=True)
    assert status(stored, identity(stored)) == 200


def set_(cloud: Cloud, world: World, properties: dict[str, Any]) -> None:
    cloud.arm("PATCH", account(world), {"properties": properties})


def identity(world: World) -> str:
    """The token of the spec's identity, asked for from where the client stands."""
    from azure_local.tokens import Tokens

    place = f"{world.cloud().group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-pool"
    known = world.cloud().arm("GET", place).body["properties"]
    who = (known["principalId"], known["clientId"], "https://storage.azure.com", place)
    return str(Tokens(world.azure.folder).issue(*who)["access_token"])


def status(world: World, bearer: str) -> int:
    return request(world, "GET", "?restype=container&comp=list", bearer).status_code


def request(world: World, method: str, rest: str, bearer: str, version: str = "2025-11-05") -> httpx.Response:
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    headers = {"Authorization": f"Bearer {bearer}", "x-ms-version": version, "x-ms-blob-type": "BlockBlob"}
    url = f"{world.cloud().blob_endpoint(world.account)}/images{rest}"
    return httpx.request(method, url, headers=headers, verify=context, trust_env=False)


def test_a_name_that_xml_cannot_carry_is_listed_encoded(alone: World) -> None:
    images = alone.container("images")
    names = {"plain & simple", "a\uffff<b>", "folder/b\ufffe", "übel"}
    for name in names:
        images.upload_blob(name, name.encode())
    assert {blob.name for blob in images.list_blobs()} == names
    assert images.download_blob("a\uffff<b>").readall() == "a\uffff<b>".encode()
    assert {blob.name for blob in images.walk_blobs(delimiter="/")} == names - {"folder/b\ufffe"} | {"folder/"}
    listing = request(alone, "GET", "?restype=container&comp=list", token("https://storage.azure.com")).text
    assert '<Name Encoded="true">folder%2Fb%EF%BF%BE</Name>' in listing
    assert "<Name>plain &amp; simple</Name>" in listing
    old = request(alone, "GET", "?restype=container&comp=list", token("https://storage.azure.com"), "2020-12-06").text
    assert ("Encoded" in old, "\uffff" in old) == (False, True)


def test_a_url_with_a_control_character_is_refused(alone: World) -> None:
    bearer = token("https://storage.azure.com")
    for character in ("%00", "%01", "%1F", "%0A", "%7F", "%C2%85", "%EF%80%83"):
        answer = request(alone, "PUT", f"/a{character}b", bearer)
        assert (answer.status_code, answer.headers["content-type"]) == (400, "text/html; charset=utf-8"), character
        assert "The request URL is invalid" in answer.text
    assert list(alone.container("images").list_blobs()) == []
