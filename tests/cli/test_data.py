"""upload and download: files to containers and back, once each, whatever blobs are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.command import reconcile
from tests.conftest import World


@pytest.fixture
def stored(world: World) -> World:
    """A storage account with a container, and no more."""
    world.text = {**world.text, "identities": {}, "pools": {}, "jobs": {}}
    world.text["storage"] = {world.account: {"containers": ["tables"]}}
    world.text.pop("batchAccount")
    world.apply()
    return world


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_any_files_go_to_a_container_and_come_back_once(stored: World, tmp_path: Path) -> None:
    place, spec = f"storage/{stored.account}/tables", ("--spec", str(stored.file))
    source, target = tmp_path / "in", tmp_path / "out"
    (source / "2026/é").mkdir(parents=True)
    (source / "2026/é/a.csv").write_bytes(b"1,2\n" * 300)
    (source / "b.tar.gz").write_bytes(b"\0\xff")
    (source / "empty").touch()
    (tmp_path / "secret").write_text("of others")
    (source / "link").symlink_to(tmp_path / "secret")
    upload = ("upload", str(source), "--to", place, *spec)
    assert reconcile(*upload).stdout == f"3 uploaded to {place}, 0 there already.\n"
    (source / "empty").write_text("no more")
    assert reconcile(*upload).stdout == f"1 uploaded to {place}, 2 there already.\n"
    kinds = {blob.name: blob.content_settings.content_type for blob in stored.container("tables").list_blobs()}
    assert kinds == {"2026/é/a.csv": "text/csv", "b.tar.gz": "application/octet-stream", "empty": kinds["b.tar.gz"]}

    download = ("download", place, "-o", str(target), *spec)
    done = reconcile(*download)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"3 files (1.2 kB) of {place} in {target}\n"
    assert written(target) == {"2026/é/a.csv": b"1,2\n" * 300, "b.tar.gz": b"\0\xff", "empty": b"no more"}
    assert reconcile(*download).stdout.startswith("0 files (0 bytes) ")

    (target / "empty").write_text("changed")  # as long as before, and later
    os.utime(target / "empty", (0, 0))
    (target / "b.tar.gz").unlink()
    (target / "b.tar.gz%part").write_text("of a download that broke off")
    assert reconcile(*download).stdout == f"2 files (9 bytes) of {place} in {target}, 1 there already\n"
    assert written(target)["empty"] == b"no more"
    assert "b.tar.gz%part" not in written(target)

    part = reconcile(*download[:2], "-o", str(tmp_path / "part"), "--prefix", "2026/", *spec)
    assert part.stdout.startswith("1 file (1.2 kB) ")


def test_no_name_of_a_blob_leads_out_of_the_folder(stored: World, tmp_path: Path) -> None:
    container, target = stored.container("tables"), tmp_path / "a/b"
    for name in ("x/..\\..\\escaped", "/rooted", "\u202etxt", "a:b", "x.part", "x%part", "d", "d/e"):
        container.upload_blob(name, name.encode())
    done = reconcile("download", f"storage/{stored.account}/tables", "-o", str(target), "--spec", str(stored.file))
    assert done.returncode == 2
    assert "not downloaded: d" in done.stderr
    assert "another blob is a folder or file of that name" in done.stderr
    assert "not downloaded: cannot read the blob x/../../escaped: " in done.stderr
    found = written(tmp_path)
    found.pop("spec.yaml")
    names = {"%00/rooted", "%202Etxt", "a%3Ab", "x.part", "x%25part"}
    assert {path.removeprefix("a/b/") for path in found} in (names | {"d"}, names | {"d/e"})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("upload", ".", "--to", "storage/sadata/table"),
            "has no container 'storage/sadata/table'; did you mean storage/sadata/tables?",
        ),
        (("upload", ".", "--to", "storage/sadata/tables", "--job", "j"), "say either --job or --to"),
        (("download", "storage/sadat"), "has no container 'storage/sadat'; did you mean storage/sadata/tables?"),
        (("download", ""), "has no container ''; it has storage/sadata/tables"),
        (("upload", "nowhere", "--to", "storage/sadata/tables"), "cannot upload nowhere: it is not a folder"),
    ],
)
def test_what_is_no_container_is_told_with_the_nearest(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    (tmp_path / "spec.yaml").write_text(
        "{apiVersion: reconciler/v1, name: x, azure: {cloud: local, location: italynorth, resourceGroup: rg},"
        " storage: {sadata: {containers: [tables]}}}"
    )
    done = reconcile(*arguments, "--spec", "spec.yaml", cwd=tmp_path, RECONCILE_RESOURCE_MANAGER="https://localhost:1")
    assert says in done.stderr
    assert done.returncode in (1, 4)
    assert done.stdout == ""
