"""`reconcile import` as a person meets it: what it writes, says and refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.importing import header
from reconciler.importing import draft
from reconciler.kinds import load
from reconciler.model import Address, Mark
from reconciler.render import as_yaml
from reconciler.spec.load import LOCAL_SUBSCRIPTION
from tests.cli.command import reconcile
from tests.importing.conftest import Imports
from tests.importing.plain import Plain
from tests.importing.test_inverse import live
from tests.render.test_as_text import golden

CHECKOUT = Path(__file__).parents[2]


def imported(plain: Plain, *more: str, group: str | None = None) -> tuple[int, str, str]:
    done = reconcile("import", "--cloud", "local", "--resource-group", group or plain.group, *more)
    return done.returncode, done.stdout, done.stderr


def test_it_writes_a_file_that_is_valid_and_only_reads(imports: Imports, plain: Plain, tmp_path: Path) -> None:
    plain.make_account()
    plain.make_pool("first")
    file = tmp_path / "specs" / "made.yaml"
    before = imports.world.azure.exchanges()
    code, out, error = imported(plain, "-o", str(file))
    assert (code, error) == (0, "")
    assert out == f"{file}: 1 pool, 0 jobs, 3 to adopt.\nNext: reconcile plan {file}\n"
    lines = (imports.world.azure.folder / "wire.jsonl").read_text().splitlines()[before:]
    assert {json.loads(line)["method"] for line in lines} == {"GET"}
    assert len(lines) < 25
    assert reconcile("validate", str(file)).returncode == 0
    code, out, error = imported(plain, "-o", str(file))
    assert (code, out) == (4, "")
    assert f"{file} is there already; --force overwrites it" in error
    assert imported(plain, "-o", str(file), "--force")[0] == 0
    assert imported(plain)[1] == file.read_text()


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (("--batch-account", "nowhere"), 1, "has no Batch account nowhere; there are ba"),
        (("--pool", "frist"), 1, "has no pool frist; did you mean first?"),
        (("--name", "No Name"), 4, "--name starts with a lower-case letter"),
    ],
)
def test_a_wrong_name_is_told(plain: Plain, more: tuple[str, ...], code: int, says: str) -> None:
    plain.make_account()
    plain.make_pool("first")
    found, out, error = imported(plain, *more)
    assert (found, out) == (code, "")
    assert says in error


def test_a_wrong_group_and_several_accounts_are_told(plain: Plain) -> None:
    code, _, error = imported(plain, group=f"{plain.group}x")
    assert code == 1
    told = f"there is no resource group {plain.group}x in subscription {LOCAL_SUBSCRIPTION}; did you mean {plain.group}"
    assert told in error
    plain.make_account()
    plain.make_account(f"{plain.account}b")
    code, _, error = imported(plain)
    names = f"{plain.account}, {plain.account}b"
    assert (code, error) == (1, f"Error: {plain.group} has 2 Batch accounts; say which with --batch-account: {names}\n")
    code, out, _ = imported(plain, "--batch-account", plain.account)
    assert code == 0
    assert f"batchAccount:\n  name: {plain.account}\n" in out


def _with_secrets(body: Any) -> Any:
    """The body as somebody else has made it: no spec may hold these."""
    return json.loads(json.dumps(body).replace("$TOKEN", "hf_0123456789").replace("SIGNATURE", "sig=abcdef"))


def test_the_written_spec_reads_as_a_person_would_write_it() -> None:
    spec = load(CHECKOUT / "tests/cases/importing/everything.yaml", {}, "local")
    there = live(spec, None)
    marks = {
        Address("pool", "theirs"): Mark("another-team", ""),
        Address("pool", "kept"): Mark("render", "", protect=True),
        Address("pool", "signed"): Mark("render", ""),
    }
    observed = (replace(one, mark=marks.get(one.address), body=_with_secrets(one.body)) for one in there.observed)
    there = replace(there, observed=tuple(observed))
    made = draft(there, spec.azure, "render")
    golden("import.yaml", as_yaml.spec(made.value, header(spec.azure, there, made)).rstrip("\n"))
