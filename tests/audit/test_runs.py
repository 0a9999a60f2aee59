"""Applies and destroys of a spec with audit leave records: also those that failed, were refused, or died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.audit.keeping import Book
from reconciler.audit.record import Record
from reconciler.cli import commit
from reconciler.cli.auditing import Recorder
from reconciler.cloud.lock import Lock
from reconciler.cloud.lock_blob import Holder, LockBlob
from reconciler.cloud.run_blobs import BEGUN, RunBlobs
from reconciler.errors import WrongUsage
from reconciler.events import Event, Interrupted
from tests.audit.test_record import begun
from tests.cli.command import reconcile
from tests.conftest import World


@pytest.fixture
def audited(world: World) -> World:
    """A spec with audit, not applied yet."""
    for section in ("identities", "pools", "jobs", "batchAccount"):
        del world.text[section]
    world.text["storage"][world.account] = {"containers": ["audit"]}
    world.text["audit"] = f"storage/{world.account}/audit"
    return world


def run(world: World, *arguments: str, **environ: str) -> tuple[int, str]:
    world.spec()
    done = reconcile(*arguments, str(world.file), cwd=world.file.parent, **environ)
    return done.returncode, done.stdout + done.stderr


def book(world: World) -> Book:
    return Book(world.cloud().unguarded(), world.text["audit"])


def newest(world: World) -> Record:
    return book(world).read("1")


def history(world: World, *words: str) -> tuple[int, str]:
    done = reconcile("history", *words, "--spec", str(world.file))
    return done.returncode, done.stdout + done.stderr


def test_a_run_leaves_who_did_what_and_how_it_ended(audited: World) -> None:
    sha = "12" * 20
    code, said = run(audited, "apply", "--yes", GITHUB_SHA=sha, GITHUB_ACTOR="ann", GITHUB_RUN_ID="5")
    assert (code, "warning" in said) == (0, False)
    first = newest(audited)
    assert (first.verb, first.source.commit, first.source.who.partition("@")[0]) == ("apply", sha, "ann")
    assert first.source.run.endswith("/actions/runs/5")
    assert first.end is not None
    assert (first.end.result, first.end.exit_code) == ("succeeded", 0)
    assert f"container/{audited.account}/audit" in [each.address for each in first.end.outcomes]

    audited.text["storage"][audited.account]["containers"].append("more")
    run(audited, "plan", "--out", "plan.json")
    digest = json.loads((audited.file.parent / "plan.json").read_text())["digest"]
    done = reconcile("apply", "plan.json", cwd=audited.file.parent)
    assert done.returncode == 0, done.stderr
    assert newest(audited).saved == digest
    done = reconcile("apply", "plan.json", cwd=audited.file.parent)
    assert (done.returncode, newest(audited).changes) == (0, ()), "nothing was left to do, and that is on record"

    code, listed = history(audited)
    assert (code, len(listed.splitlines())) == (0, 4)
    assert len(history(audited, "--limit", "2")[1].splitlines()) == 3
    assert f"+ container/{audited.account}/more" in history(audited, "show", "2")[1]
    documents = json.loads(history(audited, "--format", "json")[1])
    assert [each["id"] for each in documents][2] == first.id
    assert f"container/{audited.account}/more" in history(audited, "diff", first.id, "2")[1]

    code, said = run(audited, "destroy", "--yes")
    assert code == 0
    assert f"warning: this run leaves no whole record in {audited.text['audit']}: " in said, "its container went"


def test_runs_that_failed_or_were_refused_are_on_record(audited: World) -> None:
    run(audited, "apply", "--yes")
    audited.text["storage"][audited.account]["containers"] += ["more"]
    code, _ = run(audited, "apply")
    end = newest(audited).end
    assert end is not None
    assert (code, end.result, end.exit_code) == (3, "refused", 3)
    assert "there is no terminal to ask" in end.error

    audited.azure.fault(match={"method": "PUT", "path": "containers/more"}, times=9, action={"status": 403})
    code, _ = run(audited, "apply", "--yes")
    audited.azure.clear_faults()
    end = newest(audited).end
    assert end is not None
    assert (code, end.result, end.exit_code) == (1, "failed", 1)
    assert [(each.address, each.status) for each in end.outcomes] == [(f"container/{audited.account}/more", "failed")]
    assert end.outcomes[0].error


def test_that_a_run_was_interrupted_or_has_lost_its_lock_is_on_record(audited: World) -> None:
    run(audited, "apply", "--yes")
    cloud = audited.cloud()
    cases: dict[str, list[Event]] = {"interrupted": [Interrupted(())], "lockLost": []}
    for result, events in cases.items():
        recorder = Recorder(begun(), book(audited), code=3)
        for event in events:
            recorder.listening(lambda event: None)(event)
        if not events:
            lock = Lock(LockBlob(cloud.unguarded(), audited.text["audit"]), Holder("ann"), 15)
            lock._lose(None, "somebody else has it")
            cloud.guarding.lock = lock
        recorder.finish(cloud)
        end = book(audited).read(recorder.record.id).end
        assert end is not None
        assert end.result == result


def test_what_a_run_that_died_had_begun_is_on_record(audited: World) -> None:
    run(audited, "apply", "--yes")
    audited.text["storage"][audited.account]["containers"] += ["more"]
    audited.spec()
    audited.azure.fault(match={"method": "PUT", "path": "containers/more"}, action={"delay": 60})
    command = [sys.executable, "-m", "reconciler", "apply", "--yes", "--format", "json", str(audited.file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=audited.file.parent) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "StepStarted":
                process.send_signal(signal.SIGKILL)
                break
    audited.azure.clear_faults()
    record = newest(audited)
    assert record.end is None
    assert [(each.address, each.action) for each in record.changes] == [(f"container/{audited.account}/more", "create")]
    assert "not ended" in history(audited)[1]


def test_a_record_that_cannot_be_written_is_told_and_changes_nothing(audited: World) -> None:
    run(audited, "apply", "--yes")
    audited.text["audit"] = f"storage/{audited.account}/locked"
    audited.text["storage"][audited.account]["containers"] = {"audit": {}, "locked": {"existing": True}}
    code, said = run(audited, "apply", "--yes")
    assert code == 3, "a container that is to be there is not"
    assert said.count(f"warning: this run leaves no whole record in {audited.text['audit']}: ContainerNotFound") == 1


def test_records_are_never_written_again_and_found_month_by_month(audited: World) -> None:
    run(audited, "apply", "--yes")
    blobs = RunBlobs(audited.cloud().unguarded(), audited.text["audit"])
    (first,) = blobs.newest(5)
    kept = blobs.read(*first)
    blobs.write(*first, {"version": 1})
    assert blobs.read(*first) == kept
    old = "20250228T235959Z-000000"
    blobs.write(old, BEGUN, {"version": 7})
    for name in ("x", "20250101T000000Z-00000g.begun.json", "2025-02/20250228T235959Z-000000.begun.json.bak"):
        container = audited.container("audit")
        container.upload_blob(f"{blobs._folder()}/{name}", b"{}")
    assert blobs.newest(5) == [first, (old, BEGUN)]
    assert blobs.newest(1) == [first]
    with pytest.raises(WrongUsage, match=f"the record of run {old} cannot be read: it is of version 7"):
        book(audited).read("2")
    assert "cannot be read: it is of version 7" in history(audited)[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show",), "write reconcile history show RUN: a run's id, or 1 for the newest"),
        (("diff", "1"), "write reconcile history diff RUN RUN"),
        (("a", "b"), "name one spec or one job"),
        (("show", "1", "--plot"), "--plot is for a job"),
        (("job", "--limit", "3"), "--limit is for the runs of a spec"),
        ((), "has no audit: it names no container for records of runs; see docs/audit.md"),
    ],
)
def test_a_wrong_command_line_is_told_with_the_right_one(words: tuple[str, ...], says: str) -> None:
    done = reconcile("history", *words, "--spec", "specs/lab.yaml")
    assert (done.returncode, says in done.stderr) == (4, True), done.stderr


def test_a_run_that_is_not_there_is_told(audited: World) -> None:
    assert [entry.id for entry in Book(audited.cloud(), audited.text["audit"]).newest(3)] == []
    for name, says in (("x", "x is no run: write its id"), ("1", "there is no run 1 in"), (begun().id, "there is no")):
        with pytest.raises(WrongUsage, match=says):
            book(audited).read(name)


def test_which_commit_is_known_from_git_or_the_pipeline(tmp_path: Path) -> None:
    spec = tmp_path / "s.yaml"
    assert commit.found(spec, {}) == ("", None)

    def git(*arguments: str) -> str:
        who = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, env={**os.environ, **who}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "other").write_text("x")
    git("add", "other")
    git("commit", "-qm", "x")
    head = git("rev-parse", "HEAD")
    spec.write_text("x")
    assert commit.found(spec, {}) == (head, True), "the spec is in no commit"
    git("add", "s.yaml")
    git("commit", "-qm", "y")
    (tmp_path / "unknown").write_text("x")
    assert commit.found(spec, {}) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "other").write_text("y")
    assert commit.found(spec, {"GITHUB_SHA": git("rev-parse", "HEAD")})[1] is True
    assert commit.found(spec, {"CI_COMMIT_SHA": "ab" * 20}) == ("ab" * 20, None)
    assert commit.found(spec, {"GITHUB_SHA": "--help"})[0] == git("rev-parse", "HEAD")
