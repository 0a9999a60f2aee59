"""The right way: a node fetches its secret from a Key Vault as the pool's identity, and nobody else sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from reconciler.model import Action, Plan, Status
from tests.cli.command import CHECKOUT
from tests.conftest import World
from tests.documents import loaded
from tests.local.pools import until
from tests.secrets.vaults import USER, ask, give, keep, url, vault

VALUE = "correct horse battery staple"


def example(world: World) -> str:
    """specs/secret.yaml under names of the world's own; the name of its vault."""
    name = f"kv-{world.account}"[:24]
    text = loaded((CHECKOUT / "specs/secret.yaml").read_text().replace("kv-secret-pool", name))
    world.text = {**text, "name": world.text["name"], "azure": world.text["azure"]}
    world.text["batchAccount"] = {"name": world.account}
    return name


def ended(world: World, job: str, *known: str) -> Any:
    """The task of a job that is none of the known ones, once it has ended."""

    def look() -> Any:
        tasks = world.cloud().batch().list_tasks(job)
        return next((task for task in tasks if task.id not in known and task.state == "completed"), None)

    return until(look)


def deferred(plan: Plan) -> dict[str, str]:
    return {str(one.address): one.reason for one in plan.decisions if one.action is Action.DEFER}


def test_nodes_and_tasks_fetch_their_secrets_and_nobody_else_sees_them(world: World) -> None:
    azure, name = world.azure, example(world)
    held = deferred(world.plan())
    secrets = {f"vault_secret/{name}/license-server", f"vault_secret/{name}/db-password"}
    assert held.keys() == {*secrets, "pool/first", "job/report", "tasks/report"}
    assert f"az keyvault secret set --vault-name {name} --name db-password" in held[f"vault_secret/{name}/db-password"]
    made = world.apply()
    assert {one.status for one in made.values()} == {Status.DONE}, made

    keep(azure, world.cloud(), name, {"license-server": "older", "db-password": f"{VALUE}\n'\""})
    there = f"{url(world.cloud(), name)}/secrets"
    assert ask("PUT", f"{there}/license-server", json={"value": VALUE}).status_code == 200
    told: list[Any] = []
    outcomes = world.apply(listen=told.append)
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    (file,) = (azure.folder / "nodes" / world.account).rglob("license-server")
    assert file.read_text() == f"{VALUE}\n"
    assert file.stat().st_mode & 0o077 == 0
    task = ended(world, "report")
    assert b"".join(world.cloud().batch().download_task_file("report", task.id, "stdout.txt")).strip() == b"32"
    assert world.plan().steps == ()
    shown = [(azure.folder / "wire.jsonl").read_text(), str(told), str(task.as_dict()), str(world.planned)]
    assert not any(VALUE in text for text in shown)

    assert ask("PATCH", f"{there}/db-password", json={"attributes": {"enabled": False}}).status_code == 200
    world.text["jobs"]["report"]["tasks"]["count"]["command"] = "true"
    world.apply()
    assert ended(world, "report", task.id).execution_info.exit_code == 78
    command = [sys.executable, "-m", "reconciler", "why", "--spec", str(world.file), "job/report"]
    why = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    assert f"the secret keyVaults/{name}/db-password is disabled" in why
    assert "enable it, or set a new version" in why


def test_a_vault_is_as_strict_as_azures(world: World) -> None:
    kept = vault(world.azure, world.cloud(), f"kw-{world.account}"[:24])
    here = kept["properties"]["vaultUri"].rstrip("/")
    refused = ask("GET", f"{here}/secrets/one")
    assert (refused.status_code, refused.json()["error"]["innererror"]) == (403, {"code": "ForbiddenByRbac"})
    give(world.cloud(), kept["id"], os.environ["AZURE_CLIENT_ID"], USER)
    world.azure.advance(900)
    missing = ask("GET", f"{here}/secrets/one")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "SecretNotFound")
    assert ask("PUT", f"{here}/secrets/one", json={"value": "x"}).status_code == 403
    other = ask("GET", f"{here}/secrets/one", scope="https://management.azure.com")
    assert other.status_code == 401
    assert 'resource="https://vault.azure.net"' in other.headers["WWW-Authenticate"]
    assert ask("GET", f"{here}x/secrets/one").status_code == 404
