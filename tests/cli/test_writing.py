"""logs of several tasks, each under its id, and how far their job is: as far as it goes, or until all have ended."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.cloud import batch_jobs
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import World
from tests.local.pools import until


@pytest.fixture
def job(world: World, tmp_path: Path) -> World:
    """A job of which one task goes on until a file is there."""
    wait = f"echo begun; until test -e {tmp_path}/end; do sleep 0.1; done; echo ended"
    tasks = {
        "good": {"sweep": {"n": [1, 2]}, "command": "printf 'line %s' {{n}}"},
        "bad": {"command": "printf 'a\\033[2Jb'; echo no >&2; exit 3"},
        "slow": {"command": wait},
        "never": {"command": "true", "dependsOn": ["slow"]},
    }
    world.text["pools"]["pool"] |= {"nodes": 1, "taskSlotsPerNode": 4}
    world.text["jobs"] = {"job": {"pool": "pools/pool", "tasks": tasks}}
    world.apply()
    return world


def left(*arguments: str) -> tuple[int, str, str]:
    """How a command in a terminal ends that is left by Ctrl-C once it has drawn; what it drew, and its errors."""
    ours, its = pty.openpty()
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # background jobs ignore it
    command = [sys.executable, "-c", f"{heard}; from reconciler.cli import main; main()", *arguments]
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    drawn = b""
    with subprocess.Popen(command, stdout=its, stderr=subprocess.PIPE, env=env, text=True) as process:
        os.close(its)
        while b"slow: " not in drawn:
            drawn += os.read(ours, 65536)
        process.send_signal(signal.SIGINT)
        with suppress(OSError):  # the terminal ends with its last program
            while more := os.read(ours, 65536):
                drawn += more
        assert process.stderr is not None
        said = process.stderr.read()
    os.close(ours)
    return process.returncode, drawn.decode(), said


def test_what_tasks_write_is_told_under_their_ids_and_followed_to_its_end(job: World, tmp_path: Path) -> None:
    cloud, spec = job.cloud(), ("--spec", str(job.file))
    until(lambda: batch_jobs.tasks(cloud, "job").ended == 3)
    ids = {task.id.partition("-")[0]: task.id for task in cloud.batch().list_tasks("job")}
    failed = reconcile("logs", "job", "--failed", "--stderr", *spec)
    head, said = failed.stdout.splitlines()
    assert head.startswith(f"==> {ids['bad']} (FailureExitCode: ")
    assert said == "no"
    good = reconcile("logs", "job", "good-*", *spec).stdout
    assert good.count(" <==\nline ") == 2
    assert "\n==> good-" in good
    assert (unknown := reconcile("logs", "job", "god-*", *spec)).returncode == 4
    assert "the job job has no task god-*" in unknown.stderr
    every = reconcile("logs", "job", "--all", *spec).stdout
    assert f"==> {ids['slow']} <==\nbegun\n" in every
    assert ids["never"] not in every
    shown = reconcile("status", "job", *spec)
    assert shown.returncode == 5, shown.stderr
    assert shown.stdout.startswith("job is active: 5 tasks (")
    assert "2 succeeded" in shown.stdout
    assert f"1 failed: exit code 3 (such as {ids['bad']})" in shown.stdout
    assert "nodes: 1 running" in shown.stdout
    document = json.loads(reconcile("status", "jobs/job", "--format", "json", *spec).stdout)
    assert document["states"] == {"succeeded": 2, "failed": 1, "running": 1, "waiting": 1}
    code, drawn, said = left("status", "job", "--follow", *spec)
    assert (code, "Left; the tasks go on. Run reconcile status job" in said) == (130, True), said
    assert drawn.rpartition("job is active: 5 tasks")[2].count("slow: ") == 4, "the last view stays"
    assert drawn.count("\x1b[?25l") == drawn.count("\x1b[?25h"), "and the cursor is back"
    lost = reconcile("status", "jib", *spec)
    assert (lost.returncode, "has no job jib; did you mean job?" in lost.stderr) == (4, True), lost.stderr
    command = [sys.executable, "-m", "reconciler", "logs", "jobs/job", "slow*", "--follow", *spec]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}
    ) as following:
        assert following.stdout is not None
        assert [following.stdout.readline() for _ in range(2)] == [f"==> {ids['slow']} <==\n", "begun\n"]
        (tmp_path / "end").touch()
        assert following.stdout.read() == "ended\n"
    assert following.returncode == 0
    followed = reconcile("status", "job", "--follow", *spec).stdout
    assert followed.rstrip().splitlines()[-1].startswith("slowest: slow-")
    assert "(3 succeeded" in followed or "4 succeeded" in followed


def test_a_log_is_read_in_pieces_and_one_that_is_gone_is_nothing(job: World, tmp_path: Path) -> None:
    (tmp_path / "end").touch()
    spec, big = ("--spec", str(job.file)), "yes 0123456789 | head -c 9000000; printf end"
    job.text["jobs"]["job"]["tasks"] = {"big": {"command": big}}
    job.text["jobs"]["job"]["wait"] = True
    job.apply()
    told = reconcile("logs", "job", "big-*", *spec).stdout
    assert (len(told) > 9_000_000, told[-3:]) == (True, "end")
    job.text["pools"]["pool"]["nodes"] = 0
    job.apply()
    gone = reconcile("logs", "job", "--all", *spec)
    assert (gone.returncode, gone.stdout, gone.stderr) == (0, "", "")
