"""A world that can be read only in part: what is closed is not known, and the plan goes on with the rest."""

from __future__ import annotations

from click.testing import CliRunner

from reconciler.cli import commands
from reconciler.model import Action, Plan, Status, Why
from tests.conftest import World


def actions(plan: Plan) -> dict[str, str]:
    return {str(d.address): str(d.action) for d in plan.decisions if d.action is not Action.NONE}


def test_a_closed_account_is_worked_around_and_opened_again(world: World) -> None:
    world.text["pools"]["pool"]["nodes"] = 0
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    world.text["storage"][world.account]["publicNetworkAccess"] = "Disabled"
    world.text["pools"]["pool"]["metadata"] = {"team": "a"}
    world.apply()

    plan = world.plan()
    assert actions(plan) == {"conversion/job": "unknown"}
    (decision,) = plan.of(Action.UNKNOWN)
    assert decision.why is Why.UNREADABLE
    assert decision.reason.startswith("cannot read the blobs of conversion/job: AuthorizationFailure: ")
    assert "publicNetworkAccess" in decision.reason

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

    world.text["storage"][world.account]["publicNetworkAccess"] = "Enabled"
    assert actions(world.plan())[f"storage_account/{world.account}"] == "update"
    world.apply()
    assert actions(world.plan()) == {}
