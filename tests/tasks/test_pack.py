"""The script of a task for several items, run by the shell of this machine; and such tasks on the local Azure."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler import marks
from reconciler.kinds.tasks import command, manifest
from reconciler.kinds.tasks.items import Item
from reconciler.spec.tasks import Task
from tests.cli.command import reconcile
from tests.conftest import World
from tests.tasks.test_lab import applied, told


def run(folder: Path, text: str | list[str], points: Sequence[Mapping[str, str]], **more: Any) -> Any:
    """The task in a working directory."""
    entry: Task = {"command": text, "pack": 1000}  # type: ignore[typeddict-item]
    items = manifest.of(entry, Item({}, items=tuple(map(Item, points))))
    assert items
    path = folder / items.path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(items.content)
    line = command.line(text, packed=points[0], **more)
    environment = {"AZ_BATCH_TASK_WORKING_DIR": str(folder), "PATH": "/usr/bin:/bin"}
    return subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def outcomes(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / marks.OUTCOMES).read_text().splitlines()]


def test_each_item_has_its_values_and_an_outcome_of_its_own(tmp_path: Path) -> None:
    hostile = 'a b\'"$(touch x)`touch x`\\n\n;exit 9 \u00e9,"exitCode":0,'
    points = [{"n": "1", "m": "x"}, {"n": hostile, "m": "3"}, {"n": "2", "m": "7"}]
    text = "set -e; printf '%s|' {{n}} $# \"$RECONCILE_M\"; cd /; case {{m}} in x) true;; *) exit {{m}};; esac"
    done = run(tmp_path, text, points)
    assert done.stdout == f"1|0|x|{hostile}|0|3|2|0|7|"
    assert done.returncode == 3, "that of the first that failed"
    assert done.stderr == "2 of 3 items failed\n"
    ends = [(end["number"], end["exitCode"], end["values"]) for end in outcomes(tmp_path)]
    assert ends == [(1, 0, points[0]), (2, 3, points[1]), (3, 7, points[2])]
    assert all(0 <= end["seconds"] < 5 for end in outcomes(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".reconcile"], "no name was run"


def test_a_program_and_its_arguments_run_for_each_item(tmp_path: Path) -> None:
    done = run(tmp_path, ["printf", "%s\n", "{{n}}"], [{"n": "-1 $HOME"}, {"n": "*"}])
    assert (done.returncode, done.stdout) == (0, "-1 $HOME\n*\n")


def test_what_has_succeeded_is_not_run_again(tmp_path: Path) -> None:
    text = "echo {{n}} >> ran; [ {{n}} != 2 ] || [ -f mended ]"
    points = [{"n": str(n)} for n in range(1, 5)]
    assert run(tmp_path, text, points).returncode == 1
    (tmp_path / "mended").touch()
    done = run(tmp_path, text, points)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "ran").read_text().split() == ["1", "2", "3", "4", "2"]
    assert sorted((end["number"], end["exitCode"]) for end in outcomes(tmp_path)) == [(n, 0) for n in range(1, 5)]
    assert run(tmp_path, text, points).returncode == 0
    assert len((tmp_path / "ran").read_text().split()) == 5


def test_an_item_alone_runs_again_after_some_exit_codes(tmp_path: Path) -> None:
    text = "echo x >> {{n}}; [ `wc -l < {{n}}` = {{n}} ] || exit 75"
    done = run(tmp_path, text, [{"n": "1"}, {"n": "3"}, {"n": "9"}], codes=[75], times=2)
    assert done.returncode == 75
    assert [end["exitCode"] for end in outcomes(tmp_path)] == [0, 0, 75]


def test_an_item_costs_less_than_a_millisecond(tmp_path: Path) -> None:
    """CPU time, as others use this machine too."""
    points = [{"n": str(n)} for n in range(1000)]
    before = sum(os.times()[2:4])
    assert run(tmp_path, "true", points).returncode == 0
    assert sum(os.times()[2:4]) - before < 1
    assert len(outcomes(tmp_path)) == 1000


def test_a_script_that_ends_at_its_first_error_does_so_for_its_item(tmp_path: Path) -> None:
    done = run(tmp_path, "set -e\ntest {{n}} != 1\necho {{n}} # the end", [{"n": "1"}, {"n": "2"}])
    assert (done.returncode, done.stdout) == (1, "2\n")


def test_items_of_packed_tasks_run_and_are_told_and_only_the_failed_run_again(lab: World) -> None:
    tasks: dict[str, Any] = {
        "points": {
            "sweep": {"n": {"from": 1, "to": 12}},
            "pack": "auto",
            "command": "echo {{n}} >> ran; cp {{n}} copied 2>/dev/null; [ {{n}} != 11 ] || ls mended",
            "maxTaskRetryCount": 1,
        },
    }
    live = applied(lab, tasks)
    ends = {task["displayName"]: task["executionInfo"] for task in live.values()}
    assert {name: info["exitCode"] for name, info in ends.items()} == {
        "points n=1 and 9 more": 0,
        "points n=11 and 1 more": 2,
    }
    (failed,) = (name for name, task in live.items() if task["executionInfo"]["exitCode"])
    ran = b"".join(lab.cloud().batch().download_task_file("job", failed, "wd/ran")).decode().split()
    assert ran == ["11", "12", "11"], "its retry ran only the one that had failed"
    assert told(lab) == "2 tasks, 1 succeeded, 1 failed"
    assert lab.plan().steps == ()
    done = reconcile("results", "job", "-o", str(lab.file.parent / "out"), "--spec", str(lab.file))
    assert "1 of 12 items failed: n=11 (exit code 2)\n" in done.stdout
