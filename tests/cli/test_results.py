"""results: what tasks wrote, fetched into a folder, whatever their files are called."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler import marks
from reconciler.cli import outcomes
from reconciler.cli.fetching import safe
from reconciler.model import Status
from tests.cli.command import reconcile
from tests.conftest import World


@pytest.fixture
def ran(world: World) -> World:
    """A job of which three tasks have ended."""
    hostile = "mkdir -p d; echo x > 'd/a:b%'; echo y > \"$(printf 'n\\nl')\""
    tasks = {
        "say": {"sweep": {"n": [1, 2]}, "command": "echo {{n}}; echo bad >&2"},
        "write": {"command": hostile},
    }
    world.text["jobs"] = {"job": {"pool": "pools/pool", "wait": True, "tasks": tasks}}
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    return world


def test_what_tasks_wrote_comes_into_a_folder_and_once(ran: World, tmp_path: Path) -> None:
    spec, folder = ("--spec", str(ran.file)), tmp_path / "out"
    done = reconcile("results", "job", "-o", str(folder), *spec)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"of 3 tasks in {folder}\n" in done.stdout
    said = {path.parent.name.partition("-")[0]: path.read_text() for path in sorted(folder.glob("*/stdout.txt"))}
    assert said == {"say": said["say"], "write": ""}
    assert {path.read_text() for path in folder.glob("say-*/stdout.txt")} == {"1\n", "2\n"}
    (write,) = folder.glob("write-*")
    assert (write / "wd/d/a%3Ab%25").read_text() == "x\n"
    assert {path.name for path in write.rglob("*")} == {"a%3Ab%25", "d", "stderr.txt", "stdout.txt", "wd"}
    assert "not given by their nodes were write-" in done.stdout, "no request can name it"
    (write / "stdout.txt").unlink()
    (write / "wd/d/a%3Ab%25").write_text("")
    again = reconcile("results", "job", "-o", str(folder), *spec)
    assert again.stdout.startswith("2 files (2 bytes) of 3 tasks in ")
    assert " there already" in again.stdout


def test_a_pattern_chooses_tasks_and_one_that_means_none_is_told(ran: World, tmp_path: Path) -> None:
    spec, folder = ("--spec", str(ran.file)), tmp_path / "out"
    assert " of 2 tasks in " in reconcile("results", "job", "say-*", "-o", str(folder), *spec).stdout
    assert {path.name.partition("-")[0] for path in folder.iterdir()} == {"say"}
    wrong = reconcile("results", "job", "sing-*", "-o", str(folder), *spec)
    assert wrong.returncode == 4
    assert "the job job has no task sing-*" in wrong.stderr
    nowhere = reconcile("results", "jbo", *spec)
    assert nowhere.returncode == 4
    assert "has no job jbo; did you mean job?" in nowhere.stderr


def test_what_is_gone_with_its_node_is_told(ran: World, tmp_path: Path) -> None:
    ran.text["pools"]["pool"]["nodes"] = 0
    ran.apply(poll_seconds=0.05)
    done = reconcile("results", "job", "-o", str(tmp_path / "out"), "--spec", str(ran.file))
    assert done.returncode == 0
    assert "gone with their nodes are the files of " in done.stdout
    (task,) = (one.id for one in ran.cloud().batch().list_tasks("job") if one.id.startswith("write-"))
    logs = reconcile("logs", "job", task, "--spec", str(ran.file))
    assert logs.returncode == 3
    assert re.search(r"it ended at \S+ with exit code 0 on the node tvm\w+, which is gone with all", logs.stderr)
    assert "outputs: in the spec keeps files of a task" in logs.stderr


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.txt", "a.txt"),
        ("..", "%2E%2E"),
        (".", "%2E"),
        ("", "%00"),
        ("a/b", "a%2Fb"),
        ("a\\b", "a%5Cb"),
        ("\x1b[0m", "%1B[0m"),
        ("%2E", "%252E"),
    ],
)
def test_no_name_leads_elsewhere(name: str, expected: str) -> None:
    assert safe(name) == expected


def test_long_names_stay_apart() -> None:
    first, second = safe("x" * 400 + "1"), safe("x" * 400 + "2")
    assert first != second
    assert max(map(len, (first, second))) < 255


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ""),
        ('{"exitCode":0,"values":{"n":"1"}}\n{"exitCode":0,"values":{}}', "2 items succeeded"),
        (
            '{"exitCode":0,"values":{}}\n{"exitCode":3,"values":{"item":"a\\u001b[0m"}}\n{"exitCode":4,"values":{"n":"1"}}',
            "2 of 3 items failed: a\\x1b[0m (exit code 3), n=1 (exit code 4)",
        ),
        ('[]\n7\n{"exitCode":"1","values":{}}\n{"exitCode":1,"values":[]}\n' + "[" * 100_000, ""),
    ],
)
def test_what_a_node_says_of_items_is_told_or_passed_over(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "task/wd" / marks.OUTCOMES
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\n" + text.encode())
    assert outcomes.told(tmp_path, ["task", "none"]) == told
