"""Two saved plans beside each other: what a pipeline says when the plan after a merge is not the reviewed one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from reconciler.model import Action, Address, Decision, Diff, Plan, Why
from reconciler.saved import saved_plan
from reconciler.saved.saved_plan import SavedPlan
from tests.cli.command import reconcile
from tests.saved.test_saved_plan import SAVED


def shown(folder: Path, now: SavedPlan, *arguments: str, reviewed: SavedPlan = SAVED) -> tuple[int, str, str]:
    saved_plan.write(reviewed, folder / "reviewed.json")
    saved_plan.write(now, folder / "now.json")
    done = reconcile("show", "now.json", "--against", "reviewed.json", *arguments, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def more(count: int, reason: str = "not there | yet `x`") -> SavedPlan:
    new = tuple(
        Decision(Address("pool", f"new{number}"), Action.CREATE, Why.ABSENT, reason, Diff(()))
        for number in range(count)
    )
    return replace(SAVED, plan=Plan("spec", (*SAVED.plan.decisions, *new), (), {}))


def test_what_is_more_is_told(tmp_path: Path) -> None:
    code, text, _ = shown(tmp_path, more(1))
    assert code == 0
    assert text.startswith("The plan is stale: 1 resource not as in the one that was reviewed\n  pool/new0 would be ")
    assert text.count("sha256:") == 2
    document = json.loads(shown(tmp_path, more(1), "--format", "json")[1])
    how = "would be created, and the reviewed plan did not know it"
    assert document["differences"] == [{"address": "pool/new0", "reviewed": None, "now": "create", "how": how}]
    written = shown(tmp_path, more(1), "--format", "markdown", "--link", "https://x/1")[1]
    assert f"\n| `pool/new0` | {how} |\n\n[The whole plan of now](https://x/1)\n" in written


def test_the_rest_of_it_is_none(tmp_path: Path) -> None:
    code, text, _ = shown(tmp_path, SAVED)
    assert (code, text.splitlines()[0]) == (0, "The plan does no more than the one that was reviewed.")
    assert shown(tmp_path, replace(SAVED, plan=Plan("spec", (), (), {})), "--format", "markdown")[1].startswith(
        "### The plan does"
    )


def test_it_fits_and_says_what_is_left_out(tmp_path: Path) -> None:
    text = shown(tmp_path, more(1000), "--format", "markdown", "--max-chars", "16384")[1]
    rows = text.count("\n| `pool/")
    assert len(text.encode()) <= 16384
    assert f"✂️ **Cut**: {1000 - rows} other differences." in text


def test_what_cannot_be_compared_says_so(tmp_path: Path) -> None:
    other = replace(SAVED, source=replace(SAVED.source, resource_group="other"))
    code, _, error = shown(tmp_path, other)
    assert (code, "are plans of different specs or places" in error) == (4, True)
    assert "--against prints text, json or markdown" in shown(tmp_path, SAVED, "--format", "html")[2]
