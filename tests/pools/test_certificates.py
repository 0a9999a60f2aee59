"""Certificates of a vault on nodes: checked, awaited, written as the Key Vault extension, and read back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from reconciler.errors import SpecError
from reconciler.kinds import load
from reconciler.kinds.pool import certificates
from reconciler.model import Action
from tests.conftest import World
from tests.documents import dumped
from tests.pools.conftest import Pools
from tests.secrets.vaults import ask, keep, url

ROLE = "Key Vault Secrets User"


def pem() -> str:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "web")]), datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number()).not_valid_before(now)
    signed = made.not_valid_after(now + timedelta(days=3650)).sign(key, hashes.SHA256())
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both = signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(serialization.Encoding.PEM, *plain)
    return both.decode()


def has(world: World, pool: dict[str, Any], *listed: Any) -> str:
    """A vault of the spec, an identity that may read it, and certificates of the pool; the name of the vault."""
    name = f"kv-{world.account}"[:24]
    world.text["keyVaults"] = {name: {"certificates": ["web"], "secrets": ["other"]}}
    world.text["identities"] = {"id-pool": {"roles": [{"role": ROLE, "scope": f"keyVaults/{name}"}]}}
    pool["identity"] = "identities/id-pool"
    pool["certificates"] = list(listed) or [f"keyVaults/{name}/web"]
    return name


def test_nodes_get_certificates_by_an_extension_that_reads_as_the_pools_identity(pools: Pools) -> None:
    world = pools.world
    name = has(world, pools.pool)
    waiting = {str(one.address): one.reason for one in world.plan().of(Action.DEFER)}
    assert f"az keyvault certificate import --vault-name {name} --name web" in waiting[f"vault_secret/{name}/web"]
    assert "pool/pool" in waiting
    world.text["keyVaults"][name]["secrets"] = []
    world.apply()
    keep(world.azure, world.cloud(), name, {})
    made = ask("POST", f"{url(world.cloud(), name)}/certificates/web/import", json={"value": pem()})
    assert made.status_code == 200, made.text
    pools.done()

    live = pools.live()
    (extension,) = live["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]["extensions"]
    (identity,) = live["identity"]["userAssignedIdentities"].values()
    assert extension["settings"]["authenticationSettings"]["msiClientId"] == identity["clientId"]
    (one,) = extension["settings"]["secretsManagementSettings"]["observedCertificates"]
    assert one == {
        "url": f"https://{name}.vault.azure.net/secrets/web",
        "certificateStoreLocation": certificates.STORES[certificates.LINUX],
    }

    pools.pool["certificates"] = [{"secret": f"keyVaults/{name}/web", "store": "/etc/web"}]
    (change,) = (one for decision in world.plan().decisions for one in decision.diff.changes)
    assert (change.key, change.after) == ("certificates[0].store", "/etc/web")
    pools.done()
    del pools.pool["certificates"]
    pools.done()
    assert "extensions" not in pools.live()["properties"]["deploymentConfiguration"]["virtualMachineConfiguration"]


WINDOWS = {"image": "windows-2022"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"identity": None}, "pools.pool.certificates: are fetched as an identity of the pool, which has none"),
    ({"certificates": ["keyVaults/kv/other"]}, "pools.pool.certificates[0]: "),
    ({"certificates": [{"secret": "keyVaults/kv/web", "store": "My"}]}, "certificates[0].store: is no folder"),
    ({**WINDOWS, "certificates": [{"secret": "keyVaults/kv/web", "store": "/a"}]}, "store: is a folder, and Windows"),
    ({"certificates": ["keyVaults/kv/web", {"secret": "keyVaults/kv/web"}]}, "certificates[1]: is given twice"),
    (
        {"extensions": [{"name": "a", "publisher": certificates.PUBLISHER, "type": certificates.LINUX}]},
        "extensions[0]: is what certificates: makes",
    ),
]


@pytest.mark.parametrize(("change", "says"), WRONG, ids=[says for _, says in WRONG])
def test_certificates_that_nodes_could_not_have_are_refused(
    change: dict[str, Any], says: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0, "identity": "identities/id"}
    said = {**pool, "certificates": ["keyVaults/kv/web"], **change}
    text = {
        "apiVersion": "reconciler/v1",
        "name": "n",
        "azure": {"location": "italynorth", "resourceGroup": "rg"},
        "batchAccount": {"name": "acc"},
        "keyVaults": {"kv": {"certificates": ["web"]}},
        "identities": {"id": {"roles": [{"role": ROLE, "scope": "keyVaults/kv"}]}},
        "pools": {"pool": {key: value for key, value in said.items() if value is not None}},
    }
    path = tmp_path_factory.mktemp("spec") / "spec.yaml"
    path.write_text(dumped(text))
    with pytest.raises(SpecError) as caught:
        load(path, {})
    assert says in "\n".join(map(str, caught.value.problems))


def test_who_cannot_read_the_vault_is_told_the_role(tmp_path_factory: pytest.TempPathFactory) -> None:
    text = {
        "apiVersion": "reconciler/v1",
        "name": "n",
        "azure": {"location": "italynorth", "resourceGroup": "rg"},
        "batchAccount": {"name": "acc"},
        "keyVaults": {"kv": {"certificates": ["web"], "secrets": ["web"]}},
        "identities": {"id": {}},
        "pools": {
            "p": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 0, "identity": "identities/id",
                  "certificates": ["keyVaults/kv/web"]}
        },
    }  # fmt: skip
    path = tmp_path_factory.mktemp("spec") / "spec.yaml"
    path.write_text(dumped(text))
    with pytest.raises(SpecError) as caught:
        load(path, {})
    told = "\n".join(map(str, caught.value.problems))
    assert "pools.p.certificates[0]: identities/id cannot read secrets there; give it roles: [{role: Key Vault" in told
    assert "keyVaults.kv.secrets: web is a certificate, too" in told


@pytest.mark.parametrize("settings", [None, {}, {"secretsManagementSettings": {"observedCertificates": ["https://x"]}}])
def test_an_extension_of_our_name_that_others_made_stays_one_of_theirs(settings: Any) -> None:
    extension = {"name": certificates.NAME, "publisher": "p", "type": certificates.LINUX, "settings": settings}
    assert certificates.observed({"extensions": [extension]}, None) == {"extensions": [extension], "certificates": []}
