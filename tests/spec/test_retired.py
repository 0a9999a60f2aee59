"""What Azure retires: a warning before its day, an error from then on, and only for `validate`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.azure import images, retired
from reconciler.errors import SpecError
from reconciler.kinds import load
from tests.documents import loaded

CASES = loaded((Path(__file__).parents[1] / "cases/spec/retired.yaml").read_text())
HEAD = """\
apiVersion: reconciler/v1
name: test
azure: {subscription: 00000000-1111-2222-3333-444444444444, location: italynorth, resourceGroup: rg-test}
batchAccount: {name: abc}

pools:
"""


def written(folder: Path, pool: dict[str, Any]) -> Path:
    flow = yaml.safe_dump(pool, default_flow_style=True, sort_keys=False, width=1000).strip()
    path = folder / "spec.yaml"
    path.write_text(f"{HEAD}  p: {flow}\n")
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_azure_retires_is_told_with_its_date(case: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path, {"vmSize": "Standard_D2s_v5", "nodes": 1} | case["pool"])
    if "says" in case or "contains" in case:
        with pytest.raises(SpecError) as caught:
            load(path, {}, today=case["day"])
        said = [str(one).replace(f"{path}:", "", 1).partition(" ")[2] for one in caught.value.problems]
        assert said == case.get("says") or case.get("contains", "-") in said[0]
        return
    warnings = [str(one).replace(f"{path}:", "", 1) for one in load(path, {}, today=case["day"]).warnings]
    assert [warning.partition(" ")[2] for warning in warnings] == case.get("warns", [])
    assert all(warning.startswith("7:") for warning in warnings)


def test_a_problem_has_the_place_of_the_field(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"{HEAD}  p:\n    vmSize: Standard_D2s_v5\n    nodes: 1\n    image: Canonical:UbuntuServer:16.04-LTS\n"
    )
    with pytest.raises(SpecError) as caught:
        load(path, {}, today=date(2026, 11, 21))
    assert str(caught.value.problems[0]).startswith(f"{path}:10:12 pools.p.image: ")


def test_a_spec_stays_loadable_so_that_what_is_live_can_be_seen_and_deleted(tmp_path: Path) -> None:
    path = written(tmp_path, {"vmSize": "Standard_NC6s_v3", "nodes": 1, "image": "Canonical:UbuntuServer:16.04-LTS"})
    assert load(path, {}).pools["p"]["vmSize"] == ["Standard_NC6s_v3"]


@pytest.mark.parametrize("name", images.SHORT)
def test_no_short_name_is_of_an_image_that_has_ended(name: str) -> None:
    notice = retired.image(images.SHORT[name])
    assert notice is None or not notice.past(date(2026, 11, 21))


def test_every_image_pattern_leads_to_a_node_agent_with_a_date() -> None:
    examples = ["canonical:ubuntuserver:14.04.5-lts", "openlogic:centos:7_9", "debian:debian-10:10-gen2"]
    examples += ["microsoft-dsvm:ubuntu-hpc:2004", "microsoft-azure-batch:centos-container:7-8", "credativ:debian:9"]
    found = [retired.image(one) for one in examples]
    assert all(found), dict(zip(examples, found, strict=True))
    assert retired.image("microsoftwindowsserver:windowsserver:2016-datacenter") == retired.WINDOWS_2016
    assert retired.image("microsoftwindowsserver:windowsserver:2022-datacenter") is None


def test_old_tls_of_a_storage_account_is_an_error_from_its_day_on(tmp_path: Path) -> None:
    path = written(tmp_path, {"vmSize": "Standard_D2s_v5", "nodes": 1, "image": "ubuntu-24.04"})
    path.write_text(f"{path.read_text()}storage: {{sacase01: {{minimumTlsVersion: TLS1_1}}}}\n")
    loaded = load(path, {}, today=date(2026, 2, 2))
    what = "TLS 1.0 and 1.1 of storage accounts"
    (warning,) = loaded.warnings
    assert str(warning).endswith(f"storage.sacase01.minimumTlsVersion: {what} ends on 2026-02-03; use TLS1_2")
    with pytest.raises(SpecError, match=f"{what} ended on 2026-02-03"):
        load(path, {}, today=date(2026, 2, 3))


def advice(path: Path) -> list[str]:
    """The keys that warnings are about, as `line:column path`."""
    return [
        str(warning).removeprefix(f"{path}:").partition(": ")[0]
        for warning in load(path, {}, today=date(2026, 11, 21)).warnings
    ]


def test_what_lost_its_meaning_is_advised_against(tmp_path: Path) -> None:
    pool: dict[str, Any] = {"vmSize": "Standard_D2s_v5", "nodes": 1, "image": "ubuntu-24.04"}
    assert advice(written(tmp_path, pool)) == []
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/s"
    hidden = {"subnetId": subnet, "publicIPAddressConfiguration": {"provision": "NoPublicIPAddresses"}}
    blobs = {
        "accountName": "sacase01",
        "containerName": "c",
        "relativeMountPath": "c",
        "identityReference": {"resourceId": "identities/nodes"},
    }
    mounts = [{"azureBlobFileSystemConfiguration": {**blobs, "blobfuseOptions": "-o attr_timeout=240"}}]
    identity = {"identity": "identities/nodes"}
    path = written(tmp_path, {**pool, **identity, "networkConfiguration": hidden, "mountConfiguration": mounts})
    modes = "{name: abc, publicNetworkAccess: Disabled, allowedAuthenticationModes: [AAD, TaskAuthenticationToken]}"
    path.write_text(
        f"{path.read_text()}identities: {{nodes: {{}}}}\n".replace(
            "batchAccount: {name: abc}", f"batchAccount: {modes}"
        )
    )
    assert [text.partition(" ")[2] for text in advice(path)] == [
        "batchAccount.allowedAuthenticationModes",
        "batchAccount.publicNetworkAccess",
        "pools.p.networkConfiguration.publicIPAddressConfiguration.provision",
        "pools.p.mountConfiguration[0].azureBlobFileSystemConfiguration.blobfuseOptions",
    ]
