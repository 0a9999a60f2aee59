"""A runner outside of a closed account is let in for as long as it runs, and what a killed one leaves is taken back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner

import azure_local
from reconciler import marks
from reconciler.cli import commands, entering
from reconciler.cloud import arm
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.engine import ways as engine
from reconciler.errors import Refused, WrongUsage
from reconciler.kind.ways import LASTS
from reconciler.kinds import KINDS
from reconciler.kinds.storage import ways
from reconciler.model import Action, Address, Desired, Mark, Observed
from tests.conftest import Azure, World, new_world

HERE, THERE = "198.51.100.10", "198.51.100.77"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(azure_server: Azure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A spec whose lock is in a closed account, made by a run from outside. Time stands nearly still."""
    with new_world(azure_server, tmp_path_factory.mktemp("runner")) as world:
        for section in ("identities", "pools", "jobs", "batchAccount"):
            del world.text[section]
        world.text["storage"][world.account] = {"publicNetworkAccess": "Disabled", "containers": ["locks"]}
        world.text |= {"lock": f"storage/{world.account}/locks", "runner": {"temporaryRule": True}}
        said = run(world, "apply", "--yes", "--runner-address", HERE)
        assert said[0] == 0, said
        yield world
        azure_local.ask(azure_server.folder, "POST", "client", {})


def run(world: World, *arguments: str) -> tuple[int, str]:
    world.spec()
    done = CliRunner().invoke(commands, [*arguments, str(world.file)], standalone_mode=False)
    return done.return_value or int(done.exception is not None), f"{done.output}{done.exception or ''}"


def live(world: World) -> dict[str, Any]:
    cloud = world.cloud()
    found = arm.get(cloud, cloud.id_of("Microsoft.Storage/storageAccounts", world.account))
    assert found is not None
    return found


def shut(world: World) -> bool:
    """Whether the account is as the spec says: closed, without rules and without marks of runs."""
    raw = live(world)
    rules = raw["properties"]["networkAcls"]
    marked = [tag for tag in raw["tags"] if tag.startswith(marks.WAY)]
    return raw["properties"]["publicNetworkAccess"] == "Disabled" and not rules["ipRules"] and not marked


def entry(world: World, address: str) -> engine.Entry:
    spec = world.spec()
    return engine.Entry(world.cloud(spec), KINDS, engine.shut(spec, KINDS, address), address)


def test_a_first_apply_comes_in_to_what_it_has_made_and_leaves_it_closed(world: World) -> None:
    assert shut(world)
    world.text["storage"][world.account]["containers"].append("more")
    assert "nobody says that of this machine; give it by --runner-address" in run(world, "apply", "--yes")[1]
    code, said = run(world, "apply", "--yes", "--runner-address", "none")
    assert (code, "cannot take the lock" in said) == (1, True), said
    code, said = run(world, "apply", "--yes", "--runner-address", HERE)
    assert (code, "no lock" in said) == (0, False), said
    assert shut(world)


def test_an_apply_that_fails_and_an_account_that_changes_are_left_as_they_were(world: World) -> None:
    world.text["storage"][world.account]["minimumTlsVersion"] = "TLS1_3"
    assert run(world, "apply", "--yes", "--runner-address", HERE)[0] == 0
    assert shut(world)
    world.azure.fault(
        match={"method": "PUT", "path": "containers/bad"}, action={"status": 403, "code": "X", "message": "No."}
    )
    world.text["storage"][world.account]["containers"].append("bad")
    assert run(world, "apply", "--yes", "--runner-address", HERE)[0] == 1
    world.azure.clear_faults()
    world.text["storage"][world.account]["containers"].remove("bad")
    assert shut(world)
    assert world.plan().steps == ()


def test_what_a_killed_run_leaves_stands_until_its_end_and_then_the_next_run_takes_it_back(world: World) -> None:
    first = entry(world, HERE)
    first.open()
    lock = Lock(LockBlob(world.cloud().unguarded(), world.text["lock"]), Holder("ann"), 15)
    assert lock.take() is Answer.GRANTED
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", "--wait", str(world.file)]
    told = {**os.environ, entering.VARIABLE: THERE}
    world.azure.run(1)
    azure_local.ask(world.azure.folder, "POST", "client", {"address": THERE})
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=told) as process:
        assert process.stderr is not None
        assert "Waiting for the lock" in process.stderr.readline()
        process.send_signal(signal.SIGKILL)
    azure_local.ask(world.azure.folder, "POST", "client", {"address": HERE})
    lock.release()
    assert {rule["value"] for rule in live(world)["properties"]["networkAcls"]["ipRules"]} == {HERE, THERE}
    assert first.close() == []
    assert [rule["value"] for rule in live(world)["properties"]["networkAcls"]["ipRules"]] == [THERE]

    plan = world.plan()
    assert plan.steps == ()
    decision = next(one for one in plan.decisions if one.address.kind == "storage_account")
    assert decision.reason.startswith(f"lets in a run from {THERE} until ")
    assert "No way in is left over." in run(world, "cleanup", "--ways")[1]

    world.azure.advance(LASTS.total_seconds() + 1)
    plan = world.plan()
    (decision,) = plan.of(Action.UPDATE)
    assert decision.reason == f"the way in of a run from {THERE} is left over"
    code, said = run(world, "apply", "--yes", "--runner-address", HERE)
    assert code == 0, said
    assert shut(world)
    assert world.plan().steps == ()


def test_cleanup_takes_back_what_is_left_over_without_a_way_in(world: World) -> None:
    left = entry(world, THERE)
    left._step(left.shut[0], left._ways(left.shut[0]).open)
    world.azure.advance(LASTS.total_seconds() + 1)
    code, said = run(world, "cleanup", "--ways", "--yes")
    assert (code, THERE in said, "Cleaned up." in said) == (0, True, True), said
    assert shut(world)


def test_an_account_with_rules_that_would_wake_is_not_opened(world: World) -> None:
    cloud, raw = world.cloud(), live(world)
    rules = {**raw["properties"]["networkAcls"], "ipRules": [{"value": "203.0.113.0/24", "action": "Allow"}]}
    arm.patch(cloud, raw["id"], {"properties": {"networkAcls": rules}})
    with pytest.raises(Refused, match=r"rules that would let in others as soon as it is not: 203\.0\.113\.0/24; take"):
        entry(world, HERE).open()
    arm.patch(cloud, raw["id"], {"properties": {"networkAcls": {**rules, "ipRules": []}}})
    assert shut(world)


@pytest.mark.parametrize(
    "text", ["10.1.2.3", "0.0.0.0", "127.0.0.1", "169.254.0.1", "100.64.0.1", "224.0.0.1", "::1", "203.0.113.0/24", "x"]
)
def test_only_one_public_address_is_let_in(text: str) -> None:
    with pytest.raises(WrongUsage, match="--runner-address: "):
        entering.checked(text)


def account(tags: dict[str, str], public: str = "Enabled", action: str = "Deny") -> Observed:
    rules = {"defaultAction": action, "bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [HERE]}
    body = {"tags": tags, "properties": {"publicNetworkAccess": public, "networkAcls": rules}}
    return Observed(Address("storage_account", "sa"), "/x", body, Mark("me", ""))


class At:
    """What `seen` asks a cloud for."""

    owner, time = "me", NOW


def until(more: timedelta, before: str = "Disabled Allow") -> dict[str, str]:
    return {f"{marks.WAY}abc": f"{HERE} until {marks.moment(NOW + more)}, before {before}"}


@pytest.mark.parametrize(
    ("seen", "explained"),
    [
        (account(until(LASTS)), True),
        (account(until(timedelta(0))), False),
        (account(until(timedelta(days=1000))), False),
        (account(until(LASTS), action="Allow"), False),
        (account(until(LASTS, "Enabled Allow")), False),
        (account({f"{marks.WAY}abc": f"{HERE} until soon"}), False),
        (replace(account(until(LASTS)), mark=Mark("you", "")), False),
    ],
)
def test_a_tag_explains_only_what_a_run_of_ours_has_written(seen: Observed, explained: bool) -> None:
    got: Callable[..., Observed] = ways.seen
    properties = got(At(), seen).body["properties"]
    assert (properties["publicNetworkAccess"] == "Disabled") is explained
    assert (properties["networkAcls"]["ipRules"] == []) is explained


def test_an_update_leaves_in_whom_runs_have_let_in() -> None:
    properties = {"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny", "ipRules": ["1.2.3.4"]}}
    wanted = Desired(Address("storage_account", "sa"), {"tags": {}, "properties": properties})
    got: Callable[..., Observed] = ways.seen
    kept = ways.kept(wanted, got(At(), account(until(LASTS, "Enabled Deny")))).body
    assert kept["properties"]["networkAcls"]["ipRules"] == ["1.2.3.4", HERE]
    assert kept["tags"] == until(LASTS, "Enabled Deny")
