"""What became of a job is known of each of its runs, and how far it is without listing all its tasks again."""

from __future__ import annotations

import gzip
import json
from typing import Any
from urllib.parse import unquote

import pytest

from reconciler.cli.pictures import entry_of
from reconciler.cli.watching import Watched
from reconciler.cloud import batch_jobs, batch_runs
from reconciler.model import Status
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


def history(world: World, *more: str) -> list[dict[str, Any]]:
    done = reconcile("history", "jobs/job", "--format", "json", "--spec", str(world.file), *more)
    assert done.returncode == 0, done.stderr
    listed: list[dict[str, Any]] = json.loads(done.stdout)
    return listed


def asked(world: World, since: int) -> list[str]:
    """The filters of the lists of tasks since then."""
    lists = [call for call in world.azure.wire(since) if call["path"].partition("?")[0].endswith("/jobs/job/tasks")]
    return [unquote(json.dumps(call)).partition("stateTransitionTime ge ")[1] for call in lists]


def test_each_run_of_a_job_is_known_also_when_it_is_gone(lab: World, tmp_path: Any) -> None:
    spec = ("--spec", str(lab.file))
    applied(lab, TASKS)
    (live,) = history(lab)
    assert live["states"] == {"succeeded": 4, "failed": 1}
    assert (live["state"], live["kept"]) == ("active", None)
    lab.text["jobs"]["job"]["displayName"] = "another"
    applied(lab, TASKS)
    first, second = history(lab)
    assert {**first, "kept": None, "state": "active"} == live, "nothing that can be told of it was lost"
    assert second["states"] == {"failed": 1}
    text = reconcile("history", "job", "--plot", "--run", "1", *spec)
    assert text.returncode == 0, text.stderr
    assert "how long 5 tasks took" in text.stdout
    assert "many n=3, failed" in text.stdout
    assert "\nENTRY  " in text.stdout
    drawn = json.loads(reconcile("history", "job", "--plot", "--format", "json", "--run", "1", *spec).stdout)
    assert (drawn["states"], max(drawn["overTime"]["nodes"])) == ({"succeeded": 4, "failed": 1}, 1)
    assert reconcile("history", "job", "--plot", str(tmp_path / "p.svg"), *spec).returncode == 0
    assert (tmp_path / "p.svg").read_text().count("<svg") == 1
    batch_jobs.delete(lab.cloud(), "job")
    lab.azure.advance(60)
    old, new = history(lab)
    assert (old["run"], new["run"], new["id"]) == (1, 2, second["id"])


def test_what_was_kept_is_believed_as_far_as_it_can_be_read(lab: World) -> None:
    spec = ("--spec", str(lab.file))
    applied(lab, {"first": {"command": "true"}})
    staging = lab.container("staging")
    (kept,) = staging.list_blobs(name_starts_with="runs/", include=["metadata"])
    whole = json.loads(gzip.decompress(staging.download_blob(kept.name).readall()))
    batch_jobs.delete(lab.cloud(), "job")
    lab.azure.advance(60)
    row = whole["tasks"][0]
    parts: list[Any] = [{"tasks": 3}, {"begin": "x"}, {"nodes": []}, {"now": "2026-01-01T00:00:00"}]
    wrong: list[Any] = [
        b"",
        b"no gzip",
        gzip.compress(b"[" * 9999),
        *({**whole, **part} for part in parts),
        *({**whole, "tasks": [task]} for task in ([], [*row[:1], 9, *row[2:]], [*row[:2], 1e300, *row[3:]])),
    ]
    for content in wrong:
        data = content if isinstance(content, bytes) else gzip.compress(json.dumps(content).encode())
        staging.upload_blob(
            kept.name, data, overwrite=True, metadata={"seconds": "nan", "made": "soon", "failed": "-1"}
        )
        refused = reconcile("history", "job", "--plot", *spec)
        assert (refused.returncode, "there is nothing to draw of job" in refused.stderr) == (3, True), content
        assert refused.stdout.splitlines()[1].split() == ["1", "-", "-", "-", "0", "-", "-", "-", "gone"]
    staging.delete_blob(kept.name)
    (old,) = history(lab)
    assert (old["states"], old["made"], old["seconds"]) == ({"succeeded": 1}, None, None), "as older versions kept it"
    lab.azure.fault(match={"plane": "blob", "path": ".*/staging.*"}, times=9, action={"status": 403})
    part = reconcile("history", "job", *spec)
    assert (part.returncode, part.stderr.startswith("warning: this is not all of job: ")) == (2, True), part.stderr
    nobody = reconcile("history", "jib", *spec)
    assert nobody.returncode == 4
    assert "neither the spec nor the account has a job jib; did you mean job?" in nobody.stderr


def test_a_job_that_is_watched_is_listed_once_and_then_what_has_changed(lab: World) -> None:
    nodes, lab.text["pools"]["pool"]["nodes"] = lab.text["pools"]["pool"]["nodes"], 0
    lab.text["jobs"]["job"]["wait"] = False
    applied(lab, TASKS)
    cloud, before = lab.cloud(), lab.azure.exchanges()
    watched = Watched(cloud, "job", entry_of)
    assert watched.look().states() == {"waiting": 5}
    assert asked(lab, before) == [""]
    lab.text["pools"]["pool"]["nodes"] = nodes
    lab.azure.advance(600)
    assert {outcome.status for outcome in lab.apply().values()} == {Status.DONE}
    lab.text["jobs"]["job"]["wait"] = True
    assert {outcome.status for outcome in lab.apply().values()} <= {Status.DONE}
    before = lab.azure.exchanges()
    seen = watched.look()
    assert lab.azure.exchanges() - before == 4
    assert asked(lab, before) == ["stateTransitionTime ge "]
    assert seen.states() == {"succeeded": 4, "failed": 1}
    listed = {task.id: task for task, _ in batch_runs.listing(cloud, "job")}
    assert {task.id: task for task in seen.course.tasks} == listed
    lab.azure.advance(600)
    before = lab.azure.exchanges()
    cloud.batch().delete_task("job", next(iter(listed)))
    assert len(watched.look().course.tasks) == 5, "a number that differs may be late"
    watched.listed -= 301
    assert len(watched.look().course.tasks) == 4
    assert asked(lab, before) == ["stateTransitionTime ge ", ""]


def test_a_watched_job_is_followed_into_its_next_generation_and_to_its_end(lab: World) -> None:
    from reconciler.errors import Refused

    applied(lab, {"first": {"command": "true"}})
    watched = Watched(lab.cloud(), "job", entry_of)
    assert watched.look().states() == {"succeeded": 1}
    lab.text["jobs"]["job"]["displayName"] = "another"
    applied(lab, TASKS)
    assert len(watched.look().course.tasks) == 4
    assert told(lab) == "5 tasks, 4 succeeded, 1 failed"
    batch_jobs.delete(lab.cloud(), watched.look().course.job)
    lab.azure.advance(60)
    with pytest.raises(Refused, match="the job job has been deleted meanwhile"):
        watched.look()
