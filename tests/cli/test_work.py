"""wait, cancel and retry: what a person does about the tasks of a job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.cloud import batch_jobs
from reconciler.model import Status
from tests.cli.command import CHECKOUT, reconcile
from tests.conftest import World

TASKS = {
    "bad": {
        "command": '[ -e "$AZ_BATCH_NODE_SHARED_DIR/there" ] || { touch "$AZ_BATCH_NODE_SHARED_DIR/there"; exit 3; }'
    },
    "good": {"command": "true"},
    "last": {"command": "true", "dependsOn": ["bad"]},
}


@pytest.fixture
def job(world: World) -> World:
    world.text["jobs"] = {"job": {"pool": "pools/pool", "tasks": TASKS}}
    return world


def submitted(world: World) -> tuple[str, str]:
    assert {outcome.status for outcome in world.apply().values()} == {Status.DONE}
    return ("--spec", str(world.file))


def states(world: World) -> dict[str, str]:
    tasks = [task.as_dict() for task in world.cloud().batch().list_tasks("job")]
    return {
        task["id"].partition("-")[0]: (task.get("executionInfo") or {}).get("result", task["state"]) for task in tasks
    }


def test_what_has_failed_is_waited_for_tried_again_and_then_done(job: World) -> None:
    nodes, job.text["pools"]["pool"]["nodes"] = job.text["pools"]["pool"]["nodes"], 0
    submitted(job)
    job.text["pools"]["pool"]["nodes"] = nodes
    spec = submitted(job)
    waited = reconcile("wait", "job", *spec)
    assert waited.returncode == 5
    assert waited.stdout == "tasks/job: 3 tasks, 1 succeeded, 1 failed, 1 to end, as what they depend on has failed\n"
    submitted(job)
    assert states(job) == {"bad": "failure", "good": "success", "last": "failure"}
    again = reconcile("retry", "job", *spec)
    assert (again.returncode, again.stdout) == (0, "2 tasks of job run again.\n")
    waited = reconcile("wait", "job", *spec)
    assert (waited.returncode, waited.stdout) == (0, "tasks/job: 3 tasks, 3 succeeded\n")
    assert reconcile("retry", "job", *spec).stdout == "Nothing to run again: none of them has failed.\n"
    assert reconcile("cancel", "job", *spec).stdout == "Nothing to cancel: all of them have ended.\n"


def test_what_waits_is_ended_if_that_is_meant(job: World) -> None:
    job.text["pools"]["pool"]["nodes"] = 0
    spec = submitted(job)
    asked = reconcile("cancel", "job", "good-*", *spec)
    assert asked.returncode == 3
    assert "there is no terminal to ask whether to end 1 task of job; add --yes" in asked.stderr
    assert set(states(job).values()) == {"active"}
    done = reconcile("cancel", "job", "good-*", "--yes", *spec)
    assert (done.returncode, done.stdout) == (0, "Ended 1 task of job.\n")
    assert states(job) == {"bad": "active", "good": "failure", "last": "active"}
    assert job.plan().steps == (), "what was cancelled is not submitted again"
    wrong = reconcile("cancel", "job", "goood", "--yes", *spec)
    assert wrong.returncode == 4
    assert "the job job has no task goood; it has bad-" in wrong.stderr
    nowhere = reconcile("wait", "jbo", *spec)
    assert nowhere.returncode == 4
    assert "the spec has no job jbo with work; did you mean job?" in nowhere.stderr


def test_the_tasks_of_others_are_left_alone(job: World) -> None:
    from azure.batch import models

    job.text["pools"]["pool"]["nodes"] = 0
    spec = submitted(job)
    batch = job.cloud().batch()
    batch.create_job(models.BatchJobCreateOptions({"id": "theirs", "poolInfo": {"poolId": "pool"}}))
    batch.create_task("theirs", models.BatchTaskCreateOptions({"id": "t", "commandLine": "true"}))
    for verb in (("cancel", "theirs", "--yes"), ("retry", "theirs")):
        refused = reconcile(*verb, *spec)
        assert refused.returncode == 3
        assert "the job theirs belongs to no spec, and not to " in refused.stderr
    assert next(iter(batch.list_tasks("theirs"))).as_dict()["state"] == "active"


def test_a_job_that_has_ended_runs_nothing_again(job: World) -> None:
    spec = submitted(job)
    assert reconcile("wait", "job", *spec).returncode == 5
    batch_jobs.post(job.cloud(), "/jobs/job/terminate", {}, None)
    refused = reconcile("retry", "job", *spec)
    assert refused.returncode == 3
    assert "reconcile apply --rerun job/PATTERN runs those that match in a new one" in refused.stderr
    again = reconcile("apply", "--yes", "--rerun", "job/bad", str(job.file))
    assert again.returncode == 0, again.stderr
    assert reconcile("wait", "job", *spec).returncode == 0


def test_ctrl_c_stops_the_waiting_and_not_the_tasks(job: World, tmp_path: Path) -> None:
    job.text["pools"]["pool"]["nodes"] = 0
    spec = submitted(job)
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # background jobs ignore it
    command = [sys.executable, "-c", f"{heard}; from reconciler.cli import main; main()", "wait", "job", *spec]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as waiting:
        assert waiting.stderr
        first = waiting.stderr.readline()
        waiting.send_signal(signal.SIGINT)
        try:
            _, said = waiting.communicate(timeout=30)
        finally:
            waiting.kill()
    assert first == "tasks/job: 0 of 3 tasks\n"
    assert waiting.returncode == 130
    assert "Left; the tasks go on. Run reconcile wait job to see them end." in said
    assert set(states(job).values()) == {"active"}
