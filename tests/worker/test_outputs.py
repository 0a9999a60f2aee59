"""What a task may write over, and how it ends when it may not: real tasks against a real blob service."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from azure.storage.blob import BlobLeaseClient, ContentSettings

from tests.worker.conftest import Front, Node, Storage
from tests.worker.test_tasks import SHARD_ARGUMENTS, jpeg, result
from worker.report import Earlier

UNSIGNED = {"source_etag": "1", "source_name": "a.jpg"}


def write_shard(storage: Storage, etags: dict[str, str], *, replaces: bool = False) -> None:
    entries = ({"name": name, "etag": etag, "output": f"{name}.png"} for name, etag in etags.items())
    lines = [json.dumps({**entry, "replaces": True} if replaces else entry) for entry in entries]
    storage.scripts.upload_blob("jobs/j/r1/shards/0007.jsonl", "\n".join(lines) + "\n", overwrite=True)


def failures(storage: Storage) -> dict[str, tuple[str, str]]:
    """{input: (code, reason)} in the result."""
    failed: Any = result(storage)["failed"]
    return {entry["name"]: (entry["code"], entry["reason"]) for entry in failed}


@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize(
    ("metadata", "maker"),
    [({}, "others"), ({"source_etag": "1", "made_by": "spec/other"}, "spec/other"), ({"made_by": "spec/j"}, "spec/j")],
)
def test_what_this_job_has_not_made_is_not_overwritten_and_the_rest_is_done(
    storage: Storage, node: Node, metadata: dict[str, str], maker: str, *, replaces: bool
) -> None:
    write_shard(storage, {name: storage.put(name, jpeg()) for name in ("a.jpg", "b.jpg")}, replaces=replaces)
    storage.converted.upload_blob("a.jpg.png", b"theirs", metadata=metadata)

    done = node.run(*SHARD_ARGUMENTS)

    assert done.returncode == 0
    assert failures(storage) == {"a.jpg": ("foreign", f"a.jpg.png is there and was made by {maker}")}
    assert storage.converted.download_blob("a.jpg.png").readall() == b"theirs"
    assert {blob.name for blob in storage.converted.list_blobs()} == {"a.jpg.png", "b.jpg.png"}
    assert not list(storage.scripts.list_blobs("jobs/j/failed/")), "it is free as soon as they have gone"


@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("metadata", [UNSIGNED, {**UNSIGNED, "made_by": "spec/j"}])
def test_what_this_job_has_made_is_overwritten_even_if_it_named_no_job_then(
    storage: Storage, node: Node, metadata: dict[str, str], *, replaces: bool
) -> None:
    etag = storage.put("a.jpg", jpeg())
    write_shard(storage, {"a.jpg": etag}, replaces=replaces)
    storage.converted.upload_blob("a.jpg.png", b"before", metadata=metadata)

    assert node.run(*SHARD_ARGUMENTS).returncode == 0

    properties = storage.converted.get_blob_client("a.jpg.png").get_blob_properties()
    assert properties.metadata == {"source_etag": etag, "source_name": "a.jpg", "made_by": "spec/j"}


def test_what_others_made_is_overwritten_if_the_job_says_so(storage: Storage, node: Node) -> None:
    write_shard(storage, {"a.jpg": storage.put("a.jpg", jpeg())})
    storage.converted.upload_blob("a.jpg.png", b"theirs")

    assert node.run(*SHARD_ARGUMENTS, "--overwrite-foreign").returncode == 0

    assert failures(storage) == {}
    assert storage.converted.download_blob("a.jpg.png").readall().startswith(b"\x89PNG")


def test_by_hand_no_output_of_a_job_is_overwritten(storage: Storage, node: Node) -> None:
    for name in ("a.jpg", "b.jpg"):
        storage.put(name, jpeg())
    storage.converted.upload_blob("a.png", b"theirs", metadata={"source_etag": "1", "made_by": "spec/j"})

    done = node.run("--task-id", "0", "--total-tasks", "1")

    assert done.returncode == 1
    assert "failed a.jpg: foreign: a.png is there and was made by spec/j" in done.stderr
    made = {blob.name: blob.metadata.get("made_by") for blob in storage.converted.list_blobs(include=["metadata"])}
    assert made == {"a.png": "spec/j", "b.png": None}


def test_an_output_whose_answer_was_lost_is_not_written_again(storage: Storage, node: Node, front: Front) -> None:
    etag = storage.put("a.jpg", jpeg())
    write_shard(storage, {"a.jpg": etag})
    metadata = {"source_etag": etag, "source_name": "a.jpg", "made_by": "spec/j"}
    storage.converted.upload_blob("a.jpg.png", b"whole", metadata=metadata)

    assert node.run(*SHARD_ARGUMENTS).returncode == 0

    assert failures(storage) == {}
    assert storage.converted.download_blob("a.jpg.png").readall() == b"whole"


@pytest.mark.parametrize("replaces", [False, True])
def test_a_leased_output_is_called_so_and_batch_may_try_again(storage: Storage, node: Node, *, replaces: bool) -> None:
    write_shard(storage, {name: storage.put(name, jpeg()) for name in ("a.jpg", "b.jpg")}, replaces=replaces)
    output = storage.converted.upload_blob("a.jpg.png", b"before", metadata=UNSIGNED)
    lease = BlobLeaseClient(output)
    lease.acquire(-1)

    first = node.run(*SHARD_ARGUMENTS)
    ((code, reason),) = failures(storage).values()
    lease.break_lease(0)
    second = node.run(*SHARD_ARGUMENTS)

    assert (first.returncode, code) == (1, "leased")
    assert reason.startswith("412 LeaseIdMissing")
    assert second.returncode == 0
    assert second.stdout.startswith("converted 2, skipped 0, failed 0 of 2 ")
    assert not list(storage.scripts.list_blobs("jobs/j/failed/"))


def test_one_forbidden_blob_costs_seconds_and_is_named(storage: Storage, node: Node, front: Front) -> None:
    write_shard(storage, {"a.jpg": storage.put("a.jpg", jpeg())})
    front.fault = lambda method, path: 403 if "/images/a.jpg" in path else None

    started = time.monotonic()
    done = node.run(*SHARD_ARGUMENTS)

    assert time.monotonic() - started < 30, "a new role is not what it waits for"
    assert done.returncode == 3
    assert failures(storage)["a.jpg"][0] == "denied"


@pytest.mark.parametrize(
    ("content", "code"),
    [(jpeg(), ""), (gzip.compress(jpeg()), ""), (gzip.compress(jpeg())[:200], "corrupt"), (b"\x1f\x8bxx", "corrupt")],
)
def test_a_wrong_content_encoding_does_not_matter_to_a_picture(
    storage: Storage, node: Node, content: bytes, code: str
) -> None:
    labelled = ContentSettings(content_encoding="gzip", content_type="image/jpeg")
    blob = storage.images.upload_blob("a.jpg", content, content_settings=labelled)
    write_shard(storage, {"a.jpg": str(blob.get_blob_properties().etag).strip('"')})

    done = node.run(*SHARD_ARGUMENTS)

    assert done.returncode == 0
    assert [told for told, _ in failures(storage).values()] == ([code] if code else [])


def test_a_node_with_too_little_memory_says_so_and_another_node_may_try(storage: Storage, node: Node) -> None:
    write_shard(storage, {"a.jpg": storage.put("a.jpg", jpeg(size=(640, 480))), "b.jpg": storage.put("b.jpg", jpeg())})

    done = node.run(*SHARD_ARGUMENTS, "--max-memory", "1")

    assert failures(storage) == {"a.jpg": ("no_memory", "640x480 needs 4 MB, the node has 1 MB for it")}
    assert done.returncode == 0, "the same node has no more the next time"
    assert not list(storage.scripts.list_blobs("jobs/j/failed/"))


@pytest.mark.parametrize(
    "told", [b"no JSON", b"[]", b"{}", b'{"bytesIn": "x", "bytesOut": 1, "seconds": 1}', b"\xff", b"[" * 100_000]
)
def test_a_result_of_others_is_no_report_of_an_earlier_attempt(told: bytes) -> None:
    assert Earlier.read(told) == Earlier()


def test_a_task_whose_result_others_have_written_works_all_the_same(storage: Storage, node: Node) -> None:
    write_shard(storage, {"a.jpg": storage.put("a.jpg", jpeg())})
    storage.scripts.upload_blob("jobs/j/r1/results/0007.json", b"no JSON")

    assert node.run(*SHARD_ARGUMENTS).returncode == 0
    assert result(storage)["converted"] == 1
