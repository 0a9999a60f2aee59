"""The right way: a node fetches its secret from a Key Vault as the pool's identity, and nobody else sees it."""

from __future__ import annotations

import os

from reconciler.model import Address, Status
from tests.cli.command import CHECKOUT
from tests.conftest import World
from tests.documents import loaded
from tests.secrets.vaults import OFFICER, USER, ask, give, vault

VALUE = "correct horse battery staple"


def test_a_node_fetches_its_secret_and_nobody_else_sees_it(world: World) -> None:
    azure, text = world.azure, loaded((CHECKOUT / "specs/secret.yaml").read_text())
    world.text = {**text, "name": world.text["name"], "azure": world.text["azure"]}
    world.text["batchAccount"] = {"name": world.account}
    kept = vault(azure, world.cloud(), f"kv-{world.account}"[:24])
    url = kept["properties"]["vaultUri"].rstrip("/")
    secret = f"{url}/secrets/license-server"
    assert ask("PUT", secret, json={"value": VALUE}).status_code == 403
    give(world.cloud(), kept["id"], os.environ["AZURE_CLIENT_ID"], OFFICER)
    azure.advance(900)
    assert ask("PUT", secret, json={"value": "older"}).status_code == 200
    assert ask("PUT", secret, json={"value": VALUE}).status_code == 200
    world.text["pools"]["first"]["startTask"]["environmentSettings"]["VAULT_URL"] = url

    made = world.apply(targets=(Address("identity", "id-secret-pool"),))
    assert set(made) == {"resource_group/" + world.text["azure"]["resourceGroup"], "identity/id-secret-pool"}
    identities = f"{world.cloud().group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    identity = world.cloud().arm("GET", f"{identities}/id-secret-pool").body
    azure.advance(300)  # until the directory knows the new identity
    give(world.cloud(), kept["id"], identity["properties"]["principalId"], USER)
    azure.advance(900)
    outcomes = world.apply()
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    (file,) = (azure.folder / "nodes" / world.account).rglob("license-server")
    assert file.read_text() == VALUE
    assert file.stat().st_mode & 0o077 == 0
    assert VALUE not in (azure.folder / "wire.jsonl").read_text()


def test_a_vault_is_as_strict_as_azures(world: World) -> None:
    kept = vault(world.azure, world.cloud(), f"kw-{world.account}"[:24])
    url = kept["properties"]["vaultUri"].rstrip("/")
    refused = ask("GET", f"{url}/secrets/one")
    assert (refused.status_code, refused.json()["error"]["innererror"]) == (403, {"code": "ForbiddenByRbac"})
    give(world.cloud(), kept["id"], os.environ["AZURE_CLIENT_ID"], USER)
    world.azure.advance(900)
    missing = ask("GET", f"{url}/secrets/one")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "SecretNotFound")
    assert ask("PUT", f"{url}/secrets/one", json={"value": "x"}).status_code == 403
    other = ask("GET", f"{url}/secrets/one", scope="https://management.azure.com")
    assert other.status_code == 401
    assert 'resource="https://vault.azure.net"' in other.headers["WWW-Authenticate"]
    assert ask("GET", f"{url}x/secrets/one").status_code == 404
