"""Work that no node takes, and work for a job that has ended."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.cloud import batch_jobs
from reconciler.model import Action
from tests.cli.command import reconcile
from tests.conftest import World

Photograph = Callable[[int], bytes]


def actions(world: World) -> dict[str, str]:
    return {str(d.address): str(d.action) for d in world.plan().decisions if d.action is not Action.NONE}


def converted(world: World) -> list[str]:
    return sorted(blob.name for blob in world.container("converted").list_blobs())


NONE = {"autoscale": {"formula": "$TargetDedicatedNodes = 0;", "every": "PT5M"}}
WHYS: tuple[tuple[object, str], ...] = (
    (0, "pools/pool has no nodes; give it some, in nodes:"),
    (NONE, "the formula of pools/pool asks for no node, 2 evaluations after they came; change it"),
)
"""Nodes, and why work waits for them."""


def test_work_for_a_pool_without_nodes_is_submitted_and_not_waited_for(world: World, photograph: Photograph) -> None:
    world.text["pools"]["pool"]["nodes"] = 0
    world.apply()
    world.container("images").upload_blob("a.jpg", photograph(1))

    for nodes, why in WHYS:
        world.text["pools"]["pool"]["nodes"] = nodes
        outcome = world.apply()["conversion/job"]

        assert (str(outcome.status), outcome.error) == ("deferred", f"conversion/job: 1 task waiting: {why}")
        assert [task.state for task in world.cloud().batch().list_tasks("job")] == ["active"]
        assert actions(world) == {"conversion/job": "defer"}
        done = reconcile("apply", "--yes", str(world.file))
        assert done.returncode == 2
        assert why in done.stdout

    world.text["pools"]["pool"]["nodes"] = 1
    assert actions(world) == {"conversion/job": "wait", "pool/pool": "update"}
    assert {str(outcome.status) for outcome in world.apply().values()} == {"done"}
    assert converted(world) == ["a.png"]
    assert len(list(world.cloud().batch().list_tasks("job"))) == 1, "what was submitted is done, not submitted again"


def test_a_job_that_has_ended_stays_until_there_is_work_for_it(world: World, photograph: Photograph) -> None:
    world.text["jobs"]["plain"] = {"pool": "pools/pool"}
    world.apply()
    world.container("images").upload_blob("a.jpg", photograph(1))
    world.apply()
    cloud = world.cloud()
    batch = cloud.batch()
    for job in ("job", "plain"):
        batch_jobs.post(cloud, f"/jobs/{job}/terminate", {}, None)

    plan = world.plan()
    assert plan.steps == ()
    assert actions(world) == {}
    assert plan.notes == (
        "job/job has ended and takes no more tasks; it is made anew when there is work for it",
        "job/plain has ended and takes no more tasks; it is made anew once it is deleted",
    )
    assert len(list(batch.list_tasks("job"))) == 1, "its records are there"

    world.text["jobs"]["job"]["convert"]["deleteOrphans"] = True
    signed = {"source_etag": "1", "source_name": "gone.jpg", "made_by": f"{world.text['name']}/job"}
    world.container("converted").upload_blob("gone.png", b"", metadata=signed)
    assert actions(world) == {"conversion/job": "update"}, "an orphan needs no job"

    world.container("images").upload_blob("b.jpg", photograph(2))
    plan = world.plan()
    assert actions(world) == {"job/job": "replace", "conversion/job": "update"}
    (decision,) = plan.of(Action.REPLACE)
    assert decision.reason.endswith("it is made anew when there is work for it")
    assert decision.goes == "the record of 1 ended task"
    assert {str(outcome.status) for outcome in world.apply().values()} == {"done"}
    assert converted(world) == ["a.png", "b.png"]
    assert actions(world) == {}
