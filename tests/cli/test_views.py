"""What the formats of a plan take on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.saved import saved_plan
from reconciler.saved.saved_plan import SavedPlan, Source
from tests.cli.command import reconcile
from tests.render.plans import COST, RICH


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A saved plan with everything in it."""
    source = Source("spec.yaml", {}, "1.0.0", "public", "0", "rg")
    path = tmp_path / "plan.json"
    saved_plan.write(SavedPlan(RICH.plan, source, "2026-11-27T20:00:00+00:00", COST), path)
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--link", "https://x/1"), "--max-chars and --link are for --format markdown"),
        (("--format", "html", "--max-chars", "20000"), "--max-chars and --link are for --format markdown"),
        (("--format", "markdown", "--max-chars", "100"), "100 is not in the range x>=16384"),
        (("--format", "markdown", "--link", "javascript:x"), "--link is no URL that markdown takes; write https://..."),
        (("--format", "markdown", "--link", "https://x/a)b"), "--link is no URL that markdown takes"),
    ],
)
def test_what_does_not_go_together_is_told(file: str, arguments: tuple[str, ...], says: str) -> None:
    done = reconcile("show", file, *arguments)
    assert done.returncode == 4
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("shape", "begins", "ends"),
    [
        ("text", "Plan of spec.yaml for rg of subscription 0 (public)\n", "once (Standard_D2s_v3)\n"),
        ("json", '{\n  "format": "reconcile-plan/1"', "}\n"),
        ("markdown", "<!-- reconcile plan demo -->\n<!-- sha256:", "</details>\n"),
        ("html", "<!doctype html>\n", "</html>\n"),
    ],
)
def test_a_saved_plan_is_shown_in_every_format(file: str, shape: str, begins: str, ends: str) -> None:
    done = reconcile("show", file, "--format", shape)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(begins)
    assert done.stdout.endswith(ends)


@pytest.mark.parametrize(
    ("shape", "begins"), [("mermaid", "flowchart LR\n"), ("dot", "digraph plan {\n"), ("svg", "<svg ")]
)
def test_a_saved_plan_is_drawn_in_every_language_without_azure(file: str, shape: str, begins: str) -> None:
    done = reconcile("graph", file, "--format", shape)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(begins)


def test_a_saved_plan_that_is_drawn_says_itself_what_it_is_about(file: str) -> None:
    done = reconcile("graph", file, "--target", "pool/prod")
    assert (done.returncode, done.stdout) == (4, "")
    assert "leave --target and --exclude out" in done.stderr
