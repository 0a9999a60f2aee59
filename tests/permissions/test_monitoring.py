"""The role that is printed for a spec with monitoring lets whoever has it apply and plan it, and has nothing spare."""

from __future__ import annotations

from pathlib import Path

from reconciler.model import Status
from tests.conftest import Azure
from tests.permissions.conftest import made
from tests.permissions.principal import Principal
from tests.permissions.test_least import actions, given

UNASKED = {"microsoft.resources/subscriptions/resourcegroups/read"}
"""Groups that may not be seen are left out of a list, so nobody is asked for it."""


def test_the_role_for_apply_is_enough_for_monitoring_and_nothing_of_it_is_spare(fresh: Azure, tmp_path: Path) -> None:
    world = made(fresh, tmp_path, "watcher")
    world.text = {
        key: part for key, part in world.text.items() if key not in ("storage", "identities", "pools", "jobs")
    }
    world.text["monitoring"] = {"notify": {"ops": {"mail": ["ops@contoso.com"]}}}
    watcher = Principal(fresh, world.cloud(), "watching").make()
    roles = given(world, watcher, "--for", "apply")
    outcomes = world.apply(poll_seconds=0.05).values()
    assert {one.status for one in outcomes} == {Status.DONE}, [one.error for one in outcomes]
    world.text["monitoring"]["notify"]["ops"]["mail"] += ["duty@contoso.com"]
    assert {one.status for one in world.apply(poll_seconds=0.05).values()} == {Status.DONE}
    assert world.plan().steps == ()
    asked = watcher.asked()
    assert [action for action, allowed in asked.items() if not allowed] == []
    assert asked.keys() - actions(roles) == set()
    assert actions(roles) - asked.keys() == UNASKED
