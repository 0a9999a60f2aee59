"""Commands on a world in which others wrote secrets and escapes: what is shown has neither; odd input is no bug."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from reconciler.secret import MARK
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import Azure, World
from tests.local.test_tasks import run
from tests.secrets.kinds import made

KINDS = made()
SECRETS = ("SAS URL", "connection string of storage", "GitHub token", "password by name (shell)", "private key (RSA)")
SPEC = """\
apiVersion: reconciler/v1
name: {name}
azure: {{cloud: local, location: italynorth, resourceGroup: rg-{name}, tags: {tags}}}
"""


def written(folder: Path, name: str, tags: dict[str, str] | None = None, more: str = "") -> Path:
    path = folder / "spec.yaml"
    path.write_text(SPEC.format(name=name, tags=json.dumps(tags or {})) + more)
    return path


def test_what_others_wrote_into_azure_is_shown_without_secrets_and_escapes(azure: Azure, tmp_path: Path) -> None:
    from reconciler.cloud.cloud import connect
    from reconciler.kinds import load

    names = {f"t{number}": KINDS[kind].text[:256] for number, kind in enumerate(SECRETS)}
    asked = dict.fromkeys(names, "asked") | {"odd": "asked"}
    path = written(tmp_path, "hush", asked)
    assert reconcile("apply", str(path), "--yes", cwd=tmp_path).returncode == 0
    cloud = connect(load(path, os.environ), os.environ)
    body = cloud.arm("GET", cloud.group_id, api_version="2021-04-01").body
    tags = {**body["tags"], **names, "odd": "a\x1b[2Jb\u202ec", "PASSWORD": "hunter2"}
    cloud.arm("PATCH", cloud.group_id, {"tags": tags}, api_version="2021-04-01")
    for arguments in (("plan",), ("plan", "--format", "json"), ("plan", "--wire"), ("status",), ("outputs",)):
        done = reconcile(arguments[0], str(path), *arguments[1:], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        shown = done.stdout + done.stderr
        assert (MARK in shown) == (arguments[0] == "plan"), arguments
        for kind in SECRETS:
            assert KINDS[kind].secret[:40] not in shown, (arguments, kind)
        assert all(char.isprintable() or char == "\n" for char in shown), arguments


def test_what_tasks_wrote_moves_no_cursor_and_gives_nothing_away(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch, token = world.cloud().batch(), KINDS["GitHub token"].secret
    run(batch, "gone", "no\x1b[2Jthing")
    run(batch, "said", f"/bin/sh -c 'echo one {token}; printf \"\\033[31mtwo\\n\"'")
    listed = reconcile("logs", "job", "--spec", str(world.file))
    assert (listed.returncode, "CommandProgramNotFound" in listed.stdout) == (0, True)
    assert all(char.isprintable() or char == "\n" for char in listed.stdout)
    written = reconcile("logs", "job", "said", "--spec", str(world.file))
    assert written.stdout == f"one {MARK}\n\x1b[31mtwo\n"


def test_a_secret_in_an_error_or_a_traceback_is_hidden(tmp_path: Path) -> None:
    token = KINDS["GitHub token"].secret
    done = reconcile("validate", str(tmp_path / token))
    assert (done.returncode, MARK in done.stderr, token in done.stderr) == (4, True, False)
    done = reconcile("plan", f"--tokne={token}")
    assert (done.returncode, token in done.stderr) == (4, False)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AZURE_AUTHORITY_HOST", "http://127.0.0.1:1", "is an invalid authority"),
        ("AZURE_AUTHORITY_HOST", "https://[bad", "cannot sign in to Azure: Invalid IPv6 URL; correct or unset"),
        ("AZURE_TOKEN_CREDENTIALS", "garbage", "Invalid value for AZURE_TOKEN_CREDENTIALS: garbage"),
        ("RECONCILE_RESOURCE_MANAGER", "https://[bad", "RECONCILE_RESOURCE_MANAGER is no https:// URL: https://[bad"),
        ("RECONCILE_RESOURCE_MANAGER", "garbage", "RECONCILE_RESOURCE_MANAGER is no https:// URL: garbage"),
        ("RECONCILE_RESOURCE_MANAGER", "http://127.0.0.1:1", "RECONCILE_RESOURCE_MANAGER is no https:// URL"),
    ],
)
def test_an_odd_environment_is_told_and_is_no_bug(
    name: str, value: str, says: str, azure: Azure, tmp_path: Path
) -> None:
    done = reconcile("plan", str(written(tmp_path, "odd")), cwd=tmp_path, **{name: value})
    assert done.returncode == 1
    assert says in done.stderr
    assert "bug" not in done.stderr


def test_a_file_of_a_package_whose_name_is_no_text_is_told_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "tool").mkdir()
    more = """storage: {saodd1: {allowSharedKeyAccess: true}}
batchAccount: {name: odd1, autoStorage: storage/saodd1}
applications: {tool: {packages: {"1": tool}}}
"""
    path = written(tmp_path, "odd", more=more)
    Path(os.fsdecode(os.fsencode(tmp_path / "tool") + b"/\xff.txt")).write_text("1")
    done = reconcile("validate", str(path))
    assert done.returncode == 4
    assert f":6:39 applications.tool.packages.1: the name of {tmp_path}/tool/\\xdcff.txt is not UTF-8" in done.stderr


def test_a_spec_whose_path_is_no_text_and_one_that_is_too_long_are_no_bugs(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.yaml"))
    path.write_text((CHECKOUT / "specs/hello.yaml").read_text())
    done = reconcile("validate", str(path), AZURE_SUBSCRIPTION_ID="00000000-1111-2222-3333-444444444444")
    assert (done.returncode, "\\udcff.yaml is valid" in done.stdout) == (0, True)
    path = written(tmp_path, "odd", more=f"extends: {'x' * 300}\n")
    done = reconcile("validate", str(path))
    assert done.returncode == 1
    assert done.stderr == f"Error: cannot use {tmp_path}/{'x' * 300}: File name too long\n"


def test_an_image_whose_name_is_no_text_is_not_uploaded(tmp_path: Path) -> None:
    from reconciler.cloud.upload import files_in
    from reconciler.errors import ReconcileError

    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jpg")).write_text("1")
    with pytest.raises(ReconcileError, match="its name is not UTF-8; rename it"):
        list(files_in(tmp_path))
