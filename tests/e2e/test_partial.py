"""A world that can be read only in part: what is closed is not known, and the plan goes on with the rest."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from reconciler import marks
from reconciler.cli import commands
from reconciler.cloud import arm
from reconciler.model import Action, Plan, Status, Why
from tests.cli.command import reconcile
from tests.conftest import World

DENIED = {"status": 403, "code": "AuthorizationFailed", "message": "You may not do that."}
NSG = "Microsoft.Network/networkSecurityGroups"


def actions(plan: Plan) -> dict[str, str]:
    return {str(d.address): str(d.action) for d in plan.decisions if d.action is not Action.NONE}


def test_a_closed_account_is_worked_around_and_opened_again(world: World) -> None:
    world.text["pools"]["pool"]["nodes"] = 0
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    world.text["storage"][world.account]["networkAcls"] = {"defaultAction": "Deny"}
    world.text["pools"]["pool"]["metadata"] = {"team": "a"}
    world.apply()

    plan = world.plan()
    assert actions(plan) == {"conversion/job": "unknown"}
    (decision,) = plan.of(Action.UNKNOWN)
    assert decision.why is Why.UNREADABLE
    assert decision.reason.startswith("cannot read the blobs of conversion/job: AuthorizationFailure: ")
    assert "networkAcls" in decision.reason

    shown = CliRunner().invoke(commands, ["plan", str(world.file)], standalone_mode=False)
    assert "? conversion/job  cannot read" in shown.output
    assert "Plan: 1 not known; " in shown.output
    applied = CliRunner().invoke(commands, ["apply", "--yes", str(world.file)], standalone_mode=False)
    assert applied.exception is None
    assert applied.return_value == 2, "something is left open"
    assert "conversion/job: cannot read what conversion/job has come to: AuthorizationFailure" in applied.output
    status = CliRunner().invoke(commands, ["status", str(world.file)], standalone_mode=False)
    assert status.return_value == 1
    assert "unknown" in next(line for line in status.output.splitlines() if line.startswith("conversion/job "))

    world.text["pools"]["pool"]["metadata"] = {"team": "b"}
    assert actions(world.plan()) == {"conversion/job": "unknown", "pool/pool": "update"}
    assert {name: str(one.status) for name, one in world.apply().items()} == {"pool/pool": "done"}

    world.text["storage"][world.account]["networkAcls"] = {"defaultAction": "Allow"}
    assert actions(world.plan())[f"storage_account/{world.account}"] == "update"
    world.apply()
    assert actions(world.plan()) == {}


@pytest.fixture
def plain(world: World) -> World:
    """What is applied in seconds: an account with a pool without nodes and a job, and an identity with a role."""
    world.text["pools"]["pool"]["nodes"] = 0
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    return world


def close(world: World, path: str) -> None:
    world.azure.fault(match={"method": "GET", "path": path}, action=DENIED, times=1000)


def test_destroy_goes_on_with_what_nothing_unknown_can_need(plain: World) -> None:
    """The data plane of the account is closed: its jobs and job schedules cannot be seen."""
    account = plain.text["batchAccount"]["name"]
    close(plain, f"/batch/{account}/jobs")
    plan = plain.plan(destroying=True)
    assert {str(d.address) for d in plan.of(Action.UNKNOWN)} == {"job/job"}
    assert plan.steps == ()
    lists = " and ".join(f"the {name} of {account}" for name in ("verifications", "jobs", "job schedules"))
    unread = f"stays: {lists} could not be read"
    assert {d.reason for d in plan.of(Action.KEEP)} == {f"{unread}, and something there may need it"}
    done = reconcile("destroy", str(plain.file), "--yes")
    assert (done.returncode, done.stderr) == (2, "")
    assert "? job/job  cannot read the jobs of" in done.stdout
    group = f"resource_group/{plain.text['azure']['resourceGroup']}"
    assert f"= {group}  {unread}, and something there may need it" in done.stdout
    assert f"= pool/pool  stays for the same reason as {group}" in done.stdout


def test_destroy_deletes_what_comes_after_an_unread_list(plain: World) -> None:
    """Who is given which role cannot be seen: what may be in use by a role stays, pools and jobs go."""
    close(plain, "/Microsoft.Authorization/roleAssignments$")
    group, account = plain.text["azure"]["resourceGroup"], plain.text["batchAccount"]["name"]
    outcomes = plain.apply(destroying=True)
    assert {name: one.status for name, one in outcomes.items()} == {"pool/pool": Status.DONE, "job/job": Status.DONE}
    assert plain.planned is not None
    kept = {str(d.address) for d in plain.planned.of(Action.KEEP)}
    assert kept >= {f"resource_group/{group}", f"batch_account/{account}", "identity/id-pool"}
    (unknown,) = plain.planned.of(Action.UNKNOWN)
    assert unknown.address.kind == "role_assignment"
    assert reconcile("destroy", str(plain.file), "--yes").returncode == 2
    plain.azure.clear_faults()
    assert reconcile("destroy", str(plain.file), "--yes").returncode == 0
    assert plain.plan(destroying=True).steps == ()


def test_outputs_and_cost_show_what_can_be_read_and_say_what_could_not(plain: World) -> None:
    account = plain.text["batchAccount"]["name"]
    plain.text["pools"]["other"] = {**plain.text["pools"]["pool"], "nodes": 1}
    whole = json.loads(reconcile("outputs", str(plain.file), "--format", "json").stdout)
    close(plain, f"/batchAccounts/{account}/pools$")
    part = reconcile("outputs", str(plain.file), "--format", "json")
    assert part.returncode == 2
    values = json.loads(part.stdout)
    assert {name: value for name, value in whole.items() if not name.startswith("pool/")} == values
    assert part.stderr.startswith(f"warning: these outputs are not all: cannot read the pools of {account}: ")
    assert len(part.stderr.splitlines()) == 1
    cost = reconcile("cost", str(plain.file))
    assert (cost.returncode, cost.stdout) == (2, "Nothing that could be read costs by time.\n")
    assert cost.stderr.startswith(f"warning: this is not the whole cost: cannot read the pools of {account}: ")
    plain.text["budget"] = {"maxMonthly": 5}
    plain.spec()
    held = reconcile("plan", str(plain.file))
    assert (held.returncode, f"cannot read the pools of {account}" in held.stderr) == (1, True), "no budget on a part"


def test_import_writes_what_can_be_read_and_says_what_is_not_in_it(plain: World) -> None:
    account = plain.text["batchAccount"]["name"]
    close(plain, f"/batchAccounts/{account}/pools$")
    done = reconcile("import", "--cloud", "local", "--resource-group", plain.text["azure"]["resourceGroup"])
    assert done.returncode == 2
    assert f"batchAccount:\n  name: {account}\n" in done.stdout
    assert "pools:" not in done.stdout
    assert "# Could not be read, so that it is not in this file; a plan of it deletes" in done.stdout
    assert f"#   cannot read the pools of {account}: AuthorizationFailed: " in done.stdout
    assert done.stderr == (
        "warning: not all could be read: the first lines of the spec say what is not in it, and why\n"
    )
    chosen = reconcile(
        "import", "--cloud", "local", "--resource-group", plain.text["azure"]["resourceGroup"], "--pool", "pool"
    )
    assert (chosen.returncode, chosen.stdout) == (1, "")
    assert chosen.stderr.startswith(f"Error: cannot read the pools of {account}: ")


def test_cleanup_clears_the_groups_that_it_may(plain: World) -> None:
    cloud = plain.cloud()
    places = {name: f"{cloud.group_id}-{name}" for name in ("open", "shut")}
    old = {"location": "italynorth", "tags": {marks.EXPIRES: "2020-01-01T00:00:00Z"}}
    for place in places.values():
        arm.put(cloud, place, {"location": "italynorth"}, "2025-04-01")
        arm.put(cloud, f"{place}/providers/{NSG}/old", old)
    shut = places["shut"].rsplit("/", 1)[-1]
    match = {"method": "DELETE", "path": f"{shut}/providers/"}
    plain.azure.fault(match=match, action=DENIED, times=1000)
    done = reconcile("cleanup", str(plain.file), "--yes")
    assert done.returncode == 2
    assert done.stdout.endswith("Cleaned up what can be.\n")
    assert done.stderr.startswith(
        f"warning: some of it stays: cannot delete what is left in {shut}: AuthorizationFailed"
    )
    plain.azure.clear_faults()
    done = reconcile("cleanup", str(plain.file), "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "-open" not in done.stdout
    for place in places.values():
        arm.delete(cloud, place, "2025-04-01")
