"""One comment on a pull request, whoever else writes there and however many runs there are."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.forge import finding, posting, text
from reconciler.saved import saved_plan
from tests.forge.command import ci
from tests.forge.server import BOT, PERSONAL, STRANGER, TOKEN, Forges
from tests.forge.state import Fault
from tests.saved.test_saved_plan import SAVED

Environ = Callable[..., dict[str, str]]
HEAD = "a" * 40


def written(folder: Path, text: str = "### Plan\n\n2 to create\n") -> str:
    (folder / "plan.md").write_text(text)
    return str(folder / "plan.md")


@pytest.mark.parametrize("token", [TOKEN, PERSONAL])
def test_it_is_written_once_and_then_changed_in_place(
    forges: Forges, environ: Environ, tmp_path: Path, token: str
) -> None:
    forges.state.pull(7, HEAD)
    forges.state.pull(8, HEAD)
    first = ci(environ(pull=7, token=token), "comment", written(tmp_path))
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("The comment reconcile on pull request 7 of ")
    assert first.stdout.endswith(" is written.\n")
    again = ci(environ(pull=7, token=token), "comment", written(tmp_path, "less"))
    assert again.stdout.endswith(" is changed.\n"), again.stderr
    other = ci(environ(pull=7, token=token), "comment", written(tmp_path), "--name", "prod-eu")
    assert other.stdout.startswith("The comment prod-eu on pull request 7")
    bodies = [(one["pull"], one["body"]) for one in forges.state.comments]
    assert bodies == [
        (7, "<!-- reconcile ci reconcile -->\nless\n"),
        (7, "<!-- reconcile ci prod-eu -->\n### Plan\n\n2 to create\n"),
    ]


def test_one_that_somebody_else_wrote_is_not_ours(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    pasted = forges.state.comment(7, "<!-- reconcile ci reconcile -->\nall is well", STRANGER)
    quoted = forges.state.comment(7, "see <!-- reconcile ci reconcile -->", BOT)
    ci(environ(pull=7), "comment", written(tmp_path))
    assert ci(environ(pull=7), "comment", written(tmp_path, "2")).returncode == 0
    assert [one["body"] for one in forges.state.comments] == [
        pasted["body"],
        quoted["body"],
        "<!-- reconcile ci reconcile -->\n2\n",
    ]


def test_it_is_found_behind_many_others(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    for number in range(230):
        forges.state.comment(7, f"comment {number}", STRANGER)
    ci(environ(pull=7), "comment", written(tmp_path))
    forges.state.comments += [dict(one, id=1000 + n) for n, one in enumerate(forges.state.comments[:230])]
    ci(environ(pull=7), "comment", written(tmp_path, "2"))
    assert [one["body"] for one in forges.state.comments if one["author"] is BOT] == [
        "<!-- reconcile ci reconcile -->\n2\n"
    ]


def test_of_runs_that_write_at_a_time_one_comment_stays(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    """All of them have seen that there is none, before any writes one."""
    forges.state.pull(7, HEAD)
    forges.state.gate = threading.Barrier(2, action=lambda: setattr(forges.state, "gate", None))
    body, _ = text.made("reconcile", "### Plan\n\n2 to create\n", "")
    ours = [finding.found(environ(pull=7)) for _ in range(2)]
    runs = [threading.Thread(target=posting.comment, args=(forge, 7, "reconcile", body)) for forge in ours]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    for forge in ours:
        forge.client.close()
    assert [one["body"] for one in forges.state.comments] == [
        "<!-- reconcile ci reconcile -->\n### Plan\n\n2 to create\n"
    ]


def test_of_several_the_oldest_stays(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    for _ in range(3):
        forges.state.comment(7, "<!-- reconcile ci reconcile -->\nold\n", BOT)
    assert ci(environ(pull=7), "comment", written(tmp_path)).returncode == 0
    assert [(one["id"], one["body"][-12:-1]) for one in forges.state.comments] == [(1, "2 to create")]


def test_the_digest_of_the_plan_is_told_and_hidden(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD, "b" * 40)
    digest = saved_plan.write(SAVED, tmp_path / "plan.json")
    arguments = ("--plan", str(tmp_path / "plan.json"), "--commit", "b" * 40)
    done = ci(environ(), "comment", written(tmp_path), *arguments)
    assert done.returncode == 0, done.stderr
    [told] = forges.state.comments
    assert told["body"].startswith(f"<!-- reconcile ci reconcile sha256:{digest} -->\n### Plan")
    assert told["body"].endswith(f"\n\nThe saved plan has the digest `sha256:{digest}`.\n")


def test_what_is_too_long_is_cut_and_that_is_said(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    text = "<details><summary>more</summary>\n\n````diff\n" + "+ nodes: 1 → 2\n" * 9000 + "````\n</details>\n"
    done = ci(environ(pull=7), "comment", written(tmp_path, text))
    assert done.returncode == 0, done.stderr
    assert "plan.md is longer than the 65,536 characters of a comment; the end is left out" in done.stderr
    [told] = forges.state.comments
    assert len(told["body"].encode()) <= 65_536
    assert told["body"].endswith("\n+ nodes: 1 → 2\n````\n\n</details>\n")
    assert told["body"].splitlines()[1].startswith("✂️ **Cut**: 6")
    assert told["body"].splitlines()[1].endswith(" has the whole.")


def test_secrets_are_hidden_and_the_token_is_never_told(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    secret = "AccountKey=" + "Zm9vYmFyYmF6cXV4" * 5 + "=="
    variables = environ(pull=7)
    ci(variables, "comment", written(tmp_path, f"made\n{secret}"))
    assert "Zm9v" not in forges.state.comments[0]["body"]
    forges.state.faults.append(Fault("POST|PATCH|PUT", 500, body=f'{{"message": "no {TOKEN} {PERSONAL}"}}'))
    done = ci(variables, "comment", written(tmp_path))
    assert done.returncode == 1
    assert TOKEN not in done.stderr


def test_standard_input_is_read(forges: Forges, tmp_path: Path) -> None:
    forges.state.pull(7, HEAD)
    command = [sys.executable, "-m", "reconciler", "ci", "comment", "-"]
    done = subprocess.run(
        command, input="hällo", text=True, env={**os.environ, **forges.github(tmp_path, pull=7)}, check=False
    )
    assert done.returncode == 0
    assert forges.state.comments[0]["body"].endswith("\nhällo\n")


def test_a_run_for_no_pull_request_says_so(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    done = ci(environ(), "comment", written(tmp_path))
    assert done.returncode == 4
    assert "this run is for no pull request; --commit SHA comments on" in done.stderr
    done = ci(environ(), "comment", written(tmp_path), "--commit", "c" * 40)
    assert done.returncode == 4
    assert f"was merged as {'c' * 40}" in done.stderr
