"""What of a pool changes when on the local Batch: any time, only while it is empty, or never."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.batch import models
from azure.core import MatchConditions

from tests.local.pools import MACHINE, Bench, bench, made, refused, until

__all__ = ["bench"]

ANY_TIME: list[tuple[str, Any, Any]] = [
    ("metadata", [{"name": "a", "value": "b"}], [{"name": "a", "value": "b"}]),
    ("metadata", [], None),
    ("startTask", {"commandLine": "/bin/true"}, {"commandLine": "/bin/true"}),
    ("startTask", {}, None),
    ("startTask", None, None),
    ("applicationPackages", [], None),
]
WHEN_EMPTY: list[tuple[str, Any]] = [
    ("displayName", "other"),
    ("vmSize", "standard_d4s_v3"),
    ("interNodeCommunication", "Enabled"),
    ("taskSlotsPerNode", 2),
    ("taskSchedulingPolicy", {"nodeFillType": "Pack"}),
    ("userAccounts", [{"name": "ann", "password": "p"}]),
    ("mountConfiguration", [{"nfsMountConfiguration": {"source": "s", "relativeMountPath": "x"}}]),
    ("upgradePolicy", {"mode": "automatic"}),
    ("networkConfiguration", {"enableAcceleratedNetworking": True}),
    ("machine", {"osDisk": {"caching": "ReadWrite"}}),
    ("machine", {"dataDisks": [{"lun": 0, "diskSizeGB": 1}]}),
    ("machine", {"nodePlacementConfiguration": {"policy": "Zonal"}}),
    ("machine", {"extensions": [{"name": "a", "publisher": "p", "type": "t"}]}),
    ("machine", {"securityProfile": {"encryptionAtHost": True}}),
    ("machine", {"containerConfiguration": {"type": "DockerCompatible"}}),
]


def change(name: str, value: Any) -> dict[str, Any]:
    if name != "machine":
        return {name: value}
    return {"deploymentConfiguration": {"virtualMachineConfiguration": {**MACHINE, **value}}}


@pytest.fixture(scope="module")
def full(bench: Bench) -> Iterator[str]:
    """A pool with a node."""
    bench.pool("full")
    yield "full"
    bench.drop("full")


@pytest.fixture(scope="module")
def empty(bench: Bench) -> Iterator[str]:
    bench.put("empty", bench.body())
    bench.steady("empty")
    yield "empty"
    bench.drop("empty")


@pytest.mark.parametrize(("name", "value", "shown"), ANY_TIME)
def test_some_properties_change_any_time(bench: Bench, full: str, name: str, value: Any, shown: Any) -> None:
    before = bench.get(full)
    after = bench.patch(full, {name: value})
    assert after["etag"] != before["etag"]
    live = after["properties"].get(name)
    expected = before["properties"].get(name) if value is None else shown
    assert live == expected or all(live[key] == wanted for key, wanted in (expected or {}).items())


@pytest.mark.parametrize(("name", "value"), WHEN_EMPTY)
def test_others_change_only_when_the_pool_is_empty(bench: Bench, full: str, empty: str, name: str, value: Any) -> None:
    before = bench.get(full)
    assert refused(lambda: bench.patch(full, change(name, value)))[0] == 409
    assert bench.get(full) == before
    bench.patch(empty, change(name, value))


def test_what_stays_as_it_is_may_be_named_while_there_are_nodes(bench: Bench, full: str) -> None:
    given = bench.body()["properties"]
    bench.patch(full, {name: given[name] for name in ("vmSize", "deploymentConfiguration")})


def test_null_is_as_if_it_were_not_there_and_readonly_is_ignored(bench: Bench, full: str) -> None:
    before = bench.get(full)["properties"]
    after = bench.patch(full, {"displayName": None, "vmSize": None, "userAccounts": None})["properties"]
    assert {**before, "lastModified": ""} == {**after, "lastModified": ""}


def test_put_on_a_pool_resets_what_it_does_not_name(bench: Bench) -> None:
    more: dict[str, Any] = {
        "displayName": "one",
        "metadata": [{"name": "a", "value": "b"}],
        "startTask": {"commandLine": "/bin/true"},
    }
    bench.put("reset", {**bench.body(taskSlotsPerNode=2, **more), "tags": {"a": "b"}})
    bench.steady("reset")
    live = bench.put("reset", bench.body())
    assert not {"displayName", "metadata", "startTask"} & set(live["properties"])
    assert (live["properties"]["taskSlotsPerNode"], live.get("tags")) == (1, {})
    bench.drop("reset")


def test_put_on_a_pool_with_nodes_may_not_reset_what_needs_an_empty_one(bench: Bench) -> None:
    bench.pool("kept", displayName="one")
    assert refused(lambda: bench.put("kept", bench.body(1)))[0] == 409
    live = bench.put("kept", bench.body(1, displayName="one", metadata=[{"name": "a", "value": "b"}]))
    assert live["properties"]["allocationState"] == "Steady", "its size is as it was"
    bench.drop("kept")


def test_a_change_is_of_the_pool_that_was_read(bench: Bench, full: str) -> None:
    etag = bench.get(full)["etag"]
    bench.patch(
        full, {"metadata": [{"name": "x", "value": "1"}]}, etag=etag, match_condition=MatchConditions.IfNotModified
    )
    late = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
    assert refused(lambda: bench.patch(full, {"metadata": []}, **late))[:2] == (412, "ConditionNotMet")
    new: Any = {"etag": "*", "match_condition": MatchConditions.IfMissing}
    assert refused(lambda: bench.put(full, bench.body(), **new))[0] == 412


def test_a_patch_adds_identities_null_takes_one_away_and_none_all(bench: Bench) -> None:
    other = bench.identity.replace("id-pool", "id-second")
    made(bench, other, "2024-11-30")
    bench.put("merged", bench.body())

    def patched(**named: Any) -> list[str]:
        body: Any = {"identity": {"type": "UserAssigned", "userAssignedIdentities": named}}
        live = bench.arm.pool.update(bench.group, bench.account, "merged", body).as_dict()
        return list(live["identity"]["userAssignedIdentities"])

    assert patched(**{other: {}}) == [bench.identity, other]
    assert patched(**{bench.identity.upper(): None}) == [other]
    assert refused(lambda: patched(**{other: None}))[:2] == (400, "InvalidPropertyValue")
    none: Any = {"identity": {"type": "None"}}
    assert "identity" not in bench.arm.pool.update(bench.group, bench.account, "merged", none).as_dict()
    bench.drop("merged")


def test_an_identity_reaches_nodes_only_after_the_pool_was_empty(bench: Bench) -> None:
    bench.put("identified", {"properties": bench.body(1)["properties"]})
    bench.steady("identified")
    until(lambda: bench.nodes("identified")[0].state == "idle")
    body: Any = {"identity": bench.body()["identity"]}
    live = bench.arm.pool.update(bench.group, bench.account, "identified", body).as_dict()
    assert list(live["identity"]["userAssignedIdentities"]) == [bench.identity]
    bench.job("identity", "identified")
    line = "/bin/bash -c 'curl -s -o /dev/null -w %{http_code} -H Metadata:true \"$AZURE_POD_IDENTITY_AUTHORITY_HOST"
    line += "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://storage.azure.com/\"'"

    def status(task: str) -> str:
        bench.task("identity", task, line)
        bench.ended("identity", task)
        return b"".join(bench.batch.download_task_file("identity", task, "stdout.txt")).decode()

    assert status("before") == "400"
    for nodes in (0, 1):
        bench.patch("identified", {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": nodes}}})
        bench.steady("identified")
    assert status("after") == "200"
    bench.drop("identified")


def test_the_data_plane_changes_the_same_pool_by_the_same_rules(bench: Bench, full: str) -> None:
    other = models.BatchPoolUpdateOptions({"taskSlotsPerNode": 2})
    assert refused(lambda: bench.batch.update_pool(full, other))[0] == 409
    start = models.BatchPoolUpdateOptions({"startTask": {"commandLine": "/bin/true"}})
    bench.batch.update_pool(full, start)
    everything = {"metadata": [{"name": "z", "value": "1"}], "applicationPackageReferences": []}
    bench.batch.replace_pool_properties(full, models.BatchPoolReplaceOptions(everything))
    live = bench.get(full)["properties"]
    assert "startTask" not in live
    assert live["metadata"] == [{"name": "z", "value": "1"}]


def test_a_list_of_pools_is_filtered_and_selected(bench: Bench, full: str, empty: str) -> None:
    options: Any = {"filter": "startswith(name,'fu') and properties/allocationState eq 'Steady'"}
    assert [one.name for one in bench.arm.pool.list_by_batch_account(bench.group, bench.account, **options)] == ["full"]
    (found,) = bench.arm.pool.list_by_batch_account(
        bench.group, bench.account, select="properties/vmSize", filter="name eq 'full'"
    )
    assert set(found.as_dict()["properties"]) == {"vmSize"}
