"""Vaults of the local Azure are as strict as Azure's: names, networks, soft delete, and who may use a key."""

from __future__ import annotations

import os
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from reconciler.cloud.cloud import Cloud
from tests.conftest import World
from tests.secrets.vaults import ADMINISTRATOR, ask, give, vault

VERSION = "2026-02-01"
DELETED = "providers/Microsoft.KeyVault/locations/italynorth/deletedVaults"


def sent(cloud: Cloud, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Status and body, or the code of a refusal."""
    try:
        answer = cloud.arm(method, path, body, VERSION)
    except HttpResponseError as error:
        return error.status_code or 0, error.error.code if error.error else ""
    return answer.status, answer.body


def properties(**more: Any) -> dict[str, Any]:
    usual = {"tenantId": os.environ["AZURE_TENANT_ID"], "sku": {"family": "A", "name": "standard"}}
    return {"location": "italynorth", "properties": {**usual, **more}}


def test_a_deleted_vault_keeps_its_name_and_what_is_in_it(world: World) -> None:
    cloud, name = world.cloud(), f"kd-{world.account}"[:24]
    kept = vault(world.azure, cloud, name)
    give(cloud, kept["id"], os.environ["AZURE_CLIENT_ID"], ADMINISTRATOR)
    world.azure.advance(900)
    secret = f"{kept['properties']['vaultUri']}secrets/one"
    assert ask("PUT", secret, json={"value": "1", "attributes": {"exp": 4_000_000_000}}).status_code == 200
    there = f"/subscriptions/{cloud.target.subscription}/{DELETED}/{name}"

    assert sent(cloud, "DELETE", kept["id"])[0] == 200
    assert ask("GET", secret).status_code == 404
    assert sent(cloud, "GET", there)[1]["properties"]["vaultId"] == kept["id"]
    assert sent(cloud, "PUT", kept["id"], properties()) == (409, "ConflictError")
    assert sent(cloud, "PUT", kept["id"], properties(createMode="recover"))[0] == 200
    assert ask("GET", secret).json()["value"] == "1"
    (shown,) = sent(cloud, "GET", f"{kept['id']}/secrets")[1]["value"]
    assert shown["properties"]["attributes"]["exp"] == 4_000_000_000
    assert "value" not in shown["properties"]
    (listed,) = ask("GET", secret.removesuffix("/one")).json()["value"]
    assert listed["id"].endswith("/secrets/one")
    assert "value" not in listed

    assert ask("DELETE", secret).status_code == 200
    assert (
        ask("PUT", secret, json={"value": "2"}).json()["error"]["innererror"]["code"] == "ObjectIsDeletedButRecoverable"
    )
    assert ask("POST", secret.replace("/secrets/", "/deletedsecrets/") + "/recover").status_code == 200
    assert ask("GET", secret).json()["value"] == "1"
    assert ask("PUT", secret, json={"value": "x" * 25_601}).status_code == 400

    assert sent(cloud, "DELETE", kept["id"])[0] == 200
    assert sent(cloud, "POST", f"{there}/purge")[0] == 200
    assert sent(cloud, "PUT", kept["id"], properties())[0] == 201
    assert ask("GET", secret).status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"publicNetworkAccess": "Disabled"}, "ForbiddenByConnection"),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.7"}]}}, "ForbiddenByFirewall"),
        ({"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.10"}]}}, "ForbiddenByRbac"),
    ],
    ids=["closed", "another address", "this address"],
)
def test_a_closed_network_comes_before_roles(world: World, change: dict[str, Any], why: str) -> None:
    kept = vault(world.azure, world.cloud(), f"kn-{world.account}"[:24], **change)
    refused = ask("GET", f"{kept['properties']['vaultUri']}secrets/one")
    assert (refused.status_code, refused.json()["error"]["innererror"]["code"]) == (403, why)


def test_what_never_changes_is_refused(world: World) -> None:
    cloud = world.cloud()
    kept = vault(world.azure, cloud, f"kp-{world.account}"[:24], enablePurgeProtection=True)
    for wrong in ({"enablePurgeProtection": False}, {"softDeleteRetentionInDays": 7}, {"enableSoftDelete": False}):
        assert sent(cloud, "PATCH", kept["id"], {"properties": wrong}) == (400, "BadRequest")
    there = f"/subscriptions/{cloud.target.subscription}/{DELETED}/{kept['name']}/purge"
    assert sent(cloud, "DELETE", kept["id"])[0] == 200
    assert sent(cloud, "POST", there) == (409, "MethodNotAllowed")
