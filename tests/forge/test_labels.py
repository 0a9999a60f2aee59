"""The labels of a pull request, which policies ask for: of the one that a run is for, or that a commit merged."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.forge.command import ci
from tests.forge.server import Forges
from tests.forge.state import Fault

Environ = Callable[..., dict[str, str]]
HEAD, MERGE = "a" * 40, "b" * 40
HOSTILE = ["allow-deletion", "a, b", '"; id #', "two\nallow-all", "\x1b[31mred", "größer ☂", "  "]


def test_those_of_the_run_are_one_a_line_and_exact_in_json(forges: Forges, environ: Environ) -> None:
    forges.state.pull(7, HEAD)["labels"] = HOSTILE
    forges.state.pull(8, HEAD)["labels"] = ["other"]
    done = ci(environ(pull=7), "labels")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n") == [
        "allow-deletion", "a, b", '"; id #', "two\\x0aallow-all", "\\x1b[31mred", "größer ☂", "  ", "",
    ]  # fmt: skip
    done = ci(environ(pull=7), "labels", "--format", "json")
    assert json.loads(done.stdout) == HOSTILE
    assert (done.stdout.count("\n"), done.stdout.isascii()) == (1, True), "it fits a line of a shell"


def test_those_of_the_pull_request_that_a_commit_merged(forges: Forges, environ: Environ) -> None:
    forges.state.pull(7, HEAD, MERGE)["labels"] = ["allow-deletion"]
    forges.state.pull(8, MERGE)["labels"] = ["other"]
    for variables in (environ(), environ(pull=8)):
        done = ci(variables, "labels", "--commit", MERGE.upper())
        assert (done.returncode, done.stdout, done.stderr) == (0, "allow-deletion\n", "")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [((), "this run is for no pull request"), (("--commit", "c" * 40), f" was merged as {'c' * 40}")],
)
def test_what_was_pushed_has_none(forges: Forges, environ: Environ, arguments: tuple[str, ...], why: str) -> None:
    forges.state.pull(7, HEAD, MERGE)["labels"] = ["allow-deletion"]
    done = ci(environ(), "labels", *arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("There are no labels: ")
    assert done.stderr.endswith(f"{why}.\n")
    assert ci(environ(), "labels", *arguments, "--format", "json").stdout == "[]\n"


def test_all_of_many_are_found(forges: Forges, environ: Environ) -> None:
    forges.state.pull(7, HEAD)["labels"] = [f"label-{number}" for number in range(120)]
    assert len(ci(environ(pull=7), "labels").stdout.splitlines()) == 120


def test_what_cannot_be_read_is_no_lack_of_labels(forges: Forges, environ: Environ) -> None:
    forges.state.pull(7, HEAD)
    forges.state.faults += [Fault("GET", 403, body='{"message": "no"}'), Fault("GET", 200, body='[{"labels": 3}]')]
    for said in (" (no); the token in ", "lacks what it should have"):
        done = ci(environ(pull=7), "labels", "--format", "json")
        assert (done.returncode, done.stdout) == (1, "")
        assert "cannot read the labels of " in done.stderr
        assert said in done.stderr
    assert ci(environ(pull=9), "labels").returncode == 1, "there is no such pull request"
