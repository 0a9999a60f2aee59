"""Whole tasks, as a node runs them, against a real blob service."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.worker.conftest import Front, Node, Storage

SHARD_ARGUMENTS = [
    *("--from", "images", "--to", "converted", "--scripts", "scripts", "--shard", "jobs/j/r1/shards/0007.jsonl"),
    *("--result", "jobs/j/r1/results/0007.json", "--failed", "jobs/j/failed/", "--worker", "0a1b2c3d4e5f"),
    *("--maker", "spec/j"),
]
ODD_NAMES = ["plain.jpg", "folder/UPPER.JPG", "with space.jpeg", "ünï/😀 #1%?.jpe", "a+b&c='d'.jpg"]


def jpeg(color: str = "red", size: tuple[int, int] = (64, 48)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, color).save(target, "JPEG")
    return target.getvalue()


def write_shard(storage: Storage, etags: dict[str, str]) -> None:
    lines = [json.dumps({"name": name, "etag": etag, "output": f"{name}.png"}) for name, etag in etags.items()]
    storage.scripts.upload_blob("jobs/j/r1/shards/0007.jsonl", "\n".join(lines) + "\n", overwrite=True)


def result(storage: Storage) -> dict[str, object]:
    content = storage.scripts.download_blob("jobs/j/r1/results/0007.json").readall()
    decoded: dict[str, object] = json.loads(content)
    return decoded


def result_metadata(storage: Storage) -> dict[str, str]:
    return storage.scripts.get_blob_client("jobs/j/r1/results/0007.json").get_blob_properties().metadata


def outputs(storage: Storage) -> dict[str, str]:
    """{output: source ETag in its metadata}"""
    return {blob.name: blob.metadata["source_etag"] for blob in storage.converted.list_blobs(include=["metadata"])}


def test_a_shard_is_converted_and_reported(storage: Storage, node: Node) -> None:
    etags = {name: storage.put(name, jpeg()) for name in ODD_NAMES}
    write_shard(storage, etags)

    done = node.process(*SHARD_ARGUMENTS)

    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"converted 5, skipped 0, failed 0 of 5 in \d+\.\d s \(\d+\.\d images/s, 0 MB in, 0 MB out\)\n", done.stdout
    )
    assert outputs(storage) == {f"{name}.png": etag for name, etag in etags.items()}
    written = result(storage)
    assert written.pop("seconds")
    size = len(jpeg()) * 5
    assert written.pop("bytesOut")
    assert written == {"task": "task-0007", "total": 5, "converted": 5, "skipped": 0, "failed": [], "bytesIn": size}
    assert result_metadata(storage) == {"done": "5", "failed": "0", "total": "5", "state": "finished"}


def test_an_output_is_a_png_that_names_its_source(storage: Storage, node: Node) -> None:
    etag = storage.put("folder/ü.jpg", jpeg("blue"))
    write_shard(storage, {"folder/ü.jpg": etag})

    node.run(*SHARD_ARGUMENTS)

    blob = storage.converted.get_blob_client("folder/ü.jpg.png")
    properties = blob.get_blob_properties()
    assert properties.content_settings.content_type == "image/png"
    assert properties.metadata == {"source_etag": etag, "source_name": "folder%2F%C3%BC.jpg", "made_by": "spec/j"}
    with Image.open(io.BytesIO(blob.download_blob().readall())) as image:
        assert (image.format, image.size) == ("PNG", (64, 48))


def test_inputs_that_cannot_be_converted_are_reported_and_marked_and_the_others_are_done(
    storage: Storage, node: Node
) -> None:
    contents = {"empty.jpg": b"", "cut.jpg": jpeg(size=(500, 500))[:900], "web.jpg": b"<html>", "fine.jpg": jpeg()}
    etags = {name: storage.put(name, content) for name, content in contents.items()}
    write_shard(storage, etags)

    done = node.process(*SHARD_ARGUMENTS)

    assert done.returncode == 0, "Batch would run the task again for nothing"
    assert list(outputs(storage)) == ["fine.jpg.png"]
    codes = {"cut.jpg": "corrupt", "empty.jpg": "empty", "web.jpg": "not_jpeg"}
    failed = result(storage)["failed"]
    assert isinstance(failed, list)
    assert {entry["name"]: entry["code"] for entry in failed} == codes
    assert all(f"failed {name}: {code}: " in done.stderr for name, code in codes.items())
    markers = {blob.name: blob.metadata for blob in storage.scripts.list_blobs("jobs/j/failed/", include=["metadata"])}
    assert markers == {
        f"jobs/j/failed/{name}": {"source_etag": etags[name], "code": code, "worker": "0a1b2c3d4e5f"}
        for name, code in codes.items()
    }
    marker = json.loads(storage.scripts.download_blob("jobs/j/failed/web.jpg").readall())
    assert marker == next(entry for entry in failed if entry["name"] == "web.jpg")


def test_an_input_that_changed_or_went_fails_without_a_mark(storage: Storage, node: Node) -> None:
    etags = {name: storage.put(name, jpeg()) for name in ("changed.jpg", "gone.jpg")}
    write_shard(storage, etags)
    storage.put("changed.jpg", jpeg("green"))
    storage.images.delete_blob("gone.jpg")

    done = node.run(*SHARD_ARGUMENTS)

    failed = result(storage)["failed"]
    assert isinstance(failed, list)
    codes = {entry["name"]: entry["code"] for entry in failed}
    # Of a condition on a blob that is gone, a service may say either.
    assert codes in ({"changed.jpg": "changed", "gone.jpg": gone} for gone in ("missing", "changed"))
    assert done.returncode == 0, "the same shard fails in the same way"
    assert not list(storage.scripts.list_blobs("jobs/j/failed/"))
    assert outputs(storage) == {}


def test_a_first_attempt_asks_for_no_output_and_a_second_converts_nothing_again(
    storage: Storage, node: Node, front: Front
) -> None:
    write_shard(storage, {name: storage.put(name, jpeg()) for name in ODD_NAMES})

    node.run(*SHARD_ARGUMENTS)
    looks = [request for request in front.requests if request.startswith("HEAD") and "/converted/" in request]
    first = result(storage)
    front.requests.clear()
    done = node.run(*SHARD_ARGUMENTS)

    assert looks == []
    assert done.returncode == 0
    assert done.stdout.startswith("converted 5, skipped 0, failed 0 of 5 "), "the report is about all attempts"
    assert not [request for request in front.requests if "/images/" in request]
    assert not [request for request in front.requests if request.startswith("PUT") and "/converted/" in request]
    told = result(storage)
    assert float(str(told.pop("seconds"))) > float(str(first.pop("seconds")))
    assert told == first


def test_round_robin_tasks_share_the_listing_and_leave_what_is_up_to_date(storage: Storage, node: Node) -> None:
    etags = {f"{number:02}.jpg": storage.put(f"{number:02}.jpg", jpeg()) for number in range(7)}
    storage.put("notes.txt", b"not an input")

    first = [node.run("--task-id", str(task), "--total-tasks", "2") for task in range(2)]
    etags["03.jpg"] = storage.put("03.jpg", jpeg("green"))
    second = [node.run("--task-id", str(task), "--total-tasks", "2") for task in range(2)]

    assert [done.stdout.split(" in ")[0] for done in first] == [
        "converted 4, skipped 0, failed 0 of 4",
        "converted 3, skipped 0, failed 0 of 3",
    ]
    assert [done.stdout.split(" in ")[0] for done in second] == [
        "converted 0, skipped 4, failed 0 of 4",
        "converted 1, skipped 2, failed 0 of 3",
    ]
    assert outputs(storage) == {name.replace(".jpg", ".png"): etag for name, etag in etags.items()}


def test_suffixes_say_what_an_input_is(storage: Storage, node: Node) -> None:
    for name in ("a.jpg", "b.photo", "c.PIC"):
        storage.put(name, jpeg())

    node.run("--task-id", "0", "--total-tasks", "1", "--suffix", ".photo", "--suffix", ".pic")

    assert list(outputs(storage)) == ["b.png", "c.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --shard, or --task-id and --total-tasks"),
        (["--task-id", "0"], "give --shard, or --task-id and --total-tasks"),
        (["--task-id", "2", "--total-tasks", "2"], "--task-id must be 0 to 1, it is 2"),
        (["--shard", "s", "--result", "r"], "--shard needs --scripts, --failed, --worker, --maker too"),
        (["--shrad", "s"], "unrecognized arguments"),
    ],
)
def test_wrong_usage_says_what_is_wrong(tmp_path: Path, arguments: list[str], message: str) -> None:
    node = Node(Path(__file__).parents[2] / "worker", "")

    done = node.run(*arguments)

    assert done.returncode == 2
    assert message in done.stderr


def test_without_an_account_it_says_how_to_give_one() -> None:
    node = Node(Path(__file__).parents[2] / "worker", "")

    done = node.run("--task-id", "0", "--total-tasks", "1")

    assert done.returncode == 2
    assert "give its URL, or set AZURE_STORAGE_ACCOUNT_URL" in done.stderr


def test_a_shard_that_is_not_there_is_a_task_that_could_not_work(storage: Storage, node: Node) -> None:
    done = node.process(*SHARD_ARGUMENTS)

    assert done.returncode == 3
    assert "cannot start: missing: 404 BlobNotFound" in done.stderr


class Fault:
    """Gives the first requests to each path that contains `only` a status."""

    def __init__(self, number: int, status: int, only: str = "") -> None:
        self.number, self.status, self.only = number, status, only
        self.seen: dict[str, int] = {}

    def __call__(self, method: str, path: str) -> int | None:
        if self.only not in path:
            return None
        self.seen[path] = self.seen.get(path, 0) + 1
        return self.status if self.seen[path] <= self.number else None


@pytest.mark.parametrize(("status", "only"), [(403, ""), (429, ""), (503, "/images/"), (0, "/images/")])
def test_a_refusal_that_passes_is_waited_out(
    storage: Storage, node: Node, front: Front, status: int, only: str
) -> None:
    write_shard(storage, {name: storage.put(name, jpeg()) for name in ODD_NAMES})
    front.fault = Fault(1, status, only)

    done = node.run(*SHARD_ARGUMENTS)

    assert (done.returncode, done.stderr) == (0, "")
    assert result(storage)["converted"] == 5


def test_access_that_never_comes_is_given_up_after_the_limit(storage: Storage, node: Node, front: Front) -> None:
    write_shard(storage, {"a.jpg": storage.put("a.jpg", jpeg())})
    front.fault = Fault(1000, 403)

    started = time.monotonic()
    done = node.run(*SHARD_ARGUMENTS, "--access-wait", "1")

    assert done.returncode == 3
    assert time.monotonic() - started < 20
    assert "cannot start: denied: 403" in done.stderr
    assert "Storage Blob Data Contributor" in done.stderr


def test_outputs_that_may_not_be_written_are_denied_and_not_marked(storage: Storage, node: Node, front: Front) -> None:
    write_shard(storage, {name: storage.put(name, jpeg()) for name in ODD_NAMES})
    front.fault = Fault(1000, 403, "/converted/")

    done = node.run(*SHARD_ARGUMENTS, "--access-wait", "0")

    failed = result(storage)["failed"]
    assert isinstance(failed, list)
    assert {entry["code"] for entry in failed} == {"denied"}
    assert done.returncode == 3
    assert not list(storage.scripts.list_blobs("jobs/j/failed/"))


def test_a_conversion_that_takes_too_long_fails_and_the_others_are_done(storage: Storage, node: Node) -> None:
    slow = io.BytesIO()
    Image.new("L", (7000, 7000), 90).save(slow, "JPEG")
    write_shard(storage, {"slow.jpg": storage.put("slow.jpg", slow.getvalue()), "a.jpg": storage.put("a.jpg", jpeg())})

    done = node.process(*SHARD_ARGUMENTS, "--time-limit", "0.1")

    failed = result(storage)["failed"]
    assert isinstance(failed, list)
    assert {entry["name"]: entry["code"] for entry in failed} == {"slow.jpg": "too_large"}
    assert "the converter died of SIGALRM" in done.stderr
    assert done.returncode == 0
    assert list(outputs(storage)) == ["a.jpg.png"]


def test_a_converter_that_is_killed_goes_on_where_it_was(storage: Storage, node: Node, front: Front) -> None:
    etags = {f"{number:03}.jpg": storage.put(f"{number:03}.jpg", jpeg(size=(900, 900))) for number in range(60)}
    write_shard(storage, etags)
    with subprocess.Popen(
        node.command(*SHARD_ARGUMENTS), env=node.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as task:
        wait_for(lambda: sum("PUT" in request and "/converted/" in request for request in front.requests) > 5)
        running = result_metadata(storage)
        os.kill(child_of(task.pid), signal.SIGKILL)
        stdout, stderr = task.communicate(timeout=120)

    assert running["state"] == "running"
    assert "the converter died of SIGKILL with" in stderr
    assert task.returncode == 0
    assert stdout.startswith("converted 60, skipped 0, failed 0 of 60 ")
    assert outputs(storage) == {f"{name}.png": etag for name, etag in etags.items()}


def test_a_task_whose_supervisor_is_killed_ends_too(storage: Storage, node: Node, front: Front) -> None:
    write_shard(storage, {f"{number}.jpg": storage.put(f"{number}.jpg", jpeg(size=(900, 900))) for number in range(60)})
    with subprocess.Popen(node.command(*SHARD_ARGUMENTS), env=node.environment, stderr=subprocess.DEVNULL) as task:
        wait_for(lambda: any("/converted/" in request for request in front.requests))
        child = child_of(task.pid)
        task.kill()

    wait_for(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_text())
    assert len(outputs(storage)) < 60


def child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, "waited a minute in vain"
        time.sleep(0.02)
