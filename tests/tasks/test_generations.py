"""A job that is made anew: the next generation of it, under a name of its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from azure.batch import models

from reconciler import marks
from reconciler.cloud import batch_jobs, job_generations, pairs
from reconciler.model import Action, Status
from tests.cli.command import reconcile
from tests.conftest import World
from tests.local.pools import until
from tests.tasks.test_lab import applied, live_job, printed, told

ONE: dict[str, Any] = {"one": {"command": "echo $A"}}


SLOW = 0.1
"""Simulated seconds a second: so that a job is still there for some while when it is deleted."""


def anew(world: World, tasks: dict[str, Any]) -> dict[str, Any]:
    """The tasks after an apply during which no job is gone that is deleted."""
    world.azure.run(SLOW)
    made = applied(world, tasks)
    world.azure.jump()
    return made


def changed(world: World, value: str, **more: Any) -> None:
    world.text["jobs"]["job"] |= {"commonEnvironmentSettings": {"A": value}, **more}


def test_the_next_generation_is_made_without_waiting_for_the_end_of_the_one_before(lab: World) -> None:
    changed(lab, "1")
    applied(lab, ONE)
    changed(lab, "2")
    (decision,) = (d for d in lab.plan().decisions if d.address.kind == "job")
    assert (decision.action, decision.disturbs) == (Action.REPLACE, "")
    assert told(lab) == "1 of 1 task to submit", "it has other variables"
    (task,) = anew(lab, ONE)
    assert live_job(lab) == "job-g2"
    assert printed(lab, task) == "2\n"
    assert lab.plan().steps == ()
    job = batch_jobs.get(lab.cloud(), "job-g2")
    assert job is not None
    assert pairs.mapped(job["metadata"])[marks.JOB] == "job"
    lab.text["jobs"]["job"] |= {"priority": 7, "metadata": {"a": "b"}}
    applied(lab, ONE)
    assert live_job(lab) == "job-g2"
    assert lab.plan().steps == ()
    changed(lab, "3")
    (task,) = anew(lab, ONE)
    assert live_job(lab) == "job-g3"
    spec = ("--spec", str(lab.file))
    assert reconcile("logs", "job", task, *spec).stdout == "3\n"
    assert "job/job" in (status := reconcile("status", str(lab.file)).stdout)
    assert "its live job is job-g3" in status
    lab.azure.advance(120)
    assert {job["id"] for job in batch_jobs.listing(lab.cloud())} == {"job-g3"}
    gone = reconcile("destroy", "--yes", "--target", "job/job", str(lab.file))
    assert gone.returncode == 0, gone.stderr
    lab.azure.advance(120)
    assert list(batch_jobs.listing(lab.cloud())) == []


def test_running_tasks_end_first_where_the_spec_wants_that(lab: World) -> None:
    lab.text["pools"]["pool"]["nodes"] = 1
    end = lab.file.with_name("end")
    wait = f"echo $AZ_BATCH_JOB_ID; until test -e {end}; do sleep 0.1; done"
    many = {"many": {"sweep": {"n": [1, 2]}, "command": wait}}
    lab.text["jobs"]["job"] |= {"displayName": "first", "wait": False}
    applied(lab, many)
    cloud = lab.cloud()
    until(lambda: batch_jobs.tasks(cloud, "job").running == 1)
    lab.azure.run(1)
    lab.text["jobs"]["job"]["displayName"] = "second"
    disturbs = {str(d.address): (d.disturbs, d.goes) for d in lab.plan().decisions}["job/job"]
    assert disturbs[0] == "whenReplaced: Wait lets running tasks end first"
    assert disturbs[1].startswith("1 running task, 1 waiting task")
    lab.text["jobs"]["job"] |= {"whenReplaced": "Wait", "wait": True}
    disturbs = {str(d.address): (d.disturbs, d.goes) for d in lab.plan().decisions}["job/job"]
    assert disturbs[0] == "1 running task ends first"
    assert disturbs[1].startswith("1 waiting task, the record of 1 ended task")
    with ThreadPoolExecutor(1) as thread:
        applying = thread.submit(applied, lab, many)
        until(lambda: (batch_jobs.get(cloud, "job") or {})["state"] == "disabling")
        assert batch_jobs.tasks(cloud, "job").running == 1
        end.touch()
        (task,) = applying.result()
    assert live_job(lab) == "job-g2"
    assert printed(lab, task) == "job-g2\n", "only what had not begun"
    assert told(lab) == "2 tasks, 2 succeeded"
    assert lab.plan().steps == ()


def test_an_apply_that_was_interrupted_before_the_next_generation_was_made_is_gone_on_with(lab: World) -> None:
    applied(lab, ONE)
    lab.azure.run(SLOW)
    batch_jobs.delete(lab.cloud(), "job")
    assert (batch_jobs.get(lab.cloud(), "job") or {})["state"] == "deleting"
    lab.cloud().batch().create_job(models.BatchJobCreateOptions({"id": "JOB-g2", "poolInfo": {"poolId": "pool"}}))
    assert {str(d.address): d.action for d in lab.plan().decisions}["job/job"] is Action.CREATE
    applied(lab, {"two": {"command": "true"}})
    lab.azure.jump()
    assert live_job(lab) == "job-g3", "the second is somebody else's"
    assert lab.plan().steps == ()


def test_two_that_make_a_job_anew_at_once_make_one(lab: World) -> None:
    applied(lab, ONE)
    changed(lab, "2")
    lab.azure.run(SLOW)
    beside = replace(lab, file=lab.file.with_name("beside.yaml"))
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(lambda world: world.apply(poll_seconds=0.05), (lab, beside)))
    assert {outcome.status for outcomes in ended for outcome in outcomes.values()} <= {Status.DONE, Status.STOPPED}
    assert live_job(lab) == "job-g2"
    lab.azure.jump()
    lab.azure.advance(120)
    assert {job["id"] for job in batch_jobs.listing(lab.cloud())} == {"job-g2"}


def test_a_name_as_long_as_an_id_may_be_is_cut_for_later_generations(lab: World) -> None:
    name = "j" * 64
    lab.text["jobs"] = {name: lab.text["jobs"]["job"]}
    lab.apply()
    lab.azure.run(SLOW)
    batch_jobs.delete(lab.cloud(), name)
    lab.apply()
    lab.azure.jump()
    assert job_generations.live_id(lab.cloud(), name) == "j" * 57 + "-g2"
    assert lab.plan().steps == ()
