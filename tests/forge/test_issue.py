"""One issue about something: opened, changed, opened again, closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forge.command import ci
from tests.forge.server import BOT, STRANGER, Forges

Environ = Callable[..., dict[str, str]]
LABELS = {"github": ["reconcile"], "gitlab": ["reconcile"], "devops": ["reconcile-ci-drift"]}


@pytest.fixture
def labels(request: pytest.FixtureRequest) -> list[str]:
    return LABELS[request.node.callspec.params["environ"]]


def opened(folder: Path, text: str, **variables: str) -> tuple[int, str, str]:
    (folder / "drift.md").write_text(text)
    arguments = (str(folder / "drift.md"), "--title", "Drift in prod", "--name", "drift")
    done = ci(variables, "issue", *arguments)
    return done.returncode, done.stdout, done.stderr


def closed(**variables: str) -> str:
    return ci(variables, "issue", "--close", "--name", "drift").stdout


def test_its_life(forges: Forges, environ: Environ, tmp_path: Path, labels: list[str]) -> None:
    forges.state.pull(3, "a" * 40)
    theirs = forges.state.issue("Drift in prod", "<!-- reconcile ci drift -->\nours, surely", STRANGER, labels)
    variables = environ()
    assert closed(**variables) == "No issue drift is open.\n"
    for text, said in (("nodes: 2 → 3", "opened"), ("nodes: 2 → <4>", "updated")):
        code, out, err = opened(tmp_path, text, **variables)
        assert (code, out.split()[-1]) == (0, f"{said}."), err
    [_, ours] = forges.state.issues
    assert (ours["title"], ours["open"], ours["labels"]) == ("Drift in prod", True, labels)
    assert "nodes: 2 → <4>" in ours["body"].replace("&lt;", "<").replace("&gt;", ">")
    assert closed(**variables) == f"Issue {ours['number']} of {said_of(labels, variables)} is closed.\n"
    assert not ours["open"]
    assert "This is over." in ours["comments"][0]
    assert closed(**variables) == "No issue drift is open.\n"
    assert opened(tmp_path, "again", **variables)[1].endswith(" is opened again.\n")
    assert (ours["open"], len(forges.state.issues)) == (True, 2)
    assert (theirs["body"], theirs["comments"]) == ("<!-- reconcile ci drift -->\nours, surely", [])


def said_of(labels: list[str], variables: dict[str, str]) -> str:
    if labels == LABELS["devops"]:
        return "Azure DevOps"
    return "GitHub" if variables["GITHUB_ACTIONS"] else "GitLab"


def test_of_two_that_were_opened_at_a_time_the_younger_is_closed(
    forges: Forges, environ: Environ, tmp_path: Path, labels: list[str]
) -> None:
    old, young = (forges.state.issue("t", "<!-- reconcile ci drift -->\n", BOT, labels) for _ in range(2))
    assert opened(tmp_path, "now", **environ())[1].split()[:2] == ["Issue", str(old["number"])]
    assert (old["open"], young["open"]) == (True, False)
    assert f"#{old['number']}" in young["comments"][0]


def test_one_whose_name_only_begins_so_is_another(
    forges: Forges, environ: Environ, tmp_path: Path, labels: list[str]
) -> None:
    other = [f"{label}-eu" if label.endswith("drift") else label for label in labels]
    forges.state.issue("t", "<!-- reconcile ci drift-eu -->\n", BOT, other)
    assert opened(tmp_path, "now", **environ())[1].endswith(" is opened.\n")
    assert [one["title"] for one in forges.state.issues] == ["t", "Drift in prod"]


def test_what_is_missing_is_asked_for(forges: Forges, environ: Environ, tmp_path: Path) -> None:
    done = ci(environ(), "issue", "--name", "drift")
    assert (done.returncode, "say what the issue is: reconcile ci issue FILE.md --title T" in done.stderr) == (4, True)
    done = ci(environ(), "issue", "--close", "--title", "t")
    assert (done.returncode, "leave it out with --close" in done.stderr) == (4, True)
    done = ci(environ(), "issue", "--close", "--name", "../x")
    assert (done.returncode, "is to be letters, digits" in done.stderr) == (4, True)
    (tmp_path / "empty.md").write_text(" \n")
    done = ci(environ(), "issue", str(tmp_path / "empty.md"), "--title", "t")
    assert (done.returncode, "empty.md is empty: there is nothing to say" in done.stderr) == (4, True)
