"""What a package is made of: equal folders give equal packages, wherever and whenever they were written."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from reconciler.kinds.application import packing


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / "deep").mkdir(parents=True, exist_ok=True)
        (path / "deep" / name).write_text(text)
    return path


def test_times_and_places_make_no_other_package(tmp_path: Path) -> None:
    one, other = folder(tmp_path / "one", a="1", b="2"), folder(tmp_path / "other", b="2", a="1")
    os.utime(other / "deep/a", (0, 0))
    (other / "empty").mkdir()
    assert packing.content(one) == packing.content(other)
    with packing.packed(one) as first, packing.packed(other) as second:
        assert first.read() == second.read()


def test_names_content_and_modes_do(tmp_path: Path) -> None:
    found = [folder(tmp_path / str(n), **files) for n, files in enumerate([{"a": "1"}, {"a": "2"}, {"b": "1"}])]
    found.append(folder(tmp_path / "mode", a="1"))
    (found[-1] / "deep/a").chmod(0o755)
    assert len({packing.content(one) for one in found}) == len(found)
    with packing.packed(found[-1]) as data, zipfile.ZipFile(data) as archive:
        assert [(one.filename, one.external_attr >> 16) for one in archive.infolist()] == [("deep/a", 0o100755)]


def test_a_link_is_what_it_points_to_and_stays_in_the_folder(tmp_path: Path) -> None:
    path = folder(tmp_path / "one", a="1")
    (path / "b").symlink_to("deep/a")
    with packing.packed(path) as data, zipfile.ZipFile(data) as archive:
        assert archive.read("b") == b"1"
    (tmp_path / "secret").write_text("x")
    for target in ("../secret", "deep", "nowhere"):
        (path / "b").unlink()
        (path / "b").symlink_to(target)
        assert packing.fault(path) == f"{path / 'b'} is a link to no file of {path}; put the file itself there"


def test_a_folder_without_a_file_is_none(tmp_path: Path) -> None:
    assert packing.fault(tmp_path) == f"the folder {tmp_path} holds no file"
