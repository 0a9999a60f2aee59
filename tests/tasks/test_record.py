"""What has succeeded is known when its job is not there any more."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from reconciler.cloud import batch_jobs
from reconciler.model import Action
from tests.cli.command import reconcile
from tests.conftest import World
from tests.tasks.test_lab import applied, told

TASKS: dict[str, Any] = {
    "many": {"sweep": {"n": [1, 2, 3]}, "command": "test {{n}} != 3"},
    "last": {"command": "true", "dependsOn": ["first"]},
    "first": {"command": "true"},
}


@pytest.fixture
def lab(cleared: World) -> World:
    return cleared


def gone(world: World) -> None:
    """Somebody deletes the job."""
    batch_jobs.delete(world.cloud(), "job")
    world.azure.advance(60)
    assert batch_jobs.get(world.cloud(), "job") is None


def names(live: dict[str, Any]) -> list[str]:
    return sorted(name.partition("-")[0] for name in live)


def test_only_what_has_not_succeeded_is_done_again(lab: World) -> None:
    applied(lab, TASKS)
    assert told(lab) == "5 tasks, 4 succeeded, 1 failed"
    assert lab.plan().steps == ()
    gone(lab)
    assert names(applied(lab, TASKS)) == ["many"]
    assert told(lab) == "5 tasks, 4 succeeded, 1 failed"
    before = lab.azure.exchanges()
    assert lab.plan().steps == ()
    assert [call for call in lab.azure.wire(before) if call["path"].endswith("/jobs/job/tasks")] == []
    more = {**TASKS, "after": {"command": "true", "dependsOn": ["last", "first"]}}
    assert names(applied(lab, more)) == ["after", "many"], "what is done needs not be waited for"
    assert told(lab) == "6 tasks, 5 succeeded, 1 failed"


def test_a_job_that_is_made_anew_says_what_is_done_again(lab: World) -> None:
    applied(lab, TASKS)
    lab.text["jobs"]["job"]["displayName"] = "another"
    decisions = {str(decision.address): decision for decision in lab.plan().decisions}
    assert decisions["job/job"].action is Action.REPLACE
    assert decisions["tasks/job"].reason == "1 of 5 tasks to submit, 4 succeeded"
    assert names(applied(lab, TASKS)) == ["many"]
    assert lab.plan().steps == ()


def test_without_staging_all_is_done_again(lab: World) -> None:
    del lab.text["jobs"]["job"]["staging"]
    applied(lab, TASKS)
    lab.text["jobs"]["job"]["displayName"] = "another"
    (decision,) = (d for d in lab.plan().decisions if d.address.kind == "tasks")
    assert decision.reason == "5 of 5 tasks to submit"
    assert len(applied(lab, TASKS)) == 5
    assert lab.plan().steps == ()


@pytest.mark.parametrize(
    "content",
    [b"", b"no gzip", gzip.compress(b"\xff\xfe"), gzip.compress(b"many\nmany-1\n../x\n"), gzip.compress(b"x")[:-6]],
    ids=["empty", "no gzip", "no text", "no ids", "cut off"],
)
def test_a_record_that_is_none_counts_as_nothing(lab: World, content: bytes) -> None:
    applied(lab, {"first": {"command": "true"}})
    for blob in lab.container("staging").list_blobs(name_starts_with="tasks/"):
        lab.container("staging").upload_blob(blob.name, content, overwrite=True)
    gone(lab)
    assert names(applied(lab, {"first": {"command": "true"}})) == ["first"]


def test_what_nobody_waited_for_is_known_from_any_apply_after_its_end(lab: World) -> None:
    lab.text["jobs"]["job"]["wait"] = False
    nodes, lab.text["pools"]["pool"]["nodes"] = lab.text["pools"]["pool"]["nodes"], 0
    applied(lab, TASKS)
    lab.text["pools"]["pool"]["nodes"] = nodes
    applied(lab, TASKS)
    spec = ("--spec", str(lab.file))
    assert reconcile("wait", "job", *spec).returncode == 5
    records = lab.container("staging")
    (blob,) = records.list_blobs(name_starts_with="tasks/")
    records.delete_blob(blob.name)
    lab.azure.fault(match={"plane": "blob", "path": ".*/staging/tasks/.*"}, times=9, action={"status": 403})
    done = reconcile("apply", "--yes", str(lab.file))
    assert (done.returncode, done.stderr.partition(":")[0]) == (5, "warning"), done.stderr
    assert "what became of tasks/job is not kept: " in done.stderr
    lab.azure.clear_faults()
    assert reconcile("apply", "--yes", str(lab.file)).stderr == ""
    (again,) = records.list_blobs(name_starts_with="tasks/")
    before = lab.azure.exchanges()
    assert reconcile("apply", "--yes", str(lab.file)).returncode == 5
    assert [call for call in lab.azure.wire(before) if call["path"].endswith("/jobs/job/tasks")] == []
    assert records.get_blob_client(again.name).get_blob_properties().etag.strip('"') == again.etag.strip('"')
    gone(lab)
    assert names(applied(lab, TASKS)) == ["many"]


def test_a_job_is_made_anew_also_while_its_tasks_cannot_be_read(lab: World) -> None:
    applied(lab, {"each": {"forEach": f"storage/{lab.account}/images", "command": "cat {{item}}"}})
    lab.text["jobs"]["job"]["displayName"] = "another"
    lab.azure.fault(match={"plane": "blob", "path": ".*/images.*"}, times=9, action={"status": 403})
    actions = {str(decision.address): decision.action for decision in lab.plan().decisions}
    assert actions["tasks/job"] is Action.UNKNOWN
    assert actions["job/job"] in (Action.REPLACE, Action.KEEP)
