"""Jobs that begin after others, on the local Azure."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.kinds.conversion.wording import lacking
from reconciler.kinds.conversion.work import Item, Work
from reconciler.kinds.tasks import wording
from reconciler.kinds.tasks.wording import Counts
from reconciler.model import Action
from tests.cli.command import reconcile
from tests.conftest import World
from tests.preflight.test_local import quota
from tests.tasks.test_lab import applied


def begun(world: World, **simulate: Any) -> dict[str, str]:
    """What has become of each step of an apply in which `merge` begins after `simulate`, which nobody waits for."""
    images, results = (f"storage/{world.account}/{name}" for name in ("images", "results"))
    points = {
        "sweep": {"n": [1, 2]},
        "command": "echo {{n}} > n.txt",
        "outputs": [{"pattern": "n.txt", "to": images, "path": "{{n}}.txt"}],
        **simulate,
    }
    each = {
        "forEach": images,
        "command": "cat {{item}} > out",
        "outputs": [{"pattern": "out", "to": results, "path": "{{item}}"}],
    }
    total = {"command": "cat *.txt | sort | tr '\\n' ' '", "inputs": [{"from": results}], "dependsOn": ["each"]}
    world.text["jobs"] = {
        "merge": {
            "pool": "pools/pool",
            "dependsOn": ["jobs/simulate"],
            "wait": True,
            "tasks": {"each": each, "total": total},
        },
        "simulate": {"pool": "pools/pool", "tasks": {"points": points}},
    }
    return {name: f"{outcome.status}: {outcome.error}" for name, outcome in world.apply().items()}


def told(world: World) -> dict[str, tuple[Action, str]]:
    """What the plan says of the tasks of each job, but for how long they take."""
    tasks = [decision for decision in world.plan().decisions if decision.address.kind == "tasks"]
    return {d.address.name: (d.action, re.sub("; about [^;]* on 1 node", "", d.reason)) for d in tasks}


def tasks(world: World, job: str) -> dict[str, dict[str, Any]]:
    return {task.id.partition("-")[0]: task.as_dict() for task in world.cloud().batch().list_tasks(job)}


def test_what_follows_a_failure_is_held_until_that_has_succeeded_and_then_made_in_one_apply(lab: World) -> None:
    outcomes = begun(lab, command="exit {{n}}")
    assert outcomes.pop("tasks/merge") == "skipped: tasks/simulate has 2 failed tasks"
    assert set(outcomes.values()) == {"done: None"}
    assert list(lab.cloud().batch().list_tasks("merge")) == []
    held = "1 of 1 task to submit; held, as tasks/simulate has 2 failed tasks"
    assert told(lab)["merge"] == (Action.NONE, held)
    again = reconcile("apply", "--yes", str(lab.file), "--target", "tasks/merge")
    assert again.returncode == 5
    assert f"= tasks/merge: {held}" in again.stdout
    assert "Nothing to do: 11 resources as desired, 1 held." in again.stdout
    assert "tasks/simulate: 2 tasks, 2 failed" in again.stdout

    assert set(begun(lab).values()) == {"done: None"}
    done = tasks(lab, "merge")
    printed = lab.cloud().batch().download_task_file("merge", done["total"]["id"], "stdout.txt")
    assert b"".join(printed) == b"1 2 "
    ended = max(task["executionInfo"]["endTime"] for task in tasks(lab, "simulate").values())
    assert ended <= min(task["creationTime"] for task in done.values())
    assert lab.plan().steps == ()

    lab.text["jobs"]["simulate"]["tasks"]["points"]["sweep"] = {"n": [1, 2, 3]}
    assert told(lab)["merge"] == (
        Action.UPDATE,
        "3 of 3 tasks to submit (3 changed), 3 that nobody asks for any more; after tasks/simulate",
    )


@pytest.mark.parametrize(
    ("counts", "lacks"),
    [
        (Counts(succeeded=3, obsolete=1), ""),
        (Counts(succeeded=1, failed=2, new=1), "has 2 failed tasks"),
        (Counts(waiting=1), "has 1 task that waits or runs"),
        (Counts(waiting=1, active=2, new=4), "has 3 tasks that wait or run"),
        (Counts(new=1, changed=1, held=1), "has 3 tasks to submit"),
        (Counts(succeeded=1, later=("double", "sum")), "has tasks to follow (double, sum)"),
    ],
)
def test_why_what_follows_tasks_may_not_begin(counts: Counts, lacks: str) -> None:
    assert wording.lacking(counts) == lacks


def test_why_what_follows_a_conversion_may_not_begin() -> None:
    item = Item("a.jpg", "1", "a.png")
    assert lacking(Work((), (), 5, (), (), 0)) == ""
    assert lacking(Work((), (), 5, ("b.jpg",), (), 0)) == "has 1 input that is not converted"
    assert lacking(Work((item,), (), 5, ("b.jpg",), (), 0)) == "has 2 inputs that are not converted"


def test_jobs_that_are_done_are_named_where_an_account_takes_no_more_of_them(lab: World) -> None:
    applied(lab, {"one": {"command": "true"}})
    quota(lab, activeJobAndJobScheduleQuota=1)
    lab.text["jobs"]["more"] = {"pool": "pools/pool", "tasks": {"two": {"command": "true"}}}
    told = "has 1 of 1 jobs active and 1 more is needed; end jobs that are done, such as job ("
    assert [note for note in lab.plan().notes if told in note]
    more = lab.text["jobs"].pop("more")
    lab.text["jobs"]["job"]["onAllTasksComplete"] = "TerminateJob"
    applied(lab, {"one": {"command": "true"}})
    lab.text["jobs"]["more"] = more
    lab.azure.advance(10)
    assert [note for note in lab.plan().notes if "jobs active" in note] == []
    lab.text["jobs"]["job"]["tasks"]["three"] = {"command": "true"}
    assert [note for note in lab.plan().notes if "has 0 of 1 jobs active and 2 more are needed" in note]
