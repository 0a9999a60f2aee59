"""Each action of a role taken away by itself: none can be done without. The table goes to SWEEP, if that is set."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler.engine import graph
from reconciler.errors import ReconcileError
from reconciler.kinds import KINDS
from reconciler.model import Action, Plan, Status
from reconciler.permissions.needed import CHECKING, Use
from reconciler.permissions.role import roles as roles_of
from tests.conftest import Azure, World
from tests.permissions.conftest import made
from tests.permissions.principal import Principal
from tests.permissions.test_least import given, printed

REGISTERED = ("Batch", "Compute", "ManagedIdentity", "Storage")
DONE_BEFORE = {f"microsoft.{name}/register/action".lower() for name in REGISTERED}
"""A subscription is registered once: here by the trial before."""


def hidden(plan: Plan) -> str:
    """What a plan says that it could not see."""
    return next((f"plan: {note}" for note in plan.notes if "is not known, and nothing" in note), "")


def trial(world: World, upload: bytes) -> str:
    """What an apply, with work and one more change, came to: why it was refused or what it could not read, if that."""
    try:
        plan = world.plan()
    except ReconcileError as error:
        return f"plan: {error}"
    if refused := [*plan.of(Action.REFUSE), *plan.of(Action.UNKNOWN)]:
        return f"plan: {refused[0].reason}"
    if said := hidden(plan):
        return said
    for change in (None, "upload", "job"):
        if change == "upload":
            helper = World(world.azure, world.file.with_name("operator.yaml"), world.text, world.account)
            helper.container("images").upload_blob("a.jpg", upload)
        elif change == "job":
            world.text["jobs"]["j"]["displayName"] = "another job"
        outcomes = world.apply(poll_seconds=0.05).values()
        assert world.planned is not None
        if said := hidden(world.planned):
            return said
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
    spec = first.spec()
    needs = [one.needs for one in roles_of(spec, KINDS, graph.build(spec, KINDS), [Use.APPLY])]
    checks = {name.lower() for one in needs for name, why in one.items() if all(w.startswith(CHECKING) for w in why)}
    seldom = {"microsoft.batch/batchaccounts/pools/stopresize/action"}
    assert {action.lower() for action, told in rows if not told} == checks | DONE_BEFORE | seldom
