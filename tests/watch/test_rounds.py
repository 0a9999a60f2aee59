"""Rounds on the local Azure: what is done by itself, what is left alone, and who makes them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.watch import recording
from reconciler.cloud import arm
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.kinds import load
from reconciler.model import Action, Status
from reconciler.watch.result import End, Result
from reconciler.watch.rounds import Around, Watched, summary
from reconciler.watch.sources import Files
from reconciler.watch.told import Said, What
from tests.bodies import CHECKED
from tests.cli.command import reconcile
from tests.conftest import World

ANN = Holder("ann@build-7 (pid 7)", "apply specs/x.yaml", "")


@dataclass
class Watching:
    """One spec of a world under watch, with a clock to be set."""

    world: World
    now: float = 0.0
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        def read(file: Path) -> Any:
            return load(file, os.environ)

        around = Around(read, self.world.cloud, CHECKED, self.said.append, "bo", "", 300.0, lambda: self.now)
        self.watched = Watched("x", around)

    def round(self, after: float = 300.0) -> Result:
        self.now += after
        self.world.spec()
        return self.watched.round(self.world.file, threading.Event(), threading.Event())

    def told(self, what: What) -> list[str]:
        found = [said.text for said in self.said if said.what is what]
        self.said[:] = [said for said in self.said if said.what is not what]
        return found


@pytest.fixture
def watching(world: World) -> Iterator[Watching]:
    """A spec with a lock, applied."""
    for section in ("identities", "pools", "jobs", "batchAccount"):
        del world.text[section]
    world.text["storage"][world.account] = {"containers": ["locks"]}
    world.text["lock"] = f"storage/{world.account}/locks"
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    made = Watching(world)
    yield made
    made.watched.release()


def containers(world: World) -> list[Any]:
    found: list[Any] = world.text["storage"][world.account]["containers"]
    return found


def drift(world: World) -> None:
    """Change the storage account outside the spec."""
    arm.patch(world.cloud(), account(world), {"properties": {"minimumTlsVersion": "TLS1_1"}})


def account(world: World) -> str:
    return world.cloud().id_of("Microsoft.Storage/storageAccounts", world.account)


def tls(world: World) -> str:
    live = arm.get(world.cloud(), account(world)) or {}
    return str(live["properties"]["minimumTlsVersion"])


def writes(world: World, since: int) -> set[str]:
    return {exchange["method"] for exchange in world.azure.wire(since)} - {"GET"}


def lock(world: World, room: str = "lock") -> Lock:
    return Lock(LockBlob(world.cloud().unguarded(), world.text["lock"], room), ANN, 15)


def test_a_round_without_anything_to_do_writes_nothing_and_a_changed_spec_is_carried_out(watching: Watching) -> None:
    before = watching.world.azure.exchanges()
    result = watching.round()
    assert (result.end, result.counts["as_desired"], writes(watching.world, before)) == (End.UNCHANGED, 3, set())
    assert 0 < result.requests < 15
    assert watching.told(What.LEADING) == ["leads"]
    containers(watching.world).append("more")
    result = watching.round()
    assert (result.end, [str(outcome.step.address) for outcome in result.outcomes]) == (
        End.CHANGED,
        [f"container/{watching.world.account}/more"],
    )
    assert watching.round().end is End.UNCHANGED
    assert summary(result).text.startswith(
        f"round changed ({result.requests} requests, 0.0 s): 3 as desired, 1 pending"
    )


def test_drift_is_put_right_or_told_as_the_spec_says(watching: Watching) -> None:
    world = watching.world
    world.text["watch"] = {"onDrift": "report"}
    watching.round()
    drift(world)
    containers(world).append("more")
    result = watching.round()
    assert [str(address) for address in result.drifted] == [f"storage_account/{world.account}"]
    assert [str(outcome.step.address) for outcome in result.outcomes] == [f"container/{world.account}/more"]
    assert tls(world) == "TLS1_1"
    (held,) = watching.told(What.HELD)
    assert held.endswith("is left as it is (drifted): was changed outside the spec; told only, as onDrift says")
    watching.round()
    assert watching.told(What.HELD) == []
    world.text["watch"]["resources"] = {f"storage_account/{world.account}": {"onDrift": "correct"}}
    assert (watching.round().end, tls(world)) == (End.CHANGED, "TLS1_2")
    assert watching.told(What.RELEASED) == [f"storage_account/{world.account} is not held any more"]


def test_what_was_deleted_outside_the_spec_is_drift_too(watching: Watching) -> None:
    world = watching.world
    world.text["watch"] = {"onDrift": "report"}
    containers(world).append("more")
    watching.round()
    watching.round()
    world.container("more").delete_container()
    assert [held.reason for held in watching.round().held] == [
        "was deleted outside the spec; told only, as onDrift says"
    ]
    world.text["watch"] = {"onDrift": "correct"}
    assert watching.round().end is End.CHANGED
    assert world.container("more").exists()


def test_what_leaves_the_spec_stays_unless_the_spec_lets_it_go(watching: Watching) -> None:
    world = watching.world
    containers(world).append("more")
    watching.round()
    watching.round()
    containers(world).remove("more")
    assert [str(held.hold) for held in watching.round().held] == ["left"]
    world.text["watch"] = {"onLeave": "delete"}
    assert watching.round().end is End.CHANGED
    assert not world.container("more").exists()


def test_what_is_paused_is_left_alone_until_it_is_resumed(watching: Watching) -> None:
    world = watching.world
    address = f"container/{world.account}/more"
    containers(world).append("more")
    world.spec()

    def run(*arguments: str) -> tuple[int, str]:
        done = reconcile(*arguments, cwd=world.file.parent)
        return done.returncode, done.stdout + done.stderr

    spec = ("--spec", str(world.file))
    code, said = run("pause", address, "--until", "2h", "--reason", "ann \x1b[2J tests", *spec)
    assert (code, said.startswith(f"{address} is paused until "), "\x1b" in said) == (0, True, False), said
    assert [str(held.hold) for held in watching.round().held] == ["paused"]
    code, said = run("plan", str(world.file))
    assert f"note: {address} is paused until " in said
    assert run("pause", "--all", "--until", "2020-01-01", *spec)[0] == 4
    assert run("pause", address, "--all", "--until", "2h", *spec)[0] == 4
    assert run("resume", "container/other", *spec)[1].startswith(f"{address} is paused")
    assert run("resume", address, *spec) == (0, f"Nothing of {world.text['name']} is paused.\n")
    assert watching.round().end is End.CHANGED

    drift(world)
    assert run("pause", "--all", "--until", "1h", *spec)[0] == 0
    assert watching.round().end is End.UNCHANGED
    assert run("resume", "--all", *spec)[0] == 0
    assert watching.round().end is End.CHANGED


def test_where_pauses_cannot_be_read_nothing_is_done(watching: Watching) -> None:
    world = watching.world
    cloud = world.cloud()
    name = f"pause/{cloud.target.subscription}/{cloud.target.resource_group}/{cloud.owner}.json".lower()
    world.container("locks").upload_blob(name, b'{"pauses": [{}]}')
    containers(world).append("more")
    assert watching.round().end is End.FAILED
    (text,) = watching.told(What.ROUND_FAILED)
    assert "what is paused cannot be known" in text
    assert reconcile("resume", "--all", "--spec", str(world.file), cwd=world.file.parent).returncode == 0
    assert watching.round().end is End.CHANGED


def test_a_resource_that_fails_is_tried_again_later_and_holds_up_no_other(watching: Watching) -> None:
    world = watching.world
    refused = {"status": 403, "code": "RequestDisallowedByPolicy", "message": "no"}
    world.azure.fault(match={"method": "PUT", "path": "containers/bad"}, times=100, action=refused)
    containers(world).extend(["bad", "good"])
    result = watching.round()
    assert {outcome.step.address.name.split("/")[1]: str(outcome.status) for outcome in result.outcomes} == {
        "bad": "failed",
        "good": "done",
    }
    assert result.end is End.FAILED
    assert [address.name for address in result.failing] == [f"{world.account}/bad"]
    containers(world).append("better")
    result = watching.round(after=100.0)
    assert {outcome.step.address.name for outcome in result.outcomes} == {f"{world.account}/better"}
    assert [str(held.hold) for held in result.held] == ["failing"]
    assert watching.round(after=200.0).end is End.FAILED, "it was tried again"
    assert watching.round(after=300.0).end is End.UNCHANGED, "now it waits for two intervals"
    world.azure.clear_faults()
    result = watching.round(after=300.0)
    assert (result.end, result.failing) == (End.CHANGED, ())


@pytest.mark.parametrize(
    ("key", "rule", "says"),
    [
        ("budget", {"maxMonthly": 1}, "its budget is"),
        ("policy", {"rules": {"nodes": {"level": "refuse", "maxPerPool": 10}}}, "a policy refuses the plan"),
    ],
)
def test_what_goes_beyond_budget_or_policy_is_not_made(
    watching: Watching, key: str, rule: dict[str, Any], says: str
) -> None:
    world = watching.world
    around = watching.watched.around
    recorded = replace(around, recording=lambda reading, cloud: recording(Files([]), reading, cloud))
    watching.watched = Watched("x", recorded)
    world.text["batchAccount"] = {"name": f"ba{world.account[2:]}"}
    world.text["pools"] = {"pool": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 50}}
    world.text[key] = rule
    assert watching.round().end is End.FAILED
    (text,) = watching.told(What.ROUND_FAILED)
    assert says in text
    assert world.plan().of(Action.CREATE)


def test_what_the_plan_refuses_holds_up_no_other(watching: Watching) -> None:
    world = watching.world
    world.text["azure"]["location"] = "eastus2"
    containers(world).append("more")
    result = watching.round()
    assert {str(held.hold) for held in result.held} == {"refused"}


def test_while_another_run_has_the_lock_nothing_is_changed(watching: Watching) -> None:
    world = watching.world
    other = lock(world)
    assert other.take() is Answer.GRANTED
    assert watching.round().end is End.UNCHANGED, "who only looks needs no lock"
    containers(world).append("more")
    before = world.azure.exchanges()
    assert (watching.round().end, writes(world, before)) == (End.LOCKED, set())
    (text,) = watching.told(What.LOCKED)
    assert ANN.who in text
    other.release()
    assert watching.round().end is End.CHANGED


def test_of_two_that_watch_one_leads_and_the_other_takes_over(watching: Watching) -> None:
    world = watching.world
    second = Watching(world)
    assert watching.round().leads
    before = world.azure.exchanges()
    assert second.round().end is End.STANDBY
    assert world.azure.exchanges() - before <= 1, "where the lock's storage account answers"
    assert second.told(What.STANDBY)[0].startswith("stands by; led by bo")
    watching.watched.release()
    assert second.round().leads
    assert watching.round().end is End.STANDBY
    second.watched.release()


def test_a_leader_that_has_lost_its_lease_says_so_and_makes_no_round(watching: Watching) -> None:
    world = watching.world
    assert watching.round().leads
    leading = watching.watched._leadership
    assert leading is not None
    assert leading._lock is not None
    LockBlob(world.cloud().unguarded(), world.text["lock"], "watch").break_()
    leading._lock._beat()
    assert watching.round().end is End.STANDBY
    assert watching.told(What.LEADERSHIP_LOST)


def test_an_event_is_one_line_without_secrets_and_control_characters() -> None:
    from datetime import UTC, datetime

    from reconciler.watch.told import line

    now = datetime(2026, 11, 27, 22, 0, 1, 500_000, UTC)
    key = "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=" + "aB3/" * 21 + "aQ=="
    said = Said(What.WARNED, f"two\nlines \x1b[2J {key}", "x", more={"address": "pool/p"})
    text, body = line(said, "text", now), line(said, "json", now)
    assert "\n" not in text + body
    assert "\x1b" not in text + body
    assert "aB3/aB3/" not in text + body
    assert text.startswith("22:00:01 x: two; lines ")
    shown = json.loads(body)
    assert (shown["time"], shown["level"], shown["event"]) == ("2026-11-27T22:00:01.500Z", "info", "Warned")
    assert shown["address"] == "pool/p"
