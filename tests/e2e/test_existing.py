"""What others own is used: read, referenced and given roles on, in another group too, and never changed nor deleted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import arm
from reconciler.kinds import KINDS
from reconciler.model import Action, Status, Why
from tests.conftest import World

VERSIONS = {kind.arm.name.lower(): kind.arm.api_version for kind in KINDS.values() if kind.arm}


@pytest.fixture
def owner(world: World, tmp_path: Path) -> Iterator[World]:
    """The spec of the team that owns what is shared, applied."""
    name = world.account.removeprefix("sa")
    text = {
        "apiVersion": "reconciler/v1",
        "name": f"owner-{name}",
        "azure": {**world.text["azure"], "resourceGroup": f"rg-shared-{name}", "tags": {"team": "platform"}},
        "storage": {f"sashared{name}": {"containers": ["images", "converted", "scripts"]}},
        "identities": {f"id-shared-{name}": {}},
        "registries": {f"cr{name}": {}},
        "logAnalytics": {f"log-{name}": {}},
        "batchAccount": {"name": f"bashared{name}"},
    }
    made = World(world.azure, tmp_path / "owner.yaml", text, f"sashared{name}")
    assert {outcome.status for outcome in made.apply().values()} == {Status.DONE}
    yield made
    made.drop()


@pytest.fixture
def user(world: World, owner: World) -> World:
    """A spec in a group of its own that uses all of it."""
    there = {"existing": True, "resourceGroup": owner.text["azure"]["resourceGroup"]}
    identity = next(iter(owner.text["identities"]))
    roles = [{"role": "Storage Blob Data Contributor", "scope": f"storage/{owner.account}"}]
    world.text |= {
        "storage": {owner.account: {**there, "containers": {"images": {"existing": True}, "mine": {}}}},
        "identities": {identity: {**there, "roles": roles}, "id-pool": {"roles": roles}},
        "registries": {name: dict(there) for name in owner.text["registries"]},
        "logAnalytics": {name: dict(there) for name in owner.text["logAnalytics"]},
        "batchAccount": {**there, "name": owner.text["batchAccount"]["name"]},
        "jobs": {"job": {"pool": "pools/pool"}},
    }
    world.text["pools"]["pool"] |= {"nodes": 0, "identity": ["identities/id-pool", f"identities/{identity}"]}
    return world


def shown(owner: World) -> list[Any]:
    """Every resource of the owner's group as Azure shows it."""
    cloud = owner.cloud()
    raws = sorted(arm.listing(cloud, f"{cloud.group_id}/resources"), key=lambda raw: str(raw["id"]))
    return [arm.get(cloud, raw["id"], VERSIONS[raw["type"].lower()]) for raw in raws]


def test_all_of_another_team_is_used_from_its_own_group_and_stays_as_it_is(user: World, owner: World) -> None:
    before, requests = shown(owner), user.azure.exchanges()
    outcomes = user.apply(poll_seconds=0.05)
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}, [o.error for o in outcomes.values()]
    assert user.planned
    used = {decision.address.kind for decision in user.planned.decisions if decision.why is Why.USED}
    assert used == {
        "storage_account",
        "container",
        "identity",
        "registry",
        "log_analytics_workspace",
        "batch_account",
    }
    plan = user.plan()
    assert [(str(d.address), d.reason) for d in plan.decisions if d.diff] == []
    assert plan.steps == ()
    assert shown(owner) == before
    group = f"/{owner.text['azure']['resourceGroup']}/"
    writes = [call["path"] for call in user.azure.wire(requests) if call["method"] not in ("GET", "HEAD", "POST")]
    inside = {path.rpartition("/")[0].rpartition("/")[2] for path in writes if group in path}
    assert inside == {"containers", "roleAssignments", "pools"}


def test_destroy_takes_what_was_made_in_things_of_others_and_nothing_else(user: World, owner: World) -> None:
    before = shown(owner)
    user.apply(poll_seconds=0.05)
    plan = user.plan(destroying=True)
    gone = {str(decision.address) for decision in plan.of(Action.DELETE)}
    assert {f"container/{owner.account}/mine", "pool/pool", "job/job", "identity/id-pool"} <= gone
    assert not {f"batch_account/{owner.text['batchAccount']['name']}", f"storage_account/{owner.account}"} & gone
    outcomes = user.apply(destroying=True, poll_seconds=0.05)
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}
    assert shown(owner) == before
    assert owner.plan().steps == ()


def test_a_role_on_a_thing_of_others_goes_when_it_leaves_the_spec(user: World, owner: World) -> None:
    user.apply(poll_seconds=0.05)
    user.text["identities"]["id-pool"] = {}
    (going,) = user.plan().of(Action.DELETE)
    assert going.address.kind == "role_assignment"
    user.apply(poll_seconds=0.05)
    assert user.plan().steps == ()


def test_two_specs_share_a_group(user: World, owner: World) -> None:
    """Each makes its own in it, and neither sees the other's as its own."""
    user.text["azure"] |= {"resourceGroup": owner.text["azure"]["resourceGroup"], "existing": True}
    outcomes = user.apply(poll_seconds=0.05)
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}, [o.error for o in outcomes.values()]
    assert user.plan().steps == ()
    assert owner.plan().steps == ()
    kept = {str(decision.address) for decision in owner.plan(destroying=True).of(Action.KEEP)}
    assert f"resource_group/{owner.text['azure']['resourceGroup']}" in kept


def test_what_is_not_there_is_refused_with_the_nearest_name(user: World, owner: World) -> None:
    entry = user.text["registries"].popitem()
    user.text["registries"][f"{entry[0]}x"] = entry[1]
    (refused,) = user.plan().of(Action.REFUSE)
    assert (refused.address.kind, refused.why) == ("registry", Why.MISSING)
    assert f"none of that name in {user.cloud().target.group_id.partition('/resourceGroups/')[0]}" in refused.reason
    assert f"(did you mean {entry[0]}?)" in refused.reason


def test_a_namesake_of_ours_is_told_from_what_is_used(user: World, owner: World) -> None:
    """Our own identity of that name goes, and the other team's takes its place."""
    identity = next(name for name in user.text["identities"] if name != "id-pool")
    used = user.text["identities"][identity]
    user.text["identities"][identity] = {"roles": used["roles"]}
    user.apply(poll_seconds=0.05)
    user.text["identities"][identity] = used
    group = user.text["azure"]["resourceGroup"]
    assert f"identity/{group}/{identity}" in {str(decision.address) for decision in user.plan().of(Action.DELETE)}
    outcomes = user.apply(poll_seconds=0.05)
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}, [o.error for o in outcomes.values()]
    assert user.plan().steps == ()


def test_what_may_not_be_read_elsewhere_is_unknown_and_the_rest_is_planned(user: World, owner: World) -> None:
    registry = next(iter(user.text["registries"]))
    user.azure.fault(
        match={"plane": "arm", "method": "GET", "path": f".*/registries/{registry}"},
        times=100,
        action={"status": 403, "code": "AuthorizationFailed"},
    )
    plan = user.plan()
    assert [str(decision.address) for decision in plan.of(Action.UNKNOWN)] == [f"registry/{registry}"]
    assert "pool/pool" in {str(step.address) for step in plan.steps}


def test_what_is_ours_is_not_used_without_being_owned(user: World, owner: World) -> None:
    owner.text["storage"][owner.account] = {"existing": True}
    (refused,) = owner.plan().of(Action.REFUSE)
    assert (str(refused.address), refused.why) == (f"storage_account/{owner.account}", Why.OWNED)
    going = {str(decision.address) for decision in owner.plan(destroying=True).of(Action.DELETE)}
    assert f"storage_account/{owner.account}" not in going


def test_a_conversion_reads_and_writes_containers_of_others(user: World, owner: World, photograph: Any) -> None:
    places = {name: {"existing": True} for name in ("images", "converted", "scripts")}
    user.text["storage"][owner.account]["containers"] = places
    user.text["pools"]["pool"] |= {"nodes": 1, "identity": "identities/id-pool"}
    places_ = {"from": f"storage/{owner.account}/images", "to": f"storage/{owner.account}/converted"}
    user.text["jobs"]["job"]["convert"] = places_
    owner.container("images").upload_blob("a.jpg", photograph(1))
    outcomes = user.apply()
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}, [o.error for o in outcomes.values()]
    assert [blob.name for blob in owner.container("converted").list_blobs()] != []
