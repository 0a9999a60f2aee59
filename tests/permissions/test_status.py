"""With just the roles for `status` and `why` all is read that they tell, and nothing of the roles is spare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import azure_local
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import Azure, World
from tests.permissions.conftest import made
from tests.permissions.principal import Principal
from tests.permissions.test_least import actions, given

SPEC = """\
apiVersion: reconciler/v1
name: x
azure: {cloud: local, location: italynorth, resourceGroup: rg}
batchAccount: {name: bax}
"""
LATER = {
    "pool": "pools/p",
    "schedule": {"recurrenceInterval": "PT1H"},
    "jobManagerTask": {"id": "main", "commandLine": "true"},
}
UNASKED = {"microsoft.resources/subscriptions/resourcegroups/read"}
"""Groups that may not be seen are left out of a list, so nobody is asked for it."""
OWN = ("Microsoft.ResourceHealth/availabilityStatuses/read", "Microsoft.ResourceHealth/events/read")


@pytest.mark.parametrize(
    ("use", "found"), [("status", [OWN[:1], OWN[1:]]), ("why", [OWN[:1], OWN[1:]]), ("plan", [(), ()])]
)
def test_a_look_reads_what_azure_says_of_itself(tmp_path: Path, use: str, found: list[tuple[str, ...]]) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(SPEC)
    done = reconcile("permissions", str(file), "--for", use, "--format", "json")
    assert done.returncode == 0, done.stderr
    roles = json.loads(done.stdout)
    assert [tuple(one for one in role["Actions"] if one in OWN) for role in roles] == found


@pytest.fixture(scope="module")
def world(fresh: Azure, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A measured pool, a job with a task that has failed, and a Batch account that is not well."""
    world = made(fresh, tmp_path_factory.mktemp("looked"), "looked")
    start = {"commandLine": "/bin/sh -c true", "elevationLevel": "Admin"}
    world.text["storage"][world.account]["containers"].append("logs")
    world.text["pools"]["p"] |= {"startTask": start, "telemetry": {"to": f"storage/{world.account}/logs"}}
    world.text["jobs"] = {"j": {"pool": "pools/p", "tasks": {"fails": {"command": "echo gone >&2; exit 3"}}}}
    assert {str(one.status) for one in world.apply(poll_seconds=0.05).values()} == {"done"}
    assert reconcile("wait", "j", "--spec", str(world.file)).returncode == 5
    ill = {"resource": world.cloud().account_id, "state": "Degraded"}
    azure_local.ask(fresh.folder, "POST", "health", ill)
    fresh.advance(300)
    return world


def looking(world: World, use: str) -> tuple[Principal, set[str], Callable[..., str]]:
    """A principal with just the role for this use, its actions, and what a command prints that is run as it."""
    looker = Principal(world.azure, world.cloud(), f"{use}looker").make()
    roles = given(world, looker, "--for", use)
    world.credential = looker.operator.credential
    signed_in = looker.signed_in(world.file.parent)

    def said(*words: str) -> str:
        done = reconcile(*words, str(world.file), cwd=CHECKOUT, **signed_in)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return done.stdout

    return looker, actions(roles), said


def test_with_just_its_role_a_status_reads_everything(world: World) -> None:
    looker, may, said = looking(world, "status")
    assert "health: batch_account/balooked is degraded" in said("status")
    asked = looker.asked()
    assert [action for action, allowed in asked.items() if not allowed] == []
    assert asked.keys() - may == set()
    assert may - asked.keys() == UNASKED


def test_with_just_its_role_why_reads_everything_and_nothing_of_it_is_spare(world: World) -> None:
    looker, may, said = looking(world, "why")
    world.text["jobs"]["later"] = LATER
    world.spec()
    told = {address: said("why", address, "--spec") for address in ("pools/p", "jobs/j", "j/fails", "jobs/later")}
    assert [address for address, text in told.items() if "not read" in text] == []
    assert "exit code 3" in told["jobs/j"]
    asked = looker.asked()
    assert [action for action, allowed in asked.items() if not allowed] == []
    assert asked.keys() == may
