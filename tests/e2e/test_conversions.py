"""Conversions among files of others, of other jobs, under leases, and with records that others have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from azure.storage.blob import BlobLeaseClient

from reconciler.kinds.conversion import containers
from reconciler.model import Action
from tests.cli.command import reconcile
from tests.conftest import World
from tests.local.pools import until

Photograph = Callable[[int], bytes]
CUT = b"\xff\xd8\xff cut"


def told(world: World, job: str = "job") -> str:
    """What the plan says of a conversion."""
    (decision,) = (d for d in world.plan().decisions if str(d.address) == f"conversion/{job}")
    return decision.reason


def applied(world: World, *arguments: str) -> tuple[int, str]:
    """The exit code and the output of an apply."""
    world.spec()
    done = reconcile("apply", "--yes", str(world.file), *arguments)
    assert done.stderr == ""
    return done.returncode, done.stdout


def rows(output: str, start: str) -> list[list[str]]:
    """The cells of the lines that start so."""
    return [line.split() for line in output.splitlines() if line.startswith(start)]


def past(world: World) -> None:
    """Wait until the blobs' clock, which tells seconds, has passed what a run wrote last: only that is from before."""
    places = world.container("converted"), world.container("scripts")
    written = max(blob.last_modified for place in places for blob in place.list_blobs())
    until(lambda: (now := containers.now(places[0])) is not None and now > written)


def test_files_of_others_are_told_and_neither_deleted_nor_overwritten(world: World, photograph: Photograph) -> None:
    world.text["jobs"]["job"]["convert"]["deleteOrphans"] = True
    world.apply()
    converted = world.container("converted")
    for name in ("a.jpg", "b.jpg"):
        world.container("images").upload_blob(name, photograph(1))
    converted.upload_blob("a.png", b"theirs")
    converted.upload_blob("logo.png", b"theirs")
    converted.upload_blob("list.csv", b"theirs")
    signed = {"source_etag": "1", "source_name": "gone.jpg"}
    converted.upload_blob("unsigned.png", b"before", metadata=signed)
    converted.upload_blob("other.png", b"other", metadata={**signed, "made_by": "another/job"})
    converted.upload_blob("gone.png", b"own", metadata={**signed, "made_by": f"{world.text['name']}/job"})

    assert told(world) == (
        "1 of 2 to convert (1 missing, 0 changed), 0 up to date, 1 refused, as files of others have the names of their"
        " outputs (a.png): move those, or set overwriteForeign: true, 1 orphan without a source, to be"
        " deleted (gone.png), 1 without a source that may be of any job, made when outputs were not signed,"
        " 1 of another/job, 1 PNG of others (logo.png)"
    )
    code, output = applied(world)
    assert code == 5, output
    assert ["a.jpg", "foreign"] in [row[:2] for row in rows(output, "a.jpg")]
    left = {blob.name for blob in converted.list_blobs()}
    assert left == {"a.png", "b.png", "logo.png", "list.csv", "unsigned.png", "other.png"}
    assert converted.download_blob("a.png").readall() == b"theirs"
    assert world.plan().steps == ()
    assert applied(world)[0] == 5

    world.text["jobs"]["job"]["convert"]["overwriteForeign"] = True
    assert "overwriting 1 file of others (a.png)" in told(world)
    code, output = applied(world)
    assert code == 0, output
    assert converted.download_blob("a.png").readall().startswith(b"\x89PNG")
    assert {blob.name for blob in converted.list_blobs()} == left


def test_two_jobs_with_one_container_leave_each_other_alone(world: World, photograph: Photograph) -> None:
    storage = world.text["storage"][world.account]
    storage["containers"].append("more")
    convert = world.text["jobs"]["job"]["convert"]
    convert["deleteOrphans"] = True
    late = {**convert, "from": f"storage/{world.account}/more"}
    world.text["jobs"]["late"] = {"pool": "pools/pool", "convert": late}
    world.apply()
    for number, name in enumerate(("a.jpg", "same.jpg")):
        world.container("images").upload_blob(name, photograph(number))
    code, output = applied(world, "--target", "conversion/job")
    assert code == 0, output
    assert "conversion/job:" in output
    assert "conversion/late:" not in output, "only what was asked for is told"
    for number, name in enumerate(("b.jpg", "same.jpg")):
        world.container("more").upload_blob(name, photograph(number + 5))

    code, output = applied(world)

    assert code == 5, output
    assert rows(output, "same.jpg")[0][1] == "foreign"
    metadata = {b.name: b.metadata["made_by"] for b in world.container("converted").list_blobs(include=["metadata"])}
    spec = world.text["name"]
    assert metadata == {"a.png": f"{spec}/job", "same.png": f"{spec}/job", "b.png": f"{spec}/late"}
    assert world.plan().steps == ()
    assert told(world) == f"2 up to date, 1 of {spec}/late"
    assert told(world, "late").endswith(f", 1 of {spec}/job")

    world.container("images").delete_blob("same.jpg")
    code, output = applied(world)
    assert code == 0, output
    assert {blob.name for blob in world.container("converted").list_blobs()} == {"a.png", "b.png"}
    code, output = applied(world)
    assert (code, world.plan().steps) == (0, ()), output
    assert told(world, "late") == f"2 up to date, 1 of {spec}/job", "the name is free for the other job"


def test_bad_inputs_are_counted_once_and_end_with_a_code_of_their_own(world: World, photograph: Photograph) -> None:
    world.text["jobs"]["job"]["maxTaskRetryCount"] = 1
    world.text["jobs"]["job"]["convert"]["tasks"] = 1
    world.apply()
    for number in range(4):
        world.container("images").upload_blob(f"{number}.jpg", photograph(number))
    for name in ("x.jpg", "y.jpg"):
        world.container("images").upload_blob(name, CUT)

    code, output = applied(world)

    assert code == 5, output
    (row,) = rows(output, "convert-")
    assert row[1:4] == ["4", "0", "2"]
    assert float(row[5]) > 0, "images a second"
    assert {row[0]: row[1] for row in rows(output, "x.jpg") + rows(output, "y.jpg")} == {
        "x.jpg": "corrupt",
        "y.jpg": "corrupt",
    }
    (task,) = world.cloud().batch().list_tasks("job")
    ran = task.as_dict()["executionInfo"]
    assert (ran["exitCode"], ran["retryCount"]) == (0, 0)
    made = {blob.name: blob.etag for blob in world.container("converted").list_blobs()}
    past(world)
    again = ("--rerun", "job/0*", "--rerun", "job/x.jpg")
    code, output = applied(world, *again)
    assert (code, "2 of 6 to convert (1 missing, 0 changed, 1 again)" in output) == (5, True), output
    (*_, row) = rows(output, "convert-")
    assert row[1:4] == ["1", "0", "1"]
    anew = {blob.name for blob in world.container("converted").list_blobs() if blob.etag != made[blob.name]}
    assert anew == {"0.png"}
    wrong = reconcile("plan", str(world.file), "--rerun", "job/z*")
    assert (wrong.returncode, "the job job has no input z*; it has 0.jpg, 1.jpg, " in wrong.stderr) == (4, True)
    world.container("images").delete_blob("x.jpg")
    world.container("images").delete_blob("y.jpg")
    assert applied(world)[0] == 0, "what is no longer there is no failure"


def test_what_others_hold_or_forbid_is_named_tried_again_and_left_for_later(
    world: World, photograph: Photograph
) -> None:
    """Outputs under leases, and an input that the front of the blob service refuses, as a condition of a role would."""
    world.text["jobs"]["job"]["convert"]["deleteOrphans"] = True
    world.apply()
    for number in range(3):
        world.container("images").upload_blob(f"{number}.jpg", photograph(number))
    converted = world.container("converted")
    signed = {"source_etag": "1", "source_name": "0.jpg", "made_by": f"{world.text['name']}/job"}
    leases = [BlobLeaseClient(converted.upload_blob(name, b"x", metadata=signed)) for name in ("0.png", "gone.png")]
    for lease in leases:
        lease.acquire(-1)
    world.azure.fault(
        match={"plane": "blob", "method": "GET", "path": ".*/images/1.jpg"},
        times=1000,
        action={"status": 403, "code": "AuthorizationPermissionMismatch"},
    )

    code, output = applied(world)

    world.azure.clear_faults()
    assert code == 2, output
    assert "deferred conversion/job" in output
    assert "2 inputs could not be converted: 0.jpg: leased, 1.jpg: denied" in output
    assert "1 orphan could not be deleted (gone.png)" in output
    assert rows(output, "total")[0][1:4] == ["1", "0", "2"], "over all attempts"
    assert [rows(output, name)[0][1] for name in ("0.jpg", "1.jpg")] == ["leased", "denied"]
    assert {blob.name for blob in converted.list_blobs()} == {"0.png", "2.png", "gone.png"}
    tried = len(list(world.cloud().batch().list_tasks("job")))
    assert 2 <= tried <= 4, "they are tried again, with a bound"
    assert "2 failed in the last run (0.jpg: leased, 1.jpg: denied)" in told(world)

    for lease in leases:
        lease.break_lease(0)
    code, output = applied(world)
    assert code == 0, output
    assert {blob.name for blob in converted.list_blobs()} == {f"{number}.png" for number in range(3)}
    assert world.plan().steps == ()


BAD: list[tuple[bytes, dict[str, str]]] = [
    (b"convert-0123456789ab", {}),
    (b"convert-0123456789ab", {"total": "many"}),
    (b"\xff\xfe", {"total": "1"}),
    (b"../../" * 9999, {"total": "1"}),
    (b"", {"total": "1"}),
]


def test_records_that_are_none_are_told_and_end_nothing(world: World, photograph: Photograph) -> None:
    world.apply()
    images, scripts = world.container("images"), world.container("scripts")
    for name, content in (("a.jpg", photograph(1)), ("x.jpg", CUT)):
        images.upload_blob(name, content)
    applied(world)
    run = scripts.download_blob("jobs/job/current").readall().decode()
    (result,) = (blob.name for blob in scripts.list_blobs(name_starts_with=f"jobs/job/{run}/results/"))
    hostile: Any = {
        "task": "\x1b[2Jtask",
        "failed": [{"name": "\x1b]0;x\x07", "etag": "1", "code": "c", "reason": "r"}],
    }
    hostile |= {"converted": 1, "skipped": 0, "bytesIn": 1, "bytesOut": 1, "seconds": 1}

    for content in (b"[" * 100_000, json.dumps(hostile).encode()):
        scripts.upload_blob(result, content, overwrite=True)  # and without its counts in metadata
        code, output = applied(world)
        assert code == 5, output
        assert "\x1b" not in output
        assert ("1 record in" in output) == (b"2Jtask" not in content), output
    marker = scripts.get_blob_client("jobs/job/failed/x.jpg")
    marker.upload_blob(b"[]", overwrite=True, metadata=marker.get_blob_properties().metadata)
    code, output = applied(world)
    assert (code, "2 up to date" in output) == (5, False)
    assert "1 record in" in output
    for number, (content, metadata) in enumerate(BAD):
        scripts.upload_blob("jobs/job/current", content, overwrite=True, metadata=metadata)
        images.upload_blob("a.jpg", photograph(number + 2), overwrite=True)
        assert [d.action for d in world.plan().decisions if d.action is not Action.NONE] == [Action.UPDATE]
    code, output = applied(world)
    assert code == 5, output
