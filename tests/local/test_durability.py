"""The local Azure as a service: nothing acknowledged is lost, one server a folder, and nothing is left behind by it."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from azure.batch import models
from azure.core.exceptions import HttpResponseError

import azure_local
from azure_local import holding, log
from tests.conftest import SPEED, Azure, World, serving
from tests.local.test_service import GROUPS, ask, token
from tests.local.test_tasks import until


@pytest.fixture(scope="module")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with serving(tmp_path_factory.mktemp("azure")) as azure:
        azure.register()
        yield azure


def server(azure: Azure) -> int:
    pid = holding.holder(azure.folder)
    assert pid is not None
    return pid


@contextmanager
def full_disk(azure: Azure) -> Iterator[None]:
    """No file of the server grows any more, as on a full disk."""
    pid = server(azure)
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


def groups(azure: Azure) -> dict[str, Any]:
    shown = ask(azure, f"{GROUPS}?api-version=2025-04-01", token()).json()["value"]
    return {group["name"]: group.get("tags") for group in shown}


def restarted(azure: Azure) -> None:
    """The server, killed and started again."""
    os.kill(server(azure), signal.SIGKILL)
    azure_local.up(azure.folder, speed=SPEED)


def test_what_the_disk_does_not_take_has_not_happened(azure: Azure) -> None:
    def put(name: str, **tags: str) -> httpx.Response:
        body = {"location": "italynorth", "tags": tags}
        return ask(azure, f"{GROUPS}/{name}?api-version=2025-04-01", token(), "PUT", json=body)

    assert put("rg-before", colour="red").status_code == 201
    before = groups(azure)
    with full_disk(azure):
        for name in ("rg-new", "rg-before"):
            refused = put(name, colour="blue")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "ServiceUnavailable")
        gone = ask(azure, f"{GROUPS}/rg-before?api-version=2025-04-01", token(), "DELETE")
        assert gone.status_code == 503
        with pytest.raises(azure_local.Refused, match="503"):
            azure.advance(3600)
        assert groups(azure) == before
    restarted(azure)
    assert groups(azure) == before
    assert put("rg-new").status_code == 201


def test_all_goes_on_when_the_disk_has_room_again(world: World) -> None:
    """Nodes boot and tasks end in the background, which hears nothing of a full disk from a client."""
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch = world.cloud().batch()
    flag = world.file.parent / "go"
    line = f"/bin/sh -c 'until test -e {flag}; do sleep 0.05; done'"
    batch.create_task("job", models.BatchTaskCreateOptions(id="long", command_line=line))
    until(lambda: state(batch) == "running")
    with full_disk(world.azure):
        with pytest.raises(HttpResponseError) as refused:
            batch.create_task("job", models.BatchTaskCreateOptions(id="refused", command_line="true"), retry_total=0)
        assert refused.value.status_code == 503
        flag.touch()
    until(lambda: state(batch) == "completed")
    assert [task.id for task in batch.list_tasks("job")] == ["long"]


def state(batch: Any) -> str:
    return str(batch.get_task("job", "long").state.value)


def test_blobs_that_were_acknowledged_survive_a_kill_at_once(world: World) -> None:
    for section in ("jobs", "pools", "batchAccount"):
        del world.text[section]
    world.apply()
    images = world.container("images")
    for number in range(20):
        images.upload_blob(f"{number}", f"{number}".encode(), metadata={"number": f"{number}"})
    images.upload_blob("3", b"again", overwrite=True)
    images.delete_blob("4")
    images.get_blob_client("5").stage_block("MDAx", b"not committed")
    restarted(world.azure)
    names = {f"{number}" for number in range(20)} - {"4"}
    assert {blob.name for blob in images.list_blobs()} == names
    kept = {name: images.download_blob(name).readall() for name in names}
    assert kept == {name: name.encode() for name in names} | {"3": b"again"}
    assert images.get_blob_client("7").get_blob_properties().metadata == {"number": "7"}
    images.get_blob_client("5").commit_block_list([])
    images.upload_blob("4", b"new")
    restarted(world.azure)
    assert images.download_blob("4").readall() == b"new"
    assert images.download_blob("5").readall() == b""


def test_a_kill_takes_all_processes_with_it(world: World) -> None:
    """Also those that have left their task's process group; `up` then serves a folder that nobody else works on."""
    del world.text["jobs"]["job"]["convert"]
    world.apply()
    batch, mark = world.cloud().batch(), world.account
    line = f"/bin/sh -c 'setsid /bin/sh -c \"sleep 600; : {mark}\" & sleep 600; : {mark}'"
    batch.create_task("job", models.BatchTaskCreateOptions(id="long", command_line=line))
    world.container("images").upload_blob("blob", b"")
    until(lambda: len(running(f"^/bin/sh .*{mark}")) == 2)
    blobs = running(f"serve.js .*{world.azure.folder}")
    assert len(blobs) == 1
    before = running(mark) + blobs
    os.kill(server(world.azure), signal.SIGKILL)
    until(lambda: holding.holder(world.azure.folder) is None)
    assert [pid for pid in before if Path(f"/proc/{pid}/cwd").exists()] == []
    azure_local.up(world.azure.folder, speed=SPEED)


def running(pattern: str) -> list[str]:
    return subprocess.run(["pgrep", "-f", "--", pattern], capture_output=True, text=True).stdout.split()


def test_what_nobody_can_ask_for_any_more_goes(world: World) -> None:
    del world.text["jobs"]["job"]["convert"]
    world.text["pools"]["more"] = {**world.text["pools"]["pool"], "nodes": {"dedicated": 0}}
    world.apply()
    batch, azure = world.cloud().batch(), world.azure
    for name in ("short", "long", "deleted"):
        limits = models.BatchTaskConstraints(retention_time=timedelta(hours=2 if name == "short" else 200))
        line = models.BatchTaskCreateOptions(id=name, command_line="true", constraints=limits)
        batch.create_task("job", line)
        until(lambda: batch.get_task("job", name).state == "completed")  # noqa: B023  # it ends at once
    (node,) = (azure.folder / "nodes" / world.text["batchAccount"]["name"] / "pool").iterdir()
    batch.delete_task("job", "deleted")
    there = {path.name for path in (node / "workitems/job/job-1").iterdir()}
    assert there == {"short", "long"}, "files go with their task, at once"
    stray = azure.folder / "nodes" / "gone" / "pool" / "node" / "shared"
    stray.mkdir(parents=True)
    azure.run(SPEED)
    azure.advance(3 * 3600)
    until(lambda: not stray.parents[2].exists())
    assert sorted(path.name for path in (node / "workitems/job/job-1").iterdir()) == ["long"]
    deleted = ask(azure, f"{world.cloud().group_id}?api-version=2025-04-01", token(), "DELETE")
    operation = deleted.headers["Location"].removeprefix(os.environ["RECONCILE_RESOURCE_MANAGER"])
    azure.advance(3 * 3600)
    until(lambda: ask(azure, operation, token()).status_code == 200)
    assert rows(azure, "operation") > 5
    azure.advance(2 * 86400)
    until(lambda: rows(azure, "operation") == 0)
    assert ask(azure, operation, token()).status_code == 404
    until(lambda: not node.exists())


def rows(azure: Azure, kind: str) -> int:
    """How many documents of a kind are in the state file."""
    with closing(sqlite3.connect(f"file:{azure.folder / 'state.db'}?mode=ro", uri=True)) as database:
        (number,) = database.execute("SELECT count(*) FROM documents WHERE kind = ?", (kind,)).fetchone()
    return int(number)


def test_a_log_begins_anew_when_it_is_large(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    with path.open("a") as file:  # as the server has it open
        for text in ("first\n", "second\n"):
            file.write(text)
            file.flush()
            log.bound(path, largest=10)
        file.write("third\n")
    assert path.read_text() == "third\n"
    assert Path(f"{path}.old").read_text() == "first\nsecond\n"


def test_two_that_start_it_at_once_get_one_server(tmp_path: Path) -> None:
    profiles: list[dict[str, Any]] = []

    def up() -> None:
        profiles.append(azure_local.up(tmp_path, speed=SPEED))

    try:
        at_once(up, up, up)
        assert len({profile["pid"] for profile in profiles}) == 1
        assert len(running(f"-m azure_local {tmp_path} ")) == 1
        assert azure_local.down(tmp_path)
        assert running(f"-m azure_local {tmp_path} ") == []
        assert not azure_local.down(tmp_path)
    finally:
        azure_local.down(tmp_path)


def at_once(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_paused_server_is_up_and_can_be_stopped(tmp_path: Path) -> None:
    folder = tmp_path / azure_local.FOLDER
    pid = azure_local.up(folder, speed=SPEED)["pid"]
    try:
        os.kill(pid, signal.SIGSTOP)
        until(lambda: Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "T")
        told = f"the local Azure is up but does not answer; pid {pid}; run: reconcile local down"
        for look in (azure_local.profile, azure_local.env, azure_local.up):
            with pytest.raises(azure_local.NotUp, match=told):
                look(folder)
        assert local(tmp_path, "status") == (1, f"Error: {told}\n")
        assert local(tmp_path, "down") == (0, "The local Azure is down.\n")
        assert local(tmp_path, "down") == (0, "The local Azure was not up.\n")
    finally:
        azure_local.down(folder)


def local(folder: Path, verb: str) -> tuple[int, str]:
    """The exit code and the output of a command of a user who stands in the folder."""
    command = [sys.executable, "-m", "reconciler", "local", verb]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr
