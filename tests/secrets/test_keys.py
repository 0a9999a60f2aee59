"""Accounts that encrypt with a key of a vault, from nothing to an end that leaves the name of the vault behind."""

from __future__ import annotations

import threading
from typing import Any

from reconciler.engine import loop
from reconciler.kinds import KINDS
from reconciler.model import Action, Status
from tests.conftest import World
from tests.secrets.vaults import keep

ROLE = "Key Vault Crypto Service Encryption User"


def refused(world: World) -> str:
    return " ".join(one.reason for one in world.plan().decisions if one.action is Action.REFUSE)


def test_an_account_encrypts_once_its_key_is_there_and_the_vault_keeps_its_name(world: World) -> None:
    name = f"kk-{world.account}"[:24]
    used = {"key": f"keyVaults/{name}/data", "identity": "identities/id-data"}
    head: dict[str, Any] = {key: world.text[key] for key in ("apiVersion", "name", "azure")}
    world.text = {
        **head,
        "keyVaults": {name: {"keys": ["data"], "enablePurgeProtection": True}},
        "identities": {"id-data": {"roles": [{"role": ROLE, "scope": f"keyVaults/{name}"}]}},
        "storage": {world.account: {"encryption": used}},
        "batchAccount": {"name": world.account, "encryption": used},
    }
    world.apply()
    held = {str(one.address) for one in world.plan().decisions if one.action is Action.DEFER}
    assert held == {f"vault_key/{name}/data", f"storage_account/{world.account}", f"batch_account/{world.account}"}
    keep(world.azure, world.cloud(), name, {}, "data")
    outcomes = world.apply()
    assert {one.status for one in outcomes.values()} == {Status.DONE}, outcomes
    assert world.plan().steps == ()

    spec = world.spec()
    cloud = world.cloud(spec)
    reading = loop.read(spec, cloud, KINDS, destroying=True)
    gone = loop.carry_out(reading, cloud, KINDS, listen=lambda event: None, stop=threading.Event())
    assert {one.status for one in gone} == {Status.DONE}, gone
    lost = next(one.goes for one in reading.plan.decisions if str(one.address) == f"key_vault/{name}")
    assert "come back with az keyvault recover" in lost
    assert "cannot be purged" in lost
    told = refused(world)
    assert "one of this name was deleted, and keeps the name until" in told
    assert f"bring it back: az keyvault recover --name {name}" in told
    assert "purge --name" not in told
