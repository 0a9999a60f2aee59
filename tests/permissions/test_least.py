"""A principal with just the roles that `permissions` prints can do what they are for, and nothing of them is spare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.cloud import arm
from reconciler.cloud.errors import translated
from reconciler.errors import AzureError
from reconciler.model import Action
from tests.cli.command import reconcile
from tests.conftest import Azure, World
from tests.permissions.conftest import made
from tests.permissions.principal import Principal

SELDOM = {
    "microsoft.batch/batchaccounts/pools/stopresize/action": "a pool that is being resized when it has to change",
    "microsoft.managedidentity/register/action": "the test's own principal needs the registration before",
    "microsoft.resources/subscriptions/resourcegroups/read": "groups that may not be seen are left out of a list",
}
"""Action → why this run does not ask for it."""


def printed(world: World, *options: str) -> list[dict[str, Any]]:
    """The roles that the command prints for a world's spec."""
    world.spec()
    done = reconcile("permissions", str(world.file), "--format", "json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    roles: list[dict[str, Any]] = json.loads(done.stdout)
    return roles


def given(world: World, somebody: Principal, *options: str) -> list[dict[str, Any]]:
    """The printed roles, given to somebody, who then acts in the world."""
    roles = printed(world, *options)
    for role in roles:
        somebody.define(role)
        somebody.assign(role["Name"], role["AssignableScopes"])
    world.credential = somebody
    return roles


def actions(roles: list[dict[str, Any]]) -> set[str]:
    plain = {action.lower() for role in roles for action in role["Actions"]}
    return plain | {f"{action.lower()} (data)" for role in roles for action in role["DataActions"]}


@pytest.fixture(scope="module")
def applied(
    fresh: Azure, somebody: Principal, tmp_path_factory: pytest.TempPathFactory
) -> tuple[World, list[dict[str, Any]]]:
    world = made(fresh, tmp_path_factory.mktemp("least"), "least")
    return world, given(world, somebody, "--for", "apply")


def test_the_role_for_apply_is_enough_and_nothing_of_it_is_spare(
    applied: tuple[World, list[dict[str, Any]]], somebody: Principal, photograph: Callable[[int], bytes]
) -> None:
    world, roles = applied
    assert {str(one.status): one.error for one in world.apply(poll_seconds=0.05).values()} == {"done": None}
    operator = world.file.with_name("operator.yaml")
    helper = World(world.azure, operator, world.text, world.account)
    helper.container("images").upload_blob("a.jpg", photograph(1))
    assert {name: str(one.status) for name, one in world.apply(poll_seconds=0.05).items()} == {"conversion/j": "done"}
    world.text["jobs"]["j"]["displayName"] = "another job"
    assert {name: str(one.status) for name, one in world.apply(poll_seconds=0.05).items()} == {"job/j": "done"}
    assert world.plan().steps == ()

    asked = somebody.asked()
    assert [action for action, allowed in asked.items() if not allowed] == []
    assert actions(roles) - asked.keys() == set(SELDOM)
    assert asked.keys() - actions(roles) == set()


def test_what_an_action_is_missing_for_is_refused(
    applied: tuple[World, list[dict[str, Any]]], somebody: Principal
) -> None:
    """Of ARM before anything is done, as Azure tells what one may do there; of the rest when it is done."""
    world, roles = applied
    next(iter(world.text["storage"].values()))["tags"] = {"team": "a"}
    world.text["jobs"]["j"]["priority"] = 7
    storage, jobs = "Microsoft.Storage/storageAccounts/write", "Microsoft.Batch/batchAccounts/jobs/write"
    for role in roles:
        somebody.define(role, storage)
    (refused,) = world.plan().of(Action.REFUSE)
    assert refused.reason.startswith(f"you may not do {storage} in {world.text['azure']['resourceGroup']}")
    for role in roles:
        somebody.define(role, jobs)
    outcomes = world.apply(poll_seconds=0.05)
    assert {name: str(one.status) for name, one in outcomes.items()} == {
        "storage_account/saleast": "done",
        "job/j": "failed",
    }
    assert "AuthorizationPermissionMismatch: The client does not have permission" in str(outcomes["job/j"].error)
    assert jobs in str(outcomes["job/j"].error)
    for role in roles:
        somebody.define(role)
    assert {name: str(one.status) for name, one in world.apply(poll_seconds=0.05).items()} == {"job/j": "done"}


def test_the_role_for_plan_is_enough_to_look_and_for_nothing_else(fresh: Azure, tmp_path: Path) -> None:
    world = made(fresh, tmp_path, "looker")
    looker = Principal(fresh, world.cloud(), "looking").make()
    given(world, looker, "--for", "plan")
    plan = world.plan()
    assert {decision.action for decision in plan.decisions} == {Action.CREATE, Action.NONE}
    assert not [
        action for action in looker.asked() if not action.endswith(("/read", "/read (data)", "availability/action"))
    ]
    cloud = world.cloud()
    for what in ("Microsoft.ManagedIdentity/userAssignedIdentities/x", "Microsoft.Storage/storageAccounts/saxx12"):
        with pytest.raises(AzureError) as refused, translated():
            arm.put(cloud, f"{cloud.group_id}/providers/{what}", {"location": "italynorth"})
        assert refused.value.code == "AuthorizationFailed"
        assert f"to perform action '{what.rpartition('/')[0]}/write' over scope '{cloud.group_id}" in str(refused.value)
