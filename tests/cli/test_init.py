"""`reconcile init`: what it writes can be planned at once, and nothing that is there is touched."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import Azure

WORKFLOWS = {f".github/workflows/reconcile-{name}.yml" for name in ("plan", "apply", "drift", "deploy")}


def there(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("what", ["pool", "conversion", "image"])
def test_a_spec_can_be_planned_at_once(azure: Azure, tmp_path: Path, what: str) -> None:
    folder = tmp_path / "Render Farm 2"
    done = reconcile("init", str(folder), "--what", what, "--yes")
    assert done.returncode == 0, done.stderr
    assert list(there(folder)) == ["specs/render-farm-2.yaml"]
    assert "Next: look through specs/render-farm-2.yaml" in done.stdout
    spec = str(folder / "specs/render-farm-2.yaml")
    checked = reconcile("validate", spec, RECONCILE_CLOUD="local")
    assert checked.returncode == 0, checked.stderr
    planned = reconcile("plan", spec, RECONCILE_CLOUD="local")
    assert (planned.returncode, "+ resource_group/rg-render-farm-2" in planned.stdout) == (0, True)
    assert "! " not in planned.stdout, "nothing is refused"


def test_nothing_is_overwritten_and_all_else_is_written(tmp_path: Path) -> None:
    assert reconcile("init", "--yes", "--name", "a", cwd=tmp_path).returncode == 0
    (tmp_path / "specs/a.yaml").write_text("name: mine\n\x1b[2J")
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/reconcile-drift.yml").write_text("mine\n")
    before = there(tmp_path)

    done = reconcile("init", "--yes", "--name", "a", cwd=tmp_path)
    assert done.returncode == 2
    assert "specs/a.yaml: there already, and stays" in done.stdout
    assert "+name: a " in done.stdout
    assert "-name: mine" in done.stdout
    assert "\x1b" not in done.stdout
    assert "1 file left as it was, as nothing is ever overwritten: take over by hand" in done.stderr
    (tmp_path / ".github/workflows/reconcile-plan.yml").write_text("mine\n")
    both = reconcile("init", "--yes", "--ci", "github", "--name", "a", cwd=tmp_path)
    assert "3 files left as they were" in both.stderr
    (tmp_path / ".github/workflows/reconcile-plan.yml").unlink()
    for name in ("apply", "deploy"):
        (tmp_path / f".github/workflows/reconcile-{name}.yml").unlink()
    assert there(tmp_path) == before

    (tmp_path / "specs/a.yaml").write_text(
        "apiVersion: reconciler/v1\nname: mine\nazure: {resourceGroup: rg, location: westeurope}\n"
    )
    done = reconcile("init", "--yes", "--ci", "github", cwd=tmp_path)
    assert done.returncode == 2
    assert set(there(tmp_path)) == {"specs/a.yaml", *WORKFLOWS}, "there is a spec already"
    assert there(tmp_path)[".github/workflows/reconcile-drift.yml"] == "mine\n"
    again = reconcile("init", "elsewhere", "--yes", "--ci", "github", "--name", "a", cwd=tmp_path)
    assert again.returncode == 0
    assert set(there(tmp_path / "elsewhere")) == {"specs/a.yaml", *WORKFLOWS}
    assert reconcile("init", "elsewhere", "--yes", "--ci", "github", cwd=tmp_path).returncode == 0, "all is the same"


def test_images_of_specs_have_a_pipeline_of_their_own(tmp_path: Path) -> None:
    assert reconcile("init", "--yes", "--what", "image", "--name", "base", cwd=tmp_path).returncode == 0
    (tmp_path / "specs").rename(tmp_path / "infra")
    done = reconcile("init", "--yes", "--ci", "github", "--spec", "infra/base.yaml", "--branch", "trunk", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "docs/gitops.md of reconcile, under GitHub" in done.stdout
    assert not (tmp_path / "specs").exists(), "there is a spec already"
    text = there(tmp_path)[".github/workflows/reconcile-images.yml"]
    assert "reconcile apply infra/base.yaml --yes --wait --target image_version/base\n" in text
    applied = yaml.safe_load(there(tmp_path)[".github/workflows/reconcile-apply.yml"])
    assert applied["on"]["push"]["branches"] == ["trunk"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--name", "A B"), 4, "--name 'A B' will not do"),
        (("--ci", "github", "--spec", "specs/no.yaml"), 4, "--spec specs/no.yaml: there is no such file"),
        (("--ci", "github", "--branch", "a b"), 4, "--branch 'a b' has characters"),
        (("--from-live", "--cloud", "public"), 4, "say which --subscription, or set AZURE_SUBSCRIPTION_ID"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = reconcile("init", "--yes", *arguments, cwd=tmp_path, AZURE_SUBSCRIPTION_ID="")
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr
    assert there(tmp_path) == {}


def answered(answers: str, *arguments: str) -> tuple[int, str]:
    """How `reconcile init` ends in a terminal where these lines are typed, and what it prints."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "reconciler", "init", *arguments],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
    ) as process:
        os.write(ours, answers.encode())
        said, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    return process.returncode, said


def test_in_a_terminal_it_asks(tmp_path: Path) -> None:
    code, said = answered("films\nconversion\nfarm\n\nwesteurope\ngithub\n", str(tmp_path))
    assert code == 0, said
    assert "a job that converts images from one container to another" in said
    assert "'films' is not one of" in said
    assert "Resource group [rg-farm]" in said
    assert set(there(tmp_path)) == {"specs/farm.yaml", *WORKFLOWS}
    spec = yaml.safe_load(there(tmp_path)["specs/farm.yaml"])
    assert spec["azure"]["location"] == "westeurope"
    assert "convert" in spec["jobs"]["convert"]


def test_it_asks_nothing_where_it_is_told_so_or_nobody_could_answer(tmp_path: Path) -> None:
    code, said = answered("", str(tmp_path / "one"), "--yes")
    assert (code, "[" in said) == (0, False), said
    assert reconcile("init", "two", cwd=tmp_path).returncode == 0
    assert set(there(tmp_path)) == {"one/specs/one.yaml", "two/specs/two.yaml"}
