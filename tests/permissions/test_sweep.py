"""Each action of a role taken away by itself: none can be done without. The table goes to SWEEP, if that is set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.errors import ReconcileError
from reconciler.model import Action, Status
from tests.conftest import Azure, World
from tests.permissions.conftest import made
from tests.permissions.principal import Principal
from tests.permissions.test_least import SELDOM, given, printed

NEVER = {**SELDOM, "microsoft.managedidentity/register/action": "the principal's own identity needs it before"}


def trial(world: World, upload: bytes) -> str:
    """What an apply, with work and one more change, came to: why it was refused or what it could not read, if that."""
    try:
        plan = world.plan()
    except ReconcileError as error:
        return f"plan: {error}"
    if refused := [*plan.of(Action.REFUSE), *plan.of(Action.UNKNOWN)]:
        return f"plan: {refused[0].reason}"
    if notes := [note for note in plan.notes if "AuthorizationFailed" in note or "not known" in note]:
        return f"plan: {notes[0]}"
    for change in (None, "upload", "job"):
        if change == "upload":
            helper = World(world.azure, world.file.with_name("operator.yaml"), world.text, world.account)
            helper.container("images").upload_blob("a.jpg", upload)
        elif change == "job":
            world.text["jobs"]["j"]["displayName"] = "another job"
        outcomes = world.apply(poll_seconds=0.05).values()
        failed = [one for one in outcomes if one.status is Status.FAILED]
        if failed:
            return f"apply: {failed[0].error}"
    return ""


@pytest.mark.slow
def test_no_action_of_the_role_for_apply_can_be_done_without(
    fresh: Azure, somebody: Principal, tmp_path: Path, photograph: object
) -> None:
    assert callable(photograph)
    first = made(fresh, tmp_path, "sweep")
    actions = [action for role in printed(first) for action in [*role["Actions"], *role["DataActions"]]]
    rows = []
    for number, action in enumerate(actions):
        world = made(fresh, tmp_path, f"sweep{number}")
        roles = given(world, somebody)
        for role in roles:
            somebody.define(role, action)
        rows.append((action, trial(world, photograph(1))))
        world.credential = None
        world.drop()
        fresh.advance(3600)
    if "SWEEP" in os.environ:
        Path(os.environ["SWEEP"]).write_text("".join(f"{action}\t{told}\n" for action, told in rows))
    assert {action.lower() for action, told in rows if not told} == set(NEVER)
