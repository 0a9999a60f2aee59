"""A spec that was imported asks for nothing but to own what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ReconcileError
from reconciler.model import Address
from tests.documents import loaded
from tests.importing.conftest import Imports, changes, pool
from tests.importing.plain import Plain

CASES = loaded((Path(__file__).parents[1] / "cases/pool/properties.yaml").read_text())


def test_what_is_ours_is_planned_as_nothing_to_do(imports: Imports) -> None:
    imports.world.text["azure"]["tags"] = {"env": "demo"}
    imports.world.text["storage"][imports.world.account]["tags"] = {"env": "prod", "more": "x"}
    imports.done()
    made = imports.draft()
    assert changes(imports.plan(made)) == {}
    assert (made.left, made.lost) == ({}, frozenset())
    assert made.value["azure"]["tags"] == {"env": "demo"}


def test_a_pool_with_every_property_is_planned_as_nothing_to_do(imports: Imports) -> None:
    pool(imports).update({case["key"]: case["set"] for case in CASES if "only" not in case})
    imports.done()
    made = imports.draft()
    assert changes(imports.plan(made)) == {}
    assert made.left == {}


def test_a_pool_in_its_second_generation_and_its_job_are_said_under_the_pools_name(imports: Imports) -> None:
    pool(imports).update(nodes=1, rollout={"whenEmpty": "blueGreen"})
    imports.done()
    pool(imports)["vmSize"] = "Standard_D4s_v3"
    imports.done()
    assert imports.world.cloud().batch().get_job("job").pool_info.pool_id == "pool-g2"
    made = imports.draft()
    assert list(made.value["pools"]) == ["pool"]
    assert made.left == {}
    assert changes(imports.plan(made)) == {}


def test_what_others_made_is_planned_as_marks_only_and_then_as_nothing(imports: Imports, plain: Plain) -> None:
    plain.make_storage("input", "output")
    identity = plain.make_identity("id-nodes")
    storage = plain.id("Microsoft.Storage/storageAccounts", imports.world.account)
    role = plain.make_role(identity, "Storage Blob Data Reader", storage)
    plain.make_account()
    plain.make_pool("first", identity["id"], startTask={"commandLine": "/bin/true"})
    plain.make_pool("second", scaleSettings={"autoScale": {"formula": "$TargetDedicatedNodes = 0;"}})
    plain.make_job("work", "first", priority=5)
    made = imports.draft("taken-over")
    assert made.left == {}
    found = changes(imports.plan(made))
    assert set(found) == set(made.value["adopt"])
    assert {path for paths in found.values() for path in paths} == {"owner"}
    owned = imports.imported("taken-over")
    outcomes = owned.apply(poll_seconds=0.05)
    assert {str(one.status) for one in outcomes.values()} == {"done"}, [one.error for one in outcomes.values()]
    assert changes(owned.plan()) == {}
    assert changes(imports.plan(imports.draft("taken-over"))) == {}
    raw = plain.cloud().arm("GET", f"{storage}/providers/Microsoft.Authorization/roleAssignments/{role}").body
    assert raw["properties"]["description"].startswith("by hand; keep;reconcile_owner=taken-over")


def test_what_belongs_to_another_spec_is_left_out_and_never_adopted(imports: Imports) -> None:
    imports.done()
    plain = Plain(imports.world)
    plain.make_pool("theirs")
    made = imports.draft()
    assert list(made.value["pools"]) == ["pool", "theirs"]
    assert made.value["adopt"] == ["pool/theirs"]
    with pytest.raises(ReconcileError, match=r"as another: it belongs to the spec 'spec-\S+; use --name"):
        imports.draft("another")
    live = plain.cloud().arm("GET", plain.cloud().group_id).body
    plain.put(plain.cloud().group_id, {"location": live["location"], "tags": {}})
    made = imports.draft("another")
    assert "pools" not in made.value
    assert "batchAccount" not in made.value
    assert made.value["adopt"] == [f"resource_group/{plain.group}"]
    assert made.left[Address("pool", "theirs")] == "its Batch account is left out"
    assert made.left[Address("pool", "pool")] == f"belongs to the spec '{imports.world.text['name']}'"
    assert changes(imports.plan(made)) == {f"resource_group/{plain.group}": ["owner"]}


ASKED: list[dict[str, Any]] = [
    {},
    {"networkConfiguration": {"enableAcceleratedNetworking": True}},
    {"machine": {"osDisk": {"caching": "ReadOnly"}}},
    {"machine": {"nodePlacementConfiguration": {"policy": "Regional"}}},
    {"upgradePolicy": {"mode": "manual"}},
    {"startTask": {"commandLine": "/bin/true"}, "taskSchedulingPolicy": {"nodeFillType": "Pack"}},
]
"""What pools of others were asked for; Azure shows little else of them."""


def test_a_pool_that_shows_only_what_it_was_asked_for_is_imported_and_adopted_by_its_mark_alone(
    imports: Imports, plain: Plain
) -> None:
    plain.make_account()
    names = [f"pool{number}" for number in range(len(ASKED))]
    for name, asked in zip(names, ASKED, strict=True):
        plain.make_pool(name, **asked)
    imports.world.azure.advance(60)
    before = [plain.live(name)["properties"] for name in names]
    made = imports.draft("taken-over")
    assert made.left == {}
    assert sorted(made.value["pools"]) == names
    planned = changes(imports.plan(made))
    assert {address: planned[f"pool/{address}"] for address in names} == {name: ["owner"] for name in names}
    outcomes = imports.imported("taken-over").apply(poll_seconds=0.05)
    assert {str(outcome.status) for outcome in outcomes.values()} == {"done"}
    after = [plain.live(name)["properties"] for name in names]
    passing = ("metadata", "lastModified")
    assert [_without(shown, passing) for shown in after] == [_without(shown, passing) for shown in before]


def _without(properties: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in names}
