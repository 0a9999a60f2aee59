"""The plan that was reviewed, fetched after the merge: that one, or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.saved import saved_plan
from tests.forge.command import ci
from tests.forge.server import BOT, STRANGER, Forges
from tests.saved.test_saved_plan import SAVED

Environ = Callable[..., dict[str, str]]
HEAD, MERGE, OTHER = "a" * 40, "b" * 40, "c" * 40
NAME = f"plan-prod-{HEAD}"


@pytest.fixture
def plan(forges: Forges, tmp_path: Path) -> bytes:
    """A plan that was reviewed in pull request 7, and is not kept yet."""
    forges.state.pull(7, HEAD, MERGE)
    forges.state.pull(8, MERGE)  # another, made of the main branch
    digest = saved_plan.write(SAVED, tmp_path / "plan.json")
    forges.state.comment(7, f"<!-- reconcile ci prod sha256:{digest} -->\nPlan", BOT)
    return (tmp_path / "plan.json").read_bytes()


def fetched(folder: Path, *, commit: str = MERGE, **variables: str) -> tuple[int, str]:
    arguments = ("--commit", commit, "--name", "prod", "--out", str(folder / "new" / "reviewed.json"))
    done = ci(variables, "reviewed", *arguments)
    assert (folder / "new" / "reviewed.json").exists() is (done.returncode == 0)
    return done.returncode, done.stdout + done.stderr


def test_it_is_fetched_and_is_the_one_of_the_comment(
    forges: Forges, environ: Environ, tmp_path: Path, plan: bytes
) -> None:
    forges.state.upload(NAME, plan, HEAD)
    code, said = fetched(tmp_path, **environ())
    assert code == 0, said
    assert said.startswith("The plan that was reviewed in pull request 7 is in ")
    assert (tmp_path / "new" / "reviewed.json").read_bytes() == plan


def test_of_several_it_is_the_one_that_the_comment_tells_of(
    forges: Forges, environ: Environ, tmp_path: Path, plan: bytes
) -> None:
    forges.state.upload(NAME, plan, HEAD)
    assert fetched(tmp_path, **environ())[0] == 0
    if environ()["TF_BUILD"]:
        return  # a build has one artifact of a name
    (tmp_path / "new" / "reviewed.json").unlink()
    saved_plan.write(replace(SAVED, made="2026-11-27T12:00:00+00:00"), tmp_path / "later.json")
    forges.state.upload(NAME, (tmp_path / "later.json").read_bytes(), HEAD)
    forges.state.upload(NAME, b"{}", HEAD)
    assert fetched(tmp_path, **environ())[0] == 0
    assert (tmp_path / "new" / "reviewed.json").read_bytes() == plan


def test_a_push_was_not_reviewed(forges: Forges, environ: Environ, tmp_path: Path, plan: bytes) -> None:
    code, said = fetched(tmp_path, commit=OTHER, **environ())
    assert code == 6
    assert f"There is no reviewed plan: no pull request of {'' or said.split(' of ')[1].split(' was')[0]} was" in said
    assert "let somebody approve a plan of now, then apply that" in said
    assert fetched(tmp_path, commit=HEAD, **environ())[0] == 6, "the head of one is not what it was merged as"


def test_what_is_not_kept_any_more_was_not_reviewed(
    forges: Forges, environ: Environ, tmp_path: Path, plan: bytes
) -> None:
    code, said = fetched(tmp_path, **environ())
    assert (code, f"the plan prod of commit {HEAD} of pull request 7 is not kept" in said) == (6, True)
    forges.state.upload(NAME, plan, HEAD, expired=True)
    assert fetched(tmp_path, **environ())[0] == 6


def test_without_a_comment_of_ours_nothing_was_reviewed(
    forges: Forges, environ: Environ, tmp_path: Path, plan: bytes
) -> None:
    forges.state.upload(NAME, plan, HEAD)
    forges.state.comments[0]["author"] = STRANGER
    code, said = fetched(tmp_path, **environ())
    assert (code, "pull request 7 has no comment prod of ours that tells a digest" in said) == (6, True)
    forges.state.comment(7, "<!-- reconcile ci prod -->\nno digest", BOT)
    assert fetched(tmp_path, **environ())[0] == 6


def test_another_plan_is_refused(forges: Forges, environ: Environ, tmp_path: Path, plan: bytes) -> None:
    forges.state.upload(NAME, plan.replace(b"0.1.0", b"0.1.1"), HEAD)
    code, said = fetched(tmp_path, **environ())
    assert (code, "is not what its comment tells of" in said) == (3, True)
    saved_plan.write(replace(SAVED, made="later"), tmp_path / "later.json")
    forges.state.artifacts[0]["data"] = (tmp_path / "later.json").read_bytes()
    code, said = fetched(tmp_path, **environ())
    assert (code, "is not the plan with digest" in said) == (3, True)


def test_one_that_a_fork_kept_is_not_looked_at(forges: Forges, tmp_path: Path, plan: bytes) -> None:
    for make in (forges.github, forges.gitlab):
        forges.state.upload(NAME, plan, HEAD, fork=True)
        assert fetched(tmp_path, **make(tmp_path))[0] == 6


def test_a_zip_with_more_than_the_plan_or_none_is_refused(forges: Forges, tmp_path: Path, plan: bytes) -> None:
    forges.state.upload(NAME, plan, HEAD, files=2)
    for make in (forges.github, forges.devops):
        code, said = fetched(tmp_path, **make(tmp_path))
        assert (code, "the artifact of the plan has 2 files; it must have the plan only" in said) == (3, True)
    forges.state.artifacts[0].update(files=1, path="../../../evil.json")
    assert fetched(tmp_path, **forges.github(tmp_path))[0] == 0, "where it says that it belongs is not looked at"
    assert not list(tmp_path.parent.glob("**/evil.json"))


def test_the_token_is_not_sent_where_artifacts_are_kept(forges: Forges, tmp_path: Path, plan: bytes) -> None:
    forges.state.upload(NAME, plan, HEAD)
    assert fetched(tmp_path, **forges.github(tmp_path))[0] == 0
    [headers] = [headers for _, path, headers in forges.state.requests if path.startswith("/files/")]
    assert "authorization" not in headers
    assert all("authorization" in headers for _, path, headers in forges.state.requests if "/github/" in path)


def test_a_commit_is_a_whole_one(forges: Forges, tmp_path: Path) -> None:
    code, said = fetched(tmp_path, commit="main", **forges.github(tmp_path))
    assert (code, "'main' is no whole commit id" in said) == (4, True)
