"""The command line of a start task that keeps logs: the pool's own can be read from it, and old nodes can run it."""

from __future__ import annotations

import ast
import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.nodelogs import program, startline

SETTINGS: dict[str, Any] = {
    "identity": "/subscriptions/x",
    "telemetry": {"in": "storage/sa/c", "url": "u", "every": 10},
}
PLACES = st.fixed_dictionaries({"in": st.text(max_size=20), "url": st.text(max_size=20)})


@given(line=st.text(max_size=80), settings=st.fixed_dictionaries({"identity": st.text(max_size=20), "logs": PLACES}))
def test_what_was_put_in_is_read_again_whatever_it_is(line: str, settings: dict[str, Any]) -> None:
    assert startline.read(startline.wrapped(line, settings)) == startline.Kept(line, settings)


@given(st.text(max_size=80))
def test_other_command_lines_are_none_of_ours(line: str) -> None:
    assert startline.read(line) is None


@pytest.mark.parametrize("line", ["a reconcile-node b", "/bin/sh -c x reconcile-node '[1]' y", "' reconcile-node "])
def test_what_only_looks_like_ours_is_left_alone(line: str) -> None:
    assert startline.read(line) is None


@pytest.mark.parametrize("measures", [True, False])
def test_the_program_is_one_for_python_3_6_and_needs_nothing_of_ours(measures: bool) -> None:
    text = program.text(measures=measures)
    tree = ast.parse(text, feature_version=(3, 6))
    imported = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in imported if name.startswith(("reconciler", "typing", "__future__"))]
    assert ": str" not in text
    assert '"""' not in text


def test_most_of_a_command_line_is_left_to_the_pool() -> None:
    assert len(startline.wrapped("", {"identity": "x" * 200})) < startline.LONGEST / 2
    assert len(startline.wrapped("", SETTINGS)) < startline.LONGEST * 0.8


def run(line: str, folder: Path, services: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    """A command line as Batch runs it: by its words, and with these variables only; `services` is a systemd-run."""
    if services:
        script = folder / "systemd-run"
        script.write_text(f"#!/bin/sh\n{services}\n")
        script.chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", **more}
    return subprocess.run(shlex.split(line), capture_output=True, text=True, env=environment, cwd=folder, check=False)


@pytest.mark.parametrize(
    ("line", "code", "out"),
    [
        ("/bin/sh -c 'echo \"$0 $AZ_BATCH_POOL_ID\"; exit 7'", 7, "/bin/sh p\n"),
        ("echo $AZ_BATCH_POOL_ID && true 'a  b' $HOME", 0, "p && true a  b $HOME\n"),
        ("no-such-program", 127, ""),
        ("/bin/sh -c 'kill -9 $$'", 137, ""),
    ],
)
def test_a_command_runs_as_it_would_without_us_also_where_nothing_can_be_written(
    line: str, code: int, out: str, tmp_path: Path
) -> None:
    (tmp_path / "stdout.txt").write_text("x")
    settings = {"identity": "/x", "logs": {"in": "storage/sa/c", "url": "https://127.0.0.1:1/c"}}
    wrapped = startline.wrapped(line, settings)
    nowhere = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1", "AZ_BATCH_NODE_STARTUP_DIR": str(tmp_path)}
    done = run(wrapped, tmp_path, AZ_BATCH_POOL_ID="p", **nowhere)
    assert (done.returncode, done.stdout) == (code, out)
    assert done.stderr.count("cannot keep") == 1


@pytest.mark.parametrize("stage", ["preparation", "release"])
def test_what_a_job_runs_on_a_node_is_looked_for_in_the_folder_of_its_task(stage: str, tmp_path: Path) -> None:
    settings = {"identity": "/x", "logs": {"in": "storage/sa/c", "of": stage, "url": "https://127.0.0.1:1/c"}}
    nowhere = {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:1"}
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "stderr.txt").write_text("x")
    done = run(startline.wrapped("missing", settings), tmp_path, **nowhere, AZ_BATCH_TASK_DIR=str(folder))
    assert done.returncode == 127
    assert f"cannot run the {stage} task" in done.stderr
    assert f"cannot keep stdout.txt of the {stage} task: [Errno 2]" in done.stderr  # there is none, and it is told once
    assert done.stderr.count("cannot keep") == 1


def test_without_python_the_command_runs_all_the_same(tmp_path: Path) -> None:
    line = startline.wrapped("/bin/echo 'a b'", {"identity": "/x", "logs": {"in": "i", "url": "u"}})
    script = shlex.split(line)
    done = subprocess.run(script, capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False)
    assert (done.returncode, done.stdout) == (0, "a b\n")
    assert "no python3" in done.stderr


def test_a_node_without_services_is_not_measured_and_works(tmp_path: Path) -> None:
    done = run(startline.wrapped("echo works", SETTINGS), tmp_path, services="exit 3")
    assert (done.returncode, done.stdout) == (0, "works\n")
    assert done.stderr == "reconcile: this node is not measured: systemd-run ended with 3\n"


def test_the_service_begins_with_what_it_needs_and_nothing_in_a_file(tmp_path: Path) -> None:
    line = startline.wrapped("", SETTINGS)
    done = run(line, tmp_path, services='printf "%s\\n" "$@" >&2', AZ_BATCH_NODE_ID="n", SECRET="x")
    words = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (0, "")
    assert words[-2:] == ["sample", json.dumps(SETTINGS, separators=(",", ":"), sort_keys=True)]
    assert "--setenv=AZ_BATCH_NODE_ID=n" in words
    assert "--property=DynamicUser=yes" in words
    assert "SECRET" not in done.stderr
    assert words[words.index("-c") + 1].startswith("import base64,zlib")
