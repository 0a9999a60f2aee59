"""Applies that meet: two at once on one spec, and one that finds a name taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.cloud import arm
from reconciler.model import Action, Status
from tests.conftest import Azure, World
from tests.crash import trial, workloads


@pytest.fixture
def made(azure: Azure, tmp_path: Path) -> World:
    made = workloads.world(azure, tmp_path)
    workloads.infra(made)
    azure.jump()
    return made


def test_two_applies_at_once_make_everything_once(made: World) -> None:
    made.cloud()
    beside = replace(made, file=made.file.with_name("beside.yaml"))
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(trial.applied, (made, beside)))
    for outcomes in ended:
        assert {outcome.status for outcome in outcomes} <= {Status.DONE}, [o.error for o in outcomes if o.error]
    assert made.plan().steps == ()
    made.drop()


def test_a_name_that_others_have_is_refused_by_the_plan_and_one_of_ours_is_not(made: World) -> None:
    made.azure.run(1)
    cloud = made.cloud()
    arm.put(cloud, cloud.group_id, {"location": "swedencentral"})
    arm.put(cloud, f"{cloud.group_id}x", {"location": "swedencentral"})
    body = {"location": "swedencentral", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
    place = "providers/Microsoft.Storage/storageAccounts"
    theirs = f"{cloud.group_id}x/{place}/sa{made.account}"
    arm.put(cloud, theirs, body)
    refused = {str(one.address): one.reason for one in made.plan().of(Action.REFUSE)}
    assert "already taken; choose another name" in refused[f"storage_account/sa{made.account}"]
    made.azure.jump()
    made.drop()
    arm.delete(cloud, f"{cloud.group_id}x")


def test_an_account_that_is_being_made_is_waited_for(made: World) -> None:
    made.azure.run(1)
    cloud = made.cloud()
    arm.put(cloud, cloud.group_id, {"location": "swedencentral"})
    batch = f"{cloud.group_id}/providers/Microsoft.Batch/batchAccounts/ba{made.account}"
    tags = {"reconcile_owner": cloud.owner, "reconcile_digest": "x"}
    arm.put(cloud, batch, {"location": "swedencentral", "tags": tags, "properties": {}})
    made.text["adopt"] = [f"resource_group/{cloud.target.resource_group}"]
    made.azure.fault(match={"path": "/batchAccounts$"}, times=1, action={"status": 404, "code": "ResourceNotFound"})
    plan = made.plan()
    assert plan.of(Action.REFUSE) == ()
    (decision,) = (one for one in plan.decisions if one.address.kind == "batch_account")
    assert decision.action is Action.CREATE, "the list did not show it yet, and its name is taken by ourselves"
    made.azure.jump()
    made.drop()
