"""A live pool in a spec's words: what is said of it, what is noted, and what keeps it out of the spec."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.kind.inverse import Known
from reconciler.kind.words import Unsayable
from reconciler.kinds.pool import body, inverse

ACCOUNT = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/ba"
IDENTITIES = "/subscriptions/s/resourcegroups/rg/providers/microsoft.managedidentity/userassignedidentities"
KNOWN = Known(
    "rg",
    "s",
    said={
        "batch_account": {ACCOUNT.lower(): "ba"},
        "identity": {f"{IDENTITIES}/a": "a", f"{IDENTITIES}/b": "b"},
    },
    live={"gallery": ("Mine",)},
)
MARKETPLACE = {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts"}
GALLERY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/mine/images/i/versions/1.0.0"


def said(known: Known = KNOWN, machine: dict[str, Any] | None = None, **properties: Any) -> tuple[Any, list[str]]:
    """The entry of a pool with these properties, and the notes."""
    booted = {"nodeAgentSkuId": "batch.node.ubuntu 22.04", "imageReference": MARKETPLACE, **(machine or {})}
    raw = {
        "id": f"{ACCOUNT}/pools/p",
        "name": "p",
        "identity": {"userAssignedIdentities": {f"{IDENTITIES}/{name}": {} for name in properties.pop("ids", "")}},
        "properties": {
            "vmSize": "STANDARD_D2S_V3",
            "taskSlotsPerNode": 1,
            "deploymentConfiguration": {"virtualMachineConfiguration": booted},
            "scaleSettings": {"fixedScale": {"targetDedicatedNodes": 1}},
            **properties,
        },
    }
    notes: list[str] = []
    return inverse.section(body.observed(raw, None), known, notes), notes


PLAIN = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}
URN = "canonical:0001-com-ubuntu-server-jammy"
AGENT = {"nodeAgentSkuId": "batch.node.ubuntu 22.04"}
PULLS = {
    "type": "DockerCompatible",
    "containerImageNames": ["x:1"],
    "containerRegistries": [{"registryServer": "r.io", "identityReference": {"resourceId": f"{IDENTITIES}/B"}}],
}
STARTS = {
    "commandLine": "x",
    "maxTaskRetryCount": 0,
    "waitForSuccess": True,
    "userIdentity": {"autoUser": {"scope": "Pool", "elevationLevel": "Admin"}},
    "environmentSettings": [{"name": "A", "value": "1"}],
}
TOOL = {"id": f"{ACCOUNT}/applications/Tool", "version": "1"}


@pytest.mark.parametrize(
    ("machine", "properties", "more"),
    [
        ({}, {}, {}),
        ({"imageReference": {**MARKETPLACE, "version": "22.04.1"}}, {}, {"image": f"{URN}:22_04-lts:22.04.1"}),
        ({"imageReference": {**MARKETPLACE, "sku": "other"}}, {}, {"image": f"{URN}:other"}),
        (
            {"imageReference": {"id": GALLERY}},
            {},
            {"image": {"gallery": "Mine", "definition": "i", "version": "1.0.0"}, **AGENT},
        ),
        ({}, {"ids": "a"}, {"identity": "identities/a"}),
        ({}, {"ids": "ab"}, {"identity": ["identities/a", "identities/b"]}),
        (
            {"containerConfiguration": PULLS},
            {"ids": "ab"},
            {"identity": ["identities/b", "identities/a"], "containers": {"images": ["x:1"], "registries": ["r.io"]}},
        ),
        ({}, {"taskSlotsPerNode": 4, "displayName": "My pool"}, {"taskSlotsPerNode": 4, "displayName": "My pool"}),
        ({}, {"applicationPackages": [TOOL]}, {"applicationPackages": [{"id": "tool", "version": "1"}]}),
        ({}, {"interNodeCommunication": "Enabled", "userAccounts": []}, {"interNodeCommunication": "Enabled"}),
        (
            {},
            {"startTask": STARTS},
            {"startTask": {"commandLine": "x", "elevationLevel": "Admin", "environmentSettings": {"A": "1"}}},
        ),
    ],
)
def test_a_pool_is_said_as_shortly_as_can_be(
    machine: dict[str, Any], properties: dict[str, Any], more: dict[str, Any]
) -> None:
    entry, notes = said(machine=machine, **properties)
    assert notes == []
    assert entry == {**PLAIN, **more}


def mount(**configuration: Any) -> dict[str, Any]:
    return {"mountConfiguration": [configuration]}


def test_what_stays_though_a_spec_cannot_say_it_is_noted() -> None:
    entry, notes = said(machine={"windowsConfiguration": {"enableAutomaticUpdates": False}, "odd": None})
    assert entry == PLAIN
    assert notes == [
        "windowsConfiguration is nothing that a spec can say; it stays until another property of the machine changes"
    ]
    blobs = {"accountName": "sa", "containerName": "c", "relativeMountPath": "data"}
    _, notes = said(**mount(azureBlobFileSystemConfiguration=blobs))
    assert notes == ["the key with which data is mounted is a secret: Azure does not show it, and it stays"]
    by_identity = {**blobs, "identityReference": {"resourceId": f"{IDENTITIES}/a"}}
    entry, notes = said(**mount(azureBlobFileSystemConfiguration=by_identity, nfsMountConfiguration=None))
    assert notes == []
    assert entry["mountConfiguration"][0]["azureBlobFileSystemConfiguration"]["relativeMountPath"] == "data"


@pytest.mark.parametrize(
    ("known", "properties", "why"),
    [
        (Known("rg", "s"), {}, "its Batch account is left out"),
        (KNOWN, {"ids": "c"}, f"it uses the identity {IDENTITIES}/c, which is not in the spec"),
        (
            KNOWN,
            {"applicationPackages": [{"id": "/other/applications/tool"}]},
            "its application package /other/applications/tool is not one of the account",
        ),
        (
            KNOWN,
            mount(azureFileShareConfiguration={"accountKey": "x"}),
            "its azureFileShareConfiguration needs a key, which is a secret; a spec mounts blobs by identity, or NFS",
        ),
    ],
)
def test_a_pool_that_a_spec_cannot_say_is_left_out(known: Known, properties: dict[str, Any], why: str) -> None:
    with pytest.raises(Unsayable) as caught:
        said(known, **properties)
    assert str(caught.value) == why
