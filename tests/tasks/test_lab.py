"""Tasks of a job on the local Azure: submitted once, run, known again."""

from __future__ import annotations

from typing import Any

import pytest
from azure.batch import models

from reconciler.cloud import job_generations
from reconciler.kinds import KINDS
from reconciler.model import Action, Status
from tests.conftest import World
from tests.tasks.conftest import with_a_job


@pytest.fixture
def lab(cleared: World) -> World:
    return cleared


def applied(world: World, tasks: dict[str, Any]) -> dict[str, Any]:
    world.text["jobs"]["job"]["tasks"] = tasks
    outcomes = world.apply()
    assert {outcome.status for outcome in outcomes.values()} == {Status.DONE}, [
        str(o.error) for o in outcomes.values() if o.error
    ]
    return {task.id: task.as_dict() for task in world.cloud().batch().list_tasks(live_job(world))}


def live_job(world: World) -> str:
    """The live job, whichever generation it is."""
    return job_generations.live_id(world.cloud(), "job")


def told(world: World) -> str:
    """What a plan says of the tasks, without how long they will take: that is never the same."""
    return lasting(world)[0]


def lasting(world: World, **more: Any) -> tuple[str, str]:
    """What a plan says of the tasks, and how long they will take, if it says so."""
    (decision,) = (d for d in world.plan(**more).decisions if d.address.kind == "tasks")
    reason, _, time = decision.reason.partition("; about ")
    return reason, time


def states(world: World) -> list[str]:
    return sorted(task.as_dict()["state"] for task in world.cloud().batch().list_tasks(live_job(world)))


def printed(world: World, task: str) -> str:
    return b"".join(world.cloud().batch().download_task_file(live_job(world), task, "stdout.txt")).decode()


def test_tasks_of_all_forms_run_in_their_order_and_once(lab: World) -> None:
    (lab.file.parent / "score.py").write_text("import sys; print(len(open(sys.argv[1]).read()))")
    to = f"storage/{lab.account}/results"
    tasks = {
        "first": {
            "command": "echo one > out.txt",
            "outputs": [{"pattern": "out.txt", "to": to}],
        },
        "sweep": {"sweep": {"n": {"from": 1, "to": 3}}, "command": "echo {{n}}", "dependsOn": ["first"]},
        "merge": {"command": ["python3", "score.py", "score.py"], "files": ["score.py"], "dependsOn": ["sweep"]},
    }
    live = applied(lab, tasks)
    assert {name.partition("-")[0] for name in live} == {"first", "sweep", "merge"}
    assert len(live) == 5
    assert {task["executionInfo"]["exitCode"] for task in live.values()} == {0}
    (merge,) = (name for name in live if name.startswith("merge"))
    assert printed(lab, merge) == "48\n"
    assert sorted(printed(lab, name) for name in live if name.startswith("sweep")) == ["1\n", "2\n", "3\n"]
    (first,) = (name for name in live if name.startswith("first"))
    assert [blob.name for blob in lab.container("results").list_blobs()] == [f"job/{first}/out.txt"]
    assert told(lab) == "5 tasks, 5 succeeded"
    assert lab.plan().steps == ()


def test_a_task_for_each_blob_and_what_changed_is_another(lab: World) -> None:
    container = lab.container
    applied(lab, {"warm": {"command": "true"}})
    hostile = "a b/$(touch x)'\"{{item}}.txt"
    for name in (hostile, "b.txt", "c.log"):
        container("images").upload_blob(name, name)
    each = {
        "forEach": f"storage/{lab.account}/images",
        "patterns": ["*.txt"],
        "command": "cat {{item}} > out.txt; find . -type f",
        "outputs": [{"pattern": "out.txt", "to": f"storage/{lab.account}/results", "path": "{{item}}.done"}],
    }
    live = applied(lab, {"each": each})
    made = {name: task for name, task in live.items() if name.startswith("each-")}
    assert sorted(task["displayName"] for task in made.values()) == [f"each {hostile}", "each b.txt"]
    files = {frozenset(printed(lab, name).splitlines()) for name in made}
    assert files == {frozenset({"./out.txt", f"./{name}"}) for name in (hostile, "b.txt")}, "no name was run"
    results = {
        blob.name: container("results").download_blob(blob.name).readall().decode()
        for blob in container("results").list_blobs()
    }
    assert results == {f"{hostile}.done": hostile, "b.txt.done": "b.txt"}
    assert told(lab) == "2 tasks, 2 succeeded, 1 that nobody asks for any more"
    container("images").upload_blob("b.txt", b"y", overwrite=True)
    container("images").upload_blob("d.txt", b"y")
    assert told(lab) == "2 of 3 tasks to submit (1 changed), 1 succeeded, 2 that nobody asks for any more"
    assert len(applied(lab, {"each": each})) == len(live) + 2


def test_a_plan_says_how_many_there_will_be(lab: World) -> None:
    place = f"storage/{lab.account}/images"
    lab.text["jobs"]["job"]["tasks"] = {
        "one": {"command": "true"},
        "sweep": {"sweep": {"n": {"from": 1, "to": 2_000}}, "command": "echo {{n}}"},
        "each": {"forEach": place, "command": "cat {{item}}"},
    }
    (decision,) = (d for d in lab.plan().decisions if d.address.kind == "tasks")
    assert [(change.key, change.after) for change in decision.diff.changes] == [
        ("tasks", f"2,001 and 1 for each blob of {place}")
    ]


def test_what_fails_is_told_and_not_tried_again_until_it_changes(lab: World) -> None:
    applied(lab, {"bad": {"command": "exit 3"}, "good": {"command": "true"}})
    assert told(lab) == "2 tasks, 1 succeeded, 1 failed"
    assert lab.plan().steps == ()
    report = KINDS["tasks"].report
    assert report
    (said,) = [report(lab.cloud(), desired) for desired in KINDS["tasks"].expand(lab.spec())]
    assert said
    assert said.lacking == 1
    assert len(applied(lab, {"bad": {"command": "exit 0"}, "good": {"command": "true"}})) == 3


def test_a_job_has_its_environment_and_is_prepared_and_cleared_on_its_nodes(lab: World) -> None:
    around = {
        "commonEnvironmentSettings": {"GREETING": "hi"},
        "maxParallelTasks": 3,
        "maxWallClockTime": "PT90M",
        "jobPreparationTask": {
            "commandLine": "/bin/sh -c 'echo $GREETING $WHO > \"$AZ_BATCH_NODE_SHARED_DIR/prepared\"'",
            "environmentSettings": {"WHO": "node"},
            "maxWallClockTime": "PT300S",
        },
        "jobReleaseTask": {"commandLine": "/bin/true", "maxWallClockTime": "PT10M", "elevationLevel": "Admin"},
    }
    lab.text["jobs"]["job"] |= around
    (name,) = applied(lab, {"say": {"command": 'echo $GREETING; cat "$AZ_BATCH_NODE_SHARED_DIR/prepared"'}})
    assert printed(lab, name) == "hi\nhi node\n"
    assert lab.plan().steps == ()
    lab.text["jobs"]["job"] |= {"maxParallelTasks": -1, "allowTaskPreemption": True}
    assert len(applied(lab, lab.text["jobs"]["job"]["tasks"])) == 1, "that changes in place"
    lab.text["jobs"]["job"]["commonEnvironmentSettings"] = {}
    (replaced,) = lab.plan().of(Action.REPLACE)
    assert str(replaced.address) == "job/job"


def test_what_follows_from_an_exit_code(lab: World) -> None:
    ends = {
        "exitCodes": [{"code": 3, "exitOptions": {"jobAction": "None", "dependencyAction": "Satisfy"}}],
        "default": {"jobAction": "Disable"},
    }
    live = applied(
        lab,
        {"first": {"command": "exit 3", "exitConditions": ends}, "then": {"command": "true", "dependsOn": ["first"]}},
    )
    codes = {name.partition("-")[0]: task["executionInfo"]["exitCode"] for name, task in live.items()}
    assert codes == {"first": 3, "then": 0}
    assert lab.cloud().batch().get_job("job").as_dict()["onTaskFailure"] == "performexitoptionsjobaction"


def test_what_depends_on_a_failure_is_not_waited_for(lab: World) -> None:
    """Batch would leave it waiting for ever."""
    tasks: dict[str, dict[str, Any]] = {
        "first": {"command": "exit 3"},
        "beside": {"command": "true"},
        "second": {"command": "true", "dependsOn": ["first", "beside"]},
        "third": {"sweep": {"n": [1, 2]}, "command": "true", "dependsOn": ["second"]},
    }
    live = applied(lab, tasks)
    assert {task["state"] for task in live.values()} == {"completed"}
    assert told(lab) == "5 tasks, 1 succeeded, 4 failed"
    assert lab.plan().steps == ()
    tasks["fourth"] = {"command": "true", "dependsOn": ["third"]}
    lab.text["jobs"]["job"]["tasks"] = tasks
    assert told(lab) == "6 tasks, 1 succeeded, 4 failed, 1 held, as what they depend on has failed"
    assert lab.plan().steps == (), "one more that cannot begin is not submitted"
    tasks["first"]["command"] = "true"
    assert {task["executionInfo"]["result"] for task in applied(lab, tasks).values()} == {"success", "failure"}
    assert told(lab) == "6 tasks, 6 succeeded, 4 that nobody asks for any more"


def test_what_nobody_asks_for_any_more_is_ended(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {"many": {"sweep": {"n": [1, 2, 3]}, "command": "echo {{n}}"}}
    applied(lab, tasks)
    lab.text["jobs"]["job"]["tasks"] = {"many": {"sweep": {"n": [3, 4]}, "command": "echo {{n}}"}}
    (decision,) = (d for d in lab.plan().decisions if d.address.kind == "tasks")
    assert decision.reason == "1 of 2 tasks to submit, 1 waiting, 2 to end that nobody asks for any more"
    assert decision.disturbs == "2 tasks that nobody asks for any more are ended, also those that run"
    live = applied(lab, lab.text["jobs"]["job"]["tasks"])
    assert sorted(task["state"] for task in live.values()) == ["active", "active", "completed", "completed"]
    assert told(lab) == "2 tasks, 2 waiting, 2 that nobody asks for any more"
    assert lab.plan().steps == ()


def test_tasks_for_what_others_write_are_made_when_that_is_there(lab: World) -> None:
    images, results = (f"storage/{lab.account}/{name}" for name in ("images", "results"))
    written = [{"pattern": "*.part", "to": images, "path": "parts/{{n}}"}]
    lab.text["jobs"]["job"]["onAllTasksComplete"] = "TerminateJob"
    tasks = {
        "split": {"sweep": {"n": [1, 2, 3]}, "command": "echo {{n}} > {{n}}.part", "outputs": written},
        "double": {
            "forEach": images,
            "prefix": "parts/",
            "dependsOn": ["split"],
            "command": "read n < {{item}}; expr 2 '*' $n > out",
            "outputs": [{"pattern": "out", "to": results, "path": "{{item}}"}],
        },
        "sum": {
            "command": "find parts -type f | xargs cat | sort -n | tr '\\n' ' '",
            "inputs": [{"from": results}],
            "dependsOn": ["double"],
        },
        "third": {
            "sweep": {"n": [3]},
            "command": "cat parts/*/*",
            "inputs": [{"from": results, "prefix": "parts/{{n}}/"}],
            "dependsOn": ["double"],
        },
    }
    live = applied(lab, tasks)
    assert sorted(name.partition("-")[0] for name in live) == ["double"] * 3 + ["split"] * 3 + ["sum", "third"]
    assert {task["executionInfo"]["result"] for task in live.values()} == {"success"}
    (total,) = (name for name in live if name.startswith("sum"))
    assert printed(lab, total) == "2 4 6 "
    (third,) = (name for name in live if name.startswith("third"))
    assert printed(lab, third) == "6\n", "a value of the sweep chooses what comes in"
    assert told(lab) == "8 tasks, 8 succeeded"
    assert lab.cloud().batch().get_job("job").as_dict()["state"] in ("terminating", "completed"), "and not before"
    assert lab.plan().steps == ()


def test_tasks_for_what_others_write_follow_without_waiting(lab: World) -> None:
    images = f"storage/{lab.account}/images"
    lab.text["jobs"]["job"]["onAllTasksComplete"] = "TerminateJob"
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {
        "split": {"command": "echo 1 > 1.part", "outputs": [{"pattern": "1.part", "to": images}]},
        "double": {"forEach": images, "dependsOn": ["split"], "command": "cat {{item}}"},
        "sum": {"command": "true", "dependsOn": ["double"]},
    }
    assert [name.partition("-")[0] for name in applied(lab, tasks)] == ["split"]
    lab.container("images").upload_blob("there", b"before")
    assert told(lab) == "1 task, 1 waiting, double, sum to follow"
    assert lab.plan().steps == ()


def test_a_job_may_end_with_its_tasks_and_not_before(lab: World) -> None:
    lab.text["jobs"]["job"]["onAllTasksComplete"] = "TerminateJob"
    live = applied(lab, {"many": {"sweep": {"n": [1, 2, 3]}, "command": "echo {{n}}"}})
    assert {task["executionInfo"]["result"] for task in live.values()} == {"success"}
    job = lab.cloud().batch().get_job("job").as_dict()
    assert job["onAllTasksComplete"] == "terminatejob"
    assert job["state"] in ("terminating", "completed")
    assert lab.plan().steps == ()
    more = lab.text["jobs"]["job"]["tasks"] | {"last": {"command": "true"}}
    lab.text["jobs"]["job"]["tasks"] = more
    assert [str(decision.address) for decision in lab.plan().of(Action.REPLACE)] == ["job/job"]
    assert len(applied(lab, more)) == 1, "what had succeeded is not done again"
    assert told(lab) == "4 tasks, 4 succeeded"
    assert lab.plan().steps == ()


def test_what_follows_may_be_said_afterwards(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {"many": {"sweep": {"n": [1, 2, 3]}, "command": "echo {{n}}"}}
    applied(lab, tasks)
    lab.text["jobs"]["job"]["onAllTasksComplete"] = "TerminateJob"
    (step,) = lab.plan().steps
    assert str(step.address) == "tasks/job"
    applied(lab, tasks)
    assert lab.cloud().batch().get_job("job").as_dict()["onAllTasksComplete"] == "terminatejob"
    assert lab.plan().steps == ()


def test_a_job_that_is_made_anew_gets_its_waiting_tasks_again(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    tasks = {"many": {"sweep": {"n": [1, 2, 3]}, "command": "echo {{n}}"}}
    applied(lab, tasks)
    lab.text["jobs"]["job"]["displayName"] = "another"
    assert len(applied(lab, tasks)) == 3
    assert lab.plan().steps == ()


def test_a_task_runs_again_after_some_exit_codes_only(lab: World) -> None:
    script = "echo x >> tries; [ `wc -l < tries` -ge 3 ] || exit 75"
    again = {"command": script, "retryOn": [75], "maxTaskRetryCount": 2}
    live = applied(lab, {"again": again, "never": {**again, "retryOn": [74]}})
    ends = {name.partition("-")[0]: task["executionInfo"] for name, task in live.items()}
    assert {name: info["exitCode"] for name, info in ends.items()} == {"again": 0, "never": 75}
    assert {info.get("retryCount", 0) for info in ends.values()} == {0}


def test_a_job_has_a_manager_that_adds_tasks_of_its_own(lab: World) -> None:
    lab.text["jobs"]["job"]["jobManagerTask"] = {
        "id": "manager",
        "commandLine": "/bin/sh -c 'echo managed by $WHO'",
        "environmentSettings": {"WHO": "it"},
        "killJobOnCompletion": False,
        "maxWallClockTime": "PT1H",
    }
    live = applied(lab, {"one": {"command": "true"}})
    assert {name.partition("-")[0] for name in live} == {"manager", "one"}
    assert lab.plan().steps == ()
    assert told(lab) == "1 task, 1 succeeded"
    assert printed(lab, "manager") == "managed by it\n"


def test_a_task_runs_on_several_nodes(world: World) -> None:
    lab = with_a_job(world)
    lab.text["pools"]["pool"] |= {"nodes": 2, "interNodeCommunication": "Enabled"}
    (lab.file.parent / "hosts.sh").write_text("echo $AZ_BATCH_NODE_LIST | tr ';' '\\n' | wc -l\n")
    several = {
        "numberOfInstances": 2,
        "coordinationCommandLine": "/bin/sh -c 'cp $AZ_BATCH_TASK_SHARED_DIR/hosts.sh $AZ_BATCH_NODE_SHARED_DIR'",
        "commonFiles": ["hosts.sh"],
    }
    live = applied(lab, {"mpi": {"command": "sh $AZ_BATCH_NODE_SHARED_DIR/hosts.sh", "multiInstanceSettings": several}})
    (name,) = live
    assert live[name]["executionInfo"]["result"] == "success", live
    assert printed(lab, name) == "2\n"
    assert lab.plan().steps == ()


def test_tasks_that_others_add_to_a_job_are_left_alone(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    lab.text["pools"]["pool"]["nodes"] = 0
    applied(lab, {"one": {"command": "true"}})
    for name in ("report-20261127", "report-202611271530", "night-abcdefghijklm-20261127abcd", "Other"):
        lab.cloud().batch().create_task("job", models.BatchTaskCreateOptions({"id": name, "commandLine": "true"}))
    assert told(lab) == "1 task, 1 waiting"
    assert lab.plan().steps == ()
    live = applied(lab, {"one": {"command": "true"}, "two": {"command": "true"}})
    assert len(live) == 6
    assert {task["state"] for task in live.values()} == {"active"}
