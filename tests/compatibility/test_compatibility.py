"""What earlier versions wrote is read by this one, what later ones write is told with a remedy, and exit codes stay."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

from reconciler.audit import keeping, record
from reconciler.cli import codes, look, saving
from reconciler.errors import AzureError, LockLost, ReconcileError, Refused, SpecError, Unreachable, WrongUsage
from reconciler.model import Action
from reconciler.render import as_json
from reconciler.saved import comparing, saved_plan
from tests.cli.command import CHECKOUT, reconcile

HERE = Path(__file__).parent
PAGE = (CHECKOUT / "docs/compatibility.md").read_text()
SPEC = """apiVersion: reconciler/v1
name: compatible
azure: {cloud: local, location: italynorth, resourceGroup: rg-compatible}
"""


def documents(path: Path) -> list[Any]:
    """The documents in a file: of JSON lines each line."""
    text = path.read_text()
    return [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else [json.loads(text)]


def schema(name: str) -> Draft202012Validator:
    plan, own = (json.loads((CHECKOUT / "schemas" / f"{each}.schema.json").read_text()) for each in ("plan", name))
    return Draft202012Validator({**own, "$defs": {**own.get("$defs", {}), "plan": plan}})


KEPT = sorted(path for path in HERE.iterdir() if path.suffix in (".json", ".jsonl"))


@pytest.mark.parametrize("path", KEPT, ids=[path.name for path in KEPT])
def test_what_was_written_is_as_the_schema_of_today_says(path: Path) -> None:
    for document in documents(path):
        schema(path.stem.rpartition("-")[0]).validate(document)


def test_there_is_a_file_of_each_schema_and_version_that_the_page_promises() -> None:
    promised = re.findall(r"^\| `([a-z-]+)` \| .*? \| (\d+) \|", PAGE, re.MULTILINE)
    assert {name for name, _ in promised} == set(look.SCHEMAS) - {"spec"}
    written = {path.stem for path in KEPT}
    assert {f"{name}-{version}" for name, last in promised for version in range(1, int(last) + 1)} == written
    now = {"plan": as_json.VERSION, "saved-plan": saved_plan.VERSION, "run": record.VERSION}
    assert {name: int(version) for name, version in promised if name in now} == now


def test_a_plan_is_read_and_means_the_same() -> None:
    text = (HERE / "plan-1.json").read_text()
    plan, then = as_json.read(text), json.loads(text)
    now = as_json.document(plan)
    assert {key: now[key] for key in then} == then, "keys may have been added"
    assert len(plan.of(Action.CREATE)) == then["summary"]["create"] > 0


def test_a_record_is_read_and_means_the_same() -> None:
    content = (HERE / "run-1.json").read_bytes()
    kept = keeping.parsed(content, json.loads(content)["id"])
    assert record.document(kept) == json.loads(content)


def test_a_saved_plan_is_shown_in_all_formats_and_is_no_more_than_itself() -> None:
    file = str(HERE / "saved-plan-1.json")
    for shape in ("text", "json", "markdown", "html"):
        done = reconcile("show", file, "--format", shape)
        assert done.returncode == 0, done.stderr
        assert "sacompatible" in done.stdout
    plan = saved_plan.read(HERE / "saved-plan-1.json").plan
    assert comparing.differences(plan, plan, counted=lambda address: "", others=()) == ()


def test_a_saved_plan_is_carried_out_by_the_version_that_made_it_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(HERE / "saved-plan-1.json", tmp_path)
    (tmp_path / "spec.yaml").write_text(SPEC)
    monkeypatch.setattr(saving, "__version__", saved_plan.read(HERE / "saved-plan-1.json").source.tool)
    done = reconcile("apply", "saved-plan-1.json", cwd=tmp_path)
    assert (done.returncode, "the plan is stale: audit, storage, " in done.stderr) == (3, True), done.stderr
    assert "plan again" in done.stderr
    monkeypatch.setattr(saving, "__version__", "99.0.0")
    done = reconcile("apply", "saved-plan-1.json", cwd=tmp_path)
    assert done.returncode == 3
    assert "the plan is stale: reconcile 0.1.0 made it, and this is 99.0.0; plan again" in done.stderr


@pytest.mark.parametrize("verb", ["show", "apply"])
def test_a_saved_plan_of_a_later_version_is_told_with_a_remedy(tmp_path: Path, verb: str) -> None:
    body = json.loads((HERE / "saved-plan-1.json").read_text())
    later = {"format": {**body, "format": "reconcile-plan/2"}, "plan": {**body, "plan": {**body["plan"], "version": 2}}}
    for what, says in (("format", "is a saved plan of format 2"), ("plan", "holds a plan of version 2")):
        changed = {key: value for key, value in later[what].items() if key not in ("format", "digest")}
        head = {"format": later[what]["format"]}
        digest = saved_plan.digest_of(changed | head)
        (tmp_path / "plan.json").write_text(json.dumps(head | {"digest": digest} | changed))
        done = reconcile(verb, "plan.json", cwd=tmp_path)
        assert done.returncode == 3
        assert f"plan.json {says}, and this reconcile knows 1; take a later reconcile, or plan again" in done.stderr


def test_the_page_has_the_exit_codes_of_the_code_and_no_command_has_others() -> None:
    table = {int(code): name for code, name in re.findall(r"^\| (\d+) \| `([A-Z]+)` \|", PAGE, re.MULTILINE)}
    assert table == {value: name for name, value in vars(codes).items() if name.isupper() and isinstance(value, int)}
    for path in sorted((CHECKOUT / "reconciler/cli").glob("*.py")):
        numbers = re.findall(r"(?:return|exit\() ?(\d+)\b", path.read_text())
        assert set(map(int, numbers)) <= table.keys(), path.name


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SpecError([]), 4),
        (WrongUsage("x"), 4),
        (click.UsageError("x"), 4),
        (Refused("x"), 3),
        (LockLost("x"), 3),
        (AzureError(403, "x", "x"), 1),
        (Unreachable("x"), 1),
        (ReconcileError("x"), 1),
        (OSError(), 1),
        (ZeroDivisionError(), 1),
        (click.exceptions.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (click.exceptions.Exit(5), 5),
    ],
)
def test_each_error_has_its_exit_code(error: BaseException, code: int) -> None:
    assert codes.of(error) == code
