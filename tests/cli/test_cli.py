"""The command line as a person or a pipeline meets it: messages, exit codes and shapes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.cli.command import CHECKOUT, process, reconcile
from tests.conftest import World


def check(schema: str, document: object) -> None:
    Draft202012Validator(json.loads((CHECKOUT / "schemas" / f"{schema}.schema.json").read_text())).validate(document)


def test_help_and_version_answer() -> None:
    assert "Plan and apply for Azure Batch" in process("--help").stdout
    assert process("--version").stdout.startswith("reconcile, version ")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("plam",), 4, "No such command 'plam'"),
        (("validate", "nowhere.yaml"), 4, "nowhere.yaml:1:1: cannot be read: No such file or directory"),
        (("plan", "specs/local.yaml", "--target", "pool"), 4, "write kind/name, for example pool/prod"),
        (("plan",), 4, "say which spec"),
        (
            ("destroy", "specs/local.yaml", "--target", "pool/a", "--exclude", "pool/a"),
            4,
            "--target and --exclude both name pool/a; say one of them",
        ),
        (("logs",), 4, "Missing argument 'JOB|ADDRESS|POOL'"),
        (("upload", "/nowhere", "--spec", "specs/local.yaml"), 1, "it is not a folder"),
    ],
)
def test_wrong_usage_is_told_with_its_exit_code(arguments: tuple[str, ...], code: int, says: str) -> None:
    done = reconcile(*arguments)
    assert says in done.stderr
    assert (done.returncode, done.stdout) == (code, "")


def test_a_local_spec_without_a_local_azure_says_how_to_start_it(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE_", "RECONCILE_"))}
    command = [sys.executable, "-m", "reconciler", "plan", str(CHECKOUT / "specs/local.yaml")]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**environ, "PYTHONPATH": str(CHECKOUT)}, check=False
    )
    assert done.returncode == 1
    assert "run: reconcile local up" in done.stderr


def test_an_invalid_spec_is_exit_code_4_before_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("apiVersion: reconciler/v1\nname: X\n")
    done = reconcile("apply", str(path), "--yes")
    assert done.returncode == 4
    assert f"{path}:2:7 name:" in done.stderr
    assert f"{path}:1:1: has no azure, which is required" in done.stderr


def test_completion_is_offered_for_shells() -> None:
    done = process("--help", _RECONCILE_COMPLETE="bash_source")
    assert done.returncode == 0


def test_plan_apply_and_status_from_outside(world: World) -> None:
    del world.text["jobs"]
    world.text["pools"]["pool"]["nodes"] = 0
    world.spec()
    spec = str(world.file)
    asked = reconcile("apply", spec)
    assert asked.returncode == 3
    assert "add --yes if it is right" in asked.stderr
    assert reconcile("plan", spec, "--detailed-exitcode").returncode == 2

    shown = process("plan", spec, "--format", "json")
    assert shown.returncode == 0
    plan = json.loads(shown.stdout)
    check("plan", plan)
    assert plan["summary"]["create"] == 9

    applied = process("apply", spec, "--yes", "--format", "json")
    assert applied.returncode == 0, applied.stderr
    events = [json.loads(line) for line in applied.stdout.splitlines()]
    for event in events:
        check("event", event)
    assert {one["status"] for one in events[-1]["outcomes"]} == {"done"}

    again = reconcile("plan", spec, "--detailed-exitcode")
    assert (again.returncode, again.stdout) == (0, "Nothing to do: 9 resources as desired.\n")
    assert "pool/pool" in reconcile("status", spec).stdout
    outputs = json.loads(reconcile("outputs", spec, "--format", "json").stdout)
    assert outputs["identity/id-pool.clientId"]
    unknown = reconcile("plan", spec, "--target", "pool/pol")
    assert unknown.returncode == 4
    assert "did you mean pool/pool?" in unknown.stderr
    target = json.loads(reconcile("plan", spec, "--target", "pool/pool", "--format", "json").stdout)
    kinds = {one["address"].split("/")[0] for one in target["decisions"]}
    assert kinds == {"resource_group", "identity", "batch_account", "pool"}


def test_images_are_generated_and_uploaded_once(world: World, tmp_path: Path) -> None:
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply(targets=[])
    spec = str(world.file)
    made = reconcile("images", "generate", "--spec", spec, "--count", "3", "--prefix", "batch/")
    assert made.stdout == f"3 uploaded to storage/{world.account}/images, 0 there already.\n"
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(b"a")
    (folder / "b.txt").write_bytes(b"b")
    assert reconcile("upload", str(folder), "--spec", spec).stdout.startswith("1 uploaded")
    assert reconcile("upload", str(folder), "--spec", spec).stdout.startswith("0 uploaded")
    names = {blob.name for blob in world.container("images").list_blobs()}
    assert names == {"batch/0000.jpg", "batch/0001.jpg", "batch/0002.jpg", "a.jpg"}


def test_ctrl_c_starts_nothing_new_and_brings_what_is_in_flight_to_its_end(world: World) -> None:
    del world.text["jobs"]
    world.text["pools"]["pool"]["nodes"] = 0
    world.spec()
    command = [sys.executable, "-m", "reconciler", "apply", str(world.file), "--yes"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT, stdin=subprocess.DEVNULL)
    assert running.stdout is not None
    told = []
    for line in running.stdout:
        told.append(line)
        if line.startswith("creating storage_account"):
            running.send_signal(signal.SIGINT)
    assert running.wait() in (1, 3)
    running.stdout.close()
    (interrupted,) = (line for line in told if line.startswith("Interrupted"))
    assert f"storage_account/{world.account}" in interrupted
    assert any(line.startswith(f"✓ storage_account/{world.account} done") for line in told)
    assert not any(line.startswith("creating container") for line in told)
    assert {str(one.status) for one in world.apply().values()} == {"done"}
