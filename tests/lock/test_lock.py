"""The lock on real blobs: one has it, others are told who, and who has lost it stops before its next write."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.cli import locking
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Answer, Holder, LockBlob
from reconciler.errors import AzureError, LockLost
from reconciler.model import Status
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import World
from tests.engine import world as engine
from tests.local.pools import until
from tests.lock.simulation import Write, overlaps

ANN = Holder("ann@build-7 (pid 7)", "apply specs/x.yaml", "https://example.com/runs/1")
SECONDS = 15
"""The shortest lease that storage grants."""


@pytest.fixture
def locked(world: World) -> World:
    """A spec with a lock, applied, so that the container of the lock is there."""
    for section in ("identities", "pools", "jobs"):
        del world.text[section]
    world.text["storage"][world.account] = {"containers": ["locks"]}
    world.text["lock"] = f"storage/{world.account}/locks"
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    return world


def blob(world: World) -> LockBlob:
    return LockBlob(world.cloud().unguarded(), world.text["lock"])


def lock(world: World, holder: Holder = ANN) -> Lock:
    return Lock(blob(world), holder, SECONDS)


@pytest.fixture
def held(locked: World) -> Iterator[Lock]:
    """The lock, in the hands of another process, for all that the rest can tell."""
    made = lock(locked)
    assert made.take() is Answer.GRANTED
    yield made
    made.release()


def run(world: World, *arguments: str) -> tuple[int, str]:
    world.spec()
    done = reconcile(*arguments, str(world.file), cwd=world.file.parent)
    return done.returncode, done.stdout + done.stderr


def test_storage_grants_a_lease_to_one_and_takes_a_repeated_request_for_the_first(locked: World) -> None:
    there, first, second = blob(locked), "11111111-0000-0000-0000-000000000000", "22222222-0000-0000-0000-000000000000"
    assert there.look() is not None
    assert there.acquire(first, SECONDS) is Answer.GRANTED
    assert there.acquire(first, SECONDS) is Answer.GRANTED, "the answer was lost"
    assert there.acquire(second, SECONDS) is Answer.DENIED
    assert (there.renew(first), there.renew(second)) == (Answer.GRANTED, Answer.DENIED)
    with pytest.raises(AzureError):
        there.write(second, ANN)
    there.write(first, ANN)
    seen = there.look()
    assert seen is not None
    assert (seen.state, seen.holder.who, seen.holder.run) == ("leased", ANN.who, ANN.run)

    assert 10 <= there.break_() <= SECONDS
    assert (there.renew(first), there.acquire(second, SECONDS)) == (Answer.DENIED, Answer.DENIED), "nobody has it"
    there.release(first)
    assert there.acquire(second, SECONDS) is Answer.GRANTED
    there.release(second)
    assert there.renew(second) is Answer.DENIED


@pytest.mark.parametrize("tries", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_of_two_that_ask_at_once_one_has_it(locked: World, tries: int) -> None:
    there = blob(locked)
    names = [f"{number}0000000-0000-0000-0000-000000000000" for number in (1, 2)]
    for _ in range(tries):
        start, answers = threading.Barrier(2), dict[str, Answer]()

        def ask(name: str, start: threading.Barrier = start, answers: dict[str, Answer] = answers) -> None:
            start.wait()
            answers[name] = there.acquire(name, SECONDS)

        threads = [threading.Thread(target=ask, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers.values()) == [Answer.DENIED, Answer.GRANTED]
        there.release(next(name for name in names if answers[name] is Answer.GRANTED))


@pytest.mark.parametrize("rounds", [5, pytest.param(100, marks=pytest.mark.slow)])
def test_two_processes_take_turns(locked: World, rounds: int) -> None:
    locked.spec()
    command = [sys.executable, "-m", "tests.lock.rival", str(locked.file), str(rounds)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) for _ in range(2)]
    lines = [line.split() for process in both for line in process.communicate()[0].splitlines()]
    assert [process.returncode for process in both] == [0, 0]
    history = [Write(int(pid), float(start), float(end)) for pid, start, end, _ in lines]
    assert len(history) == 2 * rounds
    assert overlaps(history) == []
    assert all(float(room) > SECONDS / 3 for *_, room in lines)


def test_who_finds_it_held_is_told_by_whom_and_does_nothing(locked: World, held: Lock) -> None:
    locked.text["storage"][locked.account]["containers"].append("more")
    code, said = run(locked, "plan")
    assert code == 0
    assert f"note: locked while this was planned: held by {ANN.who} since " in said
    for verb in ("apply", "destroy"):
        code, said = run(locked, verb, "--yes")
        assert code == 3
        assert f"for {ANN.why}, run {ANN.run}\n--wait waits for it" in said.replace("\n  ", "\n")
    assert [str(step.address) for step in locked.plan().steps] == [f"container/{locked.account}/more"]


def test_it_is_broken_by_unlock_and_its_holder_writes_no_more(locked: World, held: Lock) -> None:
    code, said = run(locked, "unlock")
    assert code == 3, "nobody was there to be asked"
    assert f"The lock is held by {ANN.who}" in said
    code, said = run(locked, "unlock", "--yes")
    assert (code, "The lock is free in 1" in said) == (0, True)
    assert run(locked, "unlock", "--yes")[1].startswith("Nothing to unlock: somebody has broken the lock")
    held._beat()
    with pytest.raises(LockLost, match="somebody has broken the lock"):
        held.room()

    locked.text["storage"][locked.account]["containers"].append("more")
    spec, cloud = locked.spec(), locked.cloud()
    cloud.guarding.lock = held
    assert cloud.at("other").guarding.lock is held
    before = locked.azure.exchanges()
    (outcome,) = apply_with(locked, cloud, spec)
    assert (outcome.status, "nothing more is written" in (outcome.error or "")) == (Status.STOPPED, True)
    assert {exchange["method"] for exchange in locked.azure.wire(before)} == {"GET"}


def apply_with(world: World, cloud: Any, spec: Any) -> Any:
    from reconciler.engine import loop
    from tests.bodies import CHECKED

    reading = loop.read(spec, cloud, CHECKED)
    return loop.carry_out(reading, cloud, CHECKED, listen=lambda event: None, stop=threading.Event())


def test_who_waits_has_it_next(locked: World) -> None:
    other = lock(locked)
    assert other.take() is Answer.GRANTED
    timer = threading.Timer(1, other.release)
    timer.start()
    code, said = run(locked, "apply", "--yes", "--wait")
    timer.join()
    assert code == 0
    assert f"Waiting for the lock: held by {ANN.who}" in said
    assert run(locked, "unlock")[1] == "Nothing to unlock: nobody holds the lock.\n"


def test_where_no_lock_is_possible_yet_the_plan_says_so_and_apply_goes_on_without(world: World) -> None:
    for section in ("identities", "pools", "jobs"):
        del world.text[section]
    world.text["storage"][world.account] = {"containers": ["locks"]}
    world.text["lock"] = f"storage/{world.account}/locks"
    note = f"note: no lock is possible until storage/{world.account}/locks is there"
    assert note in run(world, "plan")[1]
    assert blob(world).acquire("11111111-0000-0000-0000-000000000000", SECONDS) is Answer.ABSENT
    code, said = run(world, "apply", "--yes")
    assert (code, note in said) == (0, True), said


def test_who_began_where_no_lock_was_possible_takes_it_as_soon_as_it_is(locked: World) -> None:
    """Nobody else asks for it here: of two that ask, the first has it, and the other one stops."""
    early = Lock(LockBlob(locked.cloud().unguarded(), f"storage/{locked.account}/later"), ANN, SECONDS)
    assert early.take() is Answer.ABSENT
    assert early.room() is None
    locked.text["storage"][locked.account]["containers"].append("later")
    locked.apply()
    until(lambda: early.held)
    assert (early.room() or 0) > SECONDS / 3
    early.release()


def test_where_the_storage_lets_nobody_in_plan_says_so_and_apply_does_nothing(locked: World) -> None:
    locked.text["storage"][locked.account]["publicNetworkAccess"] = "Disabled"
    locked.apply()
    code, said = run(locked, "plan")
    assert (code, "note: no lock is possible from here: AuthorizationFailure" in said) == (0, True), said
    code, said = run(locked, "apply", "--yes")
    assert code == 3
    assert f"cannot take the lock in storage/{locked.account}/locks, so nothing was done: AuthorizationFailure" in said


def test_what_the_spec_owns_is_destroyed_with_the_container_of_its_lock(locked: World) -> None:
    code, said = run(locked, "destroy", "--yes")
    assert (code, "cannot" in said) == (0, False), said
    assert blob(locked).look() is None


def test_a_name_in_the_blob_moves_no_cursor(locked: World) -> None:
    other = lock(locked, Holder("eve\x1b[2J\nroot", "x" * 5000, ""))
    assert other.take() is Answer.GRANTED
    code, said = run(locked, "apply", "--yes")
    other.release()
    assert (code, "\x1b" in said, "x" * 301 in said) == (3, False, False)
    locked.container("locks").upload_blob(blob(locked)._blob().blob_name, b"[" * 9000, overwrite=True)
    seen = blob(locked).look()
    assert seen is not None
    assert seen.holder.who == ""


def test_a_lost_lock_stops_a_step_and_is_no_failure() -> None:
    world = engine.World(errors=[LockLost("the lock is held by ann")])
    desired = engine.spec(engine.want("store/a"), engine.want("shelf/b", "store/a"))
    outcomes = {outcome.step.id: outcome for outcome in engine.carry_out(world, desired)}
    assert (outcomes["store/a"].status, outcomes["store/a"].error) == (Status.STOPPED, "the lock is held by ann")
    assert outcomes["shelf/b"].status is Status.SKIPPED


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, ""),
        ({"GITHUB_RUN_ID": "5", "GITHUB_REPOSITORY": "a/b"}, "https://github.com/a/b/actions/runs/5"),
        (
            {"BUILD_BUILDID": "7", "SYSTEM_COLLECTIONURI": "https://dev.azure.com/a/", "SYSTEM_TEAMPROJECT": "my p"},
            "https://dev.azure.com/a/my%20p/_build/results?buildId=7",
        ),
        ({"CI_JOB_URL": "https://gitlab.com/a/-/jobs/1"}, "https://gitlab.com/a/-/jobs/1"),
    ],
)
def test_the_run_of_a_pipeline_is_known(environ: dict[str, str], url: str) -> None:
    assert locking.run(environ) == url
    assert locking.who({**environ, "GITHUB_ACTOR": "ann"}).startswith("ann@")


@pytest.fixture
def busy(locked: World) -> Iterator[subprocess.Popen[str]]:
    """An apply in a process of its own that has the lock and waits for a pool, with a job still to be made."""
    locked.text["pools"] = {"pool": {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}}
    locked.text["jobs"] = {"job": {"pool": "pools/pool"}}
    locked.spec()
    locked.azure.run(0.001)
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", "--format", "json", str(locked.file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "StepWaiting" and "nodes" in event["detail"]:
                break
        yield process
        process.kill()


def awaited(world: World) -> tuple[Lock, float]:
    """The lock once it can be had, and after how many seconds."""
    begun, other = time.monotonic(), lock(world)
    while other.take() is Answer.DENIED:
        time.sleep(0.2)
    return other, time.monotonic() - begun


@pytest.mark.slow
def test_the_lock_of_a_process_that_was_killed_ends_by_itself(locked: World, busy: subprocess.Popen[str]) -> None:
    busy.send_signal(signal.SIGKILL)
    busy.wait()
    other, seconds = awaited(locked)
    other.release()
    assert 5 < seconds < SECONDS + 2


@pytest.mark.slow
def test_a_process_that_was_paused_for_longer_than_its_lease_writes_nothing_after_that(
    locked: World, busy: subprocess.Popen[str]
) -> None:
    busy.send_signal(signal.SIGSTOP)
    other, _ = awaited(locked)
    locked.azure.jump()
    busy.send_signal(signal.SIGCONT)
    assert busy.stdout is not None
    told = busy.stdout.read()
    assert busy.wait() == 3
    assert f"the lock is held by {ANN.who}" in told
    assert [job.id for job in locked.cloud().batch().list_jobs()] == []
    other.release()


def test_the_lock_of_a_destroy_ends_with_its_container_and_that_of_an_apply_is_lost(locked: World) -> None:
    destroying, applying = Lock(blob(locked), ANN, SECONDS, outlived=True), lock(locked)
    assert destroying.take() is Answer.GRANTED
    locked.cloud().blobs(locked.account).delete_container("locks")
    assert not blob(locked).gone(), "the account is there"
    destroying._beat()
    assert (destroying.held, destroying.room()) == (False, None)
    destroying.release()

    locked.cloud().blobs(locked.account).create_container("locks")
    assert applying.take() is Answer.GRANTED
    locked.cloud().blobs(locked.account).delete_container("locks")
    applying._beat()
    with pytest.raises(LockLost, match="locks is gone"):
        applying.room()
    applying.release()
    locked.drop()
    while locked.cloud().resources.resource_groups.check_existence(locked.text["azure"]["resourceGroup"]):
        locked.azure.next()
    assert blob(locked).gone()
