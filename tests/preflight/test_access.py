"""Who may do what a plan needs: roles, the state of the subscription, and registrations; exit codes of doctor."""

from __future__ import annotations

import itertools
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import azure_local
from reconciler.azure import roles
from reconciler.cli import commands
from reconciler.kinds import KINDS
from reconciler.model import Action, Address, Decision, Plan, Status, Why
from reconciler.preflight import access
from reconciler.preflight.facts import Facts
from tests.conftest import REGIONS, Azure, World, serving
from tests.preflight.test_local import POOL, refused

CONTRIBUTOR: Any = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Write"]}
READER: Any = {"actions": ["*/read"], "notActions": []}
BATCH: Any = {"actions": ["Microsoft.Batch/batchAccounts/*"]}


@pytest.mark.parametrize(
    ("permissions", "action", "may"),
    [
        ([], "Microsoft.Batch/batchAccounts/write", False),
        ([READER], "Microsoft.Batch/batchAccounts/read", True),
        ([READER], "Microsoft.Batch/batchAccounts/write", False),
        ([CONTRIBUTOR], "Microsoft.Batch/batchAccounts/write", True),
        ([CONTRIBUTOR], "Microsoft.Authorization/roleAssignments/write", False),
        ([CONTRIBUTOR], "microsoft.authorization/roleassignments/WRITE", False),
        ([CONTRIBUTOR, {"actions": ["Microsoft.Authorization/roleAssignments/*"]}],
         "Microsoft.Authorization/roleAssignments/write", True),
        ([BATCH], "Microsoft.Batch/batchAccounts/pools/delete", True),
        ([BATCH], "Microsoft.BatchX/batchAccounts/pools/delete", False),
        ([{"actions": ["Microsoft.Batch/*/write"]}], "Microsoft.Batch/batchAccounts/pools/write", True),
        ([{"actions": ["Microsoft.Batch/*/write"]}], "Microsoft.Batch/batchAccounts/pools/delete", False),
    ],
)  # fmt: skip
def test_an_action_is_allowed_by_one_role_that_has_it_and_does_not_take_it_back(
    permissions: list[Any], action: str, may: bool
) -> None:
    assert access.allowed(permissions, action) is may


@pytest.mark.parametrize(
    ("actions", "wanted"),
    [
        (["Microsoft.Batch/batchAccounts/pools/write"], ["Azure Batch Account Contributor"]),
        (["Microsoft.Authorization/roleAssignments/write"], ["Role Based Access Control Administrator"]),
        (["Microsoft.Batch/batchAccounts/write", "Microsoft.Storage/storageAccounts/write"], ["Contributor"]),
        (["Microsoft.Compute/galleries/write"], ["Contributor"]),
        (
            ["Microsoft.Batch/a/write", "Microsoft.Storage/b/write", "Microsoft.Authorization/roleAssignments/write"],
            ["Contributor", "Role Based Access Control Administrator"],
        ),
        (["Microsoft.Authorization/locks/write"], ["Owner"]),
    ],
)
def test_the_narrowest_roles_that_would_do_are_named(actions: list[str], wanted: list[str]) -> None:
    assert access.roles(actions) == wanted


def test_a_plan_needs_what_it_writes_and_deletes_and_nothing_else() -> None:
    made = {"a": Action.CREATE, "b": Action.DELETE, "c": Action.NONE, "d": Action.WAIT}
    decisions = [Decision(Address("pool", name), action, Why.DIFFERS, "") for name, action in made.items()]
    decisions.append(Decision(Address("resource_group", "rg"), Action.CREATE, Why.ABSENT, ""))
    assert access.needed(Plan("s", tuple(decisions), (), {}), KINDS) == {
        "Microsoft.Batch/batchAccounts/pools/write": (Address("pool", "a"),),
        "Microsoft.Batch/batchAccounts/pools/delete": (Address("pool", "b"),),
    }


@pytest.mark.parametrize(
    ("permissions", "told"),
    [
        ([READER, {"actions": ["Microsoft.Storage/storageAccounts/listKeys/action"]}], "warn"),
        ([READER, BATCH], "refuse"),
        ([CONTRIBUTOR], "refuse"),
        ([], "refuse"),
    ],
)
def test_whoever_may_only_look_gets_a_plan_that_says_so_and_not_one_that_is_refused(
    permissions: list[Any], told: str
) -> None:
    needed = {"Microsoft.Authorization/roleAssignments/write": (Address("role_assignment", "a"),)}
    facts = Facts(datetime.now(UTC), "westeurope", None, {}, frozenset(), group="rg", needed=needed)
    (finding,) = access.check(replace(facts, permissions=tuple(permissions)))
    assert (finding.severity, finding.address is None) == (told, told == "warn")
    assert finding.check == "permissions"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """A server whose subscription and operator's roles no other test minds."""
    with serving(tmp_path_factory.mktemp("alone")) as azure:
        yield azure


_places = itertools.cycle(REGIONS)
"""A region has room for three accounts."""


@pytest.fixture
def lone(alone: Azure, tmp_path: Path) -> World:
    name = f"u{uuid.uuid4().hex[:8]}"
    text = {
        "apiVersion": "reconciler/v1",
        "name": name,
        "azure": {"cloud": "local", "location": next(_places), "resourceGroup": f"rg-{name}"},
        "batchAccount": {"name": f"ba{name}"},
        "pools": {},
    }
    return World(alone, tmp_path / "spec.yaml", text, "")


def doctor(world: World) -> tuple[int, dict[str, dict[str, str]]]:
    world.spec()
    done = CliRunner().invoke(commands, ["doctor", str(world.file), "--format", "json"], standalone_mode=False)
    assert done.exception is None, done.output
    return done.return_value, {row["check"]: row for row in json.loads(done.output)}


def test_an_unregistered_provider_is_told_before_anything_is_made(lone: World) -> None:
    code, rows = doctor(lone)
    assert code == 0
    told = "is NotRegistered; apply registers it, or: az provider register -n Microsoft.Batch"
    assert rows["provider Microsoft.Batch"] == {"check": "provider Microsoft.Batch", "state": "warn", "text": told}
    assert rows["permissions"]["text"] == "the resource group is not there yet; run doctor again when it is"
    assert {one.status for one in lone.apply().values()} == {Status.DONE}
    code, rows = doctor(lone)
    assert rows["provider Microsoft.Batch"]["state"] == "ok"


@pytest.mark.parametrize(
    ("state", "shown", "code"),
    [("Enabled", "ok", 0), ("Warned", "warn", 0), ("PastDue", "warn", 0), ("Disabled", "refused", 3)],
)
def test_the_state_of_the_subscription_is_told(lone: World, state: str, shown: str, code: int) -> None:
    lone.apply()
    azure_local.ask(lone.azure.folder, "POST", "subscription", {"state": state})
    try:
        lone.text["pools"] = {"a": POOL}
        exit_code, rows = doctor(lone)
        assert (rows["subscription"]["state"], exit_code) == (shown, code)
        plan = lone.plan()
        assert ("pool/a" in refused(plan)) == (state == "Disabled")
        assert any(state in note for note in plan.notes) == (shown == "warn")
    finally:
        azure_local.ask(lone.azure.folder, "POST", "subscription", {"state": "Enabled"})


def grant(world: World, role: str) -> None:
    """Give the operator a role at the subscription."""
    cloud = world.cloud()
    scope = f"/subscriptions/{cloud.target.subscription}"
    others = list(cloud.list_arm(f"{scope}/providers/Microsoft.Authorization/roleAssignments"))
    operator = others[0]["properties"]["principalId"]
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{roles.definition(role)}"
    properties = {"roleDefinitionId": definition, "principalId": operator, "principalType": "ServicePrincipal"}
    cloud.arm("PUT", path, {"properties": properties})


def test_a_contributor_may_not_assign_roles_and_is_told_which_role_may(alone: Azure, lone: World) -> None:
    lone.apply()
    cloud = lone.cloud()
    scope = f"/subscriptions/{cloud.target.subscription}/providers/Microsoft.Authorization/roleAssignments"
    owner = next(one["id"] for one in cloud.list_arm(scope) if roles.definition("Owner") in json.dumps(one))
    grant(lone, "Contributor")
    alone.advance(600)
    cloud.arm("DELETE", owner)
    lone.text["identities"] = {"id-a": {"roles": [{"role": "Reader", "scope": "batchAccount"}]}}
    lone.text["pools"] = {"a": POOL}
    code, rows = doctor(lone)
    assert code == 3
    (row,) = (row for name, row in rows.items() if name.startswith("permissions"))
    group = lone.text["azure"]["resourceGroup"]
    words = f"you may not do Microsoft.Authorization/roleAssignments/write in {group}; ask for "
    assert row["state"] == "refused"
    assert row["text"] == f"{words}Role Based Access Control Administrator on {group}; a new role takes minutes to work"
    assert [name.split("/")[0] for name in refused(lone.plan())] == ["role_assignment"]
