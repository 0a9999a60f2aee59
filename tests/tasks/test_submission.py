"""Tasks on their way into a job: each once, whatever breaks off, and counted afterwards."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from reconciler.model import Status
from tests.conftest import World
from tests.tasks.test_lab import applied, states, told


@pytest.fixture
def lab(cleared: World) -> World:
    return cleared


def test_work_is_not_waited_for_unless_that_is_asked_and_counted_and_not_listed_once_it_is_whole(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {"many": {"sweep": {"n": {"from": 1, "to": 240}}, "command": "echo {{n}}"}}
    applied(lab, tasks)
    before = lab.azure.exchanges()
    assert told(lab) == "240 tasks, 240 waiting"
    assert lab.plan().steps == ()
    assert [call for call in lab.azure.wire(before) if call["path"].endswith("/jobs/job/tasks")] == []
    lab.cloud().batch().delete_task("job", next(iter(lab.cloud().batch().list_tasks("job"))).id)
    assert told(lab) == "1 of 240 tasks to submit, 239 waiting"
    lab.text["jobs"]["job"]["metadata"] = {"a": "b"}
    assert len(applied(lab, tasks)) == 240, "a change of the job's own metadata forgets nothing but speed"


def test_a_submission_that_breaks_off_is_gone_on_with(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {"many": {"sweep": {"n": {"from": 1, "to": 300}}, "command": "echo {{n}}"}}
    lab.text["jobs"]["job"]["tasks"] = tasks
    lab.azure.fault(
        match={"plane": "batch", "method": "POST", "path": ".*/addtaskcollection"},
        times=1,
        after=1,
        action={"status": 403, "code": "AuthorizationFailed"},
    )
    outcome = lab.apply(poll_seconds=0.05)["tasks/job"]
    assert outcome.status is Status.FAILED
    there = len(states(lab))
    assert 100 <= there < 300
    assert told(lab) == f"{300 - there} of 300 tasks to submit, {there} waiting"
    assert len(applied(lab, tasks)) == 300


def test_two_submissions_at_once_add_every_task_once(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    applied(lab, {"first": {"command": "true"}})
    many = {"many": {"sweep": {"n": {"from": 1, "to": 300}}, "command": "echo {{n}}"}}
    lab.text["jobs"]["job"]["tasks"] = many
    beside = replace(lab, file=lab.file.with_name("beside.yaml"))
    with ThreadPoolExecutor(2) as threads:
        ended = list(threads.map(lambda world: world.apply(poll_seconds=0.05), (lab, beside)))
    assert {outcome.status for outcomes in ended for outcome in outcomes.values()} == {Status.DONE}
    assert len(states(lab)) == 301
    assert lab.plan().steps == ()


def test_whichever_request_of_a_submission_is_the_last_the_next_apply_adds_the_rest(lab: World) -> None:
    """A lost answer and a refusal at one request after another, drawn anew in each run."""
    seed = random.randrange(1_000)
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    for round_, lost in enumerate(random.Random(seed).sample(range(3), 2)):
        lab.azure.fault(
            match={"plane": "batch", "method": "POST", "path": ".*/addtaskcollection"},
            times=1,
            after=lost,
            action={"status": 403, "code": "AuthorizationFailed", "when": "after"},
        )
        tasks = {"many": {"sweep": {"n": {"from": 1, "to": 300}}, "command": f"echo {round_} {{{{n}}}}"}}
        lab.text["jobs"]["job"]["tasks"] = tasks
        broken = lab.apply(poll_seconds=0.05)["tasks/job"]
        assert broken.status is Status.FAILED, f"seed {seed}"
        again = {outcome.status for outcome in lab.apply(poll_seconds=0.05).values()}
        assert again <= {Status.DONE}, f"seed {seed}"
        assert len(states(lab)) == 300 * (round_ + 1), f"seed {seed}"
        assert lab.plan().steps == ()


def test_a_task_may_depend_on_more_tasks_than_batch_takes(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    many = "many" * 7 + "ma"
    tasks = {
        many: {"sweep": {"n": {"from": 1, "to": 1_200}}, "command": "echo {{n}}"},
        "merge": {"command": "true", "dependsOn": [many]},
    }
    live = applied(lab, tasks)
    needs = {name: task["dependsOn"]["taskIds"] for name, task in live.items() if "dependsOn" in task}
    (merge,) = (name for name in needs if not name.startswith("merge-gate"))
    gates = needs.pop(merge)
    assert sorted(gates) == sorted(needs)
    assert len(gates) == 2
    assert max(sum(map(len, ids)) for ids in needs.values()) <= 64_000
    assert sorted(name for ids in needs.values() for name in ids) == sorted(n for n in live if n.startswith(many))
    assert told(lab) == "1,203 tasks, 1,203 waiting"
    assert lab.plan().steps == ()
