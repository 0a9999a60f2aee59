"""Every step of a plan says whose running work it disturbs, which records go, and what would be gentler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from azure.batch import models

from reconciler.cloud import batch_jobs
from reconciler.cloud.cloud import Cloud
from reconciler.cloud.endpoints import Endpoints
from reconciler.kinds import KINDS
from reconciler.model import Action, Address, Decision, Desired, Observed, Why
from reconciler.spec.spec import Target
from tests.conftest import World

NOWHERE = Cloud(Target("public", "s", "italynorth", "rg"), "me", None, Endpoints("https://nowhere.invalid", 0.0, 0.0))
LONG = "/bin/sh -c 'sleep 300'"


def told(world: World, address: str = "job/job") -> Decision:
    return next(decision for decision in world.plan().decisions if str(decision.address) == address)


def add(world: World, *ids: str, command: str = LONG) -> None:
    tasks = [models.BatchTaskCreateOptions(id=name, command_line=command) for name in ids]
    world.cloud().batch().create_tasks("job", tasks)


def reach(world: World, **counts: int) -> None:
    """Wait until the job has so many tasks of each state."""
    batch = world.cloud().batch()
    while any(getattr(batch.get_job_task_counts("job").task_counts, name) != n for name, n in counts.items()):
        world.azure.next()


@pytest.fixture
def busy(world: World) -> Iterator[World]:
    """A job with a task that has ended, one that runs on the only node, and two that wait for it."""
    for section in ("storage", "identities"):
        del world.text[section]
    pool = {"vmSize": "Standard_D2s_v3", "image": "ubuntu-22.04", "nodes": 1}
    world.text["pools"] = {"pool": dict(pool), "other": {**pool, "nodes": 0}}
    world.text["jobs"] = {"job": {"pool": "pools/pool"}}
    world.apply()
    add(world, "ended", command="/bin/true")
    reach(world, completed=1)
    add(world, "runs", "waits", "waits-too")
    reach(world, running=1, active=2)
    yield world
    batch_jobs.delete(world.cloud(), "job")


def test_what_runs_waits_and_goes_is_told_of_every_step(busy: World) -> None:
    job: dict[str, Any] = busy.text["jobs"]["job"]
    lost = "1 running task, 2 waiting tasks, the record of 1 ended task"

    job["displayName"] = "another"
    replaced = told(busy)
    assert replaced.action is Action.REPLACE
    assert replaced.goes == f"{lost}; to keep them, leave displayName as it is"
    del job["displayName"]

    job["pool"] = "pools/other"
    moved = told(busy)
    assert moved.action is Action.UPDATE
    assert moved.disturbs == (
        "1 running task is requeued and begins again on pools/other (apply when no task runs to spare that); "
        "2 waiting tasks wait until it has moved"
    )
    job["pool"] = "pools/pool"

    job["maxWallClockTime"] = "PT1S"
    assert told(busy).disturbs == "it is older than PT1S: Batch ends it, and 1 running task and 2 waiting tasks with it"
    del job["maxWallClockTime"]

    job["priority"] = 5
    assert (told(busy).action, told(busy).disturbs, told(busy).goes) == (Action.UPDATE, "", "")
    del job["priority"]

    pool: dict[str, Any] = busy.text["pools"]["pool"]
    pool["vmSize"] = "Standard_D4s_v3"
    for way in ("drain", "blueGreen"):
        pool["rollout"] = {"whenEmpty": way}
        emptied = told(busy, "pool/pool")
        assert emptied.action is Action.UPDATE
        assert "what runs longer is requeued (now 1 node that runs 1 task of 1 job)" in emptied.reason
        assert emptied.disturbs == "2 waiting tasks of 1 job start only afterwards"
    pool |= {"vmSize": "Standard_D2s_v3", "startTask": {"commandLine": "/bin/true"}, "rollout": {"newNodes": "rolling"}}
    rolled = told(busy, "pool/pool")
    assert rolled.reason.endswith(
        "its nodes are rebooted, 1 at a time, when their tasks have ended, unless rollout.newNodes is wait "
        "(now 1 node that runs 1 task of 1 job)"
    )
    assert rolled.disturbs == ""
    del pool["startTask"], pool["rollout"]

    del busy.text["jobs"]
    assert told(busy).goes == lost


def test_counts_are_asked_once_for_a_job_that_is_touched_and_for_no_other(busy: World) -> None:
    before = busy.azure.exchanges()
    assert busy.plan().steps == ()
    busy.text["jobs"]["job"]["pool"] = "pools/other"
    told(busy)
    asked = Counter(exchange["path"].partition("?")[0].rpartition("/jobs/")[2] for exchange in busy.azure.wire(before))
    counts = {path: number for path, number in asked.items() if path.endswith("/taskcounts")}
    assert counts == {"job/taskcounts": 1}


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (Action.REPLACE, "tasks that act as id lack this role from its deletion until the new one works"),
        (Action.UPDATE, ""),
    ],
)
def test_a_role_that_is_given_anew_is_missing_for_a_while(action: Action, says: str) -> None:
    kind, address = KINDS["role_assignment"], Address("role_assignment", "id/reader/storage_account/sa")
    assert kind.disturbs is not None
    live = Observed(address, "", {"identity": "/subscriptions/s/userAssignedIdentities/id"})
    decision = Decision(address, action, Why.DIFFERS, "")
    assert kind.disturbs(NOWHERE, Desired(address, {}), live, decision).startswith(says)
    assert bool(kind.disturbs(NOWHERE, Desired(address, {}), live, decision)) is bool(says)
