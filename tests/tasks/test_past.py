"""What a task wrote says that it is done, and what is gone or was overwritten that it is not."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.spec.tasks import proving
from tests.conftest import World
from tests.tasks.test_lab import applied, told
from tests.tasks.test_record import gone, names

SUCCESS, FAILURE, COMPLETION = ({"pattern": "a", "when": when} for when in ("success", "failure", "completion"))
MANY: dict[str, Any] = {"sweep": {"n": [1, 2, 3, 4]}, "command": "echo {{n}} > out"}


@pytest.fixture
def lab(cleared: World) -> World:
    return cleared


@pytest.mark.parametrize(
    ("outputs", "number"),
    [
        ([], 0),
        ([SUCCESS], 1),
        ([FAILURE], 0),
        ([COMPLETION], 0),
        ([COMPLETION, SUCCESS, FAILURE], 2),
        ([SUCCESS, {**SUCCESS, "pattern": "*.txt"}], 0),
        ([SUCCESS, {**COMPLETION, "pattern": "../std???.txt"}], 0),
        ([SUCCESS, {**FAILURE, "pattern": "**/*.log"}], 1),
    ],
)
def test_only_files_with_names_of_their_own_prove_a_success(outputs: list[Any], number: int) -> None:
    entry: Any = {"outputs": outputs}
    assert len(proving(entry)) == number


def test_what_its_outputs_prove_is_not_done_again_though_job_and_record_are_gone(lab: World) -> None:
    del lab.text["jobs"]["job"]["staging"]
    outputs: list[dict[str, Any]] = [{"pattern": "out", "to": f"storage/{lab.account}/results", "path": "n/{{n}}"}]
    tasks = {"many": {**MANY, "outputs": outputs}}
    live = applied(lab, tasks)
    results = lab.container("results")
    blobs = {blob.name: blob.metadata["reconcile_task"] for blob in results.list_blobs(include=["metadata"])}
    assert blobs.keys() == {"n/1", "n/2", "n/3", "n/4"}
    assert set(blobs.values()) == live.keys()
    gone(lab)
    results.delete_blob("n/2")
    results.upload_blob("n/3", b"by hand", overwrite=True)
    results.upload_blob("n/4", b"forged", overwrite=True, metadata={"reconcile_task": blobs["n/1"]})
    again = applied(lab, tasks)
    assert again.keys() == {blobs[f"n/{n}"] for n in (2, 3, 4)}
    assert told(lab) == "4 tasks, 4 succeeded"
    assert lab.plan().steps == ()
    results.delete_blob("n/2")
    assert told(lab) == "4 tasks, 4 succeeded", "nobody has said that it is required"
    outputs[0]["required"] = True
    assert told(lab) == "4 tasks, 1 to run again (1 whose output is gone or was overwritten), 3 succeeded"
    assert applied(lab, tasks).keys() == again.keys()
    assert results.download_blob("n/2").readall() == b"2\n"
    assert lab.plan().steps == ()
    del outputs[0]["required"]
    tasks["many"]["sweep"] = {"n": [1, 2, 3, 4, 5]}
    lab.azure.fault(match={"plane": "blob", "path": ".*/results.*"}, times=9, action={"status": 403})
    assert told(lab) == "2 of 5 tasks to submit, 3 succeeded", "what may not be read proves nothing"


def test_what_another_task_wrote_over_is_done_again(lab: World) -> None:
    outputs = [{"pattern": "out", "to": f"storage/{lab.account}/results", "path": "last"}]
    for version in (1, 2):
        applied(lab, {"last": {"command": f"echo {version} > out", "outputs": outputs}})
    applied(lab, {"last": {"command": "echo 1 > out", "outputs": outputs}})
    assert lab.container("results").download_blob("last").readall() == b"1\n"
    assert told(lab) == "1 task, 1 succeeded, 1 that nobody asks for any more"
    assert lab.plan().steps == ()


def test_a_job_that_is_made_anew_without_a_record_tells_that_outputs_count(lab: World) -> None:
    del lab.text["jobs"]["job"]["staging"]
    outputs = [{"pattern": "out", "to": f"storage/{lab.account}/results", "path": "n/{{n}}"}]
    applied(lab, {"many": {**MANY, "outputs": outputs}})
    lab.text["jobs"]["job"]["displayName"] = "another"
    assert told(lab) == "4 of 4 tasks to submit; fewer, as far as their outputs are there"
    assert names(applied(lab, {"many": {**MANY, "outputs": outputs}})) == []
    assert told(lab) == "4 tasks, 4 succeeded"
