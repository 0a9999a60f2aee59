"""What a spec cannot say, what is secret and what is hostile: left out and told, or said exactly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.model import Address
from reconciler.render import as_yaml
from tests.importing.conftest import Imports, changes
from tests.importing.plain import Plain

SAS = "https://x.blob.core.windows.net/c/b?sv=2024-11-04&sig=c2VjcmV0c2VjcmV0%3D&se=2030-01-01"
VALUES = {
    "plain": "no",
    "number": "1e5",
    "variable": "${HOME} $${X} $${",
    "lines": "a\nb: c\n\n  d\n",
    "yaml": "- &a {b: [c]} # d",
    "quotes": "'\"\\",
    "unicode": "ü 😀 \u2028",
    "tab": "\t x ",
    "long": "word " * 300,
}


def test_hostile_metadata_survives(imports: Imports, plain: Plain) -> None:
    plain.make_account()
    odd = {**VALUES, "na-me": "stays"}
    plain.make_pool("first", metadata=[{"name": name, "value": value} for name, value in odd.items()])
    plain.make_job("work", "first", metadata=[{"name": name, "value": value} for name, value in VALUES.items()])
    made = imports.draft()
    spec = imports.written(made)
    assert spec.pools["first"]["metadata"] == VALUES
    assert spec.jobs["work"]["metadata"] == VALUES
    told = "metadata.na-me cannot be a name and value of a spec; it stays as it is"
    assert made.notes == [(Address("pool", "first"), told)]
    owned = imports.imported()
    owned.apply(poll_seconds=0.05)
    assert changes(owned.plan()) == {}
    kept = {one["name"]: one["value"] for one in plain.live("first")["properties"]["metadata"]}
    assert {name: kept[name] for name in odd} == odd


def test_secrets_are_never_written(imports: Imports, plain: Plain) -> None:
    plain.make_account()
    settings = {"DATA": SAS, "DB_PASSWORD": "hunter2hunter2", "TOKENIZERS_PARALLELISM": "false"}
    environment = [{"name": name, "value": value} for name, value in settings.items()]
    start = {"commandLine": "/bin/true", "environmentSettings": environment}
    plain.make_pool("named", startTask=start, userAccounts=[{"name": "u", "password": "Pa55word!xyzzy"}])
    plain.make_pool("signed", startTask={"commandLine": f"curl '{SAS}'"})
    files = [{"httpUrl": SAS, "filePath": "b"}]
    plain.make_pool("fetched", startTask={"commandLine": "/bin/true", "resourceFiles": files})
    mount = {"accountName": "sadata", "containerName": "c", "relativeMountPath": "data", "accountKey": "a2V5a2V5"}
    plain.make_pool("mounted", mountConfiguration=[{"azureBlobFileSystemConfiguration": mount}])
    share = {**mount, "azureFileUrl": "https://x.file.core.windows.net/s", "relativeMountPath": "share"}
    del share["containerName"]
    plain.make_pool("shared", mountConfiguration=[{"azureFileShareConfiguration": share}])
    made = imports.draft()
    text = as_yaml.spec(made.value) + json.dumps([str(one) for one in (made.left, made.notes)])
    for secret in ("c2VjcmV0", "hunter2", "Pa55word", "a2V5a2V5"):
        assert secret not in text
    assert made.value["pools"]["named"]["startTask"]["environmentSettings"] == {"TOKENIZERS_PARALLELISM": "false"}
    assert [str(address) for address, _ in made.notes] == ["pool/mounted", "pool/named", "pool/named"]
    assert {address.name: why for address, why in made.left.items()} == {
        "signed": "startTask.commandLine holds a signature or a key, which has no place in a spec",
        "fetched": "startTask.resourceFiles[0].httpUrl holds a signature or a key, which has no place in a spec",
        "shared": "its azureFileShareConfiguration needs a key, which is a secret; "
        "a spec mounts blobs by identity, or NFS",
    }
    assert set(changes(imports.plan(made))) == set(made.value["adopt"])


def test_what_a_spec_cannot_say_is_left_out_with_the_reason(imports: Imports, plain: Plain) -> None:
    plain.make_storage("open", allowBlobPublicAccess=True)
    home = plain.id("Microsoft.Storage/storageAccounts", imports.world.account)
    plain.put(f"{home}/blobServices/default/containers/open", {"properties": {"publicAccess": "Blob"}})
    elsewhere = {"location": "japaneast" if plain.location != "japaneast" else "uksouth"}
    identity = plain.put(plain.id("Microsoft.ManagedIdentity/userAssignedIdentities", "id-far"), elsewhere)
    near = plain.make_identity("id-near")
    plain.make_role(near, "Reader", plain.id("Microsoft.ManagedIdentity/userAssignedIdentities", "id-near"))
    plain.make_account()
    plain.make_pool("far", identity["id"])
    plain.make_pool("near", startTask={"commandLine": "x", "userIdentity": {"autoUser": {"scope": "Task"}}})
    extension: dict[str, Any] = {"name": "x", "publisher": "Microsoft.Azure.Monitor", "type": "AzureMonitorLinuxAgent"}
    extension |= {"typeHandlerVersion": "1.0", "settings": {"workspaceKey": "abc", "storageAccountKey": "abc"}}
    plain.make_pool("keyed", machine={"extensions": [extension]})
    plain.make_pool("good")
    plain.make_job("managed", "good", onAllTasksComplete="terminatejob", usesTaskDependencies=True)
    plain.make_job("lost", "far")
    manager = {"id": "m", "commandLine": "true", "requiredSlots": 1, "userIdentity": {"username": "me"}}
    plain.make_job("trusted", "good", jobManagerTask=manager)
    made = imports.draft()
    assert made.value["storage"] == {
        imports.world.account: {
            "allowSharedKeyAccess": True,
            "allowBlobPublicAccess": True,
            "minimumTlsVersion": "TLS1_0",
        }
    }
    assert made.value["batchAccount"]["allowedAuthenticationModes"] == ["AAD", "SharedKey", "TaskAuthenticationToken"]
    assert {str(address): why for address, why in made.left.items()} == {
        f"container/{imports.world.account}/open": 'publicAccess is "Blob"; a spec would make it "None"',
        "identity/id-far": f'location is "{elsewhere["location"]}"; a spec would make it "{plain.location}"',
        "role_assignment/id-near/reader/id-near": f"it holds on {near['id']}, which is not in the spec",
        "job/lost": "its pool far is not in the spec",
        "job/managed": "it has ended, and its tasks are not in the spec",
        "job/trusted": "its jobManagerTask.userIdentity cannot be said in a spec",
        "pool/far": f"it uses the identity {identity['id'].lower()}, which is not in the spec",
        "pool/keyed": "extensions[0].settings.storageAccountKey holds a signature or a key, "
        "which has no place in a spec",
        "pool/near": 'startTask.userIdentity.autoUser.scope is "Task"; a spec would make it "Pool"',
    }
    assert set(changes(imports.plan(made))) == set(made.value["adopt"])


def test_the_groups_own_tags_are_not_put_on_everything(imports: Imports, plain: Plain) -> None:
    live: dict[str, Any] = plain.cloud().arm("GET", plain.cloud().group_id).body
    tags = {"env": "demo", "group": "only", "api-key": "y"}
    plain.put(plain.cloud().group_id, {"location": live["location"], "tags": tags})
    plain.tags = {"env": "other", "cost": "1"}
    plain.make_account()
    made = imports.draft()
    assert made.value["azure"]["tags"] == {"env": "demo"}
    assert made.value["batchAccount"]["tags"] == {"env": "other", "cost": "1"}
    assert len(made.notes) == 2
    assert changes(imports.plan(made)) == {address: ["owner"] for address in made.value["adopt"]}


def test_only_the_pools_that_are_asked_for_come_along(imports: Imports, plain: Plain) -> None:
    plain.make_account()
    for name in ("one", "two"):
        plain.make_pool(name)
        plain.make_job(f"job-{name}", name)
    made = imports.draft(only=("two",))
    assert (list(made.value["pools"]), list(made.value["jobs"])) == (["two"], ["job-two"])
    assert made.left[Address("pool", "one")] == "was not asked for"


def test_what_is_ours_but_not_in_the_file_is_told_as_lost(imports: Imports) -> None:
    imports.world.text["pools"]["second"] = {"vmSize": "Standard_D2s_v3", "image": "debian-12", "nodes": 0}
    imports.done()
    made = imports.draft(only=("pool",))
    assert made.lost == {Address("pool", "second")}
    deleted = [str(d.address) for d in imports.plan(made).decisions if str(d.action) == "delete"]
    assert deleted == ["pool/second"]


@pytest.mark.parametrize("resource", ["Microsoft.Network", "Microsoft.Compute"])
def test_resources_that_no_kind_is_about_are_not_in_the_way(imports: Imports, plain: Plain, resource: str) -> None:
    if resource == "Microsoft.Compute":
        plain.tracked("Microsoft.Compute/galleries", "gallery1", properties={})
    else:
        plain.tracked(
            "Microsoft.Network/publicIPPrefixes", "net", sku={"name": "Standard"}, properties={"prefixLength": 30}
        )
    made = imports.draft()
    assert made.value["adopt"] == [f"resource_group/{plain.group}"]
    assert [str(address) for address in made.left] == ["gallery/gallery1"] * (resource == "Microsoft.Compute")
