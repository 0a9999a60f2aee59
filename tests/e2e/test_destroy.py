"""What is deleted and what stays, on the local Azure: decided as a whole, shown in the plan, and done as shown."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import arm, batch_jobs
from reconciler.engine import loop
from reconciler.model import Action, Address, Outcome, Plan, Status
from tests.bodies import CHECKED
from tests.conftest import World


def target(*names: str) -> dict[str, tuple[Address, ...]]:
    return {"targets": tuple(map(Address.parse, names))}


def exclude(*names: str) -> dict[str, tuple[Address, ...]]:
    return {"excludes": tuple(map(Address.parse, names))}


def going(plan: Plan) -> set[str]:
    return {str(decision.address) for decision in plan.of(Action.DELETE)}


def staying(plan: Plan) -> dict[str, str]:
    return {str(decision.address): decision.reason for decision in plan.of(Action.KEEP)}


def done(outcomes: dict[str, Outcome]) -> set[str]:
    """The addresses of these steps, all of which went well."""
    assert {o.status for o in outcomes.values()} <= {Status.DONE}, {a: o.error for a, o in outcomes.items()}
    return set(outcomes)


@pytest.fixture
def plain(world: World) -> World:
    """The main job's resources, applied: a pool without nodes, and a job that is for no conversion."""
    del world.text["jobs"]["job"]["convert"]
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    return world


def names(world: World) -> dict[str, str]:
    """What the resources of a world are called, by their kind."""
    group, account = world.text["azure"]["resourceGroup"], world.text["batchAccount"]["name"]
    return {
        "group": f"resource_group/{group}",
        "storage": f"storage_account/{world.account}",
        "batch": f"batch_account/{account}",
        "role": f"role_assignment/id-pool/storage-blob-data-contributor/storage_account/{world.account}",
    }


def test_targets_and_excludes_of_destroy_follow_what_needs_what(plain: World) -> None:
    name = names(plain)
    assert going(plain.plan(destroying=True, **target("job/job"))) == {"job/job"}
    assert going(plain.plan(destroying=True, **target("identity/id-pool"))) == {
        "identity/id-pool", name["role"], "pool/pool", "job/job",
    }  # fmt: skip
    kept = plain.plan(destroying=True, **exclude("pool/pool"))
    assert staying(kept) == dict.fromkeys(
        ("identity/id-pool", name["batch"], name["group"]), "stays: needed by pool/pool, which is excluded"
    )
    assert "job/job" in going(kept)
    only = plain.plan(destroying=True, **exclude(name["storage"]))
    assert staying(only) == {name["group"]: f"stays: needed by {name['storage']}, which is excluded"}


def test_a_protected_container_outlives_all_that_it_does_not_need(plain: World) -> None:
    from azure.batch import models

    plain.text["storage"][plain.account]["containers"] = {"images": {"protect": True}, "scripts": {}, "converted": {}}
    plain.text["registries"] = {f"acr{plain.account}": {}}
    plain.apply()
    for number in range(3):
        plain.container("converted").upload_blob(f"{number}.png", b"12345")
    plain.cloud().batch().create_task("job", models.BatchTaskCreateOptions(id="t", command_line="/bin/true"))
    plan, name = plain.plan(destroying=True), names(plain)
    images = f"container/{plain.account}/images"
    needed = f"stays: needed by {images}, which is protected"
    assert staying(plan) == {images: "stays: it is protected", name["storage"]: needed, name["group"]: needed}
    goes = {str(decision.address): decision.goes for decision in plan.of(Action.DELETE) if decision.goes}
    assert goes == {
        f"container/{plain.account}/converted": "3 blobs (15 bytes)",
        "job/job": "1 waiting task",
    }
    assert done(plain.apply(destroying=True)) == going(plan)
    left = {str(d.address) for d in plain.plan().decisions if d.action is Action.NONE}
    assert left == {images, name["storage"], name["group"]}
    assert done(plain.apply(destroying=True)) == set()


def test_what_holds_things_of_others_stays_and_nothing_goes_half_way(plain: World) -> None:
    from azure.batch import models

    cloud, name = plain.cloud(), names(plain)
    storage = f"{cloud.group_id}/providers/Microsoft.Storage/storageAccounts/{plain.account}"
    arm.put(cloud, f"{storage}/blobServices/default/containers/theirs", {})
    job = models.BatchJobCreateOptions(id="theirs", pool_info=models.BatchPoolInfo(pool_id="pool"))
    cloud.batch().create_job(job)
    place = f"{cloud.group_id}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/theirs"
    arm.put(cloud, place, {"location": cloud.target.location})

    plan = plain.plan(destroying=True)
    foreign = "what this spec does not own:"
    reasons = staying(plan)
    remedy = "; move or delete that first"
    assert reasons[name["storage"]] == f"stays: it holds {foreign} container/{plain.account}/theirs{remedy}"
    assert reasons["pool/pool"] == f"stays: it is used by {foreign} job/theirs{remedy}"
    assert reasons["identity/id-pool"] == "stays: needed by pool/pool, which others use"
    assert "identity/theirs" in reasons[name["group"]]
    assert reasons.keys() == {name["storage"], name["batch"], name["group"], "pool/pool", "identity/id-pool"}
    assert done(plain.apply(destroying=True)) == going(plan)

    batch_jobs.delete(cloud, "theirs")
    plain.azure.advance(60)
    arm.delete(cloud, f"{storage}/blobServices/default/containers/theirs")
    arm.delete(cloud, place)
    assert done(plain.apply(destroying=True)) == reasons.keys()


def neighbour(world: World) -> str:
    """An account of nobody in a group of its own, which uses what the world has made; the id of that group."""
    cloud = world.cloud()
    group = f"{cloud.group_id}-next"
    ours = f"{cloud.group_id}/providers/"
    storage = f"{ours}Microsoft.Storage/storageAccounts/{world.account}"
    identity: dict[str, Any] = {f"{ours}Microsoft.ManagedIdentity/userAssignedIdentities/id-pool": {}}
    acting = {"type": "UserAssigned", "userAssignedIdentities": identity}
    account = f"{group}/providers/Microsoft.Batch/batchAccounts/{world.text['batchAccount']['name']}n"
    arm.put(cloud, group, {"location": cloud.target.location}, "2025-04-01")
    properties: dict[str, Any] = {"autoStorage": {"storageAccountId": storage}}
    arm.put(cloud, account, {"location": cloud.target.location, "properties": properties})
    world.azure.advance(60)
    image = {"publisher": "canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts", "version": "latest"}
    machine = {"imageReference": image, "nodeAgentSkuId": "batch.node.ubuntu 22.04"}
    blobs: dict[str, Any] = {"accountName": world.account, "containerName": "images", "relativeMountPath": "images"}
    blobs |= {"identityReference": {"resourceId": next(iter(identity))}}
    properties = {
        "vmSize": "Standard_D2s_v3",
        "deploymentConfiguration": {"virtualMachineConfiguration": machine},
        "mountConfiguration": [{"azureBlobFileSystemConfiguration": blobs}],
    }
    arm.put(cloud, f"{account}/pools/theirs", {"identity": acting, "properties": properties})
    return group


def test_what_neighbours_use_stays_wherever_they_are(plain: World) -> None:
    cloud, name = plain.cloud(), names(plain)
    made = neighbour(plain)
    account = f"batchAccounts/{plain.text['batchAccount']['name']}n"
    reasons = staying(plain.plan(destroying=True))
    assert reasons.keys() == {name["group"], name["storage"], f"container/{plain.account}/images", "identity/id-pool"}
    assert f"{account}/pools/theirs" in reasons["identity/id-pool"]
    assert f"{account}/pools/theirs" in reasons[f"container/{plain.account}/images"]
    assert f"{account}, {account}/pools/theirs" in reasons[name["storage"]]
    del plain.text["identities"], plain.text["pools"], plain.text["jobs"]
    assert staying(plain.plan()).keys() == {"identity/id-pool"}
    arm.delete(cloud, made, "2025-04-01")


def test_what_comes_between_plan_and_delete_is_seen_just_before_it(plain: World) -> None:
    spec = plain.spec()
    cloud = plain.cloud(spec)
    reading = loop.read(spec, cloud, CHECKED, destroying=True)
    assert staying(reading.plan) == {}
    made = neighbour(plain)
    outcomes = loop.carry_out(
        reading, cloud, CHECKED, listen=lambda event: None, stop=threading.Event(), poll_seconds=0.05
    )
    (failed,) = [outcome for outcome in outcomes if outcome.status is Status.FAILED]
    images = f"container/{plain.account}/images"
    assert failed.step.id == images
    assert f"cannot delete {images}: it is used by batchAccounts/" in str(failed.error)
    skipped = {outcome.step.id for outcome in outcomes if outcome.status is Status.SKIPPED}
    assert skipped >= {"identity/id-pool", f"storage_account/{plain.account}"}
    arm.delete(cloud, made, "2025-04-01")


def test_another_account_takes_over_and_the_one_before_goes_with_all_that_is_in_it(plain: World) -> None:
    """Both the Batch account and the storage account get another name."""
    before, account = names(plain), plain.account
    old = plain.text["batchAccount"]["name"]
    plain.text["batchAccount"] = {"name": f"{old}b"}
    plain.account = f"{account}b"
    plain.text["storage"] = {plain.account: {"containers": ["images"]}}
    plain.text["identities"]["id-pool"]["roles"][0]["scope"] = f"storage/{plain.account}"
    plan = plain.plan()
    (role,) = (name for name in going(plan) if name.startswith("role_assignment/"))
    containers = {f"container/{account}/{name}" for name in ("scripts", "images", "converted")}
    assert going(plan) == {
        before["batch"], f"pool/{old}/pool", f"job/{old}/job", before["storage"], role, *containers,
    }  # fmt: skip
    assert going(plan) <= done(plain.apply())
    assert {d.action for d in plain.plan().decisions} == {Action.NONE}


def test_without_an_account_what_was_in_it_goes(plain: World) -> None:
    old = plain.text.pop("batchAccount")["name"]
    del plain.text["pools"], plain.text["jobs"]
    assert going(plain.plan()) == {f"batch_account/{old}", f"pool/{old}/pool", f"job/{old}/job"}
    done(plain.apply())
    assert plain.plan().steps == ()


def test_a_group_of_another_environment_of_the_same_name_is_left_alone(world: World, tmp_path: Path) -> None:
    world.text = {key: world.text[key] for key in ("apiVersion", "name", "azure")}
    world.apply()
    group = world.text["azure"]["resourceGroup"]
    text: dict[str, Any] = {**world.text, "azure": {**world.text["azure"], "resourceGroup": f"{group}-prod"}}
    prod = World(world.azure, tmp_path / "prod.yaml", text, "none")
    plan = prod.plan()
    assert [(str(d.address), d.action) for d in plan.decisions] == [(f"resource_group/{group}-prod", Action.CREATE)]
    assert f"resource_group/{group} carries the mark of {text['name']!r} too and is left alone" in plan.notes[0]
    done(prod.apply())
    assert going(prod.plan(destroying=True)) == {f"resource_group/{group}-prod"}
    done(prod.apply(destroying=True))
    assert world.plan().steps == ()
